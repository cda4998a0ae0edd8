/**
 * Scenarios that are proven: a base, edits that break it, and what `verify` must then say.
 *
 * @module
 */

import { openSource } from '../../src/app/files.ts';
import { openSources } from '../../src/app/open.ts';
import { type Proof, proofOf } from '../../src/app/proof.ts';
import { withFix } from '../../src/app/repair/fix.ts';
import type { Source } from '../../src/app/source.ts';
import { type Finding, type Judgement, verdictOf } from '../../src/app/verify.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { withFolder } from './scenario.ts';

/** The day on which every test proves. */
export const today = '2026-06-01';

/** An estate in the language of docs/semantics/README.md. */
export interface Estate {
  readonly base?: string;
  readonly change?: readonly JsonObject[];
  readonly beside?: JsonObject;
}

/** What was proven, with the findings as they are told. */
export interface Proven {
  readonly sources: readonly Source[];
  readonly proof: Proof;
  readonly findings: readonly Finding[];
}

/** Proves an estate, with fixes. */
export function proveEstate(estate: Estate): Promise<Proven> {
  return withFolder(estate, (folder) => proveSources([openSource(folder)]));
}

/** Proves sources, with fixes. */
export async function proveSources(sources: readonly Source[]): Promise<Proven> {
  const proof = await proofOf(sources, {}, today);
  const { findings } = await verdictOf(proof, {});
  return { sources, proof, findings };
}

/** Proves an estate for a report. */
export async function judgeEstate(estate: Estate): Promise<Judgement> {
  return withFolder(estate, async (folder) => {
    const proof = await proofOf([openSource(folder)], {}, today);
    return { verdict: { ...(await verdictOf(proof, {})), seconds: 0 }, proof };
  });
}

/** Applies fixes of the given codes, the worst finding first, until none is left or there is none to apply. */
export async function mend(start: Proven, codes: readonly string[]): Promise<Proven> {
  let now = start;
  for (let round = 0; round < 10; round++) {
    const fix = now.findings.find(({ code, fix: found }) => codes.includes(code) && found !== null)?.fix;
    if (!fix) break;
    now = await proveSources(withFix(now.sources, fix));
  }
  return now;
}

/** Deploys sources as they would be deployed: the first refusal fails. */
export async function deployStrictly(sources: readonly Source[]): Promise<void> {
  await openSources(sources);
}

/** `error private-endpoint-pending pe-vault`: findings in a line each. */
export function told(findings: readonly Finding[]): string {
  return findings
    .map(({ severity, code, subject, says }) => `${severity} ${code} ${subject}: ${says}`)
    .join('\n');
}
