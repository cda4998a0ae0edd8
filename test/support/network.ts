/**
 * Networks written by hand: one short line a resource. Everything lives in subscription `s`, resource group `rg`.
 *
 * `network(vnet('hub', '10.0.0.0/16', subnet('a', '10.0.1.0/24')), vm('one', 'hub/a', '10.0.1.4'))`
 *
 * @module
 */

import { fqdn } from '../../src/lib/fqdn.ts';
import { type Intervals, union } from '../../src/lib/intervals.ts';
import { type Ip, ip, type Prefix, prefix } from '../../src/lib/ip.ts';
import { parsePorts } from '../../src/lib/ports.ts';
import type { Permission } from '../../src/lib/rights.ts';
import type {
  AccessFact,
  AddressSpec,
  AdminAccess,
  BalancerRule,
  ConnectionFact,
  DoorFact,
  Fact,
  PeeringFact,
  RecordFact,
  RouteHop,
  SecurityRule,
  ServiceFact,
  SubnetFact,
  Surface,
} from '../../src/net/facts.ts';
import { protocolSet } from '../../src/net/gates.ts';
import { link as join } from '../../src/net/link.ts';
import type { Network } from '../../src/net/model.ts';
import { customerAddressOf } from '../../src/net/tags.ts';

/** Facts, however deep: builders of several facts answer a list. */
export type Facts = Fact | readonly Facts[];

/** Compiles facts. */
export function network(...facts: readonly Facts[]): Network {
  return join(flat(facts)).network;
}

/** Facts in one list. */
export function flat(facts: Facts): Fact[] {
  return isList(facts) ? facts.flatMap(flat) : [facts];
}

function isList(facts: Facts): facts is readonly Facts[] {
  return Array.isArray(facts);
}

/** The id of a resource: `idOf('Microsoft.Network/virtualNetworks', 'hub')`. */
export function idOf(type: string, name: string, group = 'rg'): string {
  return `/subscriptions/s/resourceGroups/${group}/providers/${type}/${name}`;
}

const vnets = 'Microsoft.Network/virtualNetworks';
const vnetId = (name: string): string => idOf(vnets, name);
/** `hub/a` is the subnet `a` of `hub`. */
export const subnetId = (path: string): string =>
  `${vnetId(path.split('/')[0] ?? '')}/subnets/${path.split('/')[1]}`;
const gateId = (name: string): string => idOf('Microsoft.Network/networkSecurityGroups', name);
const tableId = (name: string): string => idOf('Microsoft.Network/routeTables', name);
const groupId = (name: string): string => idOf('Microsoft.Network/applicationSecurityGroups', name);
const publicId = (name: string): string => idOf('Microsoft.Network/publicIPAddresses', name);
const policyId = (name: string): string => idOf('Microsoft.Network/serviceEndpointPolicies', name);
const machineId = (name: string): string => idOf('Microsoft.Compute/virtualMachines', name);

/** A virtual network and its subnets. Address space and DNS servers are lists with commas. */
export function vnet(
  name: string,
  space: string,
  ...parts: readonly (SubnetPart | { readonly dns: string })[]
): Facts {
  const dns = parts.flatMap((part) => ('dns' in part ? part.dns.split(',') : []));
  const subnets = parts.flatMap((part) => ('dns' in part ? [] : [part.in(name)]));
  return [
    {
      kind: 'vnet',
      id: vnetId(name),
      location: 'eastus',
      prefixes: space.split(',').map(prefix),
      dnsServers: dns.map(ip),
    },
    subnets,
  ];
}

interface SubnetPart {
  readonly in: (vnet: string) => SubnetFact;
}

