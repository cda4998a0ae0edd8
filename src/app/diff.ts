/**
 * `diff`: what becomes possible and impossible between two estates: flows, intents, findings.
 *
 * @module
 */

import type { Protocol } from '../lib/ports.ts';
import type { Network } from '../net/model.ts';
import type { Disposition, Trace } from '../net/trace.ts';
import type { Severity } from '../verify/codes.ts';
import { type Change, difference, type Turn } from '../verify/diff.ts';
import type { FlowText, Finding as Found } from '../verify/finding.ts';
import type { Outcome } from '../verify/intents/intent.ts';
import { Prover } from '../verify/reach/prover.ts';
import type { Report } from '../verify/verify.ts';
import { type FileOptions, openFiles } from './files.ts';
import { type Proof, proofOf, proofOfSnapshot } from './proof.ts';
import { type Ranges, rangesOf } from './ranges.ts';
import type { Snapshot } from './snapshot.ts';

/** Files that make up an estate, with parameters of their own; or an estate as it is. */
export type Side =
  | { readonly paths: readonly string[]; readonly options?: FileOptions }
  | { readonly snapshot: Snapshot };

/** Flows from some places to one target that changed the same way. */
export interface FlowChange {
  readonly turn: Turn;
  readonly from: readonly string[];
  readonly to: string;
  readonly flows: readonly Ranges[];
  /** Whether `flows` lists all of them. */
  readonly complete: boolean;
  /** How one of them ended and ends; null where there was, or is, no such place or target. */
  readonly example: FlowText & {
    readonly protocol: Protocol;
    readonly before: Ending | null;
    readonly after: Ending | null;
  };
}

/** How a flow ends, and the last step of it. */
export interface Ending {
  readonly disposition: Disposition;
  readonly says: string;
}

/** An intent that is met on one side only. Null: there is no such intent, and nothing to meet. */
export interface IntentChange {
  readonly says: string;
  readonly before: Outcome['holds'] | null;
  readonly after: Outcome['holds'] | null;
}

/** A finding that one side has, and the other has not. */
export interface FindingChange {
  readonly code: string;
  readonly severity: Severity;
  readonly subject: string;
  readonly says: string;
}

/** Flows of which something kept the proof from saying whether they change: what is missing. */
export interface UndecidedFlows {
  readonly from: readonly string[];
  readonly to: string;
  readonly missing: string;
}

/** What a change of an estate does to flows. */
export interface FlowChanges {
  readonly flows: readonly FlowChange[];
  readonly undecided: readonly UndecidedFlows[];
}

/** What a comparison answers; `--json` prints it. */
export interface Diff extends FlowChanges {
  readonly same: boolean;
  readonly intents: readonly IntentChange[];
  readonly findings: { readonly appeared: readonly FindingChange[]; readonly gone: readonly FindingChange[] };
}

/** Compares two estates. Throws InputError. */
export async function diff(before: Side, after: Side): Promise<Diff> {
  const today = new Date().toISOString().slice(0, 10);
  const proven = async (side: Side): Promise<Proof> => {
    if ('snapshot' in side) return proofOfSnapshot(side.snapshot, today);
    const { paths, options = {} } = side;
    return proofOf(openFiles(paths, options), options, today);
  };
  return compare(await proven(before), await proven(after));
}

/** Compares what was proven. */
function compare(before: Proof, after: Proof): Diff {
  const { flows, undecided } = flowChanges(before.model.network, after.model.network);
  const intents = intentChanges(before.report, after.report);
  const findings = {
    appeared: lacking(after.report, before.report),
    gone: lacking(before.report, after.report),
  };
  const lists = [flows, undecided, intents, findings.appeared, findings.gone];
  return { same: lists.every((list) => list.length === 0), flows, undecided, intents, findings };
}

/** Lists the flows that change, the worst first, and those that may. */
export function flowChanges(before: Network, after: Network, prover = new Prover()): FlowChanges {
  const { changes, undecided } = difference(prover, before, after);
  return {
    flows: changes.map(flowChange).toSorted((a, b) => turns.indexOf(a.turn) - turns.indexOf(b.turn)),
    undecided: undecided.map(({ from, to }) => ({
      from: from.map(({ label }) => label).toSorted(),
      to: to.label,
      missing: 'the budget of the proof',
    })),
  };
}

/** Exit code of a comparison: 0 same, 1 differs, 3 nobody knows. */
export function exitCodeOf({ same, flows, intents, findings }: Diff): 0 | 1 | 3 {
  if (same) return 0;
  const unclear =
    flows.every(({ turn }) => turn === 'unclear') &&
    intents.every(({ before, after }) => before === 'unknown' || after === 'unknown') &&
    findings.appeared.length + findings.gone.length === 0;
  return unclear ? 3 : 1;
}

/** The worst first. */
const turns: readonly Turn[] = ['possible', 'unclear', 'impossible'];

function flowChange({ turn, from, to, flows, example, before, after }: Change): FlowChange {
  return {
    turn,
    from: from.map(({ label }) => label).toSorted(),
    to: to.label,
    flows: flows.boxes.map(rangesOf),
    complete: flows.complete,
    example: {
      from: example.from.label,
      to: example.to.label,
      port: example.port,
      protocol: example.protocol,
      as: example.as?.label ?? null,
      before: endingOf(before),
      after: endingOf(after),
    },
  };
}

function endingOf(trace: Trace | undefined): Ending | null {
  return trace ? { disposition: trace.disposition, says: trace.steps.at(-1)?.says ?? '' } : null;
}

function intentChanges(before: Report, after: Report): readonly IntentChange[] {
  const heldBy = ({ intents }: Report): ReadonlyMap<string, Outcome['holds']> =>
    new Map(intents.map(({ says, holds }) => [says, holds]));
  const [then, now] = [heldBy(before), heldBy(after)];
  return [...new Set([...now.keys(), ...then.keys()])]
    .map((says) => ({ says, before: then.get(says) ?? null, after: now.get(says) ?? null }))
    .filter((change) => (change.before ?? true) !== (change.after ?? true))
    .toSorted((a, b) => badness(b) - badness(a));
}

function badness({ after }: IntentChange): number {
  return after === false ? 2 : after === 'unknown' ? 1 : 0;
}

/** Findings of the one side that the other lacks. */
function lacking(one: Report, other: Report): readonly FindingChange[] {
  const known = new Set(other.findings.map(identityOf));
  return one.findings
    .filter((finding) => !known.has(identityOf(finding)))
    .map(({ code, severity, subject, says }) => ({ code, severity, subject, says }));
}

/** Without how it is said: a number in a sentence may change, and the finding is the same. */
function identityOf({ code, subject, at, flow }: Found): string {
  return JSON.stringify([code, subject.toLowerCase(), at, flow]);
}
