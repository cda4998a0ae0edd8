/**
 * Cloister as a library: texts of templates in, answers out. No server, no files, no side effects; it runs in a
 * browser. `cloister/files` opens files and folders, with Node.
 *
 * @module
 */

export type { Network } from '../net/model.ts';
export { Names } from '../net/places.ts';
export type { Blocker, Disposition, Step, Trace } from '../net/trace.ts';
export { type HostsEntry, hostsEntries, hostsFile } from '../ship/hosts.ts';
export { open, type Template, verify } from './library.ts';
export type { Opened, OpenOptions } from './open.ts';
export { InputError, type Problem } from './problem.ts';
export type { Finding, Verdict } from './verify.ts';
export { exitCodeOf, type Question, why, whyText } from './why.ts';
