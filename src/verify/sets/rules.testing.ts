/**
 * Random rules and flows from a seed, for tests and benches of sets.
 *
 * @module
 */

import type { Interval, Intervals } from '../../lib/intervals.ts';
import type { Ip } from '../../lib/ip.ts';
import type { Match, Point, Row } from '../../net/table.ts';

/** A source of numbers that gives the same ones for the same seed (a linear congruence, Numerical Recipes). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to below 1. */
  next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return this.#state / 2 ** 32;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** True with a probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const top = { source: 2 ** 32 - 1, destination: 2 ** 32 - 1, protocol: 255, port: 65535, sourcePort: 65535 };

/** A few addresses and ports that rules and flows share, so that they meet. */
function address(dice: Dice): number {
  return 10 * 2 ** 24 + dice.below(2 ** 10) * 64 + dice.below(4);
}

function block(dice: Dice): Interval {
  // Some blocks are public: an unknown source is.
  if (dice.chance(0.15)) return [11 * 2 ** 24, dice.chance(0.5) ? 2 ** 32 - 1 : 12 * 2 ** 24];
  const base = address(dice);
  const size = 2 ** (6 + dice.below(10));
  const low = base - (base % size);
  return [low, low + size - 1];
}

function ports(dice: Dice): Interval {
  const low = dice.below(1024);
  return [low, low + (dice.chance(0.5) ? 0 : dice.below(300))];
}

/** A row of a random table. With doubt: its addresses may be known only in part. */
export function randomRow(dice: Dice, at: number, doubt: number): Row<'allow' | 'deny'> {
  const blocks = (): Intervals => (dice.chance(0.2) ? [] : [block(dice)]);
  const gap = (side: string): object =>
    dice.chance(doubt) ? { [side]: { missing: `${side} of row ${at}`, within: [block(dice)] } } : {};
  const unknown = { ...gap('source'), ...gap('destination') };
  const match: Match = {
    ...(dice.chance(0.7) || 'source' in unknown ? { source: blocks() } : {}),
    ...(dice.chance(0.7) || 'destination' in unknown ? { destination: blocks() } : {}),
    ...(dice.chance(0.5) ? { protocol: [dice.pick([6, 17].map((n): Interval => [n, n]))] } : {}),
    ...(dice.chance(0.5) ? { port: [ports(dice)] } : {}),
    ...(dice.chance(0.2) ? { sourcePort: [ports(dice)] } : {}),
  };
  return {
    match,
    action: dice.chance(0.5) ? 'allow' : 'deny',
    by: { resource: 'nsg', rule: `row ${at}` },
    ...(Object.keys(unknown).length > 0 ? { unknown } : {}),
  };
}

/** A random table; every second one ends with a row that matches everything. */
export function randomTable(dice: Dice, rows: number, doubt = 0): Row<'allow' | 'deny'>[] {
  const table = Array.from({ length: rows }, (_, at) => randomRow(dice, at, doubt));
  if (dice.chance(0.5)) {
    table.push({ match: {}, action: dice.pick(['allow', 'deny']), by: { resource: 'nsg', rule: 'last' } });
  }
  return table;
}

/** A random flow that has a fair chance of meeting a rule. */
export function randomPoint(dice: Dice): Required<Pick<Point, 'source' | 'sourcePort'>> & Point {
  return {
    source: (dice.chance(0.1) ? dice.below(2 ** 32) : address(dice)) as Ip,
    destination: (dice.chance(0.1) ? dice.below(2 ** 32) : address(dice)) as Ip,
    protocol: dice.chance(0.9) ? dice.pick([6, 17]) : dice.below(256),
    port: dice.below(dice.chance(0.9) ? 1400 : top.port + 1),
    sourcePort: dice.below(dice.chance(0.9) ? 1400 : top.sourcePort + 1),
  };
}
