/**
 * Answers beside what became of the packets.
 *
 * @module
 */

import type { Namespace } from '../../src/enforce/plan/model.ts';
import { outboundOf } from '../../src/enforce/plan/outbound.ts';
import { formatIp, type Ip } from '../../src/lib/ip.ts';
import { keyOf, nameOf } from '../../src/lib/key.ts';
import { protocolNumbers } from '../../src/lib/ports.ts';
import { askDoor, type Comer } from '../../src/net/doors.ts';
import type { Network } from '../../src/net/model.ts';
import { positionByAddress, positionOf, workloadAt } from '../../src/net/position.ts';
import { sameHop } from '../../src/net/routes.ts';
import { decide } from '../../src/net/table.ts';
import type { Disposition, Stage } from '../../src/net/trace.ts';
import { type Flow, follow, type Walked } from '../../src/net/walk.ts';
import { type Drawing, isBalanced, stageOf } from './drawing.ts';
import type { Outcome, Sent } from './packets.ts';
import { picksOf } from './picks.ts';

/** An answer beside an outcome. */
export interface Compared {
  readonly disposition: Disposition;
  /** Where it was stopped. */
  readonly stage: Stage | undefined;
  /** A load balancer was asked. */
  readonly balanced: boolean;
  readonly wrong: boolean;
  readonly says: string;
}

/** What is in force: the plan, and the Network that it is of, which the fronts ask too. */
export type InForce = Pick<Drawing, 'network' | 'plan'>;

type Answered = Extract<Outcome, { kind: 'answered' }>;

/** Compares what a Network says with packets. What is unknown to the walk must not get past what it is unknown at. */
export function compareFlow(
  net: Network,
  inForce: InForce,
  flow: Flow,
  { source, sourcePort, destination }: Sent,
  outcome: Outcome,
): Compared {
  const walked = follow(net, flow);
  const { disposition, steps } = walked.trace;
  const stage = stageOf(walked);
  const last = stage && steps.at(-1);
  const rule = last ? ` by ${nameOf(last.resource)}/${last.rule}: ${last.says}` : '';
  const { from, to, protocol, port } = flow;
  const right = [...picksOf(net, flow)].some((walked) =>
    agree({ net, inForce, flow, walked, dialled: destination }, outcome),
  );
  return {
    disposition,
    stage,
    balanced: isBalanced(net, walked),
    wrong: !right,
    says: `${from.label} ${formatIp(source)}:${sourcePort} -> ${protocol} ${to.label}:${port} is ${disposition}${rule}; packets: ${print(outcome)}`,
  };
}

/** Says what became of packets. */
export function print(outcome: Outcome): string {
  if (outcome.kind === 'answered') {
    const { by, heardFrom } = outcome;
    return `answered by ${by}${heardFrom === undefined ? '' : ` that heard ${formatIp(heardFrom)}`}`;
  }
  if (outcome.kind !== 'ended') return outcome.kind;
  const { disposition, stage, by } = outcome.ending;
  return `${outcome.reply ? 'the reply ' : ''}${disposition} at ${stage} by ${nameOf(by.resource)}/${by.rule}`;
}

/** What is compared. */
interface Case {
  readonly net: Network;
  readonly inForce: InForce;
  readonly flow: Flow;
  readonly walked: Walked;
  readonly dialled: Ip;
}

function agree(one: Case, outcome: Outcome): boolean {
  const { disposition, steps, name } = one.walked.trace;
  const last = steps.at(-1);
  // The front that reads names there decides about it.
  if (outcome.kind === 'answered' && isRouter(one.inForce, outcome.by, 'firewall')) return asksNames(one);
  switch (disposition) {
    case 'delivered':
    case 'refused-by-door':
    case 'unauthenticated':
    case 'unauthorized':
      return hasArrived(one, outcome);
    case 'nothing-listening':
      return (
        // Which names a front end answers for it says itself.
        (name !== null &&
          last?.stage === 'listener' &&
          (outcome.kind === 'answered' || outcome.kind === 'outside')) ||
        outcome.kind === 'refused' ||
        (outcome.kind === 'ended' && outcome.ending.disposition === 'nothing-listening')
      );
    case 'no-return-path':
      // Nobody is out there to reply.
      if (outcome.kind === 'outside') return one.walked.trace.assumed.includes('the-internet-listens');
      return outcome.kind === 'ended' && (outcome.reply || outcome.ending.disposition === disposition);
    case 'dropped-by-gate':
    case 'dropped-by-firewall':
      // Before a name is read, the connection has to be answered.
      if (outcome.kind === 'ended' && outcome.reply) return asksNames(one);
      return (
        outcome.kind === 'ended' &&
        outcome.ending.disposition === disposition &&
        outcome.ending.stage === last?.stage &&
        keyOf(outcome.ending.by.resource) === keyOf(last.resource) &&
        outcome.ending.by.rule === last.rule
      );
    case 'unknown':
      return isCautious(one, outcome);
    default:
      return outcome.kind === 'ended' && !outcome.reply && outcome.ending.disposition === disposition;
  }
}

