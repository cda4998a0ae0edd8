/**
 * Random flows over random estates, and the comparison of an answer with what became of the packets.
 *
 * @module
 */

import type { LinuxPlan, Namespace } from '../../src/enforce/plan/model.ts';
import { formatIp, type Ip, ip, parseIp } from '../../src/lib/ip.ts';
import { keyOf, nameOf } from '../../src/lib/key.ts';
import { azureDns } from '../../src/net/azure.ts';
import type { Fact } from '../../src/net/facts.ts';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import { keyOfPlace, type Place, positionOf } from '../../src/net/position.ts';
import { answersQuestions } from '../../src/net/servers.ts';
import { internetClient } from '../../src/net/tags.ts';
import type { Disposition, Stage } from '../../src/net/trace.ts';
import { type Flow, follow, type Walked } from '../../src/net/walk.ts';
import type { Dice } from '../../src/verify/sets/rules.testing.ts';
import { estate } from '../support/estates.ts';
import { flat, network, subnet, vm, vnet } from '../support/network.ts';
import type { Outcome, Sent } from './packets.ts';

/** A flow: where it starts, and its packets. */
export interface Drawn {
  readonly from: Place;
  readonly sent: Sent;
}

/** An answer beside an outcome. */
export interface Compared {
  readonly disposition: Disposition | `name ${string}`;
  readonly stage: Stage | undefined;
  readonly wrong: boolean;
  readonly says: string;
}

/** An estate of the generator that the proof is tested with, and a network with the addresses of one of its own. */
export function packetEstate(dice: Dice): Network {
  return network(
    flat(estate(dice)).flatMap(withoutBalancers),
    vnet('twin', '10.1.0.0/16', subnet('x', '10.1.1.0/24', { nsg: 'one' })),
    vm('same', 'twin/x', '10.1.1.4'),
    vm('other', 'twin/x', '10.1.1.9', { nsg: 'two' }),
  );
}

/** Load balancers are not carried by the kernel yet; a plan says so. */
function withoutBalancers(fact: Fact): readonly Fact[] {
  if (fact.kind === 'balancer') return [];
  if (fact.kind !== 'nic') return [fact];
  if (fact.runs === 'balancer') return [];
  return [{ ...fact, configurations: fact.configurations.map((each) => ({ ...each, balanced: [] })) }];
}

const elsewhere = ['10.1.1.77', '10.9.9.9', '192.168.1.9', '8.8.8.8', '168.63.129.16', '169.254.169.254'].map(
  ip,
);
const ports = [443, 443, 80, 53, 22, 445, 1500];

/** Draws flows from places that stand somewhere; half of the targets are private endpoints and services. */
export function drawFlows(dice: Dice, net: Network, plan: LinuxPlan, count: number): readonly Drawn[] {
  const places = new Names(net).places().filter((place) => namespaceOf(plan, place) !== undefined);
  const attached = [...net.vnets.values()].flatMap(({ attachments }) => [...attachments.keys()]);
  const members = [...net.endpoints.values()].flatMap((endpoint) =>
    endpoint.members.map(({ address }) => address),
  );
  const targets: readonly (readonly Ip[])[] = [
    attached,
    members.length > 0 ? members : attached,
    [...net.publicServices.keys()],
    [...net.publicAttachments.keys(), ...net.publicAddresses.values()],
    elsewhere,
  ].filter((list) => list.length > 0);
  return Array.from({ length: count }, (_, at): Drawn => {
    const from = dice.pick(places);
    const source = addressAt(plan, from) ?? internetClient;
    const protocol = dice.chance(0.8) ? 'tcp' : 'udp';
    // Rules about source ports draw the line at 49152.
    const sourcePort = (dice.chance(0.8) ? 50_000 : 20_000) + at;
    // What a machine sends to itself never reaches a gate, and the walk asks the gates.
    const [drawn, instead] = [dice.pick(dice.pick(targets)), dice.pick(elsewhere)];
    const destination = drawn === source ? instead : drawn;
    const wanted = dice.pick(ports);
    // Where names are answered, nothing else is on that port.
    const named = destination === azureDns || answersQuestions(net, destination);
    const port = named && wanted === 53 ? 80 : wanted;
    const namespace = namespaceOf(plan, from) ?? '';
    return { from, sent: { namespace, source, sourcePort, protocol, destination, port } };
  });
}

/** Where a place stands. */
export function namespaceOf(plan: LinuxPlan, place: Place): string | undefined {
  return plan.places.get(keyOfPlace(place));
}

/** The first address of a place. */
export function addressAt(plan: LinuxPlan, place: Place): Ip | undefined {
  const id = namespaceOf(plan, place);
  const [line] = plan.namespaces.find((namespace) => namespace.id === id)?.addresses ?? [];
  return line === undefined ? undefined : parseIp(line.split('/')[0] ?? '');
}

/** Compares. What is unknown to the walk must not get past what it is unknown at. */
export function compare(net: Network, plan: LinuxPlan, { from, sent }: Drawn, outcome: Outcome): Compared {
  const { destination, protocol, port, source, sourcePort } = sent;
  const to = { kind: 'address', label: formatIp(destination), address: destination } as const;
  const flow = { from, to, protocol, port, sourcePort, ...(from.kind === 'internet' ? {} : { source }) };
  return compareFlow(net, plan, flow, sent, outcome);
}

