/**
 * Hosts entries for a client that has no private DNS: what a VPN user puts into /etc/hosts.
 *
 * @module
 */

import { parseFqdn } from '../lib/fqdn.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf } from '../lib/key.ts';
import { withoutManagedNetworks } from '../net/managed-networks.ts';
import type { Network } from '../net/model.ts';

/** One line: an address and the name that leads to it. */
export interface HostsEntry {
  readonly address: string;
  readonly name: string;
  /** The private endpoint behind the address. */
  readonly endpoint: string;
}

/**
 * Lists the names of all approved private endpoints. Hosts files have no wildcards, so the name of every online
 * endpoint stands for the workspace's `*` (docs/semantics/names.md).
 */
export function hostsEntries(network: Network): readonly HostsEntry[] {
  const entries: { at: Ip; entry: HostsEntry }[] = [];
  for (const endpoint of withoutManagedNetworks(network).endpoints.values()) {
    if (network.connections.get(keyOf(endpoint.id))?.status !== 'Approved') continue;
    for (const { address, fqdns } of endpoint.members) {
      for (const name of fqdns.flatMap((fqdn) => concrete(network, fqdn, endpoint.target))) {
        entries.push({ at: address, entry: { address: formatIp(address), name, endpoint: endpoint.id } });
      }
    }
  }
  return entries
    .toSorted((a, b) => a.at - b.at || (a.entry.name < b.entry.name ? -1 : 1))
    .map(({ entry }) => entry);
}

/** Prints a hosts file; a name that has several addresses gets each after the first as a comment. */
export function hostsFile(entries: readonly HostsEntry[]): string {
  const seen = new Set<string>();
  const width = Math.max(7, ...entries.map((entry) => entry.address.length));
  const lines = entries.map(({ address, name }) => {
    const line = `${address.padEnd(width)} ${name}`;
    if (seen.has(name)) return `# also ${line}`;
    seen.add(name);
    return line;
  });
  return `${lines.join('\n')}\n`;
}

function concrete(network: Network, fqdn: string, target: string): readonly string[] {
  if (!fqdn.startsWith('*.')) return parseFqdn(fqdn) === undefined ? [] : [fqdn];
  const suffix = fqdn.slice(1);
  return [...network.services.values()]
    .filter(({ fact }) => keyOf(fact.behind ?? '') === keyOf(target))
    .flatMap(({ fact }) => fact.surfaces.map((surface): string => surface.name))
    .filter((name) => name.endsWith(suffix));
}
