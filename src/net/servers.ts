/**
 * DNS servers that Azure does not run: where they stand, whom they reach, what they answer (docs/semantics/names.md
 * sections 2 and 4; docs/semantics/names.md).
 *
 * @module
 */

import { addressOnly, type Found, noName, type Question } from '../lib/dns.ts';
import { type Fqdn, isWithin } from '../lib/fqdn.ts';
import { has } from '../lib/intervals.ts';
import { contains, formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { azureDns, privateAddresses } from './azure.ts';
import { wayBack } from './back.ts';
import type { DnsServerFact, NicFact, SiteFact } from './facts.ts';
import { isPlatformDenied } from './filter.ts';
import type { Firewall } from './firewalls.ts';
import type { Network, Vnet } from './model.ts';
import { travelFromOutside } from './outside-in.ts';
import { travel } from './path.ts';
import { type Position, positionOf } from './position.ts';
import { azureResolve, hasZoneFor, publicAliases, publicly } from './recursion.ts';
import { forwardingOf } from './resolvers.ts';
import type { Source } from './table.ts';
import type { Blocker, Recorder } from './trace.ts';

/** Sends a query, and waits for the answer: the recorder says whether it came. */
export function query(network: Network, here: Position, server: Ip, rec: Recorder): Recorder {
  const attempt = rec.attempt();
  const packet = { source: here.address, destination: server, protocol: 'udp', port: 53 } as const;
  const landing = travel(network, here, packet, attempt);
  if (landing) wayBack(network, here, landing, packet, attempt);
  return attempt;
}

/** A query to Azure's resolver, which only a rule that names its tag stops (N-8). */
export function queryAzure(here: Position, rec: Recorder): boolean {
  const packet = { source: here.address, destination: azureDns, protocol: 'udp', port: 53 } as const;
  return !isPlatformDenied(here, packet, 'resolver-unreachable', 'name', rec);
}

/** Asks the servers of a list in order: the first that is reached answers (docs/semantics/names.md). */
export function askInOrder(
  network: Network,
  here: Position,
  servers: readonly Ip[],
  by: Source,
  question: Question,
  rec: Recorder,
  asked: readonly string[],
): Found {
  const failures: Recorder[] = [];
  for (const address of servers) {
    const attempt = address === azureDns ? rec.attempt() : query(network, here, address, rec);
    if (address === azureDns && queryAzure(here, attempt)) {
      return askAzure(network, here.vnet, question, rec, asked);
    }
    if (attempt.disposition === 'unknown') {
      const why = attempt.steps.at(-1)?.says ?? 'the way to it is not known';
      rec.stop(
        'unknown',
        'name',
        by,
        `cannot say whether DNS server ${formatIp(address)} is reached: ${why}`,
      );
      return noName;
    }
    if (attempt.disposition === undefined) {
      for (const reading of attempt.assumed) rec.assume(reading);
      rec.pass('name', by, `asks the DNS server ${formatIp(address)}`);
      return askAddress(network, address, question, rec, asked);
    }
    failures.push(attempt);
  }
  const why = failures[0]?.steps.at(-1)?.says ?? 'nothing answers there';
  const list = servers.map(formatIp).join(', ');
  const blockers = failures.flatMap((failure) => failure.blockers);
  rec.stop('resolver-unreachable', 'name', by, `DNS server ${list} cannot be reached: ${why}`, ...blockers);
  return noName;
}

/** Asks a server from a site. */
export function askFromSite(
  network: Network,
  site: SiteFact,
  server: DnsServerFact,
  by: Source,
  question: Question,
  rec: Recorder,
): Found {
  const address = addressOf(network, server);
  const barrier = address === undefined ? undefined : barrierFrom(network, site, address, rec);
  if (address !== undefined && barrier) {
    const says = `DNS server ${formatIp(address)} cannot be reached: ${barrier.says}`;
    rec.stop(barrier.disposition, 'name', by, says, ...barrier.blockers);
    return noName;
  }
  return askServer(network, server, question, rec, []);
}

/**
 * Azure's resolver, as one virtual network sees it. A forwarding rule that is linked to the network is asked before
 * its zones; Azure does not say which of two with the same name wins.
 */
export function askAzure(
  network: Network,
  vnet: Vnet,
  question: Question,
  rec: Recorder,
  asked: readonly string[],
): Found {
  const forwarding = forwardingOf(network, vnet.fact.id, question.name);
  if (!forwarding) return azureResolve(network, vnet, question, rec);
  const { rule, from } = forwarding;
  const by = { resource: rule.id, rule: rule.suffix };
  if (asked.includes(by.resource)) {
    rec.stop('resolver-unreachable', 'name', by, `${question.name} is forwarded in a circle`, {
      resource: rule.ruleset,
      property: 'virtualNetworkLinks',
      is: `linked to ${nameOf(vnet.fact.id)}`,
      needs: `no link to the network of the resolver that it forwards to`,
    });
    return noName;
  }
  if (hasZoneFor(network, vnet, question.name)) rec.assume('a-forwarding-rule-comes-before-zones');
  const home =
    from === undefined ? undefined : positionOf(network, { kind: 'subnet', label: '', subnet: from });
  if (!home) {
    rec.stop('unknown', 'name', by, `the outbound endpoint of ${nameOf(rule.ruleset)} is not in the estate`);
    return noName;
  }
  rec.pass(
    'name',
    by,
    `rule ${nameOf(rule.id)} forwards ${question.name} to ${rule.to.map(formatIp).join(', ')}`,
  );
  return askInOrder(network, home, rule.to, by, question, rec, [...asked, by.resource]);
}

/** Asks the server at an address, which is reached. */
export function askAddress(
  network: Network,
  address: Ip,
  question: Question,
  rec: Recorder,
  asked: readonly string[],
): Found {
  const [inbound, ...others] = network.resolvers.get(address) ?? [];
  const resolver = inbound && network.nics.get(keyOf(inbound.id))?.configurations[0];
  const home = resolver && network.subnets.get(keyOf(resolver.subnet));
  if (inbound && home && others.length === 0) {
    const by = { resource: inbound.id, rule: 'ipConfigurations' };
    rec.pass('name', by, `${nameOf(inbound.id)} answers as ${nameOf(home.vnet.fact.id)} sees it`);
    return askAzure(network, home.vnet, question, rec, asked);
  }
  const firewall = firewallAt(network, address);
  if (firewall) return askFirewall(network, firewall, question, rec, asked);
  const server = network.dnsServers.find((candidate) => addressOf(network, candidate) === address);
  if (server) return askServer(network, server, question, rec, asked);
  const by = { resource: formatIp(address), rule: 'dnsServers' };
  const says = `what the DNS server ${formatIp(address)} answers is not described in cloister.yaml`;
  rec.stop('unknown', 'name', by, says);
  return noName;
}

function firewallAt(network: Network, address: Ip): Firewall | undefined {
  return [...network.firewalls.values()].find(
    ({ fact }) => network.nics.get(keyOf(fact.id))?.configurations[0]?.address === address,
  );
}

/** A firewall passes questions on, from where it stands (F-8). */
function askFirewall(
  network: Network,
  { fact, dns, rules }: Firewall,
  question: Question,
  rec: Recorder,
  asked: readonly string[],
): Found {
  const by = { resource: fact.id, rule: 'DNS proxy' };
  const home = positionOf(network, { kind: 'nic', label: '', nic: fact.id });
  if (!dns.proxy || !home) {
    rec.stop(
      'resolver-unreachable',
      'name',
      by,
      `${nameOf(fact.id)} answers no questions: its DNS proxy is off`,
      {
        resource: rules,
        property: 'properties.dnsSettings.enableProxy',
        is: 'false',
        needs: 'true',
      },
    );
    return noName;
  }
  if (asked.includes(fact.id)) {
    rec.stop('resolver-unreachable', 'name', by, `${question.name} is forwarded in a circle`);
    return noName;
  }
  const servers = dns.servers.length > 0 ? dns.servers : [azureDns];
  rec.pass('name', by, `${nameOf(fact.id)} asks ${servers.map(formatIp).join(', ')}`);
  return askInOrder(network, home, servers, by, question, rec, [...asked, fact.id]);
}

function askServer(
  network: Network,
  server: DnsServerFact,
  question: Question,
  rec: Recorder,
  asked: readonly string[],
): Found {
  const { name } = question;
  const by = { resource: `dnsServer/${server.name}`, rule: 'records' };
  if (asked.includes(by.resource)) {
    rec.stop('name-not-found', 'name', by, `DNS servers forward ${name} in a circle`);
    return noName;
  }
  const record = server.records.find((candidate) => candidate.name === name);
  if (record) {
    rec.pass('name', by, `${server.name} has ${name} at ${formatIp(record.address)}`);
    return addressOnly(question, record.address);
  }
  const rule = ruleFor(server, name);
  if (!rule) return askPublicly(network, server, question, rec);
  const source = { resource: by.resource, rule: `forward ${rule.suffix}` };
  rec.pass('name', source, `${server.name} forwards ${name} to ${rule.to.map(formatIp).join(', ')}`);
  const home = homeOf(network, server);
  return home
    ? askInOrder(network, home, rule.to, source, question, rec, [...asked, by.resource])
    : forwardFromOutside(network, server, rule.to, source, question, rec, [...asked, by.resource]);
}

/** The longest suffix wins; `.` is for everything else. */
export function ruleFor(server: DnsServerFact, name: Fqdn): DnsServerFact['forward'][number] | undefined {
  let best: DnsServerFact['forward'][number] | undefined;
  for (const rule of server.forward) {
    if (rule.to.length === 0 || (rule.suffix !== '.' && !isWithin(name, rule.suffix))) continue;
    if (!best || best.suffix === '.' || (rule.suffix !== '.' && rule.suffix.length > best.suffix.length)) {
      best = rule;
    }
  }
  return best;
}

/** Without a rule a server has the whole chain answered publicly, and does not ask its rules about the aliases. */
function askPublicly(network: Network, server: DnsServerFact, question: Question, rec: Recorder): Found {
  const chased = publicAliases(network, question.name).find((alias) => ruleFor(server, alias));
  if (chased !== undefined) rec.assume('a-dns-server-takes-the-whole-chain');
  return publicly(network, question, rec);
}

/** A server outside every virtual network passes a query on. */
function forwardFromOutside(
  network: Network,
  server: DnsServerFact,
  servers: readonly Ip[],
  by: Source,
  question: Question,
  rec: Recorder,
  asked: readonly string[],
): Found {
  const site = [...network.sites.values()].find(
    ({ prefixes }) => server.address !== undefined && prefixes.some((p) => contains(p, server.address as Ip)),
  );
  let barrier: Barrier | undefined;
  for (const address of servers) {
    if (address === azureDns) continue;
    const found = barrierFrom(network, site, address, rec);
    if (!found) return askAddress(network, address, question, rec, asked);
    barrier ??= found;
  }
  const list = servers.map(formatIp).join(', ');
  const says = servers.includes(azureDns)
    ? `${formatIp(azureDns)} answers only from inside a virtual network, and ${server.name} is not in one`
    : `${list} cannot be reached from ${server.name}: ${barrier?.says ?? 'nothing leads there'}`;
  rec.stop(barrier?.disposition ?? 'resolver-unreachable', 'name', by, says, ...(barrier?.blockers ?? []));
  return noName;
}

/** Why a query does not get somewhere. */
interface Barrier {
  readonly disposition: 'resolver-unreachable' | 'unknown';
  readonly says: string;
  readonly blockers: readonly Blocker[];
}

/** What keeps a site's queries from an address. A gateway that the estate does not have is taken to carry them. */
function barrierFrom(
  network: Network,
  site: SiteFact | undefined,
  address: Ip,
  rec: Recorder,
): Barrier | undefined {
  if (!has(privateAddresses, address) || site?.prefixes.some((p) => contains(p, address))) return undefined;
  const disposition = 'resolver-unreachable';
  if (site?.via === 'internet') return { disposition, says: 'the internet has no route to it', blockers: [] };
  const place = site && ({ kind: 'site', label: site.name, site } as const);
  const here = place && positionOf(network, place);
  if (!place || !here) {
    rec.assume('a-gateway-carries-dns');
    return undefined;
  }
  const attempt = rec.attempt();
  const packet = { source: here.address, destination: address, protocol: 'udp', port: 53 } as const;
  const landing = travelFromOutside(network, place, here, packet, attempt);
  if (landing) wayBack(network, here, landing, packet, attempt);
  if (attempt.disposition === undefined) return undefined;
  const says = attempt.steps.at(-1)?.says ?? 'nothing answers there';
  return {
    disposition: attempt.disposition === 'unknown' ? 'unknown' : disposition,
    says,
    blockers: attempt.blockers,
  };
}

/** The spot in a virtual network that a server stands on. */
export function homeOf(network: Network, server: DnsServerFact): Position | undefined {
  const nic = nicOf(network, server);
  if (nic) return positionOf(network, { kind: 'nic', label: '', nic: nic.id });
  for (const vnet of network.vnets.values()) {
    const found = server.address === undefined ? undefined : vnet.attachments.get(server.address);
    if (found) return positionOf(network, { kind: 'nic', label: '', nic: found.nic.id });
  }
  return undefined;
}

/** The address that a server is asked at. */
export function addressOf(network: Network, server: DnsServerFact): Ip | undefined {
  return server.address ?? nicOf(network, server)?.configurations[0]?.address;
}

/** The interface of the machine that a server runs on. */
function nicOf(network: Network, server: DnsServerFact): NicFact | undefined {
  const nic = server.at === undefined ? undefined : network.machines.get(keyOf(server.at))?.nics[0];
  return nic === undefined ? undefined : network.nics.get(keyOf(nic));
}

/** Reports whether somebody answers questions at an address of a virtual network: described, or Azure's own. */
export function answersQuestions(network: Network, address: Ip): boolean {
  if ((network.resolvers.get(address)?.length ?? 0) === 1) return true;
  if (firewallAt(network, address)?.dns.proxy) return true;
  return network.dnsServers.some((server) => addressOf(network, server) === address);
}
