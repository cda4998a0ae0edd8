/**
 * Names as seen from a place (docs/semantics/names.md).
 *
 * Who answers is decided here (hosts file, the interface's servers, the network's servers, Azure); what that
 * resolver knows is told by `recursion.ts` and `servers.ts`.
 *
 * @module
 */

import { addressOnly, type Found, noName, type Question } from '../lib/dns.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import type { Network } from './model.ts';
import type { Place, Position } from './position.ts';
import { publicly } from './recursion.ts';
import { askAzure, askFromSite, askInOrder, queryAzure } from './servers.ts';
import type { Recorder } from './trace.ts';

/** Resolves a name as a place sees it, which stands `here` if it is inside a network. Where there is no answer the recorder was told why. */
export function resolve(
  network: Network,
  place: Place,
  here: Position | undefined,
  question: Question,
  rec: Recorder,
): Found {
  if (place.kind === 'site') return resolveAtSite(network, place, question, rec);
  if (place.kind === 'client') return resolveAtClient(network, here, question, rec);
  if (here) return resolveInside(network, here, question, rec);
  return publicly(network, question, rec);
}

/** The servers that a machine is told of: its interface's own, else its network's; none: Azure's resolver. */
export function serversOf({ nic, vnet }: Position): readonly Ip[] {
  const own = nic?.dnsServers ?? [];
  return own.length > 0 ? own : vnet.fact.dnsServers;
}

function resolveInside(network: Network, here: Position, question: Question, rec: Recorder): Found {
  const servers = serversOf(here);
  if (servers.length === 0) {
    return queryAzure(here, rec) ? askAzure(network, here.vnet, question, rec, []) : noName;
  }
  const resource = here.nic && here.nic.dnsServers.length > 0 ? here.nic.id : here.vnet.fact.id;
  return askInOrder(network, here, servers, { resource, rule: 'dnsServers' }, question, rec, []);
}

/** A gateway hands its clients the DNS servers of its network; without any they go on asking their own, in public. */
function resolveAtClient(
  network: Network,
  here: Position | undefined,
  question: Question,
  rec: Recorder,
): Found {
  const servers = here?.vnet.fact.dnsServers ?? [];
  if (!here || servers.length === 0) return publicly(network, question, rec);
  rec.assume('a-gateway-hands-out-dns-servers');
  return askInOrder(
    network,
    here,
    servers,
    { resource: here.vnet.fact.id, rule: 'dnsServers' },
    question,
    rec,
    [],
  );
}

/** The hosts file overrides everything on that client. */
function resolveAtSite(
  network: Network,
  place: Extract<Place, { kind: 'site' }>,
  question: Question,
  rec: Recorder,
): Found {
  const { site } = place;
  const entry = site.hosts.flatMap(({ entries }) => entries).find(({ name }) => name === question.name);
  if (entry) {
    const by = { resource: place.label, rule: 'hosts' };
    const { name } = question;
    rec.pass('name', by, `the hosts file has ${name} at ${formatIp(entry.address)}`);
    return addressOnly(question, entry.address);
  }
  if (site.dns === undefined) return publicly(network, question, rec);
  const by = { resource: place.label, rule: 'dns' };
  const wanted = site.dns.replace(/^dnsServer\//, '');
  const server = network.dnsServers.find((candidate) => candidate.name === wanted);
  if (!server) {
    rec.stop('unknown', 'name', by, `the DNS server '${site.dns}' is not described`);
    return noName;
  }
  return askFromSite(network, site, server, by, question, rec);
}
