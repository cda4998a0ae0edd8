/**
 * Cloister as a library: open files, ask questions. No server, no side effects.
 *
 * @module
 */

export type { Network } from '../net/model.ts';
export { Names } from '../net/places.ts';
export type { Blocker, Disposition, Step, Trace } from '../net/trace.ts';
export { type HostsEntry, hostsEntries, hostsFile } from '../ship/hosts.ts';
export { type Opened, type OpenOptions, open } from './open.ts';
export { InputError, type Problem } from './problem.ts';
export { exitCodeOf, type Question, why, whyText } from './why.ts';
