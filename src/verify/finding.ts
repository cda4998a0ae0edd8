/**
 * A finding: this configuration is wrong in this way, here.
 *
 * @module
 */

import type { Blocker, Trace } from '../net/trace.ts';
import type { Flow } from '../net/walk.ts';
import type { FindingCode, Severity } from './codes.ts';
import type { Repair } from './repair.ts';
import type { Requirement } from './requirements.ts';

/** What a check answers: a finding without what is the same for all findings of its code. */
export interface Fault {
  /** Id of the resource to change, or `site/<name>`, `dnsServer/<name>`, `cloister.yaml`. */
  readonly subject: string;
  /** Property path, or name of a rule or record. */
  readonly at: string | null;
  readonly says: string;
  /** Where it is not the code's own. */
  readonly severity?: Severity;
  /** The flow that fails; its trace is walked. */
  readonly flow?: Flow;
  /** Where it is not how that flow ends, but one that it stands for. */
  readonly trace?: Trace;
  readonly requirement?: Requirement;
  /** What almost fits: a rule, record, zone, action or role. */
  readonly nearMiss?: string | undefined;
  /** What stands in the way, where no flow shows it. */
  readonly blockers?: readonly Blocker[];
  /** Ids and names that it is also about: what shares one with a fault that caused it is silent (`precedence.ts`). */
  readonly concerns?: readonly string[];
  /** Ways to mend it, the best first. */
  readonly repairs?: readonly Repair[];
}

/** A flow, as people write it. */
export interface FlowText {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly as: string | null;
}

/** One fault of the estate. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly subject: string;
  readonly at: string | null;
  readonly flow: FlowText | null;
  readonly requirement: Requirement | null;
  readonly nearMiss: string | null;
  /** The intent that does not hold. */
  readonly intent: string | null;
  readonly says: string;
  readonly trace: Trace | null;
  readonly blockers: readonly Blocker[];
  readonly repairs: readonly Repair[];
  readonly concerns: readonly string[];
}

/** Tells findings apart: the same fault before and after a change has the same key. */
export function keyOfFinding({ code, subject, at, flow }: Finding): string {
  const about = flow === null ? '' : `${flow.from} ${flow.to} ${flow.port} ${flow.as ?? ''}`;
  return `${code}\n${subject.toLowerCase()}\n${at?.toLowerCase() ?? ''}\n${about}`;
}
