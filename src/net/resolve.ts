/**
 * Names as seen from a place (name-resolution.md sections 1 to 4; docs/semantics/names.md).
 *
 * Who answers is decided first (hosts file, the interface's servers, the network's servers, Azure), then what
 * that resolver knows: zones linked to the network it stands in, at every step of a chain of aliases.
 *
 * @module
 */

import { type Fqdn, isWithin, relativeTo, suffixes } from '../lib/fqdn.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { azureDns } from './azure.ts';
import type { DnsServerFact } from './facts.ts';
import type { Network, Vnet, ZoneRecord } from './model.ts';
import { travel } from './path.ts';
import { type Place, type Position, positionOf } from './position.ts';
import { decide } from './table.ts';
import { Recorder } from './trace.ts';

const maxAliases = 16;
const maxForwards = 8;

/** Top-level names that are never public (RFC 6761, RFC 9476 and the reserved `internal`). */
const reserved = new Set(['alt', 'example', 'internal', 'invalid', 'local', 'localhost', 'onion', 'test']);

/** Resolves a name as a place sees it. Undefined where the recorder was told why not. */
export function resolve(network: Network, place: Place, name: Fqdn, rec: Recorder): Ip | undefined {
  const here = positionOf(network, place);
  if (here) return resolveInside(network, here, name, rec);
  if (place.kind === 'site') return resolveAtSite(network, place, name, rec);
  return publicly(network, name, rec);
}

function resolveInside(network: Network, here: Position, name: Fqdn, rec: Recorder): Ip | undefined {
  const own = here.nic?.dnsServers ?? [];
  const servers = own.length > 0 ? own : here.vnet.fact.dnsServers;
  if (servers.length === 0) {
    return dnsIsDenied(here, rec) ? undefined : azureResolve(network, here.vnet, name, rec);
  }
  const settings = {
    resource: own.length > 0 ? (here.nic?.id ?? '') : here.vnet.fact.id,
    rule: 'dnsServers',
  };
  const failures: Recorder[] = [];
  for (const address of servers) {
    if (address === azureDns) return azureResolve(network, here.vnet, name, rec);
    const attempt = new Recorder();
    const landing = travel(
      network,
      here,
      { source: here.address, destination: address, protocol: 'udp', port: 53 },
      attempt,
    );
    if (attempt.disposition === undefined && landing) {
      rec.pass('name', settings, `asks the DNS server ${formatIp(address)}`);
      return ask(network, address, name, rec, 0);
    }
    if (attempt.disposition === 'unknown') {
      const why = attempt.steps.at(-1)?.says ?? 'the way to it is not known';
      rec.stop(
        'unknown',
        'name',
        settings,
        `cannot say whether DNS server ${formatIp(address)} is reached: ${why}`,
      );
      return undefined;
    }
    failures.push(attempt);
  }
  const list = servers.map(formatIp).join(', ');
  const why = failures[0]?.steps.at(-1)?.says ?? 'nothing answers there';
  rec.stop(
    'resolver-unreachable',
    'name',
    settings,
    `DNS server ${list} cannot be reached: ${why}`,
    ...(failures[0]?.blockers ?? []),
  );
  return undefined;
}

/** A rule has to name the platform tag to stop queries to Azure's own resolver (N-8). */
function dnsIsDenied(here: Position, rec: Recorder): boolean {
  const nicGate = here.nic?.gate === undefined ? undefined : here.subnet.nicGates.get(keyOf(here.nic.gate));
  for (const gate of [nicGate, here.subnet.gate]) {
    const rows = gate?.egress.filter((row) => row.platform) ?? [];
    const point = { source: here.address, destination: azureDns, protocol: 17, port: 53, sourcePort: 49152 };
    const decision = decide(rows, point, (a, b) => a === b);
    if (decision.kind !== 'row' || decision.row.action === 'allow') continue;
    const { by } = decision.row;
    rec.stop(
      'resolver-unreachable',
      'name',
      by,
      `rule ${by.rule} denies queries to Azure's resolver ${formatIp(azureDns)}`,
      {
        resource: by.resource,
        property: `securityRules/${by.rule}`,
        is: 'Deny AzurePlatformDNS',
        needs: 'no rule that denies AzurePlatformDNS',
      },
    );
    return true;
  }
  return false;
}

