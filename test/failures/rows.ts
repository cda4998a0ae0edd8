/**
 * Failures that people reported, and the estates that show them.
 *
 * `corpus/<area>.json` has what was reported: where, the setting in our own words, and the codes that must be found.
 * `cases/<area>.yaml` has the estates, made from the setting alone. A case never sees the codes.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { JsonObject } from '../../src/lib/json.ts';

/** A report. */
export interface Row {
  readonly id: string;
  readonly source: string;
  readonly setup: string;
  readonly codes: readonly string[];
  /** `design` and `client` can be decided from files; `live` and `no` cannot. */
  readonly decidable: 'design' | 'client' | 'live' | 'no';
}

/** The estate of a report. */
export interface Case {
  readonly base?: string;
  /** Edits that make the estate which works: the twin. */
  readonly twin?: readonly JsonObject[];
  /** Edits of the twin that make the estate which fails. */
  readonly change?: readonly JsonObject[];
  /** Members of cloister.yaml of both; `broken` of the one that fails. */
  readonly beside?: JsonObject;
  readonly broken?: JsonObject;
  /** Why no patch of the template mends it. */
  readonly unfixable?: string;
}

/** One area of the corpus. */
export interface AreaOfCorpus {
  readonly area: string;
  readonly rows: readonly Row[];
  readonly cases: ReadonlyMap<string, Case>;
  /** Why a row has no case. */
  readonly uncovered: ReadonlyMap<string, string>;
}

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Every area. */
export function readCorpus(): readonly AreaOfCorpus[] {
  return readdirSync(`${folder}corpus`).map((file) => {
    const area = file.replace('.json', '');
    const text = readFileSync(`${folder}cases/${area}.yaml`, 'utf8');
    const { cases = {}, uncovered = {} } = (parse(text) ?? {}) as {
      cases?: Record<string, Case>;
      uncovered?: Record<string, string>;
    };
    return {
      area,
      rows: JSON.parse(readFileSync(`${folder}corpus/${file}`, 'utf8')) as Row[],
      cases: new Map(Object.entries(cases ?? {})),
      uncovered: new Map(Object.entries(uncovered ?? {})),
    };
  });
}
