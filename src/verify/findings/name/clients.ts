/**
 * Clients outside: what their gateway, hosts file, proxy or browser makes of private names (docs/semantics/names.md).
 *
 * @module
 */

import { formatIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { SiteFact } from '../../../net/facts.ts';
import { proxyFor } from '../../../net/proxies.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Repair, setting } from '../../repair.ts';
import { type Asked, aboutOf, askedNames } from './asked.ts';

/** Azure's resolver does not answer outside, so clients of a gateway go on asking their own. */
export function* vpnWithoutDns(model: Model): Generator<Fault> {
  const gateways = new Map<string, Asked[]>();
  for (const asked of askedNames(model)) {
    const { answerer } = asked;
    if (answerer.kind !== 'public' || answerer.by.what !== 'gateway') continue;
    gateways.set(answerer.by.id, [...(gateways.get(answerer.by.id) ?? []), asked]);
  }
  for (const [gateway, asked] of gateways) {
    const vnet = model.network.gateways.get(keyOf(gateway))?.vnet ?? gateway;
    yield {
      subject: vnet,
      at: 'dhcpOptions.dnsServers',
      says: `${nameOf(vnet)} has no DNS servers for the clients of ${nameOf(gateway)}: they get public addresses`,
      concerns: [gateway, ...aboutAll(model, asked)],
      blockers: [
        {
          resource: vnet,
          property: 'properties.dhcpOptions.dnsServers',
          is: '[]',
          needs: 'a server that sees the private zones and that clients reach',
        },
      ],
      repairs: handingOut(model, vnet),
    };
  }
}

/** The network's DNS server becomes an inbound endpoint of a resolver that stands there. */
function handingOut(model: Model, vnet: string): readonly Repair[] {
  const inside = model.network.vnets.get(keyOf(vnet))?.attachments;
  return [...model.network.resolvers.keys()]
    .filter((address) => inside?.has(address))
    .map(formatIp)
    .map((address) => ({
      says: `make ${address} the DNS server of ${nameOf(vnet)}`,
      edits: [setting(vnet, 'dhcpOptions.dnsServers', [address])],
    }));
}

/** What a proxy carries it looks up itself: in public, where nothing else is said. */
export function* proxyResolves(model: Model): Generator<Fault> {
  for (const [site, asked] of bySite(model)) {
    const carried = asked.filter(
      ({ flow, name, answerer }) =>
        proxyFor(flow.from, name.fqdn) !== undefined &&
        answerer.kind === 'public' &&
        answerer.by.what === 'site',
    );
    const [first] = carried;
    if (!first || !site.proxy) continue;
    yield siteFault(model, site, carried, {
      at: 'proxy.bypass',
      says: `the proxy ${site.proxy.address} carries calls to ${first.name.fqdn} and looks it up publicly`,
      is: site.proxy.bypass.join(', ') || '[]',
      needs: `${first.name.fqdn}, or a 'dns' of the proxy that sees the zones`,
    });
  }
}

/** A browser that asks a public resolver does not see what the machine sees. */
export function* dnsOverHttps(model: Model): Generator<Fault> {
  for (const [site, asked] of bySite(model)) {
    const [first] = asked;
    if (!site.doh || !first) continue;
    yield siteFault(model, site, asked, {
      at: 'browser.doh',
      says: `browsers at ${site.name} ask a public resolver over HTTPS: ${first.name.fqdn} is public for them`,
      is: 'true',
      needs: 'false',
    });
  }
}

/** A hosts file has to have every name, right: resolvers skip what they cannot read, and know no wildcards. */
export function* hostsWrong(model: Model): Generator<Fault> {
  for (const [site, all] of bySite(model)) {
    if (site.hosts.length === 0) continue;
    const asked = all.filter(({ flow, name }) => proxyFor(flow.from, name.fqdn) === undefined);
    for (const [at, { text, problem }] of site.hosts.entries()) {
      if (problem === undefined) continue;
      yield siteFault(model, site, asked, {
        at: `hosts[${at}]`,
        says: `resolvers at ${site.name} skip the line '${text}': ${problem}`,
        is: text,
        needs: 'an address, a blank and a name',
      });
    }
    const seen = new Set<string>();
    for (const one of asked) {
      const { name, answerer } = one;
      if (answerer.kind === 'azure' || answerer.kind === 'unknown' || answerer.by.what !== 'site') continue;
      const right = asked.filter((other) => other.name.fqdn === name.fqdn).map((other) => other.name.address);
      if (seen.has(name.fqdn) || (answerer.kind === 'record' && right.includes(answerer.address))) continue;
      seen.add(name.fqdn);
      const is = answerer.kind === 'record' ? formatIp(answerer.address) : 'no line';
      yield siteFault(model, site, [one], {
        at: `hosts.${name.fqdn}`,
        says: `the hosts file at ${site.name} has ${is} for ${name.fqdn}; ${nameOf(one.link.endpoint.id)} has ${formatIp(name.address)}`,
        is,
        needs: `${formatIp(name.address)} ${name.fqdn}`,
        nearMiss: lineNear(site, one),
      });
    }
  }
}

/** A line with the right address and a name that nobody asks. */
function lineNear(site: SiteFact, { name }: Asked): string | undefined {
  const [label = ''] = name.fqdn.split('.');
  return site.hosts
    .flatMap(({ entries }) => entries)
    .find((entry) => entry.name !== name.fqdn && entry.name.startsWith(`${label}.`))?.name;
}

/** Names that must work at each site. */
function bySite(model: Model): ReadonlyMap<SiteFact, readonly Asked[]> {
  const sites = new Map<SiteFact, Asked[]>();
  for (const asked of askedNames(model)) {
    const { from } = asked.flow;
    if (from.kind !== 'site') continue;
    const known = sites.get(from.site);
    if (known) known.push(asked);
    else sites.set(from.site, [asked]);
  }
  return sites;
}

interface SiteSaying {
  readonly at: string;
  readonly says: string;
  readonly is: string;
  readonly needs: string;
  readonly nearMiss?: string | undefined;
}

function siteFault(model: Model, site: SiteFact, asked: readonly Asked[], saying: SiteSaying): Fault {
  const { at, says, is, needs, nearMiss } = saying;
  const subject = `site/${site.name}`;
  return {
    subject,
    at,
    says,
    nearMiss,
    concerns: aboutAll(model, asked),
    blockers: [{ resource: subject, property: at, is, needs }],
  };
}

function aboutAll(model: Model, asked: readonly Asked[]): readonly string[] {
  return [...new Set(asked.flatMap(({ link, name }) => [name.fqdn, ...aboutOf(model, link)]))];
}
