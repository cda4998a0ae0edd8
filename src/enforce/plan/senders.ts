/**
 * Who may have sent what arrived at a router, or at a firewall: those who have the address there, and behind them those who have it in
 * networks that are joined to it, the nearest first.
 *
 * @module
 */

import type { Ip } from '../../lib/ip.ts';
import type { LinuxPlan } from './model.ts';
import type { Word } from './words.ts';

/** Returns keys of places. */
export function sendersAt(
  { namespaces, senders, wires }: LinuxPlan,
  router: Word,
  source: Ip,
): readonly string[] {
  // What came over the internet shows an address that is its own there.
  const networks = new Set(
    namespaces.flatMap(({ id, role }) => (role === 'network' || role === 'firewall' ? [id] : [])),
  );
  const found: string[] = [];
  const seen = new Set([router]);
  for (const at of seen) {
    const key = senders.get(at)?.get(source);
    if (key !== undefined) found.push(key);
    if (!networks.has(at)) continue;
    for (const {
      ends: [a, b],
    } of wires) {
      if (a.namespace === at && networks.has(b.namespace)) seen.add(b.namespace);
      if (b.namespace === at && networks.has(a.namespace)) seen.add(a.namespace);
    }
  }
  return found;
}
