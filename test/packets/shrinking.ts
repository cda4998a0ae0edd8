/**
 * From a disagreement to a small one: facts are left out, many at a time and then few, as long as it is still wrong.
 *
 * @module
 */

import type { LinuxPlan } from '../../src/enforce/plan/model.ts';
import { planOf } from '../../src/enforce/plan.ts';
import type { Fact } from '../../src/net/facts.ts';
import type { Network } from '../../src/net/model.ts';
import { network } from '../support/network.ts';
import { addressAt, type Drawn, namespaceOf } from './drawing.ts';
import { type Tried, tryOut } from './trial.ts';

/** What is left. */
export interface Shrunk {
  readonly facts: readonly Fact[];
  readonly says: string;
  /** How many smaller estates were tried. */
  readonly tries: number;
}

/** Plans; with a fault, where a test plants one. */
export type Planner = (network: Network, probes: readonly string[]) => LinuxPlan;

/** Shrinks the facts of a flow that went wrong. Undefined: it does not, alone. */
export async function shrink(
  facts: readonly Fact[],
  drawn: Drawn,
  plan: Planner = planOf,
): Promise<Shrunk | undefined> {
  let tries = 0;
  let says: string | undefined;
  let disposition: Tried['disposition'] | undefined;
  const isWrong = async (some: readonly Fact[]): Promise<boolean> => {
    tries++;
    const tried = await tryAlone(some, drawn, plan);
    // Another disagreement is another matter.
    if (!tried?.wrong || tried.disposition !== (disposition ?? tried.disposition)) return false;
    ({ says, disposition } = tried);
    return true;
  };
  // What belongs together stands together.
  const ordered = facts.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  if (!(await isWrong(ordered))) return undefined;
  const left = await leaveOut(ordered, isWrong);
  return { facts: left, says: says ?? '', tries };
}

/** The smallest list that is found by leaving runs of items out, ever shorter ones. */
export async function leaveOut<T>(
  items: readonly T[],
  holds: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = items;
  for (let run = Math.ceil(left.length / 2); run > 0; ) {
    const before = left.length;
    for (let at = 0; at < left.length; ) {
      const some = [...left.slice(0, at), ...left.slice(at + run)];
      if (some.length > 0 && (await holds(some))) left = some;
      else at += run;
    }
    if (run === 1 && left.length === before) break;
    run = run === 1 ? 1 : Math.ceil(run / 2);
  }
  return left;
}

/** Tries one flow; undefined where the place that it starts at is not there, or stands elsewhere. */
async function tryAlone(facts: readonly Fact[], drawn: Drawn, plan: Planner): Promise<Tried | undefined> {
  const net = network(facts);
  const { from, sent } = drawn;
  const planned = plan(net, from.kind === 'subnet' ? [from.subnet] : []);
  const same = namespaceOf(planned, from) === sent.namespace && addressAt(planned, from) === sent.source;
  if (!same) return undefined;
  const [tried] = await tryOut(net, { network: net, plan: planned }, [drawn]);
  return tried;
}

function nameOf(fact: Fact): string {
  return `${'id' in fact ? fact.id : ''} ${fact.kind}`.toLowerCase();
}