/** A subnet. `policies` are the halves of the network policies that apply to private endpoints. */
export function subnet(
  name: string,
  space: string,
  options: {
    readonly nsg?: string;
    readonly udr?: string;
    readonly nat?: string;
    readonly policies?: 'gates' | 'routes' | 'both';
    /** `Microsoft.Storage@westus`: with a location. */
    readonly serviceEndpoints?: readonly string[];
    readonly outbound?: false;
    readonly servicePolicies?: readonly string[];
  } = {},
): SubnetPart {
  const { nsg, udr, nat, policies } = options;
  return {
    in: (home) => ({
      kind: 'subnet',
      id: subnetId(`${home}/${name}`),
      vnet: vnetId(home),
      prefixes: space.split(',').map(prefix),
      gate: nsg === undefined ? undefined : gateId(nsg),
      routes: udr === undefined ? undefined : tableId(udr),
      natGateway: nat === undefined ? undefined : idOf('Microsoft.Network/natGateways', nat),
      endpointPolicies: {
        gates: policies === 'gates' || policies === 'both',
        routes: policies === 'routes' || policies === 'both',
      },
      serviceEndpoints: (options.serviceEndpoints ?? []).map((text) => {
        const [service = '', ...locations] = text.split('@');
        return { service, locations };
      }),
      servicePolicies: (options.servicePolicies ?? []).map(policyId),
      defaultOutbound: options.outbound ?? true,
    }),
  };
}

/** A service endpoint policy that lists resources by id, or services by alias. */
export function servicePolicy(name: string, ...resources: readonly string[]): Facts {
  const id = policyId(name);
  const definition = `${id}/serviceEndpointPolicyDefinitions/all`;
  return [
    { kind: 'service-policy', id },
    { kind: 'service-policy-definition', id: definition, policy: id, resources },
  ];
}

/** A network security group of rules in one-line notation. */
export function nsg(name: string, ...lines: readonly string[]): Facts {
  const id = gateId(name);
  const rules = lines.map(rule);
  return [
    { kind: 'gate', id },
    rules.map((r): Fact => ({ kind: 'gate-rule', id: `${id}/securityRules/${r.name}`, gate: id, rule: r })),
  ];
}

const notation =
  /^(?<priority>\d+) (?<access>Allow|Deny) (?<direction>In|Out) (?<protocol>\S+)(?: (?<ports>[\d*,-]+))? from (?<from>\S+) to (?<to>\S+)(?: source-port (?<sourcePorts>\S+))?$/;

/**
 * `100 Allow Out tcp 443 from * to Storage`; the rule's name is `AllowOut100`. A side is a list with commas of
 * `*`, prefixes, tags and `asg:<name>`. Without ports: every port.
 */
export function rule(line: string): SecurityRule {
  const words = notation.exec(line)?.groups;
  if (!words) throw new Error(`not a rule: ${line}`);
  const { priority, access, direction, protocol = '*', ports, from = '*', to = '*', sourcePorts } = words;
  return {
    name: `${access}${direction}${priority}`,
    priority: Number(priority),
    direction: direction === 'In' ? 'Inbound' : 'Outbound',
    access: access === 'Allow' ? 'Allow' : 'Deny',
    protocol: protocolSet(protocol),
    source: side(from),
    destination: side(to),
    ports: portSet(ports),
    sourcePorts: portSet(sourcePorts),
  };
}

const managerId = (name: string): string => idOf('Microsoft.Network/networkManagers', name);

/**
 * A network manager with a group `<name>` of networks, and a configuration with one collection `<name>` for it. Lines
 * are rules, with `AlwaysAllow` beside the words of groups, and `group:<name>` for a network group.
 */
export function manager(
  name: string,
  members: readonly string[],
  options: {
    readonly upper?: true;
    /** Regions that it is committed to; absent: all. */
    readonly regions?: readonly string[];
    /** The estate does not have the group. */
    readonly lost?: true;
  },
  ...lines: readonly string[]
): Facts {
  const id = managerId(name);
  const configuration = `${id}/securityAdminConfigurations/c`;
  const collection = `${configuration}/ruleCollections/${name}`;
  return [
    { kind: 'manager', id, upper: options.upper ?? false },
    options.lost ? [] : { kind: 'network-group', id: groupOf(name) },
    members.map((vnet): Fact => {
      const member = `${groupOf(name)}/staticMembers/${vnet}`;
      return { kind: 'group-member', id: member, group: groupOf(name), vnet: vnetId(vnet) };
    }),
    { kind: 'admin-collection', id: collection, configuration, groups: [groupOf(name)] },
    lines.map((line): Fact => {
      const written = rule(line.replace('AlwaysAllow', 'Allow'));
      const access: AdminAccess = line.includes('AlwaysAllow') ? 'AlwaysAllow' : written.access;
      const own = { ...written, access, name: `${access}${written.priority}` };
      return { kind: 'admin-rule', id: `${collection}/rules/${own.name}`, collection, rule: own };
    }),
    { kind: 'admin-commit', configuration, regions: options.regions },
  ];
}

