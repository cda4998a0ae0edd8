/**
 * The API server of a private cluster: an address among the nodes, and names that lead to it
 * (docs/semantics/private-clusters.md).
 *
 * @module
 */

import { composeId, partsOf, type ResourceId, resourceGroupType, sameId } from '../../arm/id.ts';
import type { Draft, Put } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { type Fqdn, fqdn, parseFqdn, relativeTo } from '../../lib/fqdn.ts';
import { formatIp, type Ip, parseIp } from '../../lib/ip.ts';
import { asList, asText, type Json, member } from '../../lib/json.ts';
import { nameOf } from '../../lib/key.ts';
import { doorOf } from '../../net/azure.ts';
import type { Fact, Surface } from '../../net/facts.ts';
import { allocate } from '../network/addresses.ts';
import { idFor } from '../network/endpoint-interface.ts';
import { networkInterfaceType } from '../network/network-interfaces.ts';

/** Where a cluster keeps the address of its API server. */
export const addressMember = 'x-cloister-api-server';

const group = 'management';
const ttl = 300;

/** The network interface of a private API server; undefined where it is public, or in a network that the service makes. */
export function apiServerInterface(put: Put, read: Read): Draft | undefined {
  const subnet = subnetOf(put.properties);
  if (!isPrivate(put.properties) || subnet === undefined || !read.get(subnet)) return undefined;
  const id = composeId(nodeGroup(put.id.id, put.envelope.location, put.properties), networkInterfaceType, [
    `kube-apiserver.nic.${idFor(put.id.id)}`,
  ]);
  const had = (resource: Resource | undefined): string | undefined =>
    asText(
      member(member(asList(resource?.properties['ipConfigurations'])[0], 'properties'), 'privateIPAddress'),
    );
  const preferably = had(read.get(id)) ?? had(put.rehearsed?.get(id));
  const [address] = allocate(read, subnet, id, [{ preferably }]);
  if (address === undefined) throw new Error('an address is missing');
  return {
    id,
    name: nameOf(id),
    type: networkInterfaceType,
    ...(put.envelope.location === undefined ? {} : { location: put.envelope.location }),
    owner: put.id.id,
    properties: {
      provisioningState: 'Succeeded',
      privateEndpoint: { id: endpointId(put.id.id, put.envelope.location, put.properties) },
      ipConfigurations: [
        {
          name: 'kube-apiserver',
          properties: {
            privateIPAddress: formatIp(address),
            privateIPAllocationMethod: 'Dynamic',
            subnet: { id: subnet },
            primary: true,
          },
        },
      ],
    },
  };
}

/** The group that the interface is in, until somebody has made it. */
export function groupFor(put: Put, read: Read): readonly Draft[] {
  const id = nodeGroup(put.id.id, put.envelope.location, put.properties);
  const there = read.get(id);
  if (there && !sameId(there.owner ?? '', put.id.id)) return [];
  const location = put.envelope.location === undefined ? {} : { location: put.envelope.location };
  const properties = { provisioningState: 'Succeeded' };
  return [{ id, name: nameOf(id), type: resourceGroupType, ...location, owner: put.id.id, properties }];
}

/** The address that an interface gives the API server. */
export function addressOf(nic: Draft): string {
  const [first] = asList(nic.properties['ipConfigurations']);
  return asText(member(member(first, 'properties'), 'privateIPAddress')) ?? '';
}

/** Names of an API server: in its private zone, and in public DNS. */
interface Names {
  /** Id and name of the zone, and the name in it; undefined where there is none. */
  readonly own:
    | { readonly zone: ResourceId; readonly made: boolean; readonly zoneName: Fqdn; readonly name: Fqdn }
    | undefined;
  readonly shown: Fqdn | undefined;
}

/** What a client is shown beside what it wrote. */
export function shownNames(cluster: Resource): { readonly fqdn?: string; readonly privateFQDN?: string } {
  const { own, shown } = namesOf(cluster);
  return { ...(shown ? { fqdn: shown } : {}), ...(own ? { privateFQDN: own.name } : {}) };
}

