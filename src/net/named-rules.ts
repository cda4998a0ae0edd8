/**
 * Names in network rules of firewalls are the addresses that the firewall itself finds for them, whatever a client asks
 * for (docs/semantics/firewalls.md). It looks none up without its DNS proxy.
 *
 * @module
 */

import { type Fqdn, parseFqdn } from '../lib/fqdn.ts';
import { type Intervals, subtract, union } from '../lib/intervals.ts';
import type { Ip } from '../lib/ip.ts';
import { answer } from './answer.ts';
import { publicAddresses } from './azure.ts';
import { type Firewall, unnamed } from './firewalls.ts';
import type { Verdict } from './gates.ts';
import type { Network } from './model.ts';
import type { Row } from './table.ts';

/** Looks the names up. Firewalls whose names have the addresses that they had stay the same objects. */
export function withNamedRules(network: Network): Network {
  const all = [...network.firewalls];
  if (!all.some(([, { network: rows }]) => rows.some(({ names }) => names))) return network;
  // Who asks through a firewall may be asked about by its names: while they are looked up, it has none.
  const unasked = new Map(all.map(([key, each]) => [key, { ...each, packets: unnamed(each.network) }]));
  const asked = { ...network, firewalls: unasked };
  const known = addressesOf(network);
  const found = all.map(([key, each]) => [key, lookedUp(asked, each, known)] as const);
  const same = found.every(([key, each]) => network.firewalls.get(key) === each);
  return same ? network : { ...network, firewalls: new Map(found) };
}

function lookedUp(network: Network, firewall: Firewall, known: Intervals): Firewall {
  const packets = firewall.network.flatMap(({ names, ...row }): Row<Verdict>[] => {
    if (!names) return [row];
    if (!firewall.dns.proxy) return [];
    const place = { kind: 'nic', label: '', nic: firewall.fact.id } as const;
    const replies = names.patterns.flatMap(parseName).map((name) => {
      return { name, reply: answer(network, place, { name, type: 'A' }) };
    });
    const sets = replies.flatMap(({ reply }) => (reply.kind === 'found' ? reply.sets : []));
    const destination = union(
      sets.flatMap(({ data }) => (data.type === 'A' ? data.addresses.map(alone) : [])),
    );
    const lost = replies.find(({ reply }) => reply.kind === 'unknown');
    // A name of somebody else has none of the addresses that are known.
    const gap = lost && {
      missing: `the addresses of ${lost.name}`,
      within: subtract(publicAddresses, known),
    };
    const match = { ...row.match, destination };
    return [{ ...row, match, ...(gap ? { unknown: { ...row.unknown, destination: gap } } : {}) }];
  });
  return JSON.stringify(packets) === JSON.stringify(firewall.packets) ? firewall : { ...firewall, packets };
}

function parseName(text: string): readonly Fqdn[] {
  const name = parseFqdn(text);
  return name === undefined ? [] : [name];
}

/** Public addresses of the estate. */
function addressesOf({ publicServices, publicAddresses: own }: Network): Intervals {
  return union([...publicServices.keys(), ...own.values()].map(alone));
}

function alone(address: Ip): readonly [number, number] {
  return [address, address];
}
