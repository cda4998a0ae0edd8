/**
 * Shared access signatures: what is signed, for every kind and version.
 *
 * @module
 */

import { StorageError } from './error.ts';
import { parametersOf } from './query.ts';

/** A signature with what it says, each field as it was sent and empty where it was not. */
export interface Sas {
  readonly kind: 'account' | 'service' | 'delegation';
  readonly signature: string;
  readonly version: string;
  /** Value of a field by its name in the query. */
  readonly field: (name: string) => string;
}

/** What a signature is held against. */
export interface SasTarget {
  /** The blob service where nothing is said. */
  readonly service?: 'blob' | 'file';
  readonly account: string;
  readonly container: string;
  /** Empty at a container. */
  readonly name: string;
}

/** Response headers that a signature sets, by field. */
export const overrideFields = {
  rscc: 'cache-control',
  rscd: 'content-disposition',
  rsce: 'content-encoding',
  rscl: 'content-language',
  rsct: 'content-type',
} as const;

const overrides = Object.keys(overrideFields);
const key = ['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv'];
const agents = ['saoid', 'suoid', 'scid'];
const firstVersion = '2015-04-05';

/** Reads the signature of a target; nothing where it has none. */
export function parseSas(target: string): Sas | undefined {
  const fields = new Map<string, string>();
  for (const [name, value] of parametersOf(target)) {
    if (!isField(name)) continue;
    if (fields.has(name)) throw failed(`The parameter '${name}' is there twice.`);
    fields.set(name, value);
  }
  const field = (name: string): string => fields.get(name) ?? '';
  const signature = fields.get('sig')?.replaceAll(' ', '+');
  if (signature === undefined) return undefined;
  const version = field('sv');
  if (!/^20\d\d-\d\d-\d\d$/.test(version)) throw failed(`sv is not a version: '${version}'.`);
  if (version < firstVersion)
    throw failed(`Cloister knows signatures since ${firstVersion}, not '${version}'.`);
  const kind =
    fields.has('ss') || fields.has('srt') ? 'account' : fields.has('skoid') ? 'delegation' : 'service';
  return { kind, signature, version, field };
}

/** Returns what is signed. */
export function sasText(sas: Sas, target: SasTarget): string {
  switch (sas.kind) {
    case 'account':
      return accountText(sas, target.account);
    case 'service':
      return joined(sas, [
        ...['sp', 'st', 'se', canonical(target, sas), 'si', 'sip', 'spr', 'sv'],
        ...(target.service === 'file' ? [] : resourceFields(sas.version)),
        ...overrides,
      ]);
    case 'delegation':
      return joined(sas, [
        ...['sp', 'st', 'se', canonical(target, sas), ...key],
        ...(sas.version >= '2020-02-10' ? agents : []),
        ...(sas.version >= '2025-07-05' ? ['skdutid', 'sduoid'] : []),
        ...['sip', 'spr', 'sv'],
        ...resourceFields(sas.version),
        ...(sas.version >= '2026-04-06' ? ['srh', 'srq'] : []),
        ...overrides,
      ]);
  }
}

function accountText(sas: Sas, account: string): string {
  const fields = ['sp', 'ss', 'srt', 'st', 'se', 'sip', 'spr', 'sv'];
  const scope = sas.version >= '2020-12-06' ? ['ses'] : [];
  return `${account}\n${joined(sas, [...fields, ...scope])}\n`;
}

function resourceFields(version: string): readonly string[] {
  if (version < '2018-11-09') return [];
  return version < '2020-12-06' ? ['sr', 'snapshot'] : ['sr', 'snapshot', 'ses'];
}

/** A line that begins with a slash stands for itself. */
function joined({ field }: Sas, lines: readonly string[]): string {
  return lines.map((line) => (line.startsWith('/') ? line : field(line))).join('\n');
}

function canonical({ service = 'blob', account, container, name }: SasTarget, { field }: Sas): string {
  const whole = `/${service}/${account}/${container}`;
  return field('sr') === 'c' || field('sr') === 's' ? whole : `${whole}/${name}`;
}

const fieldNames: ReadonlySet<string> = new Set([
  ...['sig', 'sv', 'ss', 'srt', 'sp', 'st', 'se', 'sr', 'sip', 'spr', 'si', 'ses', 'sdd', 'srh', 'srq'],
  ...['skdutid', 'sduoid', 'snapshot', ...key, ...agents, ...overrides],
]);

function isField(name: string): boolean {
  return fieldNames.has(name);
}

/** Returns the refusal of a signature. */
export function failed(detail: string): StorageError {
  return new StorageError('AuthenticationFailed', { details: { AuthenticationErrorDetail: detail } });
}
