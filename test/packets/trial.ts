/**
 * A trial: a plan is applied, flows are sent, and what became of them is compared with what a Network says.
 *
 * @module
 */

import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import type { Network } from '../../src/net/model.ts';
import { type Compared, compareFlow, type InForce } from './comparing.ts';
import { type Drawn, flowOf, walkOf } from './drawing.ts';
import { addressesHeard, questionsOf, wrongAnswer } from './names.ts';
import { type Outcome, Traffic } from './packets.ts';

/** A flow, and what was said of it. */
export type Tried = Compared & { readonly drawn: Drawn };

/** Tries flows in a fabric of their own. `inForce`: what is applied; `net`: what must be right. */
export async function tryOut(
  net: Network,
  inForce: InForce,
  flows: readonly Drawn[],
  rootless?: boolean,
): Promise<readonly Tried[]> {
  const fabric = new LinuxFabric(rootless);
  try {
    await fabric.apply(inForce.plan);
    const names = flows.some(({ name }) => name !== undefined);
    const traffic = await Traffic.over(fabric, inForce.network, names);
    try {
      return await exchange(traffic, net, inForce, flows);
    } finally {
      await traffic.close();
    }
  } finally {
    await fabric.close();
  }
}

/** Asks for names, sends what wants an address meanwhile, and then to the addresses that were heard. */
export async function exchange(
  traffic: Traffic,
  net: Network,
  inForce: InForce,
  flows: readonly Drawn[],
): Promise<readonly Tried[]> {
  const asked = flows.map((flow) => questionsOf(inForce.network, flow));
  const direct = flows.flatMap(({ name, sent: { destination, ...sent } }) =>
    name === undefined && destination !== undefined ? [{ ...sent, destination }] : [],
  );
  const first = [...asked.flat(), ...direct];
  const outcomes = [...(await traffic.send(first))];
  const answers = asked.map((questions) => outcomes.splice(0, questions.length));
  const named = flows.flatMap(({ name, sent: { destination, ...sent } }, at) =>
    name !== undefined && destination !== undefined && heard(answers[at] ?? [], destination)
      ? [{ ...sent, destination }]
      : [],
  );
  const further = [...(await traffic.send(named))];
  return flows.map((drawn, at): Tried => {
    const { from, name, sent } = drawn;
    const own = answers[at] ?? [];
    const wrong = name === undefined ? undefined : wrongAnswer(net, from, name, own);
    const { destination } = sent;
    const reached = destination !== undefined && (name === undefined || heard(own, destination));
    const outcome = reached ? (name === undefined ? outcomes : further).shift() : undefined;
    if (wrong !== undefined || !outcome || !reached) return { drawn, ...compareName(net, drawn, wrong, own) };
    return { drawn, ...compareFlow(net, inForce, flowOf(drawn), { ...sent, destination }, outcome) };
  });
}

function heard(answers: readonly Outcome[], address: number): boolean {
  return addressesHeard(answers)?.some((each) => each === address) ?? false;
}

/** The name alone ended it, or should have. */
function compareName(
  net: Network,
  flow: Drawn,
  wrong: string | undefined,
  answers: readonly Outcome[],
): Compared {
  const { disposition, steps } = walkOf(net, flow).trace;
  const last = steps.at(-1);
  const found = flow.sent.destination !== undefined;
  const unanswered = (addressesHeard(answers) ?? []).length === 0;
  return {
    disposition,
    stage: found ? undefined : last?.stage,
    balanced: false,
    wrong: wrong !== undefined || found || (disposition !== 'unknown' && !unanswered),
    says:
      wrong ??
      `${flow.from.label} asks for ${flow.name}: ${disposition}: ${last?.says}; packets: ${answers.map(({ kind }) => kind).join(', ')}`,
  };
}
