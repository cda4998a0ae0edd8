/**
 * What a load balancer picks nobody knows beforehand. Packets show one pick, and are to do what the walk says of it.
 *
 * @module
 */

import { keyOf } from '../../src/lib/key.ts';
import { wellOf } from '../../src/net/backends.ts';
import type { Member } from '../../src/net/balancers.ts';
import type { Network } from '../../src/net/model.ts';
import { Recorder, type Step } from '../../src/net/trace.ts';
import { type Flow, follow, type Walked } from '../../src/net/walk.ts';

/** The walks of a flow: one for each way in which load balancers may pick. */
export function* picksOf(net: Network, flow: Flow): Iterable<Walked> {
  const walked = follow(net, flow);
  const [choice] = walked.trace.steps.flatMap((step) => choiceAt(net, step) ?? []);
  if (!choice) yield walked;
  else for (const member of choice.members) yield* picksOf(withOnly(net, choice.by, member), flow);
}

type By = Pick<Step, 'resource' | 'rule'>;

function choiceAt(
  net: Network,
  by: Step,
): { readonly by: By; readonly members: readonly Member[] } | undefined {
  const spread = net.balancers.get(keyOf(by.resource))?.rules.get(by.rule);
  if (by.stage !== 'forward' || !spread) return undefined;
  const well = wellOf(net, spread, by, new Recorder()) ?? [];
  const members = spread.members.filter(({ configuration }) =>
    well.some((each) => each.configuration === configuration),
  );
  return members.length > 1 ? { by, members } : undefined;
}

/** The same network, with one machine behind a rule. */
function withOnly(net: Network, { resource, rule }: By, member: Member): Network {
  const before = net.balancers.get(keyOf(resource));
  const spread = before?.rules.get(rule);
  if (!before || !spread) return net;
  const balancer = { ...before, rules: new Map(before.rules).set(rule, { ...spread, members: [member] }) };
  return {
    ...net,
    balancers: new Map(net.balancers).set(keyOf(resource), balancer),
    publicFrontends: new Map(
      [...net.publicFrontends].map(([ip, own]) => [ip, own === before ? balancer : own] as const),
    ),
  };
}