const groupOf = (name: string): string => `${managerId(name)}/networkGroups/${name}`;

export function portSet(text = '*'): Intervals {
  return union(
    text.split(',').map((word) => {
      const parsed = parsePorts(word);
      if (!parsed) throw new Error(`not ports: ${text}`);
      return parsed;
    }),
  );
}

function side(text: string): AddressSpec {
  const words = text.split(',');
  const isPrefix = (word: string): boolean => /^[\d./]+$/.test(word);
  return {
    any: words.includes('*'),
    prefixes: words.filter(isPrefix).map(prefix),
    tags: words.filter((word) => word !== '*' && !isPrefix(word) && !word.includes(':')),
    groups: words.flatMap((word) => {
      const [kind, name = ''] = word.split(':');
      return kind === 'asg' ? [groupId(name)] : kind === 'group' ? [groupOf(name)] : [];
    }),
  };
}

/** A route table of lines `10.0.0.0/8 -> 10.0.0.4`; hops are an address, VnetLocal, Internet, None or Gateway. */
export function udr(name: string, ...lines: readonly string[]): Facts {
  const table = tableId(name);
  return [
    { kind: 'route-table', propagates: true, id: table },
    lines.map((line): Fact => {
      const [to = '', hop = ''] = line.split(' -> ');
      const id = `${table}/routes/${to.replace('/', '-')}`;
      return { kind: 'route', id, table, to: /^\d/.test(to) ? prefix(to) : { tag: to }, hop: hopOf(hop) };
    }),
  ];
}

function hopOf(text: string): RouteHop {
  switch (text) {
    case 'VnetLocal':
    case 'Internet':
    case 'None':
      return text;
    case 'Gateway':
      return 'VirtualNetworkGateway';
    default:
      return { appliance: ip(text) };
  }
}

type PeeringFlags = Partial<
  Pick<PeeringFact, 'access' | 'forwarded' | 'state' | 'transit' | 'remoteGateways'>
>;

/** One side of a peering; its name is `to-<remote>`. */
export function peering(from: string, to: string, flags: PeeringFlags = {}): Facts {
  return {
    kind: 'peering',
    id: `${vnetId(from)}/virtualNetworkPeerings/to-${to}`,
    vnet: vnetId(from),
    remote: vnetId(to),
    access: true,
    forwarded: false,
    transit: false,
    remoteGateways: false,
    state: 'Connected',
    ...flags,
  };
}

/** A load balancer; ids of its items are `<name>/<list>/<item>`. */
export interface BalancerParts {
  readonly basic?: true;
  /** `f 10.0.0.9 in hub/a`, or `g public front-ip`. */
  readonly frontends: readonly string[];
  /** `web: f tcp 80 -> 8080 p probe 8080`, `all: f * * -> p`; `nat: f tcp 50022 -> 22 one` where one is no pool. */
  readonly rules?: readonly string[];
  /** Names of pools, with addresses: `p 10.0.2.4,10.0.2.5`. */
  readonly pools?: readonly string[];
  /** `out: f,g tcp p` */
  readonly outbound?: readonly string[];
}

const balancerId = (name: string): string => idOf('Microsoft.Network/loadBalancers', name);
/** `lb/p` is the pool `p` of `lb`, `lb#ssh` its inbound NAT rule `ssh`. */
const balancedId = (text: string): string =>
  text.includes('#')
    ? `${balancerId(text.split('#')[0] ?? '')}/inboundNatRules/${text.split('#')[1]}`
    : `${balancerId(text.split('/')[0] ?? '')}/backendAddressPools/${text.split('/')[1]}`;