function hasArrived(one: Case, outcome: Outcome): boolean {
  const { net, inForce, flow, walked } = one;
  const { landing, trace } = walked;
  // Past the policies of a subnet's service endpoint is storage that the estate does not have, and nobody to refuse.
  if (!landing) return trace.disposition === 'refused-by-door' && outcome.kind === 'outside';
  if (landing.kind === 'machine') {
    // Behind a gateway every address answers.
    if (!landing.at.nic) return outcome.kind === 'answered' && isRouter(inForce, outcome.by, 'site');
    const there = inForce.plan.places.get(keyOf(landing.at.nic.id));
    return outcome.kind === 'answered' && outcome.by === there && isFrom(outcome, landing.over.source);
  }
  if (landing.kind === 'private-endpoint') {
    const vnet = net.subnets.get(keyOf(landing.endpoint.subnet))?.vnet;
    return (
      outcome.kind === 'answered' &&
      outcome.by === routerOf(inForce, vnet?.fact.id) &&
      isFrom(outcome, landing.source) &&
      doorSays(one, outcome)
    );
  }
  const platform = trace.steps.some(({ rule }) => rule === 'platform address');
  if (landing.services.length === 0 && !platform) return outcome.kind === 'outside';
  if (outcome.kind !== 'answered') return false;
  // The router where the packet leaves: behind an appliance it may be that of another network.
  const handed = trace.steps.some(({ stage }) => stage === 'forward');
  const outside = flow.from.kind === 'site' || flow.from.kind === 'client';
  const home = outside ? undefined : positionOf(net, flow.from, flow.source)?.vnet;
  const there =
    outcome.by === routerOf(inForce, home?.fact.id ?? 'internet') ||
    (handed && isRouter(inForce, outcome.by, 'network'));
  return there && doorSays(one, outcome);
}

/** Whether it was heard from a source; undefined: Azure picks one. */
function isFrom({ heardFrom }: Answered, source: Ip | undefined): boolean {
  return source === undefined ? heardFrom !== undefined : heardFrom === source;
}

/** What a front that listens where the packets were answered says of who comes. */
function doorSays(one: Case, { by, heardFrom }: Answered): boolean {
  const { inForce, walked, flow, dialled } = one;
  if (!walked.service || heardFrom === undefined) return true;
  const service = inForce.network.services.get(keyOf(walked.service.fact.id));
  const comer = comerOf(inForce, by, flow, heardFrom, dialled);
  const last = walked.trace.steps.findLast(({ stage }) => stage === 'door');
  if (!service || !comer || !last) return false;
  const { action, resource, rule } = askDoor(inForce.network, service, comer);
  const expected = { pass: 'open', stop: 'shut', unknown: 'unknown' } as const;
  return action === expected[last.outcome] && resource === last.resource && rule === last.rule;
}

/** Who comes, as a front in a router knows him: by the address that he comes from and the one that he dialled. */
function comerOf(
  { network, plan }: InForce,
  router: string,
  flow: Flow,
  from: Ip,
  dialled: Ip,
): Comer | undefined {
  const about = plan.namespaces.find(({ id }) => id === router)?.about;
  const vnet = about === undefined ? undefined : network.vnets.get(keyOf(about));
  if (!vnet) {
    const workload = workloadAt(network, flow.from);
    const alone = flow.from.kind === 'internet';
    return { via: 'public', source: alone ? from : undefined, region: workload?.location };
  }
  if (vnet.attachments.get(dialled)?.nic.endpoint !== undefined)
    return { via: 'private-endpoint', source: from };
  const own = from === flow.source ? positionOf(network, flow.from, from) : undefined;
  const position = own?.vnet === vnet ? own : positionByAddress(network, vnet, from);
  if (!position) return undefined;
  const point = { source: from, destination: dialled, protocol: protocolNumbers.tcp, port: 443 };
  const route = decide(position.subnet.routes, { ...point, sourcePort: undefined }, sameHop);
  return route.kind === 'row' && route.row.action.kind === 'service-endpoint'
    ? { via: 'service-endpoint', source: from, subnet: position.subnet.fact.id }
    : { via: 'public', source: outboundOf(network, position).shown, region: vnet.fact.location };
}

function routerOf({ plan }: InForce, about: string | undefined): string | undefined {
  return plan.namespaces.find(
    ({ about: own, role }) => own === about && (role === 'network' || role === 'internet'),
  )?.id;
}

function isRouter({ plan }: InForce, id: string, role: Namespace['role']): boolean {
  return plan.namespaces.some((namespace) => namespace.id === id && namespace.role === role);
}

/** Whether a walk comes to a firewall's application rules, or past them. */
function asksNames({ net: { firewalls }, walked: { trace } }: Case): boolean {
  return trace.steps.some(({ stage, resource, rule }) => {
    const at = [...firewalls.values()];
    const denied = rule === 'default deny' && at.some(({ rules }) => rules === resource);
    const rows = at.flatMap(({ application }) => application);
    return (
      stage === 'forward' && (denied || rows.some(({ by }) => by.resource === resource && by.rule === rule))
    );
  });
}

/** Where the walk cannot say, packets may reach a front end that is asked by address, and nobody else. */
function isCautious(one: Case, outcome: Outcome): boolean {
  const { trace, landing } = one.walked;
  const last = trace.steps.at(-1);
  if (last?.stage === 'door' && outcome.kind === 'answered') return doorSays(one, outcome);
  if (last?.stage === 'listener' || last?.stage === 'door') return true;
  // Azure picks an address, and here one is picked: what a gate thinks of it is an answer.
  if (landing && 'source' in landing && landing.source === undefined) return true;
  return outcome.kind === 'ended' || outcome.kind === 'silent';
}
