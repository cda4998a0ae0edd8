/**
 * What a change of an estate makes possible or impossible: not which lines changed, but which flows.
 *
 * Both Networks are asked the same questions by one prover, so that what did not change is equal as numbers are.
 * Flows are compared that both can have; a machine that takes an address takes it from nobody's flows.
 *
 * @module
 */

import type { Caller } from '../net/callers.ts';
import type { Network } from '../net/model.ts';
import { Names } from '../net/places.ts';
import { keyOfPlace, type Place } from '../net/position.ts';
import type { Trace } from '../net/trace.ts';
import { type Flow, walk } from '../net/walk.ts';
import { type Asked, flowAt } from './reach/explore.ts';
import type { Prover } from './reach/prover.ts';
import type { Aim, Answer, Region } from './reach/question.ts';
import { roleOf } from './reach/roles.ts';
import { type Boxes, boxesOf, witness } from './sets/boxes.ts';
import { levelOf } from './sets/space.ts';
import { BudgetExceeded, type Diagram, nothing } from './sets/store.ts';

/** Which way flows changed. `unclear`: before or after, but not both, nobody knows. */
export type Turn = 'possible' | 'impossible' | 'unclear';

/** Flows from some places to one target that changed the same way. */
export interface Change {
  readonly turn: Turn;
  readonly from: readonly Place[];
  readonly to: Aim;
  /** Without the source where every address of the places is meant. */
  readonly flows: Boxes;
  /** One of the flows, how it ended and how it ends; where its place or target is missing there is no trace. */
  readonly example: Flow;
  readonly before: Trace | undefined;
  readonly after: Trace | undefined;
}

/** Flows from some places to one target of which the budget ended before all were compared. */
export interface Undecided {
  readonly from: readonly Place[];
  readonly to: Aim;
}

/** What was found to change, and where something else may. */
export interface Difference {
  readonly changes: readonly Change[];
  readonly undecided: readonly Undecided[];
}

/** Targets to compare instead of every one that has a name, and which flows. */
export interface Scope {
  readonly aims?: readonly Aim[];
  readonly how?: Omit<Asked, 'to'>;
}

/** Lists what changed, by target, each with the places that changed alike. */
export function difference(
  prover: Prover,
  before: Network,
  after: Network,
  { aims, how }: Scope = {},
): Difference {
  const [old, now] = [ask(prover, before, aims, how), ask(prover, after, aims, how)];
  const groups = new Map<string, Change & { readonly from: Place[] }>();
  const undecided = new Map<string, Undecided & { readonly from: Place[] }>();
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [then, later] = [old.get(key), now.get(key)];
    const shown = later ?? then;
    if (!shown) continue;
    const turned = turnsWithin(prover, then, later, shown);
    const { from, to } = shown;
    if (!turned || then?.budget || later?.budget) {
      join(undecided, to.label, from, () => ({ from: [from], to }));
    }
    for (const { turn, flows, rest, whole } of turned ?? []) {
      join(groups, `${to.label}|${turn}|${whole}|${rest}`, from, () => ({
        turn,
        from: [from],
        to,
        flows: boxesOf(prover.algebra, rest),
        ...exampleOf(
          prover,
          flows,
          then && { network: before, answer: then },
          later && { network: after, answer: later },
        ),
      }));
    }
  }
  const shown = ({ turn, to }: Change): string => `${to.label} ${turn === 'possible' ? 0 : 1}`;
  return {
    changes: [...groups.values()].toSorted((a, b) => shown(a).localeCompare(shown(b), 'en')),
    undecided: [...undecided.values()],
  };
}
/** Adds a place to its group, or makes the group. */
function join<T extends { readonly from: Place[] }>(
  groups: Map<string, T>,
  key: string,
  from: Place,
  make: () => T,
): void {
  const group = groups.get(key);
  if (group) group.from.push(from);
  else groups.set(key, make());
}

