/**
 * Names as seen from a place (docs/semantics/names.md).
 *
 * Who answers is decided here (hosts file, the interface's servers, the network's servers, Azure); what that
 * resolver knows is told by `recursion.ts` and `servers.ts`.
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import type { Network } from './model.ts';
import type { Place, Position } from './position.ts';
import { azureResolve, publicly } from './recursion.ts';
import { askFromSite, askInOrder, queryAzure } from './servers.ts';
import type { Recorder } from './trace.ts';

/** Resolves a name as a place sees it, which stands `here` if it is inside a network. Undefined where the recorder was told why not. */
export function resolve(
  network: Network,
  place: Place,
  here: Position | undefined,
  name: Fqdn,
  rec: Recorder,
): Ip | undefined {
  if (here) return resolveInside(network, here, name, rec);
  if (place.kind === 'site') return resolveAtSite(network, place, name, rec);
  return publicly(network, name, rec);
}

/** The interface's own servers come before the network's, and Azure's resolver after both. */
function resolveInside(network: Network, here: Position, name: Fqdn, rec: Recorder): Ip | undefined {
  const own = here.nic?.dnsServers ?? [];
  const servers = own.length > 0 ? own : here.vnet.fact.dnsServers;
  if (servers.length === 0) {
    return queryAzure(here, rec) ? azureResolve(network, here.vnet, name, rec) : undefined;
  }
  const resource = own.length > 0 ? (here.nic?.id ?? '') : here.vnet.fact.id;
  return askInOrder(network, here, servers, { resource, rule: 'dnsServers' }, name, rec, 0);
}

/** The hosts file overrides everything on that client. */
function resolveAtSite(
  network: Network,
  place: Extract<Place, { kind: 'site' }>,
  name: Fqdn,
  rec: Recorder,
): Ip | undefined {
  const { site } = place;
  const entry = site.hosts.find((host) => host.name === name);
  if (entry) {
    const by = { resource: place.label, rule: 'hosts' };
    rec.pass('name', by, `the hosts file has ${name} at ${formatIp(entry.address)}`);
    return entry.address;
  }
  if (site.dns === undefined) return publicly(network, name, rec);
  const by = { resource: place.label, rule: 'dns' };
  const wanted = site.dns.replace(/^dnsServer\//, '');
  const server = network.dnsServers.find((candidate) => candidate.name === wanted);
  if (!server) {
    rec.stop('unknown', 'name', by, `the DNS server '${site.dns}' is not described`);
    return undefined;
  }
  return askFromSite(network, site, server, by, name, rec);
}
