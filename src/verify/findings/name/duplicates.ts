/**
 * Two zones of one name that are to serve one network (docs/semantics/names.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Network, Zone } from '../../../net/model.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { answerOf } from '../../names.ts';
import type { Edit, Repair } from '../../repair.ts';
import { aboutOf, askedOfAzure } from './asked.ts';
import { movedEntries } from './groups.ts';

/** A network is linked to one zone of a name: a second link is refused, and records in the other zone are not seen. */
export function* duplicated(model: Model): Generator<Fault> {
  yield* linkedTwice(model);
  yield* heldElsewhere(model);
}

/** Both zones are to be linked to one network (L-4). */
function* linkedTwice({ network }: Model): Generator<Fault> {
  for (const [vnet, view] of network.views) {
    const home = network.vnets.get(vnet)?.fact.id ?? vnet;
    for (const { zone, link, rivals } of view.values()) {
      for (const rival of rivals) {
        yield {
          subject: rival.link,
          at: 'virtualNetwork.id',
          says: `${nameOf(home)} is linked to ${zone.name} in ${groupOf(zone.id)}; a second zone of that name, in ${groupOf(rival.zone.id)}, cannot be linked to it`,
          concerns: [zone.name, zone.id, rival.zone.id, link, home],
          blockers: [
            { resource: rival.link, property: 'virtualNetwork.id', is: home, needs: `one zone ${zone.name}` },
          ],
          repairs: [
            { zone, gives: rival },
            { zone: rival.zone, gives: { zone, link } },
          ].map(({ zone: kept, gives }) => keeping(network, kept, gives)),
        };
      }
    }
  }
}

/** Keeps one zone for a network: the other gives up its link and its zone groups. */
function keeping(
  network: Network,
  kept: Zone,
  gives: { readonly zone: Zone; readonly link: string },
): Repair {
  return {
    says: `keep ${kept.name} in ${groupOf(kept.id)} alone for it`,
    edits: [{ kind: 'delete', resource: gives.link }, ...movedEntries(network, gives.zone.id, kept.id)],
  };
}

/** The network is linked to one zone, and the record that it needs is in another one of that name (L-4). */
function* heldElsewhere(model: Model): Generator<Fault> {
  const { network } = model;
  const seen = new Set<string>();
  for (const { vnet, link, name, linked } of askedOfAzure(model)) {
    if (!linked || answerOf(linked, name.alias)) continue;
    const holder = (network.zones.get(name.zone) ?? []).find(
      (zone) => zone !== linked && answerOf(zone, name.alias)?.addresses.includes(name.address),
    );
    if (!holder || seen.has(`${keyOf(holder.id)} ${keyOf(vnet)}`)) continue;
    seen.add(`${keyOf(holder.id)} ${keyOf(vnet)}`);
    yield {
      subject: holder.id,
      at: nameOf(vnet),
      says: `${nameOf(vnet)} is linked to ${linked.name} in ${groupOf(linked.id)}, and the records of ${nameOf(link.endpoint.id)} are in the zone of that name in ${groupOf(holder.id)}`,
      concerns: [name.zone, holder.id, linked.id, ...aboutOf(model, link)],
      blockers: [
        {
          resource: linked.id,
          property: 'records',
          is: `none for ${name.alias}`,
          needs: `those of ${holder.id}`,
        },
      ],
      repairs: merging(model, holder, linked),
    };
  }
}

/** Moves the zone groups to the zone that is kept; who saw the other one may have to be linked to it. */
function merging({ network }: Model, from: Zone, to: Zone): readonly Repair[] {
  const moved = movedEntries(network, from.id, to.id);
  if (moved.length === 0) return [];
  const relinked = [...network.views].flatMap(([key, view]): readonly Edit[] => {
    const seen = view.get(from.name);
    const vnet = network.vnets.get(key)?.fact.id;
    if (seen?.zone !== from || vnet === undefined) return [];
    return [
      { kind: 'delete', resource: seen.link },
      { kind: 'create', creation: { what: 'zone-link', zone: to.id, vnet } },
    ];
  });
  const says = `point the zone groups at ${to.name} in ${groupOf(to.id)}`;
  return [
    { says, edits: moved },
    { says: `${says}, and link to it who saw the other`, edits: [...moved, ...relinked] },
  ];
}

function groupOf(id: string): string {
  return id.split('/')[4] ?? '';
}