/** Answers by place and target; a machine and its interface are one place. */
function ask(
  prover: Prover,
  network: Network,
  aims: readonly Aim[] | undefined,
  how: Scope['how'],
): ReadonlyMap<string, Answer> {
  const names = new Names(network);
  const places = new Map(
    names
      .places()
      .toReversed()
      .map((place) => [keyOfPlace(place), place]),
  );
  const targets = names.targets().flatMap((label) => {
    const found = names.target(label);
    return found.ok ? [found.value.target] : [];
  });
  const { answers } = prover.matrix(network, [...places.values()], aims ?? targets, how);
  return new Map(answers.map((answer) => [`${answer.to.label}|${keyOfPlace(answer.from)}`, answer]));
}

/** Flows of one place that changed the same way. */
interface Turned {
  readonly turn: Turn;
  readonly flows: Diagram;
  /** The same without their source, where that is any address of the place (`whole`). */
  readonly rest: Diagram;
  readonly whole: boolean;
}

/** What changed of all that both answers looked at; undefined where the budget ends before that is known. */
function turnsWithin(
  prover: Prover,
  then: Answer | undefined,
  later: Answer | undefined,
  shown: Answer,
): readonly Turned[] | undefined {
  try {
    return turns(prover, then, later).map(([turn, flows]) => ({
      turn,
      flows,
      ...apartFromSource(prover, flows, shown),
    }));
  } catch (error) {
    if (error instanceof BudgetExceeded) return undefined;
    throw error;
  }
}

/** The flows that changed, by how. */
function turns(
  { algebra }: Prover,
  then: Answer | undefined,
  later: Answer | undefined,
): readonly (readonly [Turn, Diagram])[] {
  const all = (regions: readonly Region[]): Diagram =>
    regions.reduce((set, { flows }) => algebra.union(set, flows), nothing);
  const both =
    then && later
      ? algebra.intersect(all(then.regions), all(later.regions))
      : all((then ?? later)?.regions ?? []);
  const [hadIt, hasIt] = [all(then?.delivered ?? []), all(later?.delivered ?? [])];
  const [doubted, doubts] = [all(then?.unknown ?? []), all(later?.unknown ?? [])];
  const without = (flows: Diagram, ...others: readonly Diagram[]): Diagram =>
    others.reduce((left, other) => algebra.subtract(left, other), algebra.intersect(both, flows));
  const found: (readonly [Turn, Diagram])[] = [
    ['possible', without(hasIt, hadIt, doubted)],
    ['impossible', without(hadIt, hasIt, doubts)],
    ['unclear', algebra.union(without(doubted, doubts), without(doubts, doubted))],
  ];
  return found.filter(([, flows]) => flows !== nothing);
}

/** The flows without their source, where that is any address of the place. */
function apartFromSource(
  { algebra }: Prover,
  flows: Diagram,
  { regions }: Answer,
): { readonly rest: Diagram; readonly whole: boolean } {
  const point = witness(algebra, flows);
  const rest = point ? algebra.fix(flows, levelOf.source, point.source) : flows;
  const own = regions.reduce((set, region) => algebra.union(set, region.flows), nothing);
  const whole = algebra.intersect(own, rest) === flows;
  return whole ? { rest, whole } : { rest: flows, whole };
}

interface State {
  readonly network: Network;
  readonly answer: Answer;
}

/** One flow, followed in both states. */
function exampleOf(
  { algebra }: Prover,
  flows: Diagram,
  then: State | undefined,
  later: State | undefined,
): Pick<Change, 'example' | 'before' | 'after'> {
  const state = later ?? then;
  const role = state && roleOf(state.network, [state.answer.from]);
  const point = role && witness(algebra, flows, role.preferred);
  if (!point) throw new Error('a change has flows, and a state that they are in');
  const flowIn = ({ network, answer }: State): Flow =>
    flowAt(roleOf(network, [answer.from]), { to: answer.to, ...asOf(answer) }, point);
  return {
    example: flowIn(state),
    before: then && walk(then.network, flowIn(then)),
    after: later && walk(later.network, flowIn(later)),
  };
}

function asOf({ regions }: Answer): { readonly as?: Caller } {
  const as = regions[0]?.example.as;
  return as ? { as } : {};
}
