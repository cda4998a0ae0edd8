/**
 * `verify`: from files to findings, each with where it stands in the templates and a fix that was proven by verifying
 * the mended estate.
 *
 * @module
 */

import type { Network } from '../net/model.ts';
import type { Severity } from '../verify/codes.ts';
import type { Finding as Found } from '../verify/finding.ts';
import type { Outcome } from '../verify/intents/intent.ts';
import type { Report } from '../verify/verify.ts';
import type { Config } from './config.ts';
import type { OpenOptions } from './open.ts';
import { type Proof, type ProofOfFiles, proofOf, proofOfNetwork, proofOfSnapshot } from './proof.ts';
import { type Fix, fixFor } from './repair/fix.ts';
import { type Location, locate } from './repair/locate.ts';
import type { Snapshot } from './snapshot.ts';
import type { Source } from './source.ts';

/** A finding as it is told: with its place in the templates and its fix. */
export interface Finding extends Omit<Found, 'repairs' | 'concerns'> {
  readonly fix: Fix | null;
  readonly where: Location | null;
}

/** What a verification answers; `--json` prints it. */
export interface Verdict {
  /** No error was found. Notes and warnings do not matter to it. */
  readonly holds: boolean;
  readonly intents: readonly Omit<Outcome, 'asked' | 'witness'>[];
  readonly findings: readonly Finding[];
  readonly accepted: readonly Finding[];
  readonly unknown: Report['unknown'];
  readonly unmodelled: Report['unmodelled'];
  readonly seconds: number;
}

/** A verdict, and the proof that it words: what reports are made of. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly proof: ProofOfFiles;
}

/** Proves what was opened. Throws InputError. */
export async function judge(sources: readonly Source[], options: OpenOptions = {}): Promise<Judgement> {
  const began = performance.now();
  const proof = await proofOf(sources, options, todayOf(new Date()));
  const verdict = await verdictOf(proof, options);
  return { verdict: { ...verdict, seconds: Math.round(performance.now() - began) / 1000 }, proof };
}

/** Proves an estate as it was. Throws InputError. */
export async function verifySnapshot(snapshot: Snapshot): Promise<Verdict> {
  const began = performance.now();
  const verdict = await verdictOf(proofOfSnapshot(snapshot, todayOf(new Date())), {});
  return { ...verdict, seconds: Math.round(performance.now() - began) / 1000 };
}

/** Proves a Network that runs, with the cloister.yaml files that were given to it. Throws InputError. */
export async function verifyRunning(
  network: Network,
  configs: readonly Config[],
  deployer: string,
): Promise<Verdict> {
  const began = performance.now();
  const verdict = await verdictOf(proofOfNetwork(network, configs, deployer, todayOf(new Date())), {});
  return { ...verdict, seconds: Math.round(performance.now() - began) / 1000 };
}

/** The date alone, ISO 8601. */
function todayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/** Words a proof, with a fix for each finding that can be mended in the templates. */
export async function verdictOf(proof: Proof, options: OpenOptions): Promise<Omit<Verdict, 'seconds'>> {
  const { survey: surveyed, model, report } = proof;
  const told = async (found: Found, fix: Fix | null): Promise<Finding> => {
    const { repairs: _, concerns: __, ...rest } = found;
    return { ...rest, fix, where: (surveyed && locate(surveyed, found.subject, found.at)) ?? null };
  };
  const again = (sources: readonly Source[]) => proofOf(sources, options, model.today);
  const findings: Finding[] = [];
  for (const found of report.findings) findings.push(await told(found, await fixFor(proof, found, again)));
  return {
    holds: !findings.some(({ severity }) => severity === 'error'),
    intents: report.intents.map(({ asked: _, witness: __, ...told }) => told),
    findings,
    accepted: await Promise.all(report.accepted.map((found) => told(found, null))),
    unknown: report.unknown,
    unmodelled: report.unmodelled,
  };
}

/** The severities that make the exit code 1. */
export type FailOn = 'error' | 'warning';

/** Reports whether a finding of this severity makes the exit code 1. */
export function fails(severity: Severity, failOn: FailOn): boolean {
  return severity === 'error' || severity === failOn;
}

/** Exit code of a verdict: 0 holds, 1 does not, 3 undecided. */
export function exitCodeOf(verdict: Pick<Verdict, 'findings' | 'unknown'>, failOn: FailOn): 0 | 1 | 3 {
  if (verdict.findings.some(({ severity }) => fails(severity, failOn))) return 1;
  return verdict.unknown.length > 0 ? 3 : 0;
}
