/**
 * The parts of a managed network: a security group or a firewall made of its outbound rules, and private endpoints with
 * their zones.
 *
 * @module
 */

import type { Intervals } from '../lib/intervals.ts';
import { type Ip, ip, ipAt, prefix } from '../lib/ip.ts';
import { type IdKey, keyOf, nameOf } from '../lib/key.ts';
import { anyPort } from '../lib/ports.ts';
import { virtualNetworkTag } from './azure.ts';
import type {
  AddressSpec,
  EndpointFact,
  Fact,
  FirewallNetworkRule,
  ManagedRuleFact,
  NicFact,
  SecurityRule,
  ServiceFact,
  Surface,
} from './facts.ts';
import { customerAddressOf } from './tags.ts';

/** Address space of every managed network. */
export const space = prefix('100.127.0.0/16');
/** Its subnets. */
export const homes = {
  computes: prefix('100.127.0.0/17'),
  endpoints: prefix('100.127.128.0/24'),
  AzureFirewallSubnet: prefix('100.127.192.0/26'),
} as const;
const firewallAddress = ip('100.127.192.4');
/** Azure keeps the first four addresses of a subnet. */
const firstFree = 4;
/** Requests by name are HTTP ones. Source: https://learn.microsoft.com/azure/machine-learning/how-to-managed-network */
const namedPorts: Intervals = [
  [80, 80],
  [443, 443],
];
const priorities = { deny: 100, allow: 200, last: 4096 } as const;

/** Tags are approved by a security group; what is in no rule is denied. */
export function gateFacts(gate: string, rules: readonly ManagedRuleFact[]): readonly Fact[] {
  const any: AddressSpec = { any: true, prefixes: [], tags: [], groups: [] };
  const row = (
    id: string,
    name: string,
    rest: Pick<SecurityRule, 'priority' | 'access' | 'protocol' | 'destination' | 'ports'>,
  ): Fact => ({
    kind: 'gate-rule',
    id,
    gate,
    rule: { name, direction: 'Outbound', source: any, sourcePorts: anyPort, ...rest },
  });
  return [
    { kind: 'gate', id: gate },
    ...rules.flatMap(({ id, name, to }) => {
      if (to.kind !== 'tag') return [];
      const { access, protocol, ports, tag, prefixes } = to;
      const destination = { any: false, prefixes, tags: prefixes.length > 0 ? [] : [tag], groups: [] };
      const priority = access === 'Deny' ? priorities.deny : priorities.allow;
      return [row(id, name, { priority, access, protocol, destination, ports })];
    }),
    row(`${gate}/unapproved`, 'unapproved', {
      priority: priorities.last,
      access: 'Deny',
      protocol: undefined,
      destination: { any: false, prefixes: [], tags: ['Internet'], groups: [] },
      ports: anyPort,
    }),
  ];
}

/** Host names are approved by a firewall that everything goes through: tags are rules of it, too. */
export function firewallFacts(
  vnet: string,
  routes: string,
  rulesId: string,
  rules: readonly ManagedRuleFact[],
): readonly Fact[] {
  const firewall = `${vnet}/azureFirewalls/firewall`;
  const shown = `${firewall}/publicIPAddress`;
  const all = { any: true, prefixes: [], tags: [], groups: [] };
  const network = (access: 'Allow' | 'Deny'): readonly FirewallNetworkRule[] =>
    rules.flatMap(({ name, to }): FirewallNetworkRule[] => {
      if (to.kind !== 'tag' || to.access !== access || to.tag === virtualNetworkTag) return [];
      const tags = to.prefixes.length > 0 ? [] : [to.tag];
      const destination = { any: false, prefixes: to.prefixes, tags, groups: [] };
      return [{ name, protocol: to.protocol, source: all, destination, names: [], ports: to.ports }];
    });
  const application = rules.flatMap(({ name, to }) =>
    to.kind === 'name' ? [{ name, source: all, names: [to.pattern], tags: [], ports: namedPorts }] : [],
  );
  return [
    { kind: 'route-table', id: routes, propagates: true },
    {
      kind: 'route',
      id: `${routes}/routes/all`,
      table: routes,
      to: prefix('0.0.0.0/0'),
      hop: { appliance: firewallAddress },
    },
    { kind: 'firewall', id: firewall, policy: undefined, dns: undefined },
    { ...nicFact(firewall, `${vnet}/subnets/AzureFirewallSubnet`, firewallAddress, shown), runs: 'firewall' },
    { kind: 'public-address', id: shown, address: customerAddressOf(shown, () => false) },
    {
      kind: 'firewall-collection',
      id: rulesId,
      owner: firewall,
      order: [0, priorities.deny],
      action: 'deny',
      network: network('Deny'),
      application: [],
    },
    {
      kind: 'firewall-collection',
      id: rulesId,
      owner: firewall,
      order: [0, priorities.allow],
      action: 'allow',
      network: network('Allow'),
      application,
    },
  ];
}

function nicFact(id: string, subnet: string, address: Ip, publicAddress: string | undefined): NicFact {
  const configurations = [{ subnet, address, publicAddress, groups: [] }];
  return {
    kind: 'nic',
    id,
    configurations,
    gate: undefined,
    dnsServers: [],
    forwarding: false,
    endpoint: undefined,
  };
}

/** Private endpoints with their zones: one address each, for all names of the sub-resource. */
export function endpointFacts(
  vnet: string,
  rules: readonly ManagedRuleFact[],
  services: ReadonlyMap<IdKey, readonly ServiceFact[]>,
): readonly Fact[] {
  const reached = rules.flatMap(({ id, to }) => (to.kind === 'endpoint' ? [{ id, to }] : []));
  return reached.flatMap(({ id, to }, at): Fact[] => {
    const address = ipAt(homes.endpoints.base, firstFree + at);
    const subnet = `${vnet}/subnets/endpoints`;
    const surfaces = (services.get(keyOf(to.target)) ?? []).flatMap((service) =>
      service.surfaces.filter(({ group }) => group === to.group),
    );
    const endpoint: EndpointFact = {
      kind: 'endpoint',
      id,
      subnet,
      target: to.target,
      group: to.group,
      connection: to.connection ?? `${id}/privateEndpointConnections/own`,
      members: [{ address, fqdns: surfaces.map(({ name }) => name) }],
      managed: true,
    };
    return [
      endpoint,
      { ...nicFact(`${vnet}/networkInterfaces/${nameOf(id)}`, subnet, address, undefined), endpoint: id },
      ...(to.connection === undefined
        ? [
            {
              kind: 'connection',
              id: endpoint.connection,
              target: to.target,
              endpoint: id,
              status: 'Approved',
              managed: true,
            } as const,
          ]
        : []),
      ...surfaces.flatMap((surface) => nameFacts(vnet, surface, address)),
    ];
  });
}

/** A zone for each name, which only this network sees: it is private whatever the public name is an alias of. */
function nameFacts(vnet: string, { name }: Surface, address: Ip): readonly Fact[] {
  const zone = `${vnet}/privateDnsZones/${name}`;
  return [
    { kind: 'zone', id: zone, name, managed: true },
    { kind: 'link', id: `${zone}/link`, zone, vnet, fallback: false },
    {
      kind: 'record',
      id: `${zone}/A/@`,
      zone,
      name: '@',
      ttl: 10,
      data: { type: 'A', addresses: [address] },
    },
  ];
}
