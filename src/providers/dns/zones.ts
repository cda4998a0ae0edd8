/**
 * Private DNS zones and their links (docs/semantics/names.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { recordTypes } from '../../lib/dns.ts';
import { fqdn, parseFqdn } from '../../lib/fqdn.ts';
import { define } from '../define.ts';
import { shownRecord, zoneType } from './records.ts';

export const linkType = `${zoneType}/virtualNetworkLinks` as ResourceType;

export const zones = define(zoneType, {
  level: 'modelled',
  located: true,
  properties: shape.object(
    shape.served(
      'provisioningState',
      'maxNumberOfRecordSets',
      'numberOfRecordSets',
      'maxNumberOfVirtualNetworkLinks',
      'numberOfVirtualNetworkLinks',
      'maxNumberOfVirtualNetworkLinksWithRegistration',
      'numberOfVirtualNetworkLinksWithRegistration',
      'internalId',
    ),
  ),
  put: (put) => {
    if (parseFqdn(put.id.name) === undefined || !put.id.name.includes('.')) {
      throw new ArmError(
        'InvalidResourceName',
        `'${put.id.name}' is not the name of a private zone: write a domain such as privatelink.blob.core.windows.net.`,
      );
    }
    checkGlobal(put, 'private DNS zone');
    return { writes: [store(put)] };
  },
  remove: (zone, read) => {
    const [link] = read.children(zone.id, linkType);
    if (link) {
      throw new ArmError(
        'CannotDeleteResource',
        `Zone ${zone.name} has the virtual network link ${link.name}. Delete its links first.`,
      );
    }
    return { writes: [] };
  },
  show: (zone, read) => {
    // The zone's own SOA counts, whether or not somebody has written it.
    const records = recordsOf(zone, read).filter((record) => !record.type.endsWith('/SOA'));
    const links = read.children(zone.id, linkType);
    const registering = links.filter((link) => link.properties['registrationEnabled'] === true);
    return {
      ...zone.properties,
      maxNumberOfRecordSets: 25000,
      numberOfRecordSets: records.length + 1,
      maxNumberOfVirtualNetworkLinks: 1000,
      numberOfVirtualNetworkLinks: links.length,
      maxNumberOfVirtualNetworkLinksWithRegistration: 100,
      numberOfVirtualNetworkLinksWithRegistration: registering.length,
    };
  },
  views: {
    ALL: (zone, read) =>
      recordsOf(zone, read).map((record) => ({
        id: record.id,
        name: record.name,
        type: record.type,
        etag: record.etag,
        properties: shownRecord(record),
      })),
  },
  facts: (zone) => [{ kind: 'zone', id: zone.id, name: fqdn(zone.name) }],
});

function recordsOf(zone: Resource, read: Read): readonly Resource[] {
  return recordTypes.flatMap((type) => read.children(zone.id, `${zoneType}/${type}`));
}

function checkGlobal(put: Put, what: string): void {
  if (put.envelope.location === 'global') return;
  const message = `A ${what} is in the location 'global', not '${put.envelope.location}'.`;
  throw new ArmError('InvalidParameter', message, { target: 'location' });
}

const linkProperties = shape.object({
  virtualNetwork: shape.required(shape.reference),
  registrationEnabled: shape.bool,
  resolutionPolicy: shape.oneOf('Default', 'NxDomainRedirect'),
  ...shape.served('provisioningState', 'virtualNetworkLinkState'),
});

export const virtualNetworkLinks = define(linkType, {
  level: 'modelled',
  located: true,
  properties: linkProperties,
  linked: (put) => [
    { action: 'Microsoft.Network/virtualNetworks/join/action', scope: put.properties.virtualNetwork.id },
  ],
  put: (put, read) => {
    checkGlobal(put, 'virtual network link');
    checkLink(put, read);
    return {
      writes: [
        store(put, {
          registrationEnabled: false,
          resolutionPolicy: 'Default',
          ...put.properties,
          virtualNetworkLinkState: 'Completed',
        }),
      ],
    };
  },
  facts: (link) => {
    const stored = propertiesOf(linkProperties, link);
    return [
      {
        kind: 'link',
        id: link.id,
        zone: partsOf(link.id).parent ?? '',
        vnet: stored.virtualNetwork.id,
        fallback: stored.resolutionPolicy === 'NxDomainRedirect',
      },
    ];
  },
});

/** One link for a zone and a network (L-3), and no two zones of one name at one network (L-4). */
function checkLink(put: Put<shape.Of<typeof linkProperties>>, read: Read): void {
  const vnet = put.properties.virtualNetwork.id;
  const zone = put.id.parent ?? '';
  const target = 'properties.virtualNetwork.id';
  if (!read.get(vnet)) {
    throw new ArmError(
      'InvalidResourceReference',
      `Resource ${vnet} was not found. Create the virtual network first, or add it to dependsOn.`,
      { target },
    );
  }
  for (const other of read.referencing(vnet)) {
    if (!sameId(other.type, linkType) || sameId(other.id, put.id.id)) continue;
    const otherZone = partsOf(other.id).parent ?? '';
    if (sameId(otherZone, zone)) {
      throw new ArmError(
        'Conflict',
        `A virtual network link to ${vnet} already exists in zone ${partsOf(zone).name}: ${other.name}.`,
        { target },
      );
    }
    if (sameId(partsOf(otherZone).name, partsOf(zone).name)) {
      throw new ArmError(
        'BadRequest',
        `A virtual network cannot be linked to multiple zones with overlapping namespaces: ${vnet} is linked to ${otherZone}.`,
        { target },
      );
    }
    if (put.properties.registrationEnabled === true && other.properties['registrationEnabled'] === true) {
      throw new ArmError(
        'BadRequest',
        `${vnet} registers in ${otherZone} already; a network registers in one zone.`,
        { target },
      );
    }
  }
}
