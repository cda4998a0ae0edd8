/**
 * Private endpoints: a network interface in a subnet, bound to one sub-resource of one service
 * (docs/semantics/private-endpoints.md).
 *
 * Making one also makes its interface, with one address a member, and the connection on its target: approved at
 * once where the caller may approve there, pending otherwise.
 *
 * @module
 */

import { mayDo } from '../../arm/caller.ts';
import { childId, partsOf, type ResourceId, type ResourceType } from '../../arm/id.ts';
import { type Draft, type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read } from '../../arm/resource.ts';
import { parseIp } from '../../lib/ip.ts';
import { asList, asText, type JsonObject, member } from '../../lib/json.ts';
import { define } from '../define.ts';
import { type ConnectionStatus, connectionType, statusOf } from '../private-link/connections.ts';
import { dnsConfigs, idFor, interfaceDraft, interfaceId } from './endpoint-interface.ts';
import { checkPlace, type EndpointRequest, requestOf } from './endpoint-request.ts';
import { type EndpointProperties, endpointProperties, linkOf } from './endpoint-shape.ts';

export const privateEndpoints = define('Microsoft.Network/privateEndpoints', {
  level: 'modelled',
  located: true,
  properties: endpointProperties,
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
    const stored = propertiesOf(endpointProperties, resource);
    const nic = read.get(interfaceId(resource.id, stored));
    const link = linkOf(stored);
    const connection = link && read.get(connectionIdOf(resource.id, link.target, link.type));
    const status: ConnectionStatus = connection ? statusOf(connection) : 'Disconnected';
    const state = member(connection?.properties, 'privateLinkServiceConnectionState') ?? {
      status,
      description: 'The connection was removed on the service',
      actionsRequired: 'None',
    };
    const asked = (list: EndpointProperties['privateLinkServiceConnections']): JsonObject[] =>
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
    const stored = propertiesOf(endpointProperties, resource);
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
      {
        kind: 'endpoint-request',
        id: resource.id,
        location: resource.location ?? '',
        manual: (stored.manualPrivateLinkServiceConnections ?? []).length > 0,
      },
    ];
  },
});

/** The connection's id on the target: the endpoint's name, and a suffix that tells two of the same name apart. */
function connectionIdOf(endpoint: ResourceId, target: string, type: ResourceType): ResourceId {
  const segment = type.split('/').at(-1) ?? '';
  return childId(target, segment, `${partsOf(endpoint).name}.${idFor(endpoint)}`);
}

/** A connection that exists keeps its state: a repeated PUT does not approve what was rejected. */
function connectionDraft(
  put: Put<EndpointProperties>,
  read: Read,
  request: EndpointRequest,
): Draft | undefined {
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
