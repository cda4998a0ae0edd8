/**
 * Private DNS zones and what each virtual network sees of them (docs/semantics/names.md).
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import { type IdKey, keyOf } from '../lib/key.ts';
import type { RecordFact } from './facts.ts';
import type { Gathered } from './gather.ts';
import type { LinkedZone, Network, Zone, ZoneRecord } from './model.ts';

/** Joins zones with their records and links; `written` are records that policies write. */
export function linkZones(all: Gathered, written: readonly RecordFact[]): Pick<Network, 'zones' | 'views'> {
  const byId = new Map<IdKey, Zone>();
  const zones = new Map<Fqdn, Zone[]>();
  for (const [key, { id, name, managed }] of all.zones) {
    const records = new Map<string, ZoneRecord[]>();
    const own = written.filter((record) => keyOf(record.zone) === key);
    for (const { id, name, ttl, data } of [...(all.records.get(key) ?? []), ...own]) {
      const at = name.toLowerCase();
      const sets = records.get(at);
      if (sets) sets.push({ id, ttl, data });
      else records.set(at, [{ id, ttl, data }]);
    }
    const zone = { id, name, records };
    byId.set(key, zone);
    if (managed) continue;
    const namesakes = zones.get(name);
    if (namesakes) namesakes.push(zone);
    else zones.set(name, [zone]);
  }
  const views = new Map<IdKey, Map<Fqdn, LinkedZone>>();
  for (const { id, zone, vnet, fallback } of all.links) {
    const linked = byId.get(keyOf(zone));
    if (!linked) continue;
    const view = views.get(keyOf(vnet)) ?? new Map<Fqdn, LinkedZone>();
    const first = view.get(linked.name);
    // A private cluster links its zone itself, where that is not done yet.
    if (first?.zone === linked) continue;
    view.set(
      linked.name,
      first
        ? { ...first, rivals: [...first.rivals, { zone: linked, link: id }] }
        : { zone: linked, link: id, fallback, rivals: [] },
    );
    views.set(keyOf(vnet), view);
  }
  return { zones, views };
}