function resolveAtSite(
  network: Network,
  place: Extract<Place, { kind: 'site' }>,
  name: Fqdn,
  rec: Recorder,
): Ip | undefined {
  const { site } = place;
  const by = { resource: place.label, rule: 'hosts' };
  const entry = site.hosts.find((host) => host.name === name);
  if (entry) {
    rec.pass('name', by, `the hosts file has ${name} at ${formatIp(entry.address)}`);
    return entry.address;
  }
  if (site.dns === undefined) return publicly(network, name, rec);
  const server = network.dnsServers.find((candidate) => candidate.name === site.dns);
  if (!server) {
    rec.stop(
      'unknown',
      'name',
      { resource: place.label, rule: 'dns' },
      `the DNS server '${site.dns}' is not described`,
    );
    return undefined;
  }
  return askServer(network, server, name, rec, 0);
}

/** Asks the server at an address. */
function ask(network: Network, address: Ip, name: Fqdn, rec: Recorder, depth: number): Ip | undefined {
  const server = network.dnsServers.find((candidate) => addressOf(network, candidate) === address);
  if (server) return askServer(network, server, name, rec, depth);
  const by = { resource: formatIp(address), rule: 'dnsServers' };
  rec.stop(
    'unknown',
    'name',
    by,
    `what the DNS server ${formatIp(address)} answers is not described in cloister.yaml`,
  );
  return undefined;
}

function askServer(
  network: Network,
  server: DnsServerFact,
  name: Fqdn,
  rec: Recorder,
  depth: number,
): Ip | undefined {
  const by = { resource: `dnsServer/${server.name}`, rule: 'records' };
  if (depth > maxForwards) {
    rec.stop('name-not-found', 'name', by, `DNS servers forward ${name} in a circle`);
    return undefined;
  }
  const record = server.records.find((candidate) => candidate.name === name);
  if (record) {
    rec.pass('name', by, `${server.name} has ${name} at ${formatIp(record.address)}`);
    return record.address;
  }
  const rules = server.forward
    .filter((rule) => rule.suffix === '.' || isWithin(name, rule.suffix))
    .toSorted((a, b) => b.suffix.length - a.suffix.length || (a.suffix === '.' ? 1 : -1));
  const upstream = rules[0]?.to[0];
  if (upstream === undefined) return publicly(network, name, rec);
  const rule = { resource: `dnsServer/${server.name}`, rule: `forward ${rules[0]?.suffix}` };
  rec.pass('name', rule, `${server.name} forwards ${name} to ${formatIp(upstream)}`);
  if (upstream !== azureDns) return ask(network, upstream, name, rec, depth + 1);
  const home = homeOf(network, server);
  if (!home) {
    rec.stop(
      'resolver-unreachable',
      'name',
      rule,
      `${formatIp(azureDns)} answers only from inside a virtual network, and ${server.name} is not in one`,
    );
    return undefined;
  }
  return azureResolve(network, home.vnet, name, rec);
}

/** The virtual network that a server's machine stands in. */
function homeOf(network: Network, server: DnsServerFact): Position | undefined {
  const nic = server.at === undefined ? undefined : network.machines.get(keyOf(server.at))?.nics[0];
  if (nic !== undefined) return positionOf(network, { kind: 'nic', label: '', nic });
  for (const vnet of network.vnets.values()) {
    const found = server.address === undefined ? undefined : vnet.attachments.get(server.address);
    if (found) return positionOf(network, { kind: 'nic', label: '', nic: found.nic.id });
  }
  return undefined;
}

function addressOf(network: Network, server: DnsServerFact): Ip | undefined {
  return server.address ?? homeOf(network, server)?.address;
}

/** Azure's resolver as one virtual network sees it: private zones first, at every alias of the chain. */
function azureResolve(network: Network, vnet: Vnet, asked: Fqdn, rec: Recorder): Ip | undefined {
  const view = network.views.get(keyOf(vnet.fact.id));
  let name = asked;
  for (let aliases = 0; aliases < maxAliases; aliases++) {
    const linked = view && firstZone(view, name);
    if (!linked) {
      const next = publicStep(network, name, rec, vnet);
      if (next === undefined || typeof next === 'number') return next;
      name = next;
      continue;
    }
    const { zone } = linked;
    const relative = relativeTo(name, zone.name);
    const record = lookup(zone.records, relative);
    const by = { resource: record?.id ?? zone.id, rule: relative };
    if (record && 'cname' in record) {
      rec.pass('name', by, `zone ${zone.name} makes ${name} an alias of ${record.cname}`);
      name = record.cname;
      continue;
    }
    const address = record && 'a' in record ? record.a[0] : undefined;
    if (address !== undefined) {
      rec.pass(
        'name',
        by,
        `zone ${zone.name}, linked to ${nameOf(vnet.fact.id)}, has ${name} at ${formatIp(address)}`,
      );
      return address;
    }
    if (linked.fallback && zone.name.startsWith('privatelink.')) {
      rec.pass(
        'name',
        { resource: linked.link, rule: 'resolutionPolicy' },
        `zone ${zone.name} lacks ${name} and falls back to public DNS`,
      );
      return publicly(network, name, rec);
    }
    rec.stop(
      'name-not-found',
      'name',
      { resource: zone.id, rule: relative },
      `zone ${zone.name} is linked to ${nameOf(vnet.fact.id)} and has no record ${relative}: NXDOMAIN, public DNS is not asked`,
      { resource: zone.id, property: `A/${relative}`, is: 'absent', needs: `an A record for ${name}` },
    );
    return undefined;
  }
  rec.stop(
    'name-not-found',
    'name',
    { resource: vnet.fact.id, rule: 'aliases' },
    `${asked} is an alias of an alias without end`,
  );
  return undefined;
}

