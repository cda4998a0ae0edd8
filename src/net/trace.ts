/**
 * What a walk leaves behind: its steps, how it ended, and all that stands in the way.
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import { has, type Intervals } from '../lib/intervals.ts';
import type { Ip } from '../lib/ip.ts';
import type { Protocol } from '../lib/ports.ts';
import { type Decision, decide, type Point, type Source, type Table } from './table.ts';

/** How a trace ends. docs/semantics/dispositions.md has the exact condition of each. */
export type Disposition =
  | 'delivered'
  | 'name-not-found'
  | 'resolver-unreachable'
  | 'no-route'
  | 'dropped-by-gate'
  | 'dropped-by-firewall'
  | 'refused-by-proxy'
  | 'endpoint-not-approved'
  | 'no-return-path'
  | 'nothing-listening'
  | 'refused-by-door'
  | 'unauthenticated'
  | 'unauthorized'
  | 'unknown';

/** The part of the way that a step is about, in the order in which they come. */
export type Stage =
  | 'name'
  | 'route'
  | 'egress'
  | 'forward'
  | 'outbound'
  | 'ingress'
  | 'endpoint'
  | 'listener'
  | 'return'
  | 'door'
  | 'caller';

/** What a step did to the flow. */
export type Outcome = 'pass' | 'stop' | 'unknown';

/** One step: the resource and the rule that decided, and a sentence for people. */
export interface Step {
  readonly stage: Stage;
  readonly outcome: Outcome;
  readonly resource: string;
  readonly rule: string;
  readonly says: string;
}

/** A property that keeps a flow from passing, and what it would have to be. */
export interface Blocker {
  readonly resource: string;
  readonly property: string;
  readonly is: string;
  readonly needs: string;
}

/** The answer about one flow. */
export interface Trace {
  readonly from: string;
  readonly to: string;
  readonly name: string | null;
  readonly address: string | null;
  readonly port: number;
  readonly protocol: Protocol;
  readonly as: string | null;
  readonly disposition: Disposition;
  /** Readings of Azure's behaviour that are not verified and that this answer rests on (docs/semantics/assumed.md). */
  readonly assumed: readonly string[];
  readonly steps: readonly Step[];
  readonly blockers: readonly Blocker[];
}

/**
 * Writes a trace down while it is walked.
 *
 * The first stop decides the disposition, because it decides what a client sees. The walk goes on after a stop
 * where what follows does not depend on it, so that all blockers on the path are named and not just the first.
 *
 * Whatever a walk wants to know about the coordinates of its flow it asks here, of a table, a set or a map, and not
 * behind the recorder's back: that is how the proof (docs/proof.md) learns on what an answer depends.
 */
export class Recorder {
  readonly steps: Step[] = [];
  readonly blockers: Blocker[] = [];
  readonly assumed: string[] = [];
  disposition: Disposition | undefined;
  readonly #hints: Blocker[] = [];

  /** Asks a table about a point of the flow. */
  decide<A>(table: Table<A>, point: Point, same: (a: A, b: A) => boolean): Decision<A> {
    return decide(table, point, same);
  }

  /** Asks whether a coordinate of the flow (an address, a port, a protocol's number) is in a set. */
  isIn(set: Intervals, coordinate: number): boolean {
    return has(set, coordinate);
  }

  /** Looks an address of the flow up. */
  find<V>(map: ReadonlyMap<Ip, V>, address: Ip): V | undefined {
    return map.get(address);
  }

  /** A recorder of the same kind for something that is tried: how it ends is not how this walk ends. */
  attempt(): Recorder {
    return new Recorder();
  }

  /** The flow goes on. Steps after the first stop are not part of what happens, so they are not written. */
  pass(stage: Stage, by: Source, says: string): void {
    if (this.disposition === undefined) this.#write(stage, 'pass', by, says);
  }

  /** The flow ends here, if it has not ended before. */
  stop(disposition: Disposition, stage: Stage, by: Source, says: string, ...blockers: Blocker[]): void {
    this.blockers.push(...blockers);
    if (this.disposition !== undefined) return;
    this.#write(stage, disposition === 'unknown' ? 'unknown' : 'stop', by, says);
    this.disposition = disposition;
    this.blockers.unshift(...this.#hints);
  }

  /** Something that is no obstacle by itself, and explains the stop that follows, if one does. */
  hint(blocker: Blocker): void {
    if (this.disposition === undefined) this.#hints.push(blocker);
  }

  /** The answer rests on a reading that is not verified. */
  assume(reading: string): void {
    if (this.disposition === undefined && !this.assumed.includes(reading)) this.assumed.push(reading);
  }

  #write(stage: Stage, outcome: Outcome, by: Source, says: string): void {
    this.steps.push({ stage, outcome, resource: by.resource, rule: by.rule, says });
  }
}

/** What a flow is while it travels. */
export interface Packet {
  readonly source: Ip | undefined;
  readonly destination: Ip;
  readonly protocol: Protocol;
  readonly port: number;
  /** Absent: the first of the dynamic range. */
  readonly sourcePort?: number;
  /** The name that the client asks for, which goes along in SNI or Host; a firewall's application rules read it. */
  readonly name?: Fqdn;
}
