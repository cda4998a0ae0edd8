/**
 * Names, asked as a machine asks: of each server that it is told of, and the first that answers counts.
 *
 * @module
 */

import { type DecodedPacket, decode } from 'dns-packet';
import type { Fqdn } from '../../src/lib/fqdn.ts';
import { formatIp, type Ip, parseIp } from '../../src/lib/ip.ts';
import { answer, type Reply } from '../../src/net/answer.ts';
import { azureDns } from '../../src/net/azure.ts';
import type { Network } from '../../src/net/model.ts';
import { type Place, positionOf } from '../../src/net/position.ts';
import { serversOf } from '../../src/net/resolve.ts';
import type { Drawn } from './drawing.ts';
import type { Outcome, Sent } from './packets.ts';

/** The datagrams by which a flow asks for its name: one to each server. `net`: what machines are told by. */
export function questionsOf(net: Network, { from, name, sent }: Drawn): readonly Sent[] {
  const here = positionOf(net, from);
  if (name === undefined || !here) return [];
  const told = serversOf(here);
  const first = 60_000 + 4 * (sent.sourcePort % 1000);
  const { namespace, source } = sent;
  return (told.length > 0 ? told : [azureDns]).map((destination, at) => {
    return {
      namespace,
      source,
      sourcePort: first + at,
      protocol: 'udp',
      destination,
      port: 53,
      query: name,
    };
  });
}

/** Addresses in the first answer; undefined where there is none. */
export function addressesHeard(outcomes: readonly Outcome[]): readonly Ip[] | undefined {
  const heard = outcomes.map(readOutcome).find((packet) => packet !== undefined);
  return heard && addressesIn(heard).flatMap((text) => parseIp(text) ?? []);
}

/** Says what is wrong with what a place heard; undefined: it is what the Network says. */
export function wrongAnswer(
  net: Network,
  from: Place,
  name: Fqdn,
  outcomes: readonly Outcome[],
): string | undefined {
  const expected = answer(net, from, { name, type: 'A' });
  const read = outcomes.map(readOutcome);
  const heard = read.find((packet) => packet !== undefined);
  if (agrees(expected, heard, read)) return undefined;
  const packets = heard
    ? `${heard.rcode} ${addressesIn(heard)}`
    : outcomes.map(({ kind }) => kind).join(', ');
  return `${from.label} asks for ${name}: ${print(expected)}; packets: ${packets}`;
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
