/**
 * HTTP proxies of sites: what they carry for their clients, and how they see it (docs/semantics/proxies.md).
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import { matchesGlob } from '../lib/glob.ts';
import type { Intervals } from '../lib/intervals.ts';
import { contains, type Ip, parseIp } from '../lib/ip.ts';
import { protocolNumbers } from '../lib/ports.ts';
import type { ProxyFact, SiteFact } from './facts.ts';
import type { Place } from './position.ts';
import type { Packet, Recorder } from './trace.ts';

const tcp: Intervals = [[protocolNumbers.tcp, protocolNumbers.tcp]];

/** Ports that HTTP clients send through a proxy. */
const carried: Intervals = [
  [80, 80],
  [443, 443],
];

/** Where the proxy of a site listens. Undefined: it has none, or one that has no address in those prefixes. */
export function listenerOf({
  prefixes,
  proxy,
}: Pick<SiteFact, 'prefixes' | 'proxy'>): { readonly address: Ip; readonly port: number } | undefined {
  const [, host = '', port = '80'] =
    /^http:\/\/([^/:@]+)(?::(\d{1,5}))?\/?$/i.exec(proxy?.address ?? '') ?? [];
  const address = parseIp(host);
  if (address === undefined || !prefixes.some((prefix) => contains(prefix, address))) return undefined;
  return { address, port: Number(port) };
}

/** The proxy of a place that a call by name goes through, unless the name is on the list of those that do not. */
export function proxyFor(from: Place, name: Fqdn): ProxyFact | undefined {
  const proxy = from.kind === 'site' ? from.site.proxy : undefined;
  return proxy?.bypass.some((glob) => matchesName(glob, name)) ? undefined : proxy;
}

/** A site as its proxy sees names: without the client's hosts file, by servers of the proxy's own. */
export function seenByProxy(from: Place, proxy: ProxyFact): Place {
  return from.kind === 'site' ? { ...from, site: { ...from.site, hosts: [], dns: proxy.dns } } : from;
}

/** Goes through a proxy where the call is one that it is for. Answers from where names are looked up; undefined: it refuses. */
export function throughProxy(
  from: Place,
  name: Fqdn,
  { protocol, port }: Pick<Packet, 'protocol' | 'port'>,
  rec: Recorder,
): Place | undefined {
  const proxy = proxyFor(from, name);
  if (!proxy || !rec.isIn(tcp, protocolNumbers[protocol]) || !rec.isIn(carried, port)) return from;
  const resource = from.label;
  const denied = proxy.deny.find((glob) => matchesName(glob, name));
  if (denied !== undefined) {
    const by = { resource, rule: 'proxy.deny' };
    rec.stop('refused-by-proxy', 'forward', by, `the proxy ${proxy.address} does not carry ${name}`, {
      resource,
      property: 'proxy.deny',
      is: denied,
      needs: `nothing that fits ${name}`,
    });
    return undefined;
  }
  if (proxy.credentials) {
    const by = { resource, rule: 'proxy.credentials' };
    rec.stop('refused-by-proxy', 'forward', by, `the proxy ${proxy.address} wants credentials first (407)`, {
      resource,
      property: 'proxy.credentials',
      is: 'required',
      needs: `a bypass for ${name}`,
    });
    return undefined;
  }
  rec.pass(
    'forward',
    { resource, rule: 'proxy' },
    `the proxy ${proxy.address} carries it, and looks the name up`,
  );
  return seenByProxy(from, proxy);
}

/** `.example.org` is for all names below, as in NO_PROXY. */
function matchesName(glob: string, name: Fqdn): boolean {
  return matchesGlob(glob.replace(/^\.(?=.)/, '*.'), name);
}
