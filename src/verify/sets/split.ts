/**
 * One-shot questions about tables without a diagram: boxes are split along the rows until one answers.
 *
 * There is nothing to build, and the first box that answers is already an example. In the worst case the number of
 * boxes is the product of all rows, so there is a budget, and who runs out of it asks the diagrams.
 *
 * @module
 */

import { type Intervals, intersect, subtract, union } from '../../lib/intervals.ts';
import type { Match, Row, Table } from '../../net/table.ts';
import type { Box } from './boxes.ts';
import { type Field, fields, largest } from './space.ts';

/** A set of values for each coordinate, in the order of the coordinates. */
type Sides = readonly Intervals[];

/** Out of budget. */
export const tooMany = Symbol('more boxes than the budget has');

const whole: Sides = fields.map((field) => [[0, largest[field]]]);

/** Counts boxes down to none. */
class Purse {
  #left: number;

  constructor(boxes: number) {
    this.#left = boxes;
  }

  spend(): boolean {
    return this.#left-- > 0;
  }
}

/** A flow set for which two tables answer differently; undefined where there is none. Rows in doubt are not split. */
export function difference<A>(
  one: Table<A>,
  other: Table<A>,
  labelOf: (row: Row<A>) => string,
  budget = 20_000,
): Box | undefined | typeof tooMany {
  if ([...one, ...other].some((row) => row.unknown !== undefined)) return tooMany;
  const purse = new Purse(budget);
  const [rowsOfOne, rowsOfOther] = [one, other].map((table) =>
    table.map((row) => ({ sides: sidesOf(row.match), label: labelOf(row) })),
  ) as [Split[], Split[]];
  for (const piece of pieces(rowsOfOne, whole, 0, purse)) {
    if (piece === tooMany) return tooMany;
    for (const within of pieces(rowsOfOther, piece.sides, 0, purse)) {
      if (within === tooMany) return tooMany;
      if (within.label !== piece.label) return boxOf(within.sides);
    }
  }
  return undefined;
}

/** What is left of a row's flows when earlier rows have had theirs; undefined where nothing is. */
export function remainder(
  match: Match,
  earlier: readonly Match[],
  budget = 2_000,
): Box | undefined | typeof tooMany {
  const purse = new Purse(budget);
  const rows = earlier.map((one) => ({ sides: sidesOf(one), label: 'taken' }));
  const own = sidesOf(match);
  if (own.some((side) => side.length === 0)) return undefined;
  for (const piece of pieces(rows, own, 0, purse)) {
    if (piece === tooMany) return tooMany;
    if (piece.label === undefined) return boxOf(piece.sides);
  }
  return undefined;
}

interface Split {
  readonly sides: Sides;
  readonly label: string;
}

interface Piece {
  readonly sides: Sides;
  /** Absent: no row matches. */
  readonly label: string | undefined;
}

/** Divides a box by the first row that matches. */
function* pieces(
  rows: readonly Split[],
  box: Sides,
  from: number,
  purse: Purse,
): Generator<Piece | typeof tooMany> {
  if (!purse.spend()) {
    yield tooMany;
    return;
  }
  for (let at = from; at < rows.length; at++) {
    const { sides, label } = rows[at] as Split;
    const inside = meet(box, sides);
    if (!inside) continue;
    yield { sides: inside, label };
    for (const part of outside(box, inside)) yield* pieces(rows, part, at + 1, purse);
    return;
  }
  yield { sides: box, label: undefined };
}

function meet(a: Sides, b: Sides): Sides | undefined {
  const sides: Intervals[] = [];
  for (const [at, side] of a.entries()) {
    const other = b[at] as Intervals;
    const common = other === whole[at] ? side : side === whole[at] ? other : intersect(side, other);
    if (common.length === 0) return undefined;
    sides.push(common);
  }
  return sides;
}

/** The rest of a box around an inner box, as boxes that do not overlap: one for each side that sticks out. */
function* outside(box: Sides, inner: Sides): Generator<Sides> {
  const sides = [...box];
  for (const [at, side] of box.entries()) {
    const within = inner[at] as Intervals;
    if (within === side) continue;
    const rest = subtract(side, within);
    if (rest.length === 0) continue;
    sides[at] = rest;
    yield [...sides];
    sides[at] = within;
  }
}

function sidesOf(match: Match): Sides {
  return fields.map((field, at) => {
    const side = match[field];
    return side ? intersect(union(side), whole[at] as Intervals) : (whole[at] as Intervals);
  });
}

function boxOf(sides: Sides): Box {
  return Object.fromEntries(
    fields.flatMap((field: Field, at) => (sides[at] === whole[at] ? [] : [[field, sides[at]]])),
  );
}
