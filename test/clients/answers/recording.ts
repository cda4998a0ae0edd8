/**
 * What a server answers as Azure Resource Manager while clients use it, looked at in the end.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { judge } from './judge.ts';

const recorder = new URL('record.mjs', import.meta.url).href;

/** The environment of a server whose answers are recorded in a file. */
export function recordedIn(file: string): Readonly<Record<string, string>> {
  return { RECORD_ANSWERS: file, NODE_OPTIONS: `--import ${recorder}` };
}

/** At least how much must have been looked at. */
export interface Floors {
  readonly answers: number;
  readonly types: number;
  readonly fields: number;
}

/** Expects that every recorded answer has the shape of Azure's, and prints what was looked at. */
export function expectAzuresShapes(file: string, title: string, floors: Floors): void {
  expect(existsSync(file), `${fileURLToPath(recorder)} recorded nothing`).toBe(true);
  const { answers, types, fields, assumed, problems } = judge(readFileSync(file, 'utf8'));
  console.log(
    `${title}: ${answers} answers of ARM, ${types.length} types, ${fields} fields looked at; ` +
      `${assumed.length} without a source (assumed): ${assumed.join(', ')}`,
  );
  expect(problems).toEqual([]);
  expect(answers).toBeGreaterThanOrEqual(floors.answers);
  expect(types.length).toBeGreaterThanOrEqual(floors.types);
  expect(fields).toBeGreaterThanOrEqual(floors.fields);
}
