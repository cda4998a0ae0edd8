/**
 * Random questions, asked as a machine asks: of each server that it is told of, and the first that answers counts.
 *
 * @module
 */

import { type DecodedPacket, decode } from 'dns-packet';
import type { LinuxPlan } from '../../src/enforce/plan/model.ts';
import { type Fqdn, fqdn } from '../../src/lib/fqdn.ts';
import { formatIp } from '../../src/lib/ip.ts';
import { answer, type Reply } from '../../src/net/answer.ts';
import { azureDns } from '../../src/net/azure.ts';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import { type Place, positionOf } from '../../src/net/position.ts';
import { serversOf } from '../../src/net/resolve.ts';
import { walk } from '../../src/net/walk.ts';
import type { Dice } from '../../src/verify/sets/rules.testing.ts';
import { type Compared, namespaceOf } from './drawing.ts';
import type { Outcome, Sent } from './packets.ts';

/** A question, and a datagram to each server. */
export interface Asked {
  readonly from: Place;
  readonly name: Fqdn;
  readonly sent: readonly Sent[];
}

const further = ['web.corp.example', 'www.corp.example', 'loop.corp.example', 'pypi.org', 'nobody.example'];

/** Draws questions from places inside networks. */
export function drawQuestions(dice: Dice, net: Network, plan: LinuxPlan, count: number): readonly Asked[] {
  const names = [...net.servedNames.keys(), ...further.map(fqdn)];
  const places = new Names(net)
    .places()
    .filter((place) => place.kind !== 'internet' && namespaceOf(plan, place) !== undefined)
    // Which of the free addresses of a subnet Azure gives to a workload, an answer does not ask.
    .filter((place) => place.kind !== 'workload')
    // What a machine asks itself never reaches a gate, and the walk asks the gates.
    .filter((place) => {
      const here = positionOf(net, place);
      return here && !serversOf(here).includes(here.address);
    });
  let sourcePort = 60_000;
  return Array.from({ length: count }, (): Asked => {
    const from = dice.pick(places);
    const name = dice.pick(names);
    const here = positionOf(net, from);
    const namespace = namespaceOf(plan, from) ?? '';
    if (!here) return { from, name, sent: [] };
    const told = serversOf(here);
    const servers = told.length > 0 ? told : [azureDns];
    const own = { namespace, source: here.address, protocol: 'udp', port: 53, query: name } as const;
    const sent = servers.map((destination) => ({ ...own, destination, sourcePort: sourcePort++ }));
    return { from, name, sent };
  });
}

/** Compares what the Network says a place hears with what its packets brought. */
export function compareNames(net: Network, from: Place, name: Fqdn, outcomes: readonly Outcome[]): Compared {
  const expected = answer(net, from, { name, type: 'A' });
  const read = outcomes.map(readOutcome);
  const heard = read.find((packet) => packet !== undefined);
  const packets = heard
    ? `${heard.rcode} ${addressesIn(heard)}`
    : outcomes.map(({ kind }) => kind).join(', ');
  return {
    disposition: `name ${expected.kind}`,
    stage: undefined,
    wrong: !agrees(expected, heard, read) && !pastAppliance(net, from),
    says: `${from.label} asks for ${name}: ${print(expected)}; packets: ${packets}`,
  };
}

/** Datagrams have no state that an appliance could miss: an answer that goes past one arrives. */
function pastAppliance(net: Network, from: Place): boolean {
  const here = positionOf(net, from);
  return (here ? serversOf(here) : []).some((address) => {
    const to = { kind: 'address', label: formatIp(address), address } as const;
    return walk(net, { from, to, protocol: 'udp', port: 53 }).disposition === 'no-return-path';
  });
}

function agrees(expected: Reply, heard: Heard | undefined, all: readonly (Heard | undefined)[]): boolean {
  switch (expected.kind) {
    case 'found':
      return heard?.rcode === 'NOERROR' && addressesIn(heard).join() === addressesOf(expected).join();
    case 'no-such-name':
      return heard?.rcode === 'NXDOMAIN';
    case 'silent':
      return heard === undefined;
    case 'unknown':
      // One of several that cannot be counted on keeps silent, and the next may know.
      return all.some((each) => each === undefined || each.rcode === 'SERVFAIL');
  }
}

type Heard = DecodedPacket & { readonly rcode: string };

/** A machine that is no DNS server says something else. */
function readOutcome(outcome: Outcome): Heard | undefined {
  if (outcome.kind !== 'answered') return undefined;
  try {
    return decode(Buffer.from(outcome.by, 'hex')) as Heard;
  } catch {
    return undefined;
  }
}

function addressesIn({ answers = [] }: DecodedPacket): string[] {
  return answers.flatMap((each) => (each.type === 'A' ? [each.data] : [])).toSorted();
}

function addressesOf({ sets }: Extract<Reply, { kind: 'found' }>): string[] {
  return sets
    .flatMap(({ data }) => (data.type === 'A' ? data.addresses.map((ip) => formatIp(ip)) : []))
    .toSorted();
}

function print(reply: Reply): string {
  return reply.kind === 'found' ? `found ${addressesOf(reply)}` : `${reply.kind}: ${reply.says}`;
}
