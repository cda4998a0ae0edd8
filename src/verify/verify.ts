/**
 * The proof: every intent is asked, every check looks, what follows from something else is left out.
 *
 * @module
 */

import type { Trace } from '../net/trace.ts';
import { codes, type FindingCode } from './codes.ts';
import type { Fault, Finding } from './finding.ts';
import { checks } from './findings/registry.ts';
import { type Accept, applyAccepts } from './intents/accept.ts';
import { askIntent } from './intents/ask.ts';
import { intentsOf } from './intents/derive.ts';
import { type Intent, type Outcome, sayIntent } from './intents/intent.ts';
import { Model, type Must } from './model.ts';
import { compareFindings, withoutConsequences } from './precedence.ts';
import { hardest } from './reach/hardest.ts';
import { Prover } from './reach/prover.ts';

/** What was found. */
export interface Report {
  readonly findings: readonly Finding[];
  readonly accepted: readonly Finding[];
  readonly intents: readonly Outcome[];
  /** What keeps intents undecided, each named once. */
  readonly unknown: readonly { readonly intent: string; readonly missing: string }[];
  /** Resources that are only stored. */
  readonly unmodelled: readonly { readonly id: string; readonly type: string }[];
}

/** Proves an estate. `own` are the team's intents, spelled out; they say `may` where the estate's say `must not`. */
export function verify(subject: Model, own: readonly Intent[] = [], accepts: readonly Accept[] = []): Report {
  const prover = new Prover();
  const intents = intentsOf(subject, own).map((intent) => ofEveryAddress(prover, subject, intent));
  const musts = intents.flatMap((intent): Must[] =>
    intent.kind === 'reach' && intent.mode === 'must'
      ? [{ flow: intent.flow, requirement: intent.requirement }]
      : [],
  );
  const model = new Model(subject, musts, subject);
  const asked = intents.map((intent) => ({ intent, outcome: askIntent(model, intent) }));
  const unmet = asked.flatMap(({ intent, outcome }) =>
    outcome.holds === false ? [{ intent, witness: outcome.witness }] : [],
  );
  const found = checks.flatMap(([code, check]) =>
    [...check(model)].map((fault) => findingOf(model, code, fault, unmet)),
  );
  const explained = withoutConsequences(distinct(found));
  const unexplained = unmet.filter((item) => !explained.some((finding) => explains(model, finding, item)));
  const all = [
    ...explained,
    ...unexplained.map((item) => findingOf(model, 'intent-not-met', faultOf(item), unmet)),
  ];
  const { findings, accepted, faults } = applyAccepts(all, accepts, model.today);
  const aboutAccepts = faults.map(([code, fault]) => findingOf(model, code, fault, []));
  return {
    findings: [...findings, ...aboutAccepts].toSorted(compareFindings),
    accepted,
    intents: asked.map(({ outcome }) => outcome),
    unknown: asked.flatMap(({ outcome }) =>
      outcome.holds === 'unknown'
        ? [
            {
              intent: outcome.says,
              missing: outcome.witness?.steps.at(-1)?.says ?? 'the budget of the proof',
            },
          ]
        : [],
    ),
    unmodelled: [...model.network.opaque.values()].map(({ id, type }) => ({ id, type })),
  };
}

/** A sentence about a place holds only if it does for each of its addresses: it is about the one for which it is hardest. */
function ofEveryAddress(prover: Prover, { whole }: Model, intent: Intent): Intent {
  if (intent.kind === 'do' || intent.mode === 'may') return intent;
  return { ...intent, flow: hardest(prover, whole, intent.flow, intent.mode) };
}

/** An intent that does not hold, and a flow that shows it. */
interface Unmet {
  readonly intent: Intent;
  readonly witness: Trace | null;
}

function faultOf({ intent, witness }: Unmet): Fault {
  const says = sayIntent(intent);
  if (intent.kind === 'do') {
    return {
      subject: intent.on,
      at: null,
      says: `${says}: ${intent.mode === 'must' ? 'no role allows it' : 'a role allows it'}`,
    };
  }
  const last = witness?.steps.at(-1);
  return {
    subject: last?.resource ?? intent.flow.to.label,
    at: last?.rule ?? null,
    says: `${says}: ${witness?.disposition}`,
    flow: intent.flow,
    ...(witness ? { trace: witness } : {}),
    ...(intent.requirement ? { requirement: intent.requirement } : {}),
  };
}

function findingOf(model: Model, code: FindingCode, fault: Fault, unmet: readonly Unmet[]): Finding {
  const { flow } = fault;
  const trace = fault.trace ?? (flow === undefined ? null : model.trace(flow));
  const draft = {
    code,
    severity: fault.severity ?? codes[code].severity,
    subject: fault.subject,
    at: fault.at,
    flow:
      flow === undefined
        ? null
        : { from: flow.from.label, to: flow.to.label, port: flow.port, as: flow.as?.label ?? null },
    requirement: fault.requirement ?? null,
    nearMiss: fault.nearMiss ?? null,
    says: fault.says,
    trace,
    blockers: fault.blockers ?? trace?.blockers ?? [],
    repairs: fault.repairs ?? [],
    concerns: fault.concerns ?? [],
  };
  const broken = unmet.find((item) => explains(model, draft, item));
  return { ...draft, intent: broken === undefined ? null : sayIntent(broken.intent) };
}

/**
 * A finding explains an intent where it is about the same flow, about its target, or about what stands in its way. An
 * error explains whatever goes to the service that it is about, and whatever comes from what Azure is to run.
 */
function explains(model: Model, finding: Omit<Finding, 'intent'>, { intent, witness }: Unmet): boolean {
  if (intent.kind === 'do') return false;
  const { flow } = intent;
  if (finding.flow?.to === flow.to.label && finding.flow.from === flow.from.label) return true;
  const service = flow.to.kind === 'name' ? model.network.servedNames.get(flow.to.name)?.fact : undefined;
  const served =
    service === undefined ? [] : [service.id, ...(service.behind === undefined ? [] : [service.behind])];
  const keys = [
    flow.to.label,
    ...(witness?.blockers ?? []).map(({ resource }) => resource),
    ...(finding.severity === 'error'
      ? [...served, ...(flow.from.kind === 'workload' ? [flow.from.workload] : [])]
      : []),
  ];
  const about = new Set([finding.subject, ...finding.concerns].map((text) => text.toLowerCase()));
  return keys.some((key) => about.has(key.toLowerCase()));
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, subject, at, flow }) => {
    const key = JSON.stringify([code, subject.toLowerCase(), at, flow]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
