/**
 * Questions about sets of flows, answered.
 *
 * @module
 */

import type { Network } from '../../net/model.ts';
import { Names } from '../../net/places.ts';
import { keyOfPlace, type Place } from '../../net/position.ts';
import { Algebra } from '../sets/algebra.ts';
import { Outcomes } from '../sets/outcomes.ts';
import { PlaceAnswer, placesWith, type Shared } from './answers.ts';
import { type Asked, type Explored, explore } from './explore.ts';
import { type Fingerprint, fingerprintOf, sameItems, stands, structureOf, tablesOf } from './fingerprint.ts';
import type { Aim, Answer, Question, Verdict } from './question.ts';
import { type Role, roleOf, rolesOf } from './roles.ts';
import { Tables } from './tables.ts';

/** How much work an answer may take before it is `unknown: budget`. */
export interface Budget {
  /** Ways that are told apart, for each question. */
  readonly ways: number;
  /** Edges of all diagrams together. */
  readonly edges: number;
}

const ample: Budget = { ways: 20_000, edges: 1 << 25 };

/** States of an estate that are remembered: what stands, and what is tried. */
const remembered = 4;

/** Answers questions about Networks. What was compiled for one is there for the next. */
export class Prover {
  readonly algebra: Algebra;
  /** How many questions of `reach` were worked out; the others stood from an earlier state. */
  worked = 0;
  readonly #tables: Tables;
  readonly #budget: Budget;
  readonly #known = new Map<string, { readonly state: Fingerprint; readonly explored: Explored }>();
  readonly #stateOf = new WeakMap<Network, Fingerprint>();
  #states: readonly Fingerprint[] = [];

  constructor(budget: Partial<Budget> = {}) {
    this.#budget = { ...ample, ...budget };
    this.algebra = new Algebra(new Outcomes(), this.#budget.edges);
    this.#tables = new Tables(this.algebra);
  }

  /**
   * Divides the flows of a question by how they end. What was asked of an earlier state of the same estate is worked
   * out again only where the change could have touched it.
   */
  reach(network: Network, { from, sources, ...asked }: Question): Answer {
    const role = roleOf(network, [from], sources);
    const state = this.#state(network);
    const key = [keyOfPlace(from), role.sources?.join(';'), textOf(asked.to), optionsOf(asked)].join('|');
    const before = this.#known.get(key);
    const valid = before && stands(before.explored.read, before.state, state) ? before.explored : undefined;
    if (!valid) this.worked++;
    const shared = this.#shared(network, role, asked, valid);
    this.#known.set(key, { state, explored: shared.explored });
    return new PlaceAnswer(shared, from);
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
    const memo = new Map<string, Map<string, Explored>>();
    const parts: Shared[] = [];
    let worked = 0;
    const options = optionsOf(how);
    const questions = aims.map((to) => ({ text: `${textOf(to)}|${options}`, asked: { ...how, to } }));
    for (const [key, members] of rolesOf(network, this.#tables, places)) {
      const role = roleOf(network, members);
      const question = `${key}|${role.sources?.join(';') ?? ''}`;
      const known = same?.memo.get(question);
      const explored = new Map<string, Explored>();
      memo.set(question, explored);
      for (const { text, asked } of questions) {
        const old = known?.get(text);
        const valid = old && !intersects(old.read, gone) ? old : undefined;
        if (!valid) worked++;
        const shared = this.#shared(network, role, asked, valid);
        explored.set(text, shared.explored);
        if (members.length === 1 || !shared.explored.meetsItself) parts.push(shared);
        else {
          worked += members.length;
          for (const from of members) parts.push(this.#shared(network, roleOf(network, [from]), asked));
        }
      }
    }
    return new Matrix(parts, worked, memo, structure, tables);
  }

  #state(network: Network): Fingerprint {
    let state = this.#stateOf.get(network);
    if (!state) {
      state = fingerprintOf(network, this.#states);
      this.#stateOf.set(network, state);
      this.#states = [state, ...this.#states].slice(0, remembered);
    }
    return state;
  }

  #shared(network: Network, role: Role, asked: Asked, known?: Explored): Shared {
    const tables = this.#tables;
    const explored = known ?? explore(network, tables, role, asked, this.#budget.ways);
    return { network, tables, role, asked, explored };
  }
}

/** Answers for many places and targets, and what may be taken over when the Network changes. */
export class Matrix {
  /** How many questions were worked out; the others are of a role that was, or as they were before. */
  readonly worked: number;
  /** By role, then by target. */
  readonly memo: ReadonlyMap<string, ReadonlyMap<string, Explored>>;
  readonly structure: readonly unknown[];
  readonly tables: ReadonlySet<object>;
  readonly #parts: readonly Shared[];
  #answers: readonly Answer[] | undefined;

  constructor(
    parts: readonly Shared[],
    worked: number,
    memo: Matrix['memo'],
    structure: readonly unknown[],
    tables: ReadonlySet<object>,
  ) {
    this.#parts = parts;
    this.worked = worked;
    this.memo = memo;
    this.structure = structure;
    this.tables = tables;
  }

  /** One for each place and target. */
  get answers(): readonly Answer[] {
    this.#answers ??= this.#parts.flatMap((shared) =>
      shared.role.places.map((place) => new PlaceAnswer(shared, place)),
    );
    return this.#answers;
  }

  /** How many pairs of a place and a target have flows that end so. */
  count(verdict: Verdict): number {
    return this.#parts.reduce((sum, shared) => sum + placesWith(shared, verdict), 0);
  }
}

function optionsOf({ protocols, ports, sourcePorts, as }: Omit<Asked, 'to'>): string {
  return JSON.stringify([protocols, ports, sourcePorts, as]);
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
