/**
 * Sites of `cloister.yaml`: networks and machines outside Azure's record, and what their clients are set to.
 *
 * @module
 */

import * as shape from '../arm/shape.ts';
import { parseFqdn } from '../lib/fqdn.ts';
import { type Prefix, parseIp, parsePrefix } from '../lib/ip.ts';
import type { SiteClusterDeclared } from '../net/declared/kubernetes.ts';
import type { HostsLine, ProxyFact, SiteFact } from '../net/facts.ts';
import type { Refuse } from './directory.ts';

const texts = shape.list(shape.text);

const proxyShape = shape.object({
  http: shape.required(shape.text),
  dns: shape.text,
  bypass: texts,
  deny: texts,
  inspect: shape.object({ ca: shape.text, except: texts }),
  credentials: shape.oneOf('required'),
});

const clusterShape = shape.object({
  name: shape.required(shape.text),
  services: shape.cidr,
  pods: shape.cidr,
  skip: texts,
});

type Cluster = shape.Of<typeof clusterShape>;

/** A cluster of a site: its name, or what is known of it. */
const namedCluster: shape.Shape<Cluster> = {
  wants: 'the name of a cluster, or an object with its name',
  check: (value, at) => clusterShape.check(typeof value === 'string' ? { name: value } : value, at),
};

/** A site, as it is written. */
export const siteShape = shape.object({
  prefixes: texts,
  via: shape.text,
  region: shape.text,
  dns: shape.text,
  hosts: texts,
  proxy: proxyShape,
  browser: shape.object({ doh: shape.bool }),
  clusters: shape.list(namedCluster),
});

/** What a site says. */
export function siteFact(name: string, site: shape.Of<typeof siteShape>, refuse: Refuse): SiteFact {
  const at = `sites.${name}`;
  return {
    kind: 'site',
    name,
    prefixes: (site.prefixes ?? []).map(
      (text, index) =>
        parsePrefix(text) ?? refuse(`${at}.prefixes.${index}`, `'${text}' is not an IPv4 prefix.`),
    ),
    via: site.via ?? 'internet',
    region: site.region,
    dns: site.dns,
    hosts: (site.hosts ?? []).map(hostsLine),
    proxy: site.proxy && proxyFact(site.proxy),
    doh: site.browser?.doh ?? false,
  };
}

/** What is known of the clusters at a site. They ask its proxy, unless they are told what to leave out themselves. */
export function siteClusters(
  name: string,
  { clusters, proxy }: shape.Of<typeof siteShape>,
): readonly SiteClusterDeclared[] {
  return (clusters ?? []).map((cluster) => ({
    kind: 'site-cluster',
    site: name,
    name: cluster.name,
    ranges: [cluster.services, cluster.pods].flatMap((text): Prefix[] => {
      const range = text === undefined ? undefined : parsePrefix(text);
      return range ? [range] : [];
    }),
    proxySkip: proxy && { at: cluster.skip ? 'skip' : 'bypass', list: cluster.skip ?? proxy.bypass ?? [] },
  }));
}

function proxyFact(proxy: shape.Of<typeof proxyShape>): ProxyFact {
  return {
    address: proxy.http,
    dns: proxy.dns,
    bypass: proxy.bypass ?? [],
    deny: proxy.deny ?? [],
    inspect: proxy.inspect && { ca: proxy.inspect.ca, except: proxy.inspect.except ?? [] },
    credentials: proxy.credentials === 'required',
  };
}

/** A line of a hosts file: an address, white space, names. Resolvers skip what they cannot read, and so is it here. */
function hostsLine(text: string): HostsLine {
  const [first = '', ...written] = text.replace(/#.*$/, '').trim().split(/\s+/);
  const address = parseIp(first);
  if (address === undefined) {
    return { text, entries: [], problem: 'it does not start with an IPv4 address and a blank' };
  }
  const names = written.map((name) => ({ name, parsed: parseFqdn(name) }));
  const wrong = names.find(({ name, parsed }) => !parsed || name.endsWith('.') || name.startsWith('*'));
  const entries = names.flatMap(({ name, parsed }) =>
    parsed && !name.endsWith('.') && !name.startsWith('*') ? { address, name: parsed } : [],
  );
  const problem = wrong && `${wrong.name} is not a name that a hosts file can have`;
  return { text, entries, problem: problem ?? (written.length === 0 ? 'it has no name' : undefined) };
}
