/**
 * Descriptors that a child would inherit from us: what the process that started us forgot to close.
 *
 * @module
 */

import { constants, openSync, readdirSync, readFileSync } from 'node:fs';

/** The flag of those that a child does not get (fcntl(2), O_CLOEXEC; as /proc tells it). */
const closedOnExec = 0o2000000;

/** Opened once; what the child gets instead. */
let nothing: number | undefined;

/** What a child's descriptors are. */
type Stdio = ('pipe' | 'ignore' | number)[];

/** Returns the descriptors, with all others that would be inherited replaced by ones that lead nowhere. */
export function withoutInherited(wanted: readonly 'pipe'[]): Stdio {
  const stdio: Stdio = [...wanted];
  for (const inherited of inheritable()) {
    if (inherited < wanted.length) continue;
    nothing ??= openSync('/dev/null', constants.O_RDWR);
    while (stdio.length < inherited) stdio.push('ignore');
    stdio[inherited] = nothing;
  }
  return stdio;
}

/** Descriptors beyond the first three that are not closed where a program is started, in order. */
function inheritable(): readonly number[] {
  let all: readonly string[];
  try {
    all = readdirSync('/proc/self/fdinfo');
  } catch {
    // Not Linux: nobody can tell.
    return [];
  }
  return all
    .map(Number)
    .filter((descriptor) => descriptor > 2 && isInherited(descriptor))
    .sort((a, b) => a - b);
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /flags:\s*([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closedOnExec) === 0;
  } catch {
    // It was the one that read the list.
    return false;
  }
}
