/**
 * Intents: sentences that must hold, with where they come from.
 *
 * @module
 */

import type { Intervals } from '../../lib/intervals.ts';
import type { Caller } from '../../net/callers.ts';
import type { Disposition, Trace } from '../../net/trace.ts';
import type { Flow } from '../../net/walk.ts';
import type { Requirement } from '../requirements.ts';

/** Where somebody wrote it. */
export interface Written {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** `estate`: derived from what there is. */
export type Origin = 'estate' | Written;

/** A sentence about a flow or a right. `may` only takes away what the estate would otherwise say. */
export type Intent =
  | {
      readonly kind: 'reach';
      readonly mode: 'must' | 'must-not' | 'may';
      readonly flow: Flow;
      /** Addresses of the place that it is about; absent: all. */
      readonly sources?: Intervals;
      readonly origin: Origin;
      readonly requirement?: Requirement;
    }
  | {
      readonly kind: 'do';
      readonly mode: 'must' | 'must-not';
      readonly as: Caller;
      readonly action: string;
      /** Resource id. */
      readonly on: string;
      readonly origin: Origin;
    };

/** How an intent came out. */
export interface Outcome {
  readonly says: string;
  readonly holds: boolean | 'unknown';
  readonly disposition: Disposition | null;
  readonly origin: Origin;
  /** The flow, and how it has to end; null for a right. */
  readonly asked: Extract<Intent, { readonly kind: 'reach' }> | null;
  /** A flow that decided it, and how it ends. */
  readonly witness: Trace | null;
}

/** The sentence. */
export function sayIntent(intent: Intent): string {
  const mode = intent.mode.replace('-', ' ');
  if (intent.kind === 'do') return `${intent.as.label} ${mode} do ${intent.action} on ${intent.on}`;
  const { from, to, port, as } = intent.flow;
  const who = as === undefined ? '' : ` as ${as.label}`;
  return `${from.label}${who} ${mode} reach ${to.label}${port === 443 ? '' : `:${port}`}`;
}
