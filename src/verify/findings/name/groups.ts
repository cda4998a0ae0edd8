/**
 * Zone groups of private endpoints, and zones under names that nothing asks (docs/semantics/private-endpoints.md).
 *
 * @module
 */

import { type Fqdn, parseFqdn } from '../../../lib/fqdn.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Network, Zone } from '../../../net/model.ts';
import { meantZone } from '../../../net/private-zones.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { answerOf, type EndpointName, namesOf, zoneOf } from '../../names.ts';
import { groupsOf, type Link, statusOf } from '../../private-link.ts';
import type { Edit, Repair } from '../../repair.ts';
import { vnetOf } from '../../workspaces.ts';

/** An endpoint that carries traffic, and the zones that its zone group names. */
interface Grouped {
  readonly link: Link;
  /** The resource; a policy's is none. */
  readonly group: string | undefined;
  readonly zones: readonly string[];
}

/** Approved private endpoints with their zone groups. */
export function groupedLinks(model: Model): readonly Grouped[] {
  const groups = model.network.declared.of('zone-group');
  return [...model.network.endpoints.values()].flatMap((endpoint): Grouped[] => {
    const status = statusOf(model, endpoint);
    if (status !== 'Approved') return [];
    const found = groups.find((group) => keyOf(group.endpoint) === keyOf(endpoint.id));
    const group = found?.policy === undefined ? found?.id : undefined;
    return [{ link: { endpoint, status }, group, zones: found?.zones ?? [] }];
  });
}

/** Every zone that a private endpoint's names are in has to be in its zone group, unless somebody writes the records. */
export function* incomplete(model: Model): Generator<Fault> {
  const all = groupedLinks(model);
  for (const { link, group, zones } of all) {
    const { endpoint } = link;
    const named = new Set(zones.flatMap((id) => zoneOf(model, id)?.name ?? parseFqdn(nameOf(id)) ?? []));
    const needed = groupsOf(model, endpoint.target).find(({ id }) => id === endpoint.group)?.zones ?? [];
    const names = namesOf(model, link);
    const lacking = needed.filter(
      (zone) =>
        !named.has(zone) &&
        !writtenByHand(
          model,
          names.filter((name) => name.zone === zone),
        ) &&
        !servedByAnother(model, link, zone, all),
    );
    if (lacking.length === 0) continue;
    const meant = [...named].filter((name) => meantZone(name) !== undefined);
    if (meant.length > 0) continue;
    yield {
      subject: group ?? endpoint.id,
      at: 'privateDnsZoneConfigs',
      says: `${nameOf(endpoint.id)} has no zone group entry for ${lacking.join(' and ')}, so nobody writes its records there`,
      nearMiss: [...named].join(', ') || undefined,
      concerns: [endpoint.id, endpoint.target, ...lacking],
      blockers: lacking.map((zone) => ({
        resource: group ?? endpoint.id,
        property: 'privateDnsZoneConfigs',
        is: `no entry for ${zone}`,
        needs: zone,
      })),
      repairs: completing(model, link, group, lacking),
    };
  }
}

/**
 * Somebody writes the records: one at least is answered rightly, by a zone of that name or by a described DNS server.
 * What is forgotten then is a record, not an entry.
 */
function writtenByHand(model: Model, names: readonly EndpointName[]): boolean {
  if (names.length === 0) return true;
  return names.some(({ fqdn, alias, zone, address }) => {
    const inZones = (model.network.zones.get(zone) ?? []).some((candidate) =>
      answerOf(candidate, alias)?.addresses.includes(address),
    );
    return (
      inZones ||
      model.network.dnsServers.some(({ records }) =>
        records.some((record) => record.name === fqdn && record.address === address),
      )
    );
  });
}

/** Another private endpoint of the same target writes the records, in the same network. */
function servedByAnother(model: Model, link: Link, zone: Fqdn, all: readonly Grouped[]): boolean {
  const { endpoint } = link;
  return all.some(
    (other) =>
      other.link.endpoint !== endpoint &&
      keyOf(other.link.endpoint.target) === keyOf(endpoint.target) &&
      other.link.endpoint.group === endpoint.group &&
      vnetOf(model, other.link) === vnetOf(model, link) &&
      other.zones.some((id) => zoneOf(model, id)?.name === zone),
  );
}

