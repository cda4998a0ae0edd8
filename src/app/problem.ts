/**
 * Input that cannot be used: what is wrong, where, and what to write instead. Exit code 2.
 *
 * @module
 */

/** One thing that is wrong with a file. Line and column start at 1; absent where the whole file is meant. */
export interface Finding {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

/** Everything that is wrong with what was given. */
export class InputError extends Error {
  readonly findings: readonly Finding[];

  constructor(findings: Finding | readonly Finding[]) {
    const list = Array.isArray(findings) ? (findings as readonly Finding[]) : [findings as Finding];
    super(list.map(print).join('\n'));
    this.name = 'InputError';
    this.findings = list;
  }
}

function print({ file, line, column, message }: Finding): string {
  const where = [file, line, column].filter((part) => part !== undefined).join(':');
  return where === '' ? message : `${where}: ${message}`;
}
