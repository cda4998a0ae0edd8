/**
 * A walk that writes down what it asks.
 *
 * `walk` learns about the coordinates of its flow from its recorder only. This recorder keeps every question with
 * its answer, up to the first stop: whatever is asked after that cannot change how the flow ends.
 *
 * @module
 */

import type { Intervals } from '../../lib/intervals.ts';
import type { Ip } from '../../lib/ip.ts';
import type { Decision, Point, Table } from '../../net/table.ts';
import { Recorder } from '../../net/trace.ts';

/** A question of the walk about its flow. */
export type Asked =
  | { readonly kind: 'table'; readonly table: Table<unknown>; readonly point: Point }
  | { readonly kind: 'set'; readonly set: Intervals; readonly value: number; readonly inside: boolean }
  | {
      readonly kind: 'map';
      readonly map: ReadonlyMap<Ip, unknown>;
      readonly value: number;
      readonly found: boolean;
    };

/** A recorder that lists what it is asked. What is tried on the way counts too. */
export class Surveyor extends Recorder {
  readonly asked: Asked[];

  constructor(asked: Asked[] = []) {
    super();
    this.asked = asked;
  }

  override decide<A>(table: Table<A>, point: Point, same: (a: A, b: A) => boolean): Decision<A> {
    if (this.disposition === undefined) this.asked.push({ kind: 'table', table, point });
    return super.decide(table, point, same);
  }

  override isIn(set: Intervals, value: number): boolean {
    const inside = super.isIn(set, value);
    if (this.disposition === undefined) this.asked.push({ kind: 'set', set, value, inside });
    return inside;
  }

  override find<V>(map: ReadonlyMap<Ip, V>, address: Ip): V | undefined {
    const value = super.find(map, address);
    const found = value !== undefined;
    if (this.disposition === undefined) this.asked.push({ kind: 'map', map, value: address, found });
    return value;
  }

  override attempt(): Surveyor {
    return new Surveyor(this.asked);
  }
}
