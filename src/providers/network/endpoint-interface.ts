/**
 * The network interface of a private endpoint: made, kept and deleted with it, one address a member.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { groupOf, keyOf, partsOf, type ResourceId, sameId } from '../../arm/id.ts';
import type { Draft, Put } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { formatIp, type Ip, parseIp } from '../../lib/ip.ts';
import { asList, asText, type JsonObject, member } from '../../lib/json.ts';
import { parseUuid, uuidV5 } from '../../lib/uuid.ts';
import type { LinkGroup, LinkMember } from '../private-link/target.ts';
import { allocate } from './addresses.ts';
import type { EndpointProperties } from './endpoint-shape.ts';
import { networkInterfaceType } from './network-interfaces.ts';

/** The id of an endpoint's interface. */
export function interfaceId(endpoint: ResourceId, stored: EndpointProperties): ResourceId {
  const { name } = partsOf(endpoint);
  const given = stored.customNetworkInterfaceName ?? `${name}.nic.${idFor(endpoint)}`;
  return `${groupOf(endpoint)}/providers/${networkInterfaceType}/${given}` as ResourceId;
}

/** Tells endpoints of one name apart. */
export function idFor(endpoint: string): string {
  const space = parseUuid('6ba7b814-9dad-11d1-80b4-00c04fd430c8');
  return space ? uuidV5(space, keyOf(endpoint)) : '';
}

/** The interface with an address a member. */
export function interfaceDraft(
  put: Put<EndpointProperties>,
  read: Read,
  group: LinkGroup,
  members: readonly LinkMember[],
): Draft {
  const { subnet, applicationSecurityGroups = [] } = put.properties;
  const id = interfaceId(put.id.id, put.properties);
  const had = configurationsOf(read.get(id));
  const rehearsed = configurationsOf(put.rehearsed?.get(id));
  const wanted = staticAddresses(put.properties, group, members);
  checkInterface(id, put, read, had, wanted);
  const addresses = allocate(
    read,
    subnet.id,
    id,
    members.map(({ name }) => ({
      exactly: wanted.get(name),
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

/** Static addresses by member; a name may be left out where there is only one member. */
function staticAddresses(
  { ipConfigurations = [] }: EndpointProperties,
  group: LinkGroup,
  members: readonly LinkMember[],
): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const [at, { properties: wish }] of ipConfigurations.entries()) {
    const [only, ...others] = members;
    const given = wish?.memberName ?? (others.length === 0 ? only?.name : undefined);
    const found = members.find((item) => sameId(item.name, given ?? ''));
    const target = `properties.ipConfigurations[${at}].properties.memberName`;
    const names = members.map((item) => item.name).join(', ');
    if (!found || (wish?.groupId !== undefined && !sameId(wish.groupId, group.id))) {
      throw new ArmError(
        'InvalidParameter',
        `${target} is '${given ?? ''}' of ${wish?.groupId ?? group.id}; ${group.id} has the members ${names}.`,
        { target },
      );
    }
    if (wanted.has(found.name)) {
      const message = `${target}: the member '${found.name}' is listed twice.`;
      throw new ArmError('InvalidParameter', message, { target });
    }
    if (wish) wanted.set(found.name, wish.privateIPAddress);
  }
  return wanted;
}

/** The interface is the endpoint's own, and its addresses never change (PE-6). */
function checkInterface(
  id: ResourceId,
  put: Put<EndpointProperties>,
  read: Read,
  had: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): void {
  const there = read.get(id);
  if (there && !sameId(there.owner ?? '', put.id.id)) {
    throw new ArmError(
      'Conflict',
      `Network interface ${id} exists already. Give customNetworkInterfaceName another name.`,
      { target: 'properties.customNetworkInterfaceName' },
    );
  }
  for (const [name, address] of wanted) {
    const before = had.get(name);
    if (before === undefined || before === address) continue;
    throw new ArmError(
      'InvalidParameter',
      `Member ${name} has the address ${before} for as long as the endpoint lives. Delete it and create it anew.`,
      { target: 'properties.ipConfigurations' },
    );
  }
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

/** `customDnsConfigs`: every name and its address. */
export function dnsConfigs(nic: Draft): JsonObject[] {
  return asList(nic.properties['ipConfigurations']).flatMap((entry) => {
    const inner = member(entry, 'properties');
    const address = asText(member(inner, 'privateIPAddress')) ?? '';
    const names = asList(member(member(inner, 'privateLinkConnectionProperties'), 'fqdns'));
    return parseIp(address) === undefined ? [] : names.map((fqdn) => ({ fqdn, ipAddresses: [address] }));
  });
}
