/**
 * What a program may use up.
 *
 * @module
 */

/** What a program may use up. Which of it a machine can keep is told by `described`. */
export interface Limits {
  /** Bytes of data of one process; where groups limit it, of memory of all together. */
  readonly memory: number;
  /** Processors' time that all together may use at a time. */
  readonly processors: number;
  /** Processes and threads. */
  readonly processes: number;
  /** Open files of one process. */
  readonly files: number;
  /** Bytes of temporary files, which are kept in memory. */
  readonly temporary: number;
}

/** Where nothing else is said. */
export const usualLimits: Limits = {
  memory: 8 * 2 ** 30,
  processors: 4,
  processes: 512,
  files: 1024,
  temporary: 2 ** 30,
};
