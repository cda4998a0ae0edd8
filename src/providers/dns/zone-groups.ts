/**
 * DNS zone groups of private endpoints: they write the endpoint's records into private zones, and take them along
 * (docs/semantics/private-endpoints.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { childId, partsOf, sameId } from '../../arm/id.ts';
import { type Draft, type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { fqdn, isWithin, parseFqdn, relativeTo } from '../../lib/fqdn.ts';
import { asList, asText, type JsonObject, member } from '../../lib/json.ts';
import { define } from '../define.ts';
import { linkTarget } from '../private-link/targets.ts';
import { recordTypeA, zoneType } from './records.ts';

/** What the service writes; clients and resolvers may keep a record this long (L-10). */
const ttl = 10;
const mostZones = 5;

const properties = shape.object({
  privateDnsZoneConfigs: shape.list(
    shape.object({
      name: shape.required(shape.text),
      properties: shape.object({
        privateDnsZoneId: shape.required(shape.resourceId),
        ...shape.served('recordSets'),
      }),
      ...shape.served('id', 'etag', 'type'),
    }),
  ),
  ...shape.served('provisioningState'),
});

type Properties = shape.Of<typeof properties>;

/** A record that an endpoint needs. */
interface Wanted {
  readonly alias: string;
  readonly fqdn: string;
  readonly address: string;
}

export const zoneGroups = define('Microsoft.Network/privateEndpoints/privateDnsZoneGroups', {
  level: 'modelled',
  located: false,
  properties,
  linked: (put) =>
    zonesOf(put.properties).map((zone) => ({
      action: 'Microsoft.Network/privateDnsZones/join/action',
      scope: zone,
    })),
  put: (put, read) => {
    const zones = zonesOf(put.properties);
    check(put, zones, read);
    const wanted = wantedRecords(put.id.parent ?? '', read);
    const writes = zones.flatMap((zone) => recordsIn(zone, wanted, put));
    const stale = read.ownedBy(put.id.id).filter((old) => !writes.some((draft) => sameId(draft.id, old.id)));
    return { writes: [store(put), ...writes], deletes: stale.map((old) => old.id) };
  },
  facts: (group) => [
    {
      kind: 'zone-group',
      id: group.id,
      endpoint: partsOf(group.id).parent ?? '',
      zones: zonesOf(propertiesOf(properties, group)),
    },
  ],
  show: (group, read) => {
    const stored = propertiesOf(properties, group);
    return {
      ...stored,
      privateDnsZoneConfigs: (stored.privateDnsZoneConfigs ?? []).map((config) => ({
        ...config,
        id: `${group.id}/privateDnsZoneConfigs/${config.name}`,
        properties: {
          ...config.properties,
          recordSets: read
            .ownedBy(group.id)
            .filter((record) =>
              sameId(partsOf(record.id).parent ?? '', config.properties?.privateDnsZoneId ?? ''),
            )
            .map((record) => ({
              recordType: 'A',
              recordSetName: record.name,
              fqdn: `${record.name}.${partsOf(config.properties?.privateDnsZoneId ?? '').name}`,
              ttl,
              provisioningState: 'Succeeded',
              ipAddresses: asList(record.properties['aRecords']).map(
                (entry) => member(entry, 'ipv4Address') ?? '',
              ),
            })),
        },
      })),
    } as JsonObject;
  },
});

function zonesOf(asked: Properties): readonly string[] {
  return (asked.privateDnsZoneConfigs ?? []).flatMap((config) => config.properties?.privateDnsZoneId ?? []);
}

function check(put: Put<Properties>, zones: readonly string[], read: Read): void {
  const target = 'properties.privateDnsZoneConfigs';
  if (zones.length > mostZones) {
    throw new ArmError(
      'InvalidParameter',
      `A zone group takes at most ${mostZones} zones, not ${zones.length}.`,
      { target },
    );
  }
  for (const [at, zone] of zones.entries()) {
    if (!sameId(read.get(zone)?.type ?? '', zoneType)) {
      throw new ArmError(
        'InvalidResourceReference',
        `Private DNS zone ${zone} was not found. Create it first, or add it to dependsOn.`,
        {
          target: `${target}[${at}].properties.privateDnsZoneId`,
        },
      );
    }
  }
  const other = read
    .children(put.id.parent ?? '', put.id.type)
    .find((group) => !sameId(group.name, put.id.name));
  if (other) {
    throw new ArmError(
      'BadRequest',
      `Private endpoint ${partsOf(put.id.parent ?? '').name} already has the zone group ${other.name}; it can have one.`,
    );
  }
}

/** Names, aliases and addresses of an endpoint's members. */
function wantedRecords(endpointId: string, read: Read): readonly Wanted[] {
  const endpoint = read.get(endpointId);
  const connections = ['privateLinkServiceConnections', 'manualPrivateLinkServiceConnections'].flatMap(
    (list) => asList(endpoint?.properties[list]),
  );
  const asked = member(connections[0], 'properties');
  const target = read.get(asText(member(asked, 'privateLinkServiceId')) ?? '');
  const wanted = asText(asList(member(asked, 'groupIds'))[0]) ?? '';
  const group = target && linkTarget(target.type)?.groups.find((candidate) => sameId(candidate.id, wanted));
  if (!target || !group) return [];
  const names = group.members(target).flatMap((item) => item.names);
  return asList(endpoint?.properties['customDnsConfigs']).flatMap((entry) => {
    const name = asText(member(entry, 'fqdn')) ?? '';
    const address = asText(asList(member(entry, 'ipAddresses'))[0]);
    const alias = names.find((item) => sameId(item.fqdn, name))?.alias;
    return alias === undefined || address === undefined ? [] : [{ alias, fqdn: name, address }];
  });
}

/** A zone gets the records of the aliases that lie in it. A zone by a wrong name gets none, silently, as in Azure. */
function recordsIn(zone: string, wanted: readonly Wanted[], put: Put): Draft[] {
  const name = parseFqdn(partsOf(zone).name);
  if (name === undefined) return [];
  const byRecord = new Map<string, Set<string>>();
  for (const { alias, address } of wanted) {
    const full = fqdn(alias);
    if (!isWithin(full, name)) continue;
    const record = relativeTo(full, name);
    byRecord.set(record, (byRecord.get(record) ?? new Set()).add(address));
  }
  return [...byRecord].map(([record, addresses]) => ({
    id: childId(zone, 'A', record),
    name: record,
    type: recordTypeA,
    owner: put.id.id,
    properties: {
      ttl,
      metadata: { creator: `created by private endpoint ${partsOf(put.id.parent ?? '').name}` },
      aRecords: [...addresses].map((ipv4Address) => ({ ipv4Address })),
    },
  }));
}