function firstZone<T>(view: ReadonlyMap<Fqdn, T>, name: Fqdn): T | undefined {
  for (const suffix of suffixes(name)) {
    const found = view.get(suffix);
    if (found) return found;
  }
  return undefined;
}

/** The exact record, else the closest wildcard (RFC 4592). */
function lookup(records: ReadonlyMap<string, ZoneRecord>, relative: string): ZoneRecord | undefined {
  const exact = records.get(relative);
  if (exact) return exact;
  for (let rest = relative; ; ) {
    const dot = rest.indexOf('.');
    const wildcard = records.get(dot < 0 ? '*' : `*.${rest.slice(dot + 1)}`);
    if (wildcard) return wildcard;
    if (dot < 0) return undefined;
    rest = rest.slice(dot + 1);
    if (records.has(rest)) return undefined;
  }
}

/** Public DNS from start to end. */
function publicly(network: Network, asked: Fqdn, rec: Recorder): Ip | undefined {
  let name = asked;
  for (let aliases = 0; aliases < maxAliases; aliases++) {
    const next = publicStep(network, name, rec, undefined);
    if (next === undefined || typeof next === 'number') return next;
    name = next;
  }
  return undefined;
}

/** One step of public DNS: an address, the next name of the chain, or nothing. */
function publicStep(
  network: Network,
  name: Fqdn,
  rec: Recorder,
  vnet: Vnet | undefined,
): Ip | Fqdn | undefined {
  const record = network.publicNames.get(name);
  if (record && 'cname' in record) {
    rec.pass(
      'name',
      { resource: record.service, rule: 'public DNS' },
      `public DNS makes ${name} an alias of ${record.cname}`,
    );
    return record.cname;
  }
  if (record) {
    const unlinked = vnet && unlinkedZone(network, name, vnet);
    const why = unlinked ? ` (zone ${unlinked.name} is not linked to ${nameOf(vnet.fact.id)})` : '';
    rec.pass(
      'name',
      { resource: record.service, rule: 'public DNS' },
      `public DNS has ${name} at ${formatIp(record.a)}${why}`,
    );
    if (unlinked) {
      rec.hint({
        resource: unlinked.id,
        property: 'virtualNetworkLinks',
        is: `no link to ${nameOf(vnet.fact.id)}`,
        needs: `a link to ${vnet.fact.id}`,
      });
    }
    return record.a;
  }
  const top = name.slice(name.lastIndexOf('.') + 1);
  const unlinked = vnet && unlinkedZone(network, name, vnet);
  if (unlinked || reserved.has(top) || name.includes('.privatelink.') || name.startsWith('privatelink.')) {
    const blockers =
      unlinked && vnet
        ? [
            {
              resource: unlinked.id,
              property: 'virtualNetworkLinks',
              is: `no link to ${nameOf(vnet.fact.id)}`,
              needs: `a link to ${vnet.fact.id}`,
            },
          ]
        : [];
    rec.stop(
      'name-not-found',
      'name',
      { resource: 'public DNS', rule: name },
      `public DNS has no ${name}`,
      ...blockers,
    );
    return undefined;
  }
  rec.stop(
    'unknown',
    'name',
    { resource: 'public DNS', rule: name },
    `${name} is not a name of this estate: what public DNS answers is not known`,
  );
  return undefined;
}

/** A private zone that has the name, but that the network does not see. */
function unlinkedZone(network: Network, name: Fqdn, vnet: Vnet): { id: string; name: Fqdn } | undefined {
  const seen = network.views.get(keyOf(vnet.fact.id));
  for (const suffix of suffixes(name)) {
    if (seen?.has(suffix)) continue;
    const holds = network.zones
      .get(suffix)
      ?.find((zone) => lookup(zone.records, relativeTo(name, zone.name)));
    if (holds) return holds;
  }
  return undefined;
}