/** The API server as a service with a private door and none else, its address, its zone, record and link. */
export function apiServerFacts(cluster: Resource): readonly Fact[] {
  const { id, location = '', properties } = cluster;
  const address = parseIp(asText(properties[addressMember]) ?? '');
  const subnet = subnetOf(properties);
  if (address === undefined || subnet === undefined) return [];
  const names = namesOf(cluster);
  const { own, shown } = names;
  const endpoint = endpointId(id, location, properties);
  const connection = `${id}/privateEndpointConnections/kube-apiserver`;
  return [
    {
      kind: 'service',
      id,
      service: 'cluster',
      location,
      surfaces: surfacesOf(names, address),
      // It has no public side; the address that it would have is nobody's.
      tag: 'AzureResourceManager',
      behind: undefined,
      door: doorOf(false, 'apiServerAccessProfile.enablePrivateCluster'),
      access: { by: 'token' },
      aliasNeedsApproval: false,
    },
    {
      kind: 'endpoint',
      id: endpoint,
      subnet,
      target: id,
      group,
      connection,
      members: [{ address, fqdns: [...(own ? [own.name] : []), ...(shown ? [shown] : [])] }],
    },
    { kind: 'connection', id: connection, target: id, endpoint, status: 'Approved' },
    {
      kind: 'link-groups',
      id,
      groups: [
        {
          id: group,
          zones: own ? [own.zoneName] : [],
          names: own ? [{ fqdn: own.name, alias: own.name }] : [],
        },
      ],
    },
    ...(own ? zoneFacts(own, partsOf(subnet).parent ?? '', address, nameOf(id)) : []),
  ];
}

function surfacesOf({ own, shown }: Names, address: Ip): readonly Surface[] {
  const ports = [443];
  return [
    ...(own ? [{ group, name: own.name, alias: own.name, ports, published: 'nothing' } as const] : []),
    ...(shown ? [{ group, name: shown, alias: undefined, ports, published: address }] : []),
  ];
}

/** The service makes the zone unless it is given one, writes the record, and links the zone to the nodes' network. */
function zoneFacts(
  { zone, made, zoneName, name }: NonNullable<Names['own']>,
  vnet: string,
  address: Ip,
  cluster: string,
): readonly Fact[] {
  const relative = relativeTo(name, zoneName);
  return [
    ...(made ? [{ kind: 'zone', id: zone, name: zoneName } as const] : []),
    {
      kind: 'record',
      id: `${zone}/A/${relative}`,
      zone,
      name: relative,
      ttl,
      data: { type: 'A', addresses: [address] },
    },
    { kind: 'link', id: `${zone}/virtualNetworkLinks/${cluster}`, zone, vnet, fallback: false },
  ];
}

function namesOf({ id, location = '', properties }: Resource): Names {
  const access = properties['apiServerAccessProfile'];
  const region = location.toLowerCase().replaceAll(' ', '');
  const unique = idFor(id);
  const prefix = (asText(properties['dnsPrefix']) ?? nameOf(id)).toLowerCase();
  const host = `${prefix}-${unique.slice(0, 8)}`;
  const asked = asText(member(access, 'privateDNSZone')) ?? 'system';
  const made = sameId(asked, 'system');
  const zoneName = parseFqdn(made ? `${unique}.privatelink.${region}.azmk8s.io` : nameOf(asked));
  const given = asText(properties['fqdnSubdomain'])?.toLowerCase();
  const zone = made
    ? composeId(nodeGroup(id, location, properties), 'Microsoft.Network/privateDnsZones', [zoneName ?? ''])
    : (asked as ResourceId);
  const hasZone = !sameId(asked, 'none') && zoneName !== undefined;
  const isShown = member(access, 'enablePrivateClusterPublicFQDN') !== false || sameId(asked, 'none');
  return {
    own: hasZone
      ? { zone, made, zoneName, name: fqdn(`${made ? host : (given ?? host)}.${zoneName}`) }
      : undefined,
    shown: isShown ? fqdn(`${host}.hcp.${region}.azmk8s.io`) : undefined,
  };
}

function isPrivate(properties: Resource['properties']): boolean {
  const access = properties['apiServerAccessProfile'];
  // With an address in a subnet of its own it is no private endpoint: that is not known here.
  return member(access, 'enablePrivateCluster') === true && member(access, 'enableVnetIntegration') !== true;
}

/** The nodes' own subnet. */
function subnetOf(properties: Resource['properties']): string | undefined {
  return asList(properties['agentPoolProfiles'])
    .map((pool: Json) => asText(member(pool, 'vnetSubnetID')))
    .find((subnet) => subnet !== undefined && subnet !== '');
}

/** The resource group that the service makes for a cluster's nodes. */
export function nodeGroup(
  id: string,
  location: string | undefined,
  properties: Resource['properties'],
): ResourceId {
  const [, , subscription = '', , own = ''] = id.split('/');
  const name = asText(properties['nodeResourceGroup']) ?? `MC_${own}_${nameOf(id)}_${location ?? ''}`;
  return `/subscriptions/${subscription}/resourceGroups/${name}` as ResourceId;
}

function endpointId(
  id: string,
  location: string | undefined,
  properties: Resource['properties'],
): ResourceId {
  return composeId(nodeGroup(id, location, properties), 'Microsoft.Network/privateEndpoints', [
    'kube-apiserver',
  ]);
}
