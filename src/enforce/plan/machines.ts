/**
 * The namespaces of machines: their addresses, and that they send everything to their network.
 *
 * @module
 */

import { contains, type Ip, ipAt, type Prefix } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
import type { Network } from '../../net/model.ts';
import type { Position } from '../../net/position.ts';
import { answersQuestions } from '../../net/servers.ts';
import { firewallRules, firewallSockets, firewallWays } from './firewall.ts';
import type { Guest, Namespace, Station } from './model.ts';
import { insideSet } from './ruleset.ts';
import { address, type Ids, line, type Word } from './words.ts';

/** Plans machines; what one sends from each of its addresses leaves by the interface that has it. */
export function machinesOf(network: Network, stations: readonly Station[], ids: Ids): Namespace[] {
  const byNamespace = new Map<Word, Station[]>();
  for (const station of stations) {
    const own = byNamespace.get(station.namespace);
    if (own) own.push(station);
    else byNamespace.set(station.namespace, [station]);
  }
  return [...byNamespace].map(([id, own]): Namespace => {
    const addresses = own.map(({ inner, position }) => {
      const { prefix } = surroundings(position);
      return line`${address(position.address)}/${prefix.length} dev ${inner}`;
    });
    const gateways = own.map(({ inner, position }, at) => {
      const { gateway } = surroundings(position);
      const route = line`default via ${address(gateway)} dev ${inner}`;
      return at === 0 ? route : line`${route} table ${100 + at}`;
    });
    const rules = own
      .map(({ position }, at) => line`pref 100 from ${address(position.address)} lookup ${100 + at}`)
      .slice(1);
    const resolving = own.flatMap(({ position }) => {
      const at = line`${address(position.address)}:53`;
      return answersQuestions(network, position.address) ? [line`tcp ${at}`, line`udp ${at}`] : [];
    });
    const [first] = own;
    const about = first?.about ?? '';
    const common = { id, about, addresses, zones: [] };
    const firewall = network.firewalls.get(keyOf(about));
    if (firewall && first) {
      const { address: ip } = first.position;
      const ways = firewallWays(ip);
      return {
        ...common,
        role: 'firewall',
        rules: [...ways.rules, ...rules],
        routes: [...gateways, ...ways.routes],
        ruleset: firewallRules(firewall, ip, ids),
        sockets: [...resolving, ...firewallSockets(firewall)],
      };
    }
    const forwards = own.some(({ position }) => position.nic?.forwarding === true);
    return {
      ...common,
      role: forwards ? 'appliance' : 'machine',
      rules,
      routes: gateways,
      ruleset: forwards ? { collections: [insideSet], chains: [], endings: new Map() } : undefined,
      sockets: resolving,
    };
  });
}

/**
 * Plans what is on the internet, or in Azure's own network: no network of its own is around it. Who is on the internet
 * has a resolver beside him, as machines at home do.
 */
export function guestOf({ namespace, about, address: ip, hosted }: Guest): Namespace {
  return {
    id: namespace,
    role: 'machine',
    about,
    addresses: [line`${address(ip)}/32 dev eth0`],
    rules: [],
    routes: [line`default dev eth0`],
    ruleset: undefined,
    sockets: hosted ? [] : [line`tcp 127.0.0.1:53`, line`udp 127.0.0.1:53`],
    zones: [],
  };
}

function surroundings({ subnet, address }: Position): { readonly prefix: Prefix; readonly gateway: Ip } {
  const prefix = subnet.fact.prefixes.find((candidate) => contains(candidate, address)) ?? {
    base: address,
    length: 32,
  };
  return { prefix, gateway: ipAt(prefix.base, 1) };
}