export function balancer(name: string, parts: BalancerParts): Facts {
  const id = balancerId(name);
  const frontendId = (one: string): string => `${id}/frontendIPConfigurations/${one}`;
  const frontends = parts.frontends.map((text) => {
    const [own = '', at = '', , home = ''] = text.split(' ');
    const shown = at === 'public' ? text.split(' ')[2] : undefined;
    return { own, address: shown === undefined ? ip(at) : undefined, home, shown };
  });
  const rules = (parts.rules ?? []).map((line): BalancerRule => {
    const {
      own = '',
      front = '',
      protocol = '*',
      port = '*',
      back,
      to = '',
      probe,
      flags = '',
    } = /^(?<own>\w+): (?<front>\w+) (?<protocol>\S+) (?<port>\S+) -> (?:(?<back>\d+) )?(?<to>[\w#]+)(?: probe (?<probe>\d+))?(?<flags> no-snat)?$/.exec(
      line,
    )?.groups ?? {};
    if (own === '') throw new Error(`not a rule of a load balancer: ${line}`);
    const nat = to.startsWith('#');
    return {
      name: `${nat ? 'inboundNatRules' : 'loadBalancingRules'}/${own}`,
      frontend: frontendId(front),
      protocol: protocolSet(protocol),
      ports: portSet(port),
      backendPort: back === undefined ? undefined : Number(back),
      to: nat ? { natRule: balancedId(`${name}${to}`) } : { pools: [balancedId(`${name}/${to}`)] },
      probe: probe === undefined ? undefined : Number(probe),
      translates: !nat && flags === '',
    };
  });
  return [
    {
      kind: 'balancer',
      id,
      standard: parts.basic !== true,
      frontends: frontends.map(({ own, address, shown }) => ({
        id: frontendId(own),
        address,
        publicAddress: shown === undefined ? undefined : publicId(shown),
      })),
      pools: (parts.pools ?? []).map((text) => {
        const [own = '', list = ''] = text.split(' ');
        const addresses =
          list === '' ? [] : list.split(',').map((one) => ({ vnet: undefined, address: ip(one) }));
        return { id: balancedId(`${name}/${own}`), addresses };
      }),
      rules,
      outbound: (parts.outbound ?? []).map((line) => {
        const [, own = '', fronts = '', protocol = '*', pool = ''] =
          /^(\w+): (\S+) (\S+) (\w+)$/.exec(line) ?? [];
        return {
          name: `outboundRules/${own}`,
          frontends: fronts.split(',').map(frontendId),
          pool: balancedId(`${name}/${pool}`),
          protocol: protocolSet(protocol),
        };
      }),
    },
    frontends.flatMap(({ shown }) => (shown === undefined ? [] : publicAddress(shown))),
    frontends.every(({ address }) => address === undefined)
      ? []
      : {
          kind: 'nic',
          id,
          configurations: frontends.flatMap(({ address, home }) =>
            address === undefined
              ? []
              : [{ subnet: subnetId(home), address, publicAddress: undefined, groups: [] }],
          ),
          gate: undefined,
          dnsServers: [],
          forwarding: false,
          endpoint: undefined,
          runs: 'balancer',
        },
  ];
}

/** A NAT gateway with public addresses. */
export function natGateway(name: string, ...addresses: readonly string[]): Facts {
  return [
    {
      kind: 'nat-gateway',
      id: idOf('Microsoft.Network/natGateways', name),
      publicAddresses: addresses.map(publicId),
      publicPrefixes: [],
    },
    addresses.map(publicAddress),
  ];
}

/** Both sides of a peering. */
export function peered(a: string, b: string, flags: PeeringFlags = {}): Facts {
  return [peering(a, b, flags), peering(b, a, flags)];
}

/** A machine with one interface `<name>-nic`. */
export function vm(
  name: string,
  home: string,
  address: string,
  options: {
    readonly nsg?: string;
    readonly asgs?: readonly string[];
    /** Name of its public address resource; `!name` is one that the estate does not have. */
    readonly public?: string;
    readonly forwarding?: true;
    /** Pools and inbound NAT rules of load balancers: `lb/p`, `lb#ssh`. */
    readonly behind?: readonly string[];
    readonly dns?: string;
  } = {},
): Facts {
  const nic = idOf('Microsoft.Network/networkInterfaces', `${name}-nic`);
  const shown = options.public;
  return [
    {
      kind: 'nic',
      id: nic,
      configurations: [
        {
          subnet: subnetId(home),
          address: ip(address),
          publicAddress: shown === undefined ? undefined : publicId(shown.replace('!', '')),
          groups: (options.asgs ?? []).map(groupId),
          ...(options.behind === undefined ? {} : { balanced: options.behind.map(balancedId) }),
        },
      ],
      gate: options.nsg === undefined ? undefined : gateId(options.nsg),
      dnsServers: (options.dns?.split(',') ?? []).map(ip),
      forwarding: options.forwarding ?? false,
      endpoint: undefined,
    },
    { kind: 'machine', id: machineId(name), nics: [nic] },
    shown === undefined || shown.startsWith('!') ? [] : publicAddress(shown),
  ];
}

/** A public address resource. */
export function publicAddress(name: string): Facts {
  return { kind: 'public-address', id: publicId(name), address: publicIp(name) };
}

/** The address of a public address resource. */
export function publicIp(name: string): Ip {
  return customerAddressOf(publicId(name), () => false);
}

/** A private zone with records `acct A 10.0.0.5`, `x CNAME y.example.org`, `@ TXT -`. Two zones may share a name. */
export function zone(name: string, options: { readonly group?: string }, ...lines: readonly string[]): Facts {
  const id = idOf('Microsoft.Network/privateDnsZones', name, options.group);
  return [
    { kind: 'zone', id, name: fqdn(name) },
    lines.map((line): Fact => {
      const [relative = '', type = '', data = ''] = line.split(' ');
      return {
        kind: 'record',
        id: `${id}/${type}/${relative}`,
        zone: id,
        name: relative,
        ttl: 300,
        data: dataOf(type, data),
      };
    }),
  ];
}

function dataOf(type: string, data: string): RecordFact['data'] {
  if (type === 'A') return { type, addresses: data === '' ? [] : data.split(',').map(ip) };
  if (type === 'CNAME') return { type, to: fqdn(data) };
  if (type === 'TXT') return { type, texts: [[data]] };
  throw new Error(`write records of type A, CNAME or TXT here, not ${type}`);
}

/** A zone's link to a virtual network; its name is `to-<vnet>`. */
export function link(
  name: string,
  home: string,
  options: { readonly group?: string; readonly fallback?: true } = {},
): Facts {
  const id = idOf('Microsoft.Network/privateDnsZones', name, options.group);
  return {
    kind: 'link',
    id: `${id}/virtualNetworkLinks/to-${home}`,
    zone: id,
    vnet: vnetId(home),
    fallback: options.fallback ?? false,
  };
}

/** A private endpoint with its interface and its connection. `addresses` is a list with commas. */
export function privateEndpoint(
  name: string,
  home: string,
  addresses: string,
  target: string,
  group: string,
  options: { readonly status?: ConnectionFact['status']; readonly asgs?: readonly string[] } = {},
): Facts {
  const id = idOf('Microsoft.Network/privateEndpoints', name);
  const connection = `${target}/privateEndpointConnections/${name}`;
  const members = addresses.split(',').map((address) => ({ address: ip(address), fqdns: [] }));
  return [
    { kind: 'endpoint', id, subnet: subnetId(home), target, group, connection, members },
    {
      kind: 'nic',
      id: idOf('Microsoft.Network/networkInterfaces', `${name}.nic`),
      configurations: members.map(({ address }) => ({
        subnet: subnetId(home),
        address,
        publicAddress: undefined,
        groups: (options.asgs ?? []).map(groupId),
      })),
      gate: undefined,
      dnsServers: [],
      forwarding: false,
      endpoint: id,
    },
    { kind: 'connection', id: connection, target, endpoint: id, status: options.status ?? 'Approved' },
  ];
}

interface DoorOptions {
  readonly closed?: true;
  /** Default action Deny. */
  readonly deny?: true;
  readonly allow?: readonly string[];
  readonly subnets?: readonly string[];
}

function door({ closed, deny, allow, subnets }: DoorOptions, addressesFlag: string): DoorFact {
  return {
    publicAccess: closed !== true,
    flag: 'publicNetworkAccess',
    defaultAllow: deny !== true,
    defaultFlag: 'networkAcls.defaultAction',
    addresses: (allow ?? []).map((text): Prefix => prefix(text)),
    addressesFlag,
    subnets: (subnets ?? []).map(subnetId),
  };
}

function service(
  kind: ServiceFact['service'],
  id: string,
  surfaces: readonly Surface[],
  rest: Pick<ServiceFact, 'tag' | 'access'> & Partial<ServiceFact>,
): Facts {
  return {
    kind: 'service',
    id,
    service: kind,
    location: 'eastus',
    surfaces,
    behind: undefined,
    door: undefined,
    aliasNeedsApproval: false,
    ...rest,
  };
}

function surface(group: string, name: string, alias: string): Surface {
  return { group, name: fqdn(name), alias: fqdn(alias), ports: [443] };
}

/** Ids of services, for private endpoints and scopes. */
export const ids = {
  storage: (name: string): string => idOf('Microsoft.Storage/storageAccounts', name),
  vault: (name: string): string => idOf('Microsoft.KeyVault/vaults', name),
  registry: (name: string): string => idOf('Microsoft.ContainerRegistry/registries', name),
  workspace: (name: string): string => idOf('Microsoft.MachineLearningServices/workspaces', name),
  endpoint: (workspace: string, name: string): string =>
    `${ids.workspace(workspace)}/onlineEndpoints/${name}`,
};

/** A storage account with blob and file. */
export function storage(name: string, options: DoorOptions & { readonly location?: string } = {}): Facts {
  const surfaces = ['blob', 'file'].map((kind) =>
    surface(kind, `${name}.${kind}.core.windows.net`, `${name}.privatelink.${kind}.core.windows.net`),
  );
  const operation = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read';
  return service('storage', ids.storage(name), surfaces, {
    tag: 'Storage',
    location: options.location ?? 'eastus',
    door: door(options, 'networkAcls.ipRules'),
    access: { by: 'role', operation, plane: 'data' },
  });
}

/** A key vault. With `policies` (`alice:get,list`) it uses access policies, otherwise roles. */
export function vault(
  name: string,
  options: DoorOptions & { readonly policies?: readonly string[] } = {},
): Facts {
  const operation = 'Microsoft.KeyVault/vaults/secrets/getSecret/action';
  const policies = options.policies?.map((text) => {
    const [objectId = '', secrets = ''] = text.split(':');
    return { objectId, secrets: secrets.split(',') };
  });
  const access: AccessFact = policies
    ? { by: 'policy', permission: 'Get', policies }
    : { by: 'role', operation, plane: 'data' };
  return service(
    'vault',
    ids.vault(name),
    [surface('vault', `${name}.vault.azure.net`, `${name}.privatelink.vaultcore.azure.net`)],
    {
      tag: 'AzureKeyVault',
      door: door(options, 'networkAcls.ipRules'),
      access,
      aliasNeedsApproval: true,
    },
  );
}

/** A container registry: login server and data endpoint. */
export function registry(name: string, options: DoorOptions = {}): Facts {
  return service(
    'registry',
    ids.registry(name),
    [
      surface('registry', `${name}.azurecr.io`, `${name}.privatelink.azurecr.io`),
      surface('registry', `${name}.eastus.data.azurecr.io`, `${name}.eastus.data.privatelink.azurecr.io`),
    ],
    {
      tag: 'AzureContainerRegistry',
      door: door(options, 'networkRuleSet.ipRules'),
      access: { by: 'role', operation: 'Microsoft.ContainerRegistry/registries/pull/read', plane: 'control' },
    },
  );
}

/** A workspace; its guid is its name with `-guid`. */
export function workspace(name: string, options: DoorOptions = {}): Facts {
  const stem = `${name}-guid.workspace.eastus`;
  const book = `ml-${name}-eastus-${name}-guid.eastus`;
  return service(
    'workspace',
    ids.workspace(name),
    [
      surface('amlworkspace', `${stem}.api.azureml.ms`, `${stem}.privatelink.api.azureml.ms`),
      surface('amlworkspace', `${book}.notebooks.azure.net`, `${book}.privatelink.notebooks.azure.net`),
    ],
    {
      tag: 'AzureMachineLearning',
      door: door(options, 'ipAllowlist'),
      access: {
        by: 'role',
        operation: 'Microsoft.MachineLearningServices/workspaces/read',
        plane: 'control',
      },
    },
  );
}

/** An online endpoint behind a workspace. Without options it has no door of its own. */
export function onlineEndpoint(
  home: string,
  name: string,
  options?: DoorOptions & { readonly auth?: 'key' },
): Facts {
  const operation = 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints/score/action';
  return service(
    'endpoint',
    ids.endpoint(home, name),
    [
      surface(
        'amlworkspace',
        `${name}.eastus.inference.ml.azure.com`,
        `${name}.${home}-guid.inference.eastus.privatelink.api.azureml.ms`,
      ),
    ],
    {
      tag: 'AzureMachineLearning',
      behind: ids.workspace(home),
      door: options && door(options, ''),
      access:
        options?.auth === 'key' ? { by: 'key', operation } : { by: 'role', operation, plane: 'control' },
    },
  );
}

/** A role with one permission for each list of patterns: `role('r', {actions: ['*'], notActions: ['x']})`. */
export function role(name: string, ...permissions: readonly Partial<Permission>[]): Facts {
  return {
    kind: 'role',
    id: name,
    name,
    permissions: permissions.map((p) => ({
      actions: [],
      notActions: [],
      dataActions: [],
      notDataActions: [],
      ...p,
    })),
  };
}

/** A role assignment. */
export function assign(principal: string, roleName: string, scope: string): Facts {
  return {
    kind: 'assignment',
    id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${principal}-${roleName}`,
    principal,
    scope,
    role: `/providers/Microsoft.Authorization/roleDefinitions/${roleName}`,
  };
}

/** A DNS server of cloister.yaml. `forward` lines: `. -> 168.63.129.16`; `records` lines: `name address`. */
export function dnsServer(
  name: string,
  where: { readonly address: string } | { readonly at: string },
  forward: readonly string[] = [],
  records: readonly string[] = [],
): Facts {
  return {
    kind: 'dns-server',
    name,
    address: 'address' in where ? ip(where.address) : undefined,
    at: 'at' in where ? machineId(where.at) : undefined,
    forward: forward.map((line) => {
      const [suffix = '', to = ''] = line.split(' -> ');
      return { suffix: suffix === '.' ? '.' : fqdn(suffix), to: to === '' ? [] : to.split(',').map(ip) };
    }),
    records: records.map((line) => {
      const [record = '', address = ''] = line.split(' ');
      return { name: fqdn(record), address: ip(address) };
    }),
  };
}

/** A network outside Azure. `hosts` lines: `address name`. */
export function site(
  name: string,
  prefixes: string,
  via: string,
  options: { readonly dns?: string; readonly hosts?: readonly string[] } = {},
): Facts {
  return {
    kind: 'site',
    name,
    prefixes: prefixes.split(',').map(prefix),
    via,
    region: undefined,
    dns: options.dns,
    hosts: (options.hosts ?? []).map((line) => {
      const [address = '', host = ''] = line.split(' ');
      return { text: line, entries: [{ address: ip(address), name: fqdn(host) }], problem: undefined };
    }),
    proxy: undefined,
    doh: false,
  };
}

/** A compute of a workspace, in a subnet or in none; `shown`: its machines have public addresses. */
export function compute(
  home: string,
  name: string,
  options: { readonly subnet?: string; readonly shown?: true } = {},
): Facts {
  return {
    kind: 'workload',
    id: `${ids.workspace(home)}/computes/${name}`,
    type: 'Microsoft.MachineLearningServices/workspaces/computes',
    place: `compute/${home}/${name}`,
    subnet: options.subnet === undefined ? undefined : subnetId(options.subnet),
    workspace: ids.workspace(home),
    location: 'eastus',
    shownBy: options.shown ? 'properties.enableNodePublicIp' : undefined,
  };
}

/** A resource that is only stored; with `place` it also sends. */
export function opaque(type: string, name: string, place?: string): Facts {
  return { kind: 'opaque', id: idOf(type, name), type, place };
}
