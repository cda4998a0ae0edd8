/**
 * Questions about sets of flows, answered.
 *
 * @module
 */

import type { Network } from '../../net/model.ts';
import { Names } from '../../net/places.ts';
import type { Place } from '../../net/position.ts';
import type { Trace } from '../../net/trace.ts';
import { type Flow, walk } from '../../net/walk.ts';
import { Algebra } from '../sets/algebra.ts';
import { type Boxes, boxesOf, witness } from '../sets/boxes.ts';
import { Outcomes } from '../sets/outcomes.ts';
import { type Diagram, nothing } from '../sets/store.ts';
import { type Asked, type Explored, explore, flowAt, type Way } from './explore.ts';
import { structureOf, tablesOf } from './fingerprint.ts';
import type { Aim, Answer, Question, Region, Verdict } from './question.ts';
import { type Role, roleOf, rolesOf, sourcesOf } from './roles.ts';
import { Tables } from './tables.ts';

/** How much work an answer may take before it is `unknown: budget`. */
export interface Budget {
  /** Ways that are told apart, for each question. */
  readonly ways: number;
  /** Edges of all diagrams together. */
  readonly edges: number;
}

const ample: Budget = { ways: 20_000, edges: 1 << 25 };

/** Answers for many places and targets, and what may be taken over when the Network changes. */
export interface Matrix {
  readonly answers: readonly Answer[];
  /** How many questions were worked out; the others are of a role that was, or as they were before. */
  readonly worked: number;
  readonly memo: ReadonlyMap<string, Explored>;
  readonly structure: readonly unknown[];
  readonly tables: ReadonlySet<object>;
}

/** Answers questions about Networks. What was compiled for one is there for the next. */
export class Prover {
  readonly algebra: Algebra;
  readonly #tables: Tables;
  readonly #budget: Budget;

  constructor(budget: Partial<Budget> = {}) {
    this.#budget = { ...ample, ...budget };
    this.algebra = new Algebra(new Outcomes(), this.#budget.edges);
    this.#tables = new Tables(this.algebra);
  }

  /** Divides the flows of a question by how they end. */
  reach(network: Network, { from, sources, ...asked }: Question): Answer {
    const role = roleOf(network, [from], sources);
    const explored = explore(network, this.#tables, role, asked, this.#budget.ways);
    return this.#answer(network, role, from, asked, explored);
  }

  /** Who reaches a target, and who does not: an answer for each place, or for those that are asked about. */
  reachedBy(network: Network, asked: Asked, places: readonly Place[] = new Names(network).places()): Matrix {
    return this.matrix(network, places, [asked.to], asked);
  }

  /**
   * Every place against every target. Places of one role are worked out together. With the matrix of an earlier state
   * of the same estate, only what the change could have touched is worked out again.
   */
  matrix(
    network: Network,
    places: readonly Place[],
    aims: readonly Aim[],
    how: Omit<Asked, 'to'> = {},
    before?: Matrix,
  ): Matrix {
    const structure = structureOf(network);
    const tables = tablesOf(network);
    const same = before && sameItems(before.structure, structure) ? before : undefined;
    const gone = new Set([...(same?.tables ?? [])].filter((table) => !tables.has(table)));
    const memo = new Map<string, Explored>();
    const answers: Answer[] = [];
    let worked = 0;
    const options = JSON.stringify([how.protocols, how.ports, how.sourcePorts, how.as]);
    for (const [key, members] of rolesOf(network, this.#tables, places)) {
      const role = roleOf(network, members);
      const sources = role.sources ? this.#tables.in('source', role.sources) : nothing;
      for (const to of aims) {
        const asked = { ...how, to };
        const question = `${key}|${sources}|${textOf(to)}|${options}`;
        const old = same?.memo.get(question);
        const valid = old && !intersects(old.read, gone) ? old : undefined;
        if (!valid) worked++;
        const explored = valid ?? explore(network, this.#tables, role, asked, this.#budget.ways);
        memo.set(question, explored);
        if (members.length > 1 && explored.meetsItself) {
          worked += members.length;
          for (const from of members) answers.push(this.reach(network, { ...asked, from }));
        } else {
          for (const place of members) answers.push(this.#answer(network, role, place, asked, explored));
        }
      }
    }
    return { answers, worked, memo, structure, tables };
  }

  /** The part of a role's answer that is about one of its places. */
  #answer(network: Network, role: Role, from: Place, asked: Asked, { ways, budget }: Explored): Answer {
    if (role.places.length === 1)
      return answerOf(from, asked, this.#regions(network, role, asked, ways), budget);
    const own = sourcesOf(network, from);
    const near = own ? this.#tables.in('source', own) : nothing;
    const parts = ways.flatMap((way) => {
      const flows = this.algebra.intersect(way.flows, near);
      return flows === nothing ? [] : [{ ...way, flows }];
    });
    return answerOf(from, asked, this.#regions(network, roleOf(network, [from]), asked, parts), budget);
  }

  #regions(network: Network, role: Role, asked: Asked, ways: readonly Way[]): Region[] {
    return ways.map((way) => new Part(this.algebra, network, role, asked, way));
  }
}

/** Flows that end alike. The example is looked for when somebody wants to see it. */
class Part implements Region {
  readonly verdict: Verdict;
  readonly disposition: Trace['disposition'];
  readonly flows: Diagram;
  readonly ranges = (most?: number): Boxes => boxesOf(this.#algebra, this.flows, most);
  readonly #algebra: Algebra;
  readonly #network: Network;
  readonly #role: Role;
  readonly #asked: Asked;
  readonly #way: Way;
  #example: Flow | undefined;
  #trace: Trace | undefined;

  constructor(algebra: Algebra, network: Network, role: Role, asked: Asked, way: Way) {
    const { disposition } = way.trace;
    this.verdict = disposition === 'delivered' || disposition === 'unknown' ? disposition : 'denied';
    this.disposition = disposition;
    this.flows = way.flows;
    this.#algebra = algebra;
    this.#network = network;
    this.#role = role;
    this.#asked = asked;
    this.#way = way;
  }

  get example(): Flow {
    if (!this.#example) {
      const point = witness(this.#algebra, this.flows, this.#role.preferred);
      this.#example = point ? flowAt(this.#role, this.#asked, point) : this.#way.example;
    }
    return this.#example;
  }

  get trace(): Trace {
    this.#trace ??= walk(this.#network, this.example);
    return this.#trace;
  }
}

function answerOf(from: Place, { to }: Asked, regions: readonly Region[], budget: boolean): Answer {
  const of = (verdict: Verdict): Region[] => regions.filter((region) => region.verdict === verdict);
  const [delivered, denied, unknown] = [of('delivered'), of('denied'), of('unknown')];
  return { from, to, regions, delivered, denied, unknown, budget };
}

function textOf(to: Aim): string {
  switch (to.kind) {
    case 'name':
      return to.name;
    case 'address':
      return String(to.address);
    case 'addresses':
      return JSON.stringify(to.addresses);
  }
}

function intersects(a: ReadonlySet<object>, b: ReadonlySet<object>): boolean {
  if (b.size === 0) return false;
  for (const one of a) if (b.has(one)) return true;
  return false;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}