/** Compares a flow that may be to a name. */
export function compareFlow(
  net: Network,
  plan: LinuxPlan,
  flow: Flow,
  { source, sourcePort }: Sent,
  outcome: Outcome,
): Compared {
  const walked = follow(net, flow);
  const { disposition, steps } = walked.trace;
  const last = steps.at(-1);
  const stopped = disposition !== 'delivered' && last?.outcome !== 'pass' ? last : undefined;
  const agrees = agree(net, plan, flow.from, walked, outcome);
  const rule = stopped ? ` by ${nameOf(stopped.resource)}/${stopped.rule}: ${stopped.says}` : '';
  const { from, to, protocol, port } = flow;
  return {
    disposition,
    stage: stopped?.stage,
    wrong: !agrees,
    says: `${from.label} ${formatIp(source)}:${sourcePort} -> ${protocol} ${to.label}:${port} is ${disposition}${rule}; packets: ${print(outcome)}`,
  };
}

function print(outcome: Outcome): string {
  if (outcome.kind === 'answered') return `answered by ${outcome.by}`;
  if (outcome.kind !== 'ended') return outcome.kind;
  const { disposition, stage, by } = outcome.ending;
  return `${outcome.reply ? 'the reply ' : ''}${disposition} at ${stage} by ${nameOf(by.resource)}/${by.rule}`;
}

function agree(net: Network, plan: LinuxPlan, from: Place, walked: Walked, outcome: Outcome): boolean {
  const { disposition, steps } = walked.trace;
  const last = steps.at(-1);
  // The front that reads names there decides about it.
  if (outcome.kind === 'answered' && isRouter(plan, outcome.by, 'firewall')) return asksNames(net, walked);
  switch (disposition) {
    case 'delivered':
    case 'refused-by-door':
    case 'unauthenticated':
    case 'unauthorized':
      return hasArrived(net, plan, from, walked, outcome);
    case 'nothing-listening':
      return (
        // Which names a front end answers for it says itself.
        (walked.trace.name !== null && last?.stage === 'listener' && outcome.kind === 'answered') ||
        outcome.kind === 'refused' ||
        (outcome.kind === 'ended' && outcome.ending.disposition === 'nothing-listening')
      );
    case 'no-return-path':
      if (outcome.kind === 'ended') return outcome.reply || outcome.ending.disposition === disposition;
      // Datagrams have no state that an appliance could miss: the answer that goes past it arrives.
      return outcome.kind === 'answered' && walked.trace.protocol === 'udp';
    case 'dropped-by-gate':
      return (
        outcome.kind === 'ended' &&
        outcome.ending.disposition === disposition &&
        outcome.ending.stage === last?.stage &&
        keyOf(outcome.ending.by.resource) === keyOf(last.resource) &&
        outcome.ending.by.rule === last.rule
      );
    case 'unknown':
      return isCautious(walked, outcome);
    default:
      return outcome.kind === 'ended' && !outcome.reply && outcome.ending.disposition === disposition;
  }
}

function hasArrived(net: Network, plan: LinuxPlan, from: Place, walked: Walked, outcome: Outcome): boolean {
  const { landing, trace } = walked;
  if (!landing) return false;
  if (landing.kind === 'machine') {
    const there = landing.at.nic && plan.places.get(keyOf(landing.at.nic.id));
    return outcome.kind === 'answered' && outcome.by === there;
  }
  if (landing.kind === 'private-endpoint') {
    const vnet = net.subnets.get(keyOf(landing.endpoint.subnet))?.vnet;
    return outcome.kind === 'answered' && outcome.by === routerOf(plan, vnet?.fact.id);
  }
  const position = positionOf(net, from);
  const platform = trace.steps.some(({ rule }) => rule === 'platform address');
  if (landing.services.length > 0 || platform) {
    // The router where the packet leaves: behind an appliance it may be that of another network.
    const handed = trace.steps.some(({ stage }) => stage === 'forward');
    const router = position ? routerOf(plan, position.vnet.fact.id) : routerOf(plan, 'internet');
    return (
      outcome.kind === 'answered' &&
      (outcome.by === router || (handed && isRouter(plan, outcome.by, 'network')))
    );
  }
  return outcome.kind === 'outside';
}

function isRouter({ namespaces }: LinuxPlan, id: string, role: Namespace['role']): boolean {
  return namespaces.some((namespace) => namespace.id === id && namespace.role === role);
}

/** Whether a walk comes to a firewall's application rules, or past them. */
function asksNames({ firewalls }: Network, { trace }: Walked): boolean {
  return trace.steps.some(({ stage, resource, rule }) => {
    const at = [...firewalls.values()];
    const denied = rule === 'default deny' && at.some(({ rules }) => rules === resource);
    const rows = at.flatMap(({ application }) => application);
    return (
      stage === 'forward' && (denied || rows.some(({ by }) => by.resource === resource && by.rule === rule))
    );
  });
}

function routerOf(plan: LinuxPlan, about: string | undefined): string | undefined {
  return plan.namespaces.find((namespace) => namespace.about === about && namespace.role !== 'machine')?.id;
}

/** Where the walk cannot say, packets may reach a front end that is asked by address, and nobody else. */
function isCautious({ trace, landing }: Walked, outcome: Outcome): boolean {
  const last = trace.steps.at(-1);
  if (last?.stage === 'listener' || last?.stage === 'door') return true;
  // Azure picks an address, and here one is picked: what a gate thinks of it is an answer.
  if (landing && 'source' in landing && landing.source === undefined) return true;
  return outcome.kind === 'ended' || outcome.kind === 'silent';
}
