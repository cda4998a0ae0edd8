/**
 * Proxies of sites that keep people from what they need (docs/semantics/proxies.md).
 *
 * @module
 */

import { type Fqdn, parseFqdn } from '../../../lib/fqdn.ts';
import { matchesGlob } from '../../../lib/glob.ts';
import type { ProxyFact } from '../../../net/facts.ts';
import type { Place } from '../../../net/position.ts';
import { proxyFor, throughProxy } from '../../../net/proxies.ts';
import { regionOf } from '../../../net/tags.ts';
import { Recorder } from '../../../net/trace.ts';
import type { Fault } from '../../finding.ts';
import { hostRows } from '../../hosts.ts';
import type { Model } from '../../model.ts';

/** One fault for each site and what its proxy does: it denies hosts, wants credentials, or opens TLS. */
export function* interferingProxies(model: Model): Generator<Fault> {
  const hosts = hostsOf(model);
  for (const from of model.names.places()) {
    if (from.kind !== 'site' || !from.site.proxy || hosts.length === 0) continue;
    const { proxy } = from.site;
    const stopped = hosts.flatMap((host) => stopAt(from, proxy, host) ?? []);
    for (const at of new Set(stopped.map((stop) => stop.at))) {
      const all = stopped.filter((stop) => stop.at === at);
      const names = all.map(({ host }) => host).join(', ');
      const [first] = all;
      yield {
        subject: `site/${from.site.name}`,
        at,
        says: `the proxy ${proxy.address} of ${from.site.name} ${first?.says ?? ''}: ${names}`,
        concerns: all.map(({ host }) => host),
        blockers: [
          {
            resource: `site/${from.site.name}`,
            property: at,
            is: first?.is ?? '',
            needs: `an exception for ${names}`,
          },
        ],
      };
    }
  }
}

/** Hosts that people of the estate's workspaces ask for from outside. */
function hostsOf(model: Model): readonly Fqdn[] {
  const regions = new Set(model.network.declared.of('workspace').map(({ location }) => regionOf(location)));
  const names = [...regions].flatMap((region) =>
    hostRows
      .filter(({ askers }) => askers.includes('site'))
      .flatMap(({ hosts }) => hosts.flatMap((host) => host.names.slice(0, 1)))
      .flatMap((text) => parseFqdn(text.replace('<region>', region)) ?? []),
  );
  return [...new Set(names)];
}

interface Stop {
  readonly host: Fqdn;
  readonly at: string;
  readonly is: string;
  readonly says: string;
}

function stopAt(from: Place, proxy: ProxyFact, host: Fqdn): Stop | undefined {
  const rec = new Recorder();
  if (throughProxy(from, host, { protocol: 'tcp', port: 443 }, rec) === undefined) {
    const at = rec.steps.at(-1)?.rule ?? 'proxy';
    const says =
      at === 'proxy.credentials' ? 'wants credentials that tools do not send, for' : 'does not carry';
    return { host, at, is: rec.blockers[0]?.is ?? '', says };
  }
  const { inspect } = proxy;
  if (!inspect || proxyFor(from, host) === undefined) return undefined;
  if (inspect.except.some((glob) => matchesGlob(glob, host))) return undefined;
  const is = inspect.ca ?? 'an authority of its own';
  return {
    host,
    at: 'proxy.inspect',
    is,
    says: `shows certificates of ${is}, which tools do not trust, for`,
  };
}
