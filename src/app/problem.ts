/**
 * Input that cannot be used: what is wrong, where, and what to write instead. Exit code 2.
 *
 * @module
 */

/** One thing that is wrong with a file. Line and column start at 1; absent where the whole file is meant. */
export interface Problem {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

/** Everything that is wrong with what was given. */
export class InputError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[]) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(list.map(print).join('\n'));
    this.name = 'InputError';
    this.problems = list;
  }
}

function print({ file, line, column, message }: Problem): string {
  const where = [file, line, column].filter((part) => part !== undefined).join(':');
  return where === '' ? message : `${where}: ${message}`;
}
