/**
 * Private endpoints: a network interface in a subnet, bound to one sub-resource of one service
 * (private-endpoints.md; docs/semantics/private-endpoints.md).
 *
 * Making one also makes its interface, with one address a member, and the connection on its target: approved at
 * once where the caller may approve there, pending otherwise.
 *
 * @module
 */

import { mayDo } from '../../arm/caller.ts';
import { ArmError } from '../../arm/error.ts';
import {
  childId,
  groupOf,
  keyOf,
  partsOf,
  type ResourceId,
  type ResourceType,
  sameId,
} from '../../arm/id.ts';
import { type Draft, type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { formatIp, type Ip, parseIp } from '../../lib/ip.ts';
import { asList, asText, type JsonObject, member } from '../../lib/json.ts';
import { nearest } from '../../lib/near.ts';
import { parseUuid, uuidV5 } from '../../lib/uuid.ts';
import { define } from '../define.ts';
import { type ConnectionStatus, connectionType, statusOf } from '../private-link/connections.ts';
import type { LinkGroup, LinkMember, LinkTarget } from '../private-link/target.ts';
import { linkTarget } from '../private-link/targets.ts';
import { allocate } from './addresses.ts';
import { networkInterfaceType } from './network-interfaces.ts';

const connectionShape = shape.object({
  name: shape.text,
  properties: shape.object({
    privateLinkServiceId: shape.required(shape.resourceId),
    groupIds: shape.list(shape.text),
    requestMessage: shape.text,
    ...shape.served('provisioningState', 'privateLinkServiceConnectionState'),
  }),
  ...shape.served('id', 'type', 'etag'),
});

const properties = shape.object({
  subnet: shape.required(shape.reference),
  privateLinkServiceConnections: shape.list(connectionShape),
  manualPrivateLinkServiceConnections: shape.list(connectionShape),
  ipConfigurations: shape.list(
    shape.object({
      name: shape.text,
      properties: shape.object({
        groupId: shape.text,
        memberName: shape.text,
        privateIPAddress: shape.required(shape.address),
      }),
      ...shape.served('type', 'etag', 'id'),
    }),
  ),
  applicationSecurityGroups: shape.list(shape.reference),
  customNetworkInterfaceName: shape.text,
  ...shape.opaque('ipVersionType'),
  ...shape.served('provisioningState', 'networkInterfaces', 'customDnsConfigs', 'resourceGuid'),
});

type Properties = shape.Of<typeof properties>;

/** What a private endpoint asks for, taken from whichever of the two lists it is in. */
interface Request {
  readonly list: 'privateLinkServiceConnections' | 'manualPrivateLinkServiceConnections';
  readonly target: Resource;
  readonly link: LinkTarget;
  readonly group: LinkGroup;
  readonly message: string;
}

export const privateEndpoints = define('Microsoft.Network/privateEndpoints', {
  level: 'modelled',
  located: true,
  properties,
  linked: (put) => [
    { action: 'Microsoft.Network/virtualNetworks/subnets/join/action', scope: put.properties.subnet.id },
  ],
  put: (put, read) => {
    const request = requestOf(put.properties, read);
    checkPlace(put, read, request);
    const members = request.group.members(request.target);
    const nic = interfaceDraft(put, read, request.group, members);
    const connection = connectionDraft(put, read, request);
    const endpoint = store(put, { ...put.properties, customDnsConfigs: dnsConfigs(nic) });
    return { writes: [endpoint, nic, ...(connection ? [connection] : [])] };
  },
  show: (resource, read) => {
    const stored = propertiesOf(properties, resource);
    const nic = read.get(interfaceId(resource.id, stored));
    const link = linkOf(stored);
    const connection = link && read.get(connectionIdOf(resource.id, link.target, link.type));
    const status: ConnectionStatus = connection ? statusOf(connection) : 'Disconnected';
    const state = member(connection?.properties, 'privateLinkServiceConnectionState') ?? {
      status,
      description: 'The connection was removed on the service',
      actionsRequired: 'None',
    };
    const asked = (list: Properties['privateLinkServiceConnections']): JsonObject[] =>
      (list ?? []).map((item) => ({
        ...item,
        id: childId(resource.id, 'privateLinkServiceConnections', item.name ?? resource.name),
        properties: {
          provisioningState: 'Succeeded',
          ...item.properties,
          privateLinkServiceConnectionState: state,
        },
      }));
    return {
      ...stored,
      provisioningState: 'Succeeded',
      privateLinkServiceConnections: asked(stored.privateLinkServiceConnections),
      manualPrivateLinkServiceConnections: asked(stored.manualPrivateLinkServiceConnections),
      networkInterfaces: nic ? [{ id: nic.id }] : [],
    };
  },
  facts: (resource) => {
    const stored = propertiesOf(properties, resource);
    const link = linkOf(stored);
    if (!link) return [];
    return [
      {
        kind: 'endpoint',
        id: resource.id,
        subnet: stored.subnet.id,
        target: link.target,
        group: link.group,
        connection: connectionIdOf(resource.id, link.target, link.type),
        members: asList(resource.properties['customDnsConfigs']).flatMap((entry) => {
          const address = parseIp(asText(asList(member(entry, 'ipAddresses'))[0]) ?? '');
          return address === undefined ? [] : [{ address, fqdns: [asText(member(entry, 'fqdn')) ?? ''] }];
        }),
      },
    ];
  },
});

function requestOf(asked: Properties, read: Read): Request {
  const automatic = asked.privateLinkServiceConnections ?? [];
  const manual = asked.manualPrivateLinkServiceConnections ?? [];
  const [only, ...more] = [...automatic, ...manual];
  if (!only?.properties || more.length > 0) {
    throw new ArmError(
      'InvalidRequestContent',
      'A private endpoint has exactly one connection, in privateLinkServiceConnections or in manualPrivateLinkServiceConnections.',
      {
        target: 'properties.privateLinkServiceConnections',
      },
    );
  }
  const { privateLinkServiceId, groupIds, requestMessage } = only.properties;
  const at = 'properties.privateLinkServiceConnections[0].properties';
  const target = read.get(privateLinkServiceId);
  const link = linkTarget(partsOf(privateLinkServiceId).type);
  if (!link) {
    const { type } = partsOf(privateLinkServiceId);
    throw new ArmError('NotSupported', `Private endpoints to '${type}' are not supported by Cloister.`, {
      target: `${at}.privateLinkServiceId`,
    });
  }
  if (!target) {
    throw new ArmError(
      'InvalidResourceReference',
      `Resource ${privateLinkServiceId} was not found. Create it first, or add it to dependsOn.`,
      {
        target: `${at}.privateLinkServiceId`,
      },
    );
  }
  link.check?.(target);
  const ids = link.groups.map((group) => group.id);
  const [wanted, ...others] = groupIds ?? [];
  const group = link.groups.find((candidate) => wanted !== undefined && sameId(candidate.id, wanted));
  if (!group || others.length > 0) {
    const hint = nearest(wanted ?? '', ids);
    throw new ArmError(
      'InvalidParameter',
      `groupIds must name exactly one sub-resource of ${target.name}: ${ids.join(', ')}${hint === undefined ? '' : `; did you mean '${hint}'?`}`,
      {
        target: `${at}.groupIds`,
      },
    );
  }
  return {
    list: automatic.length > 0 ? 'privateLinkServiceConnections' : 'manualPrivateLinkServiceConnections',
    target,
    link,
    group,
    message: requestMessage ?? '',
  };
}

/** Same region as its network (PE-1); subnet and target never change (PE-6). */
function checkPlace(put: Put<Properties>, read: Read, request: Request): void {
  const subnetId = put.properties.subnet.id;
  const vnet = read.get(partsOf(subnetId).parent ?? '');
  if (!read.get(subnetId) || !vnet) {
    throw new ArmError(
      'InvalidResourceReference',
      `Resource ${subnetId} was not found. Create the subnet first, or add it to dependsOn.`,
      {
        target: 'properties.subnet.id',
      },
    );
  }
  if (vnet.location !== put.envelope.location) {
    throw new ArmError(
      'InvalidParameter',
      `A private endpoint must be in the region of its virtual network: ${vnet.location}, not ${put.envelope.location}.`,
      {
        target: 'location',
      },
    );
  }
  const before = put.before && propertiesOf(properties, put.before);
  const link = before && linkOf(before);
  if (before && link && (!sameId(before.subnet.id, subnetId) || !sameId(link.target, request.target.id))) {
    throw new ArmError(
      'InvalidParameter',
      'The subnet and the target of a private endpoint cannot change. Delete it and create it anew.',
      {
        target: 'properties',
      },
    );
  }
}

function interfaceId(endpoint: ResourceId, stored: Properties): ResourceId {
  const { name } = partsOf(endpoint);
  const given = stored.customNetworkInterfaceName ?? `${name}.nic.${idFor(endpoint)}`;
  return `${groupOf(endpoint)}/providers/${networkInterfaceType}/${given}` as ResourceId;
}

function idFor(endpoint: string): string {
  const space = parseUuid('6ba7b814-9dad-11d1-80b4-00c04fd430c8');
  return space ? uuidV5(space, keyOf(endpoint)) : '';
}

function interfaceDraft(
  put: Put<Properties>,
  read: Read,
  group: LinkGroup,
  members: readonly LinkMember[],
): Draft {
  const { subnet, ipConfigurations = [], applicationSecurityGroups = [] } = put.properties;
  const id = interfaceId(put.id.id, put.properties);
  const had = configurationsOf(read.get(id));
  const rehearsed = configurationsOf(put.rehearsed?.get(id));
  const unknown = ipConfigurations.find(
    (wish) => !members.some((item) => sameId(item.name, wish.properties?.memberName ?? item.name)),
  );
  if (unknown) {
    throw new ArmError(
      'InvalidParameter',
      `ipConfigurations names the member '${unknown.properties?.memberName}', but ${group.id} has ${members.map((item) => item.name).join(', ')}.`,
      {
        target: 'properties.ipConfigurations',
      },
    );
  }
  const addresses = allocate(
    read,
    subnet.id,
    id,
    members.map(({ name }) => ({
      exactly: ipConfigurations.find((wish) => sameId(wish.properties?.memberName ?? name, name))?.properties
        ?.privateIPAddress,
      preferably: had.get(name) ?? rehearsed.get(name),
    })),
  );
  return {
    id,
    name: partsOf(id).name,
    type: networkInterfaceType,
    ...(put.envelope.location === undefined ? {} : { location: put.envelope.location }),
    owner: put.id.id,
    properties: {
      provisioningState: 'Succeeded',
      privateEndpoint: { id: put.id.id },
      ipConfigurations: members.map((item, at) => ({
        name: `privateEndpointIpConfig.${item.name}`,
        properties: {
          privateIPAddress: formatIp(addressAt(addresses, at)),
          privateIPAllocationMethod: 'Dynamic',
          subnet,
          primary: at === 0,
          applicationSecurityGroups,
          privateLinkConnectionProperties: {
            groupId: group.id,
            requiredMemberName: item.name,
            fqdns: item.names.map((entry) => entry.fqdn),
          },
        },
      })),
    },
  };
}

/** `allocate` answers one address a wish. */
function addressAt(addresses: readonly Ip[], index: number): Ip {
  const address = addresses[index];
  if (address === undefined) throw new Error('an address is missing');
  return address;
}

/** Addresses that an interface has, by member. */
function configurationsOf(nic: Resource | undefined): Map<string, string> {
  return new Map(
    asList(nic?.properties['ipConfigurations']).flatMap((entry): [string, string][] => {
      const inner = member(entry, 'properties');
      const name = asText(member(member(inner, 'privateLinkConnectionProperties'), 'requiredMemberName'));
      const address = asText(member(inner, 'privateIPAddress'));
      return name !== undefined && address !== undefined ? [[name, address]] : [];
    }),
  );
}

function dnsConfigs(nic: Draft): JsonObject[] {
  return asList(nic.properties['ipConfigurations']).flatMap((entry) => {
    const inner = member(entry, 'properties');
    const address = asText(member(inner, 'privateIPAddress')) ?? '';
    const names = asList(member(member(inner, 'privateLinkConnectionProperties'), 'fqdns'));
    return parseIp(address) === undefined ? [] : names.map((fqdn) => ({ fqdn, ipAddresses: [address] }));
  });
}

/** The connection's id on the target: the endpoint's name, and a suffix that tells two of the same name apart. */
function connectionIdOf(endpoint: ResourceId, target: string, type: ResourceType): ResourceId {
  const segment = type.split('/').at(-1) ?? '';
  return childId(target, segment, `${partsOf(endpoint).name}.${idFor(endpoint)}`);
}

/** A connection that exists keeps its state: a repeated PUT does not approve what was rejected. */
function connectionDraft(put: Put<Properties>, read: Read, request: Request): Draft | undefined {
  const type = connectionType(request.link);
  const id = connectionIdOf(put.id.id, request.target.id, type);
  if (read.get(id) || put.before) return undefined;
  const mayApprove = mayDo(read, put.caller.objectId, request.link.approval, request.target.id, 'control');
  const approved = request.list === 'privateLinkServiceConnections' && mayApprove;
  return {
    id,
    name: partsOf(id).name,
    type,
    owner: put.id.id,
    properties: {
      provisioningState: 'Succeeded',
      privateEndpoint: { id: put.id.id },
      groupIds: [request.group.id],
      privateLinkServiceConnectionState: approved
        ? { status: 'Approved', description: 'Auto-approved', actionsRequired: 'None' }
        : { status: 'Pending', description: request.message, actionsRequired: 'None' },
    },
  };
}

function linkOf(stored: Properties): { target: ResourceId; group: string; type: ResourceType } | undefined {
  const [only] = [
    ...(stored.privateLinkServiceConnections ?? []),
    ...(stored.manualPrivateLinkServiceConnections ?? []),
  ];
  const target = only?.properties?.privateLinkServiceId;
  const link = target === undefined ? undefined : linkTarget(partsOf(target).type);
  if (target === undefined || !link) return undefined;
  const wanted = only?.properties?.groupIds?.[0] ?? '';
  const group = link.groups.find((candidate) => sameId(candidate.id, wanted))?.id ?? wanted;
  return { target: target as ResourceId, group, type: connectionType(link) };
}