/** Adds the entries; a zone that the estate does not have is made and linked first. */
function completing(
  model: Model,
  link: Link,
  group: string | undefined,
  lacking: readonly Fqdn[],
): readonly Repair[] {
  const { endpoint } = link;
  const vnet = vnetOf(model, link) ?? '';
  const home = endpoint.id.slice(0, endpoint.id.lastIndexOf('/providers/'));
  const zones = lacking.map((name) => {
    const known = model.network.views.get(keyOf(vnet))?.get(name)?.zone ?? model.network.zones.get(name)?.[0];
    return { name, known, id: known?.id ?? `${home}/providers/Microsoft.Network/privateDnsZones/${name}` };
  });
  const made = zones.flatMap(({ name, known, id }): Edit[] =>
    known
      ? []
      : [
          { kind: 'create', creation: { what: 'zone', name, beside: endpoint.id } },
          { kind: 'create', creation: { what: 'zone-link', zone: id, vnet } },
        ],
  );
  const ids = zones.map(({ id }) => id);
  const entries: readonly Edit[] =
    group === undefined
      ? [{ kind: 'create', creation: { what: 'zone-group', endpoint: endpoint.id, zones: ids } }]
      : ids.map((zone) => ({
          kind: 'insert',
          resource: group,
          property: ['properties', 'privateDnsZoneConfigs'],
          value: { name: nameOf(zone).replaceAll('.', '-'), properties: { privateDnsZoneId: zone } },
        }));
  const says = `name ${lacking.join(' and ')} in the zone group of ${nameOf(endpoint.id)}`;
  return [{ says, edits: [...made, ...entries] }];
}

/** Moves entries of zone groups from one zone to another. */
export function movedEntries(network: Network, from: string, to: string): readonly Edit[] {
  return network.declared.of('zone-group').flatMap((group) =>
    group.zones.flatMap((used, at): Edit[] =>
      keyOf(used) === keyOf(from)
        ? [
            {
              kind: 'set',
              resource: group.id,
              property: ['properties', 'privateDnsZoneConfigs', at, 'properties', 'privateDnsZoneId'],
              value: to,
            },
          ]
        : [],
    ),
  );
}

/** A zone whose name is close to a right one, and is not. */
export function* misnamed(model: Model): Generator<Fault> {
  for (const zone of [...model.network.zones.values()].flat()) {
    const meant = meantZone(zone.name);
    if (meant === undefined) continue;
    const served = [...model.network.endpoints.values()].filter(({ target, group }) =>
      groupsOf(model, target).some(({ id, zones }) => id === group && zones.includes(meant)),
    );
    yield {
      subject: zone.id,
      at: 'name',
      says: `nothing ever asks ${zone.name}: the zone is ${meant}`,
      nearMiss: meant,
      concerns: [meant, ...served.flatMap(({ id, target }) => [id, target])],
      blockers: [{ resource: zone.id, property: 'name', is: zone.name, needs: meant }],
      repairs: renaming(model, zone, meant),
    };
  }
}

/** The zone under its right name, linked where the wrong one is, with the zone groups moved to it. */
function renaming(model: Model, zone: Zone, meant: Fqdn): readonly Repair[] {
  const there = model.network.zones.get(meant)?.[0]?.id;
  const id = there ?? `${zone.id.slice(0, zone.id.lastIndexOf('/') + 1)}${meant}`;
  const vnets = [...model.network.views].flatMap(([vnet, view]) =>
    view.get(zone.name)?.zone === zone && !model.network.views.get(vnet)?.has(meant)
      ? (model.network.vnets.get(vnet)?.fact.id ?? [])
      : [],
  );
  return [
    {
      says: `make ${meant} and move the zone groups to it`,
      edits: [
        ...(there === undefined
          ? [{ kind: 'create', creation: { what: 'zone', name: meant, beside: zone.id } } as const]
          : []),
        ...vnets.map((vnet): Edit => ({ kind: 'create', creation: { what: 'zone-link', zone: id, vnet } })),
        ...movedEntries(model.network, zone.id, id),
        { kind: 'delete', resource: zone.id },
      ],
    },
  ];
}
