/**
 * Answers, each worked out as far as somebody looks at it.
 *
 * The places of a role share what was explored. Where a way is open to every source alike, as most are, nothing has to
 * be computed to know that each of them has it.
 *
 * @module
 */

import type { Network } from '../../net/model.ts';
import type { Place } from '../../net/position.ts';
import type { Trace } from '../../net/trace.ts';
import { type Flow, walk } from '../../net/walk.ts';
import { type Boxes, boxesOf, edges, witness } from '../sets/boxes.ts';
import { type Diagram, nothing } from '../sets/store.ts';
import { type Asked, type Explored, flowAt, type Way } from './explore.ts';
import type { Aim, Answer, Region, Verdict } from './question.ts';
import { type Role, roleOf, sourcesOf } from './roles.ts';
import type { Tables } from './tables.ts';

/** What was explored for the places of a role, and one target. */
export interface Shared {
  readonly network: Network;
  readonly tables: Tables;
  readonly role: Role;
  readonly asked: Asked;
  readonly explored: Explored;
}

/** How flows of a way end. */
export function verdictOf({ trace: { disposition } }: Way): Verdict {
  return disposition === 'delivered' || disposition === 'unknown' ? disposition : 'denied';
}

/** How many places of a role have flows that end so. */
export function placesWith(shared: Shared, verdict: Verdict): number {
  const known = counts.get(shared.explored) ?? new Map<Verdict, number>();
  counts.set(shared.explored, known);
  let count = known.get(verdict);
  if (count === undefined) {
    count = countPlaces(shared, verdict);
    known.set(verdict, count);
  }
  return count;
}

/** What was explored is that of one role only. */
const counts = new WeakMap<Explored, Map<Verdict, number>>();

function countPlaces(shared: Shared, verdict: Verdict): number {
  const { role, explored } = shared;
  const ways = explored.ways.filter((way) => verdictOf(way) === verdict);
  if (ways.some((way) => isForAll(shared, way))) return role.places.length;
  return role.places.filter((place) => ways.some((way) => partOf(shared, way, place) !== nothing)).length;
}

/** The answer for one place of a role. */
export class PlaceAnswer implements Answer {
  readonly from: Place;
  readonly to: Aim;
  readonly budget: boolean;
  readonly #shared: Shared;
  #regions: readonly Region[] | undefined;

  constructor(shared: Shared, from: Place) {
    this.from = from;
    this.to = shared.asked.to;
    this.budget = shared.explored.budget;
    this.#shared = shared;
  }

  get regions(): readonly Region[] {
    if (!this.#regions) {
      const { network, explored, role } = this.#shared;
      const own = role.places.length === 1 ? role : roleOf(network, [this.from]);
      this.#regions = explored.ways.flatMap((way) => {
        const flows = partOf(this.#shared, way, this.from);
        return flows === nothing ? [] : [new Part(this.#shared, own, { ...way, flows })];
      });
    }
    return this.#regions;
  }

  get delivered(): readonly Region[] {
    return this.#with('delivered');
  }

  get denied(): readonly Region[] {
    return this.#with('denied');
  }

  get unknown(): readonly Region[] {
    return this.#with('unknown');
  }

  #with(wanted: Verdict): readonly Region[] {
    return this.regions.filter(({ verdict }) => verdict === wanted);
  }
}

/** Flows that end alike. The example is looked for when somebody wants to see it. */
class Part implements Region {
  readonly verdict: Verdict;
  readonly disposition: Trace['disposition'];
  readonly flows: Diagram;
  readonly ranges = (most?: number): Boxes => boxesOf(this.#shared.tables.algebra, this.flows, most);
  readonly #shared: Shared;
  readonly #role: Role;
  readonly #way: Way;
  #example: Flow | undefined;
  #trace: Trace | undefined;

  constructor(shared: Shared, role: Role, way: Way) {
    this.verdict = verdictOf(way);
    this.disposition = way.trace.disposition;
    this.flows = way.flows;
    this.#shared = shared;
    this.#role = role;
    this.#way = way;
  }

  get example(): Flow {
    if (!this.#example) {
      const { tables, asked } = this.#shared;
      const point = witness(tables.algebra, this.flows, this.#role.preferred);
      this.#example = point ? flowAt(this.#role, asked, point) : this.#way.example;
    }
    return this.#example;
  }

  get trace(): Trace {
    this.#trace ??= walk(this.#shared.network, this.example);
    return this.#trace;
  }
}

/** The flows of a way that come from a place. */
function partOf({ network, tables, role }: Shared, way: Way, place: Place): Diagram {
  if (role.places.length === 1) return way.flows;
  const own = sourcesOf(network, place);
  return own ? tables.algebra.intersect(way.flows, tables.in('source', own)) : nothing;
}

/** Reports whether a way is open to every address of the role, for the same flows. */
function isForAll({ tables: { algebra }, role }: Shared, { flows }: Way): boolean {
  if (!role.sources || algebra.store.levelOf(flows) !== 0) return true;
  const found = [...edges(algebra, flows)].filter(({ child }) => child !== nothing);
  const size = found.reduce((sum, { low, high }) => sum + high - low + 1, 0);
  return size === role.sources.reduce((sum, [low, high]) => sum + high - low + 1, 0);
}
