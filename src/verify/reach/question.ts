/**
 * Questions about sets of flows, and their answers.
 *
 * @module
 */

import type { Intervals } from '../../lib/intervals.ts';
import type { Protocol } from '../../lib/ports.ts';
import type { Caller } from '../../net/callers.ts';
import type { Place } from '../../net/position.ts';
import type { Disposition, Trace } from '../../net/trace.ts';
import type { Flow, Target } from '../../net/walk.ts';
import type { Boxes } from '../sets/boxes.ts';
import type { Diagram } from '../sets/store.ts';

/** What flows want: a name or an address as `walk` takes them, or any address of a set. */
export type Aim =
  | Target
  | { readonly kind: 'addresses'; readonly label: string; readonly addresses: Intervals };

/** Which flows: what is absent is any. */
export interface Question {
  readonly from: Place;
  readonly to: Aim;
  readonly protocols?: readonly Protocol[];
  readonly ports?: Intervals;
  readonly sourcePorts?: Intervals;
  /** Of the addresses that the place may have. */
  readonly sources?: Intervals;
  readonly as?: Caller;
}

/** `denied` is every disposition but `delivered` and `unknown`. */
export type Verdict = 'delivered' | 'denied' | 'unknown';

/** Flows that end alike, at the same stage and the same resource. */
export interface Region {
  readonly verdict: Verdict;
  readonly disposition: Disposition;
  /** The set, in the store of the prover that answered. */
  readonly flows: Diagram;
  /** One of them, as natural as can be, and how `walk` says that it ends. */
  readonly example: Flow;
  readonly trace: Trace;
  /** The set as boxes of ranges. */
  readonly ranges: (most?: number) => Boxes;
}

/** Every flow of the question is in exactly one region, or in what was not looked at. */
export interface Answer {
  readonly from: Place;
  readonly to: Aim;
  readonly regions: readonly Region[];
  readonly delivered: readonly Region[];
  readonly denied: readonly Region[];
  readonly unknown: readonly Region[];
  /** The budget ended first: so many flows are unknown, and `unknown` does not list them. */
  readonly budget: boolean;
}
