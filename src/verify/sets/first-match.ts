/**
 * Tables as diagrams: what a first-match table answers, for every flow at once.
 *
 * Each row is a box of intervals; the boxes are multiplied in pairs, then the pairs, and so on, so that a diagram
 * grows large only near the top. The result is the same function as `decide` in net/table.ts, doubt included.
 *
 * @module
 */

import { type Interval, type Intervals, none, subtract } from '../../lib/intervals.ts';
import { type Fit, type Match, type Row, side, type Table } from '../../net/table.ts';
import { Algebra } from './algebra.ts';
import { type Outcomes, trait } from './outcomes.ts';
import { type Field, largest, levelOf } from './space.ts';
import { type Diagram, everything, nothing, terminal } from './store.ts';

/** What is known of whoever asks a table. The coordinates of a flow that are left are those of the diagram. */
export interface Asking {
  /** The source is a public address that nobody knows beforehand: rows are asked as `decide` asks them then. */
  readonly sourceUnknown?: boolean;
  /** Source ports of rows count as any. */
  readonly anySourcePort?: boolean;
  /** How the connection came, for doors. */
  readonly via?: Match['via'] | undefined;
  readonly subnet?: string | undefined;
}

/** Compiles a table. Equal labels are equal answers: a row counts as its label. */
export function compile<A>(
  algebra: Algebra,
  table: Table<A>,
  labelOf: (row: Row<A>) => string,
  asking?: Asking,
): Diagram {
  const whole = multiply(algebra, table, labelOf, asking);
  const { outcomes } = algebra;
  if ((algebra.store.traitsOf(whole) & trait.doubt) === 0) return whole;
  return algebra.map(whole, (value) => outcomes.outcome(outcomes.answerOf(value)));
}

/** The product of the rows of a table, before it is concluded what those in doubt come to. */
export function multiply<A>(
  algebra: Algebra,
  table: Table<A>,
  labelOf: (row: Row<A>) => string,
  asking: Asking = {},
): Diagram {
  const rows = table.filter((row) => mayAsk(row.match, asking));
  const product = (from: number, to: number): Diagram => {
    if (to - from <= 1) {
      const row = rows[from];
      return row ? rowDiagram(algebra, row, labelOf(row), asking) : nothing;
    }
    const middle = (from + to) >> 1;
    return algebra.before(product(from, middle), product(middle, to));
  };
  return product(0, rows.length);
}

/** A place to build diagrams in, of which only the last one is kept. */
export class Workshop {
  readonly #bench: Algebra;

  constructor(outcomes: Outcomes, budget?: number) {
    this.#bench = new Algebra(outcomes, budget);
  }

  /** Compiles a table into a store without leaving anything there but the result. */
  compile<A>(into: Algebra, table: Table<A>, labelOf: (row: Row<A>) => string, asking?: Asking): Diagram {
    try {
      return into.take(this.#bench.store, compile(this.#bench, table, labelOf, asking));
    } finally {
      this.#bench.clear();
    }
  }
}

/** The set of flows in a box. A coordinate that is absent is any. */
export function box(algebra: Algebra, sides: Partial<Record<Field, Intervals>>): Diagram {
  return chain(algebra, sides, everything);
}

/** Doors ask how the connection came; no flow changes that. */
function mayAsk({ via, subnets }: Match, asking: Asking): boolean {
  if (via !== undefined && via !== asking.via) return false;
  return subnets === undefined || [...subnets].some((subnet) => subnet === asking.subnet);
}

/** One row. Three answers a side make four parts: certain, and in doubt for either side or both. */
function rowDiagram<A>(algebra: Algebra, { match, unknown }: Row<A>, label: string, asking: Asking): Diagram {
  const { outcomes } = algebra;
  const sourcePort = asking.anySourcePort === true ? undefined : match.sourcePort;
  const tail = (value: number): Diagram => {
    const last = split(algebra, 'sourcePort', sourcePort, undefined, terminal(value), nothing);
    const port = split(algebra, 'port', match.port, undefined, last, nothing);
    return split(algebra, 'protocol', match.protocol, undefined, port, nothing);
  };
  const doubt = (missing: string): Diagram => tail(outcomes.halfway({ maybe: { label, missing } }));
  const certain = tail(outcomes.row(label));
  const toward = unknown?.destination;
  const partly = toward ? doubt(toward.missing) : nothing;
  const at = (known: Diagram): Diagram =>
    split(algebra, 'destination', match.destination, toward?.within, known, partly);
  if (asking.sourceUnknown === true) {
    const fit: Fit = side(match.source, unknown?.source, undefined);
    if (fit === 'no') return nothing;
    return at(fit === 'yes' ? certain : doubt(fit.missing));
  }
  const from = unknown?.source;
  return split(
    algebra,
    'source',
    match.source,
    from?.within,
    at(certain),
    from ? at(doubt(from.missing)) : nothing,
  );
}

const beyond: Interval = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];

/** One coordinate: `inside` in the set, `maybe` where it may be, nothing elsewhere. */
function split(
  algebra: Algebra,
  field: Field,
  set: Intervals | undefined,
  within: Intervals | undefined,
  inside: Diagram,
  maybe: Diagram,
): Diagram {
  if (!set) return inside;
  const level = levelOf[field];
  const doubtful = within && maybe !== nothing ? subtract(within, set) : none;
  const { store } = algebra;
  const mark = store.begin();
  let next = 0;
  for (let i = 0, j = 0; i < set.length || j < doubtful.length; ) {
    const [low, high] = set[i] ?? beyond;
    const [first, last] = doubtful[j] ?? beyond;
    const known = low < first;
    const from = known ? low : first;
    if (from > next) store.add(mark, from - 1, nothing);
    store.add(mark, known ? high : last, known ? inside : maybe);
    next = (known ? high : last) + 1;
    if (known) i++;
    else j++;
  }
  if (next <= largest[field]) store.add(mark, largest[field], nothing);
  return store.end(mark, level);
}

const backwards: readonly Field[] = ['sourcePort', 'port', 'protocol', 'destination', 'source'];

function chain(algebra: Algebra, sides: Partial<Record<Field, Intervals>>, end: Diagram): Diagram {
  return backwards.reduce(
    (below, field) => split(algebra, field, sides[field], undefined, below, nothing),
    end,
  );
}
