/**
 * Who answers for a name, at the end of all forwarding: the same order as `net/resolve.ts`, without asking whether each
 * server is reached. The walk says what comes back; this says whose fault it is.
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import type { Ip } from '../lib/ip.ts';
import { keyOf } from '../lib/key.ts';
import { azureDns } from '../net/azure.ts';
import type { DnsServerFact, ForwardingRuleFact } from '../net/facts.ts';
import type { Network, Vnet } from '../net/model.ts';
import { type Place, positionOf } from '../net/position.ts';
import { forwardingOf } from '../net/resolvers.ts';
import { addressOf, homeOf, ruleFor } from '../net/servers.ts';

/** Who has the last word. */
export type Answerer =
  /** Azure's resolver, as a virtual network sees it. */
  | { readonly kind: 'azure'; readonly vnet: string }
  /** A record of a described server, or a line of a hosts file. */
  | { readonly kind: 'record'; readonly by: Answering; readonly address: Ip }
  /** Public DNS, or a server that answers nobody there: because of this site, server or gateway. */
  | { readonly kind: 'public'; readonly by: Answering; readonly rule?: ForwardingRuleFact }
  /** A server that nobody described. */
  | { readonly kind: 'unknown' };

/** Somebody outside Azure DNS who decides about an answer. */
export type Answering =
  | { readonly what: 'site'; readonly name: string }
  | { readonly what: 'server'; readonly server: DnsServerFact }
  | { readonly what: 'gateway'; readonly id: string; readonly vnet: string };

/** More hops than that are a circle. */
const maxHops = 16;

/** Returns who answers a name for a place. */
export function answererOf(network: Network, place: Place, name: Fqdn): Answerer {
  if (place.kind === 'site') return atSite(network, place, name);
  const here = positionOf(network, place);
  if (!here) return { kind: 'unknown' };
  const own = here.nic?.dnsServers ?? [];
  const [server] = own.length > 0 ? own : here.vnet.fact.dnsServers;
  if (server !== undefined) return atAddress(network, server, here.vnet, name, 0, undefined);
  if (place.kind !== 'client') return atAzure(network, here.vnet, name, 0);
  return { kind: 'public', by: { what: 'gateway', id: place.gateway, vnet: here.vnet.fact.id } };
}

function atSite(network: Network, { site }: Extract<Place, { kind: 'site' }>, name: Fqdn): Answerer {
  const by = { what: 'site', name: site.name } as const;
  const line = site.hosts.flatMap(({ entries }) => entries).find((entry) => entry.name === name);
  if (line) return { kind: 'record', by, address: line.address };
  if (site.dns === undefined) return { kind: 'public', by };
  const wanted = site.dns.replace(/^dnsServer\//, '');
  const server = network.dnsServers.find((candidate) => candidate.name === wanted);
  return server ? atServer(network, server, name, 0) : { kind: 'unknown' };
}

function atAzure(network: Network, vnet: Vnet, name: Fqdn, hops: number): Answerer {
  const found = forwardingOf(network, vnet.fact.id, name);
  const [first] = found?.rule.to ?? [];
  if (!found || first === undefined) return { kind: 'azure', vnet: vnet.fact.id };
  const from = found.from === undefined ? undefined : network.subnets.get(keyOf(found.from))?.vnet;
  return atAddress(network, first, from, name, hops + 1, found.rule);
}

/** `asker` is the network that the question comes from, if it comes from one; `rule` the Azure rule that sent it. */
function atAddress(
  network: Network,
  address: Ip,
  asker: Vnet | undefined,
  name: Fqdn,
  hops: number,
  rule: ForwardingRuleFact | undefined,
): Answerer {
  if (hops > maxHops) return { kind: 'unknown' };
  if (address === azureDns) return asker ? atAzure(network, asker, name, hops + 1) : { kind: 'unknown' };
  const [inbound] = network.resolvers.get(address) ?? [];
  const subnet = inbound && network.nics.get(keyOf(inbound.id))?.configurations[0]?.subnet;
  const home = subnet === undefined ? undefined : network.subnets.get(keyOf(subnet))?.vnet;
  if (home) return atAzure(network, home, name, hops + 1);
  const firewall = [...network.firewalls.values()].find(
    ({ fact }) => network.nics.get(keyOf(fact.id))?.configurations[0]?.address === address,
  );
  if (firewall) {
    const there = positionOf(network, { kind: 'nic', label: '', nic: firewall.fact.id })?.vnet;
    const [next = azureDns] = firewall.dns.servers;
    return firewall.dns.proxy && there
      ? atAddress(network, next, there, name, hops + 1, undefined)
      : { kind: 'unknown' };
  }
  const server = network.dnsServers.find((candidate) => addressOf(network, candidate) === address);
  if (!server) return { kind: 'unknown' };
  const end = atServer(network, server, name, hops + 1);
  return rule !== undefined && end.kind === 'public' ? { ...end, rule } : end;
}

function atServer(network: Network, server: DnsServerFact, name: Fqdn, hops: number): Answerer {
  const by = { what: 'server', server } as const;
  const record = server.records.find((candidate) => candidate.name === name);
  if (record) return { kind: 'record', by, address: record.address };
  const [next] = ruleFor(server, name)?.to ?? [];
  const home = homeOf(network, server)?.vnet;
  if (next === undefined || (next === azureDns && !home)) return { kind: 'public', by };
  return atAddress(network, next, home, name, hops, undefined);
}
