/**
 * A flow as the machines that it passes: what happens at its source, at each appliance, and where it arrives.
 *
 * @module
 */

import type { Ip } from '../lib/ip.ts';
import { nearby } from './forward.ts';
import type { Network } from './model.ts';
import { type Position, positionOf } from './position.ts';
import type { NextHop } from './routes.ts';
import { type Decision, decide, type Point, type Table } from './table.ts';
import { Recorder, type Step } from './trace.ts';
import { type Flow, follow, type Walked } from './walk.ts';

/** Whom a route hands packets to: what has the address, if anything has. */
export interface Appliance {
  readonly address: Ip;
  readonly at: Position | undefined;
}

/** What happens to a flow from one machine on. */
export interface Stretch {
  /** The appliance that it begins at; undefined: the source. */
  readonly appliance: Appliance | undefined;
  readonly steps: readonly Step[];
}

/** A flow that was followed. */
export interface Journey {
  readonly walked: Walked;
  readonly stretches: readonly Stretch[];
  /** What happens where it arrives, or should have. */
  readonly arrival: readonly Step[];
}

/** Remembers at which step a packet was given to an appliance. */
class HandOvers extends Recorder {
  /** By the place of the step about the route. */
  readonly appliances = new Map<number, Ip>();

  override decide<A>(table: Table<A>, point: Point, same: (a: A, b: A) => boolean): Decision<A> {
    const decision = decide(table, point, same);
    const action = decision.kind === 'row' ? (decision.row.action as A | NextHop) : undefined;
    if (isHop(action) && action.kind === 'appliance' && this.disposition === undefined)
      this.appliances.set(this.steps.length, action.address);
    return decision;
  }
}

function isHop(action: unknown): action is NextHop {
  return typeof action === 'object' && action !== null && 'kind' in action;
}

/** Follows a flow from machine to machine. */
export function journeyOf(network: Network, flow: Flow): Journey {
  const rec = new HandOvers();
  const walked = follow(network, flow, rec);
  let at = positionOf(network, flow.from, flow.source);
  const stretches: { appliance: Appliance | undefined; steps: Step[] }[] = [
    { appliance: undefined, steps: [] },
  ];
  const arrival: Step[] = [];
  let handed: Ip | undefined;
  for (const [place, step] of walked.trace.steps.entries()) {
    const isHere = step.stage === 'ingress' || step.stage === 'forward';
    if (handed !== undefined && isHere) {
      at = at && nearby(network, at.vnet, handed);
      stretches.push({ appliance: { address: handed, at }, steps: [step] });
      handed = undefined;
    } else if (step.stage === 'ingress' || arrivals.has(step.stage)) arrival.push(step);
    else stretches.at(-1)?.steps.push(step);
    if (step.stage === 'route') handed = rec.appliances.get(place);
  }
  return { walked, stretches, arrival };
}

const arrivals: ReadonlySet<Step['stage']> = new Set(['endpoint', 'listener', 'door', 'caller', 'return']);
