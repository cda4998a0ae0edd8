/**
 * Random estates and questions from a seed: small, dense, and wrong in every way that an estate can be wrong.
 *
 * @module
 */

import { fqdn } from '../../src/lib/fqdn.ts';
import { type Ip, ip } from '../../src/lib/ip.ts';
import type { Caller } from '../../src/net/callers.ts';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import type { Aim, Question } from '../../src/verify/reach/question.ts';
import type { Dice } from '../../src/verify/sets/rules.testing.ts';
import {
  assign,
  balancer,
  compute,
  dnsServer,
  type Facts,
  ids,
  link,
  manager,
  natGateway,
  nsg,
  onlineEndpoint,
  opaque,
  peering,
  privateEndpoint,
  publicIp,
  registry,
  role,
  servicePolicy,
  site,
  storage,
  subnet,
  udr,
  vault,
  vm,
  vnet,
  workspace,
  zone,
} from './network.ts';

const homes = ['hub', 'a', 'b'] as const;
const blocks = { hub: '10.0', a: '10.1', b: '10.2' } as const;
type Home = (typeof homes)[number];

const blob = 'privatelink.blob.core.windows.net';
const file = 'privatelink.file.core.windows.net';
const vaults = 'privatelink.vaultcore.azure.net';
const books = 'privatelink.api.azureml.ms';

/** The facts of an estate. */
export function estate(dice: Dice): Facts[] {
  return [
    homes.map((home) => networkOf(dice, home)),
    joins(dice),
    ['one', 'two', 'three', 'four'].map((name) => nsg(name, ...rules(dice))),
    ['one', 'two', 'three'].map((name) => udr(name, ...routes(dice))),
    udr('spokes', '10.1.0.0/16 -> 10.0.1.4', '10.2.0.0/16 -> 10.0.1.4'),
    servicePolicy('own', ids.storage('acct')),
    servicePolicy('others', dice.pick([ids.storage('other'), alias, alias])),
    machines(dice),
    managers(dice),
    balancers(dice),
    dice.chance(0.7) ? natGateway('nat', 'nat-ip') : [],
    services(dice),
    privateEndpoints(dice),
    zones(dice),
    outside(dice),
    rights(dice),
  ];
}

function networkOf(dice: Dice, home: Home): Facts {
  const base = blocks[home];
  const options = (): Parameters<typeof subnet>[2] => ({
    ...(dice.chance(0.5) ? { nsg: dice.pick(['one', 'two', 'three', 'lost']) } : {}),
    ...(dice.chance(0.5) ? { udr: dice.pick(['one', 'two', 'three', 'spokes', 'spokes']) } : {}),
    ...(dice.chance(0.06) ? { nat: 'nat' } : {}),
    ...(dice.chance(0.5) ? { policies: dice.pick(['gates', 'routes', 'both']) } : {}),
    ...(dice.chance(0.4)
      ? {
          serviceEndpoints: [
            dice.pick(['Microsoft.Storage', 'Microsoft.Storage', 'Microsoft.KeyVault', 'Microsoft.Nonsense']),
          ],
        }
      : {}),
    ...(dice.chance(0.5) ? { servicePolicies: dice.pick(policies) } : {}),
    ...(dice.chance(0.3) ? { outbound: false } : {}),
  });
  const dns = dice.chance(0.4)
    ? [{ dns: dice.pick(['10.0.1.9', '10.0.1.9', '168.63.129.16', '10.1.1.77', '10.0.1.77,10.0.1.9']) }]
    : [];
  return vnet(
    home,
    `${base}.0.0/16`,
    ...dns,
    subnet('x', `${base}.1.0/24`, options()),
    subnet('y', `${base}.2.0/26`, options()),
    subnet('pe', `${base}.3.0/24`, options()),
  );
}

const policies = [['own'], ['others'], ['others'], ['others', 'own'], ['others', 'lost']];
const alias = '/services/Azure/MachineLearning';

function joins(dice: Dice): Facts {
  const side = (from: string, to: string): Facts =>
    dice.chance(0.06)
      ? []
      : peering(from, to, {
          access: dice.chance(0.92),
          forwarded: dice.chance(0.6),
          state: dice.chance(0.92) ? 'Connected' : dice.pick(['Initiated', 'Disconnected']),
        });
  return [
    side('hub', 'a'),
    side('a', 'hub'),
    side('hub', 'b'),
    side('b', 'hub'),
    dice.chance(0.1) ? peering('a', 'stranger') : [],
  ];
}

function rules(dice: Dice): string[] {
  const side = (): string =>
    dice.pick([
      '*',
      '*',
      'VirtualNetwork',
      'Internet',
      '10.1.0.0/16',
      '10.0.1.0/28',
      '10.1.1.0/25',
      '10.0.3.0/24,10.1.3.0/24',
      '203.0.113.0/24',
      'Storage',
      'asg:web',
      dice.chance(0.3) ? 'Nonsense' : 'AzureKeyVault.eastus',
    ]);
  const lines = Array.from({ length: 1 + dice.below(4) }, (_, at) => {
    const action = dice.chance(0.55) ? 'Allow' : 'Deny';
    const way = dice.chance(0.5) ? 'In' : 'Out';
    const ports = dice.pick(['443', '22,3389', '443-450', '1000-2000', '*', '80', '53']);
    const own = dice.chance(0.25) ? ' source-port 49152-65535' : '';
    const protocol = dice.pick(['tcp', 'tcp', 'udp', '*']);
    return `${100 + at} ${action} ${way} ${protocol} ${ports} from ${side()} to ${side()}${own}`;
  });
  if (dice.chance(0.15)) lines.push('300 Deny Out * * from * to AzurePlatformDNS');
  return lines;
}

/** Admin rules: few and wide, because what the first denies nothing else can decide. */
function managers(dice: Dice): Facts {
  if (!dice.chance(0.6)) return [];
  const side = (): string => dice.pick(['*', '*', '10.1.0.0/16', 'VirtualNetwork', 'Internet', 'group:base']);
  const line = (priority: number): string => {
    const word = dice.pick(['Allow', 'Allow', 'AlwaysAllow', 'AlwaysAllow', 'Deny']);
    const ports = dice.pick(['*', '*', '443', '22-1024', '53']);
    return `${priority} ${word} ${dice.pick(['In', 'Out'])} * ${ports} from ${side()} to ${side()}`;
  };
  const members = homes.filter(() => dice.chance(0.6));
  const regions = dice.chance(0.5) ? { regions: ['westeurope'] } : {};
  return [
    manager('base', members, regions, line(10), line(20), line(30)),
    dice.chance(0.3) ? manager('top', ['a'], { upper: true }, line(40)) : [],
    dice.chance(0.1) ? manager('lost', [], { lost: true }, '9 Deny Out udp 53 from * to *') : [],
  ];
}

function routes(dice: Dice): string[] {
  const hop = (): string =>
    dice.pick(['10.0.1.4', '10.0.1.4', '10.0.1.4', '10.1.1.4', '10.0.1.99', 'None', 'Internet', 'Gateway']);
  const wanted = [
    '0.0.0.0/0',
    '10.0.0.0/16',
    '10.1.0.0/16',
    '10.1.3.0/24',
    '10.0.3.5',
    '10.2.0.0/16',
    'Storage',
  ];
  const to = wanted.filter(() => dice.chance(0.3));
  if (dice.chance(0.06)) to.push('Nonsense');
  return to.map((target) => `${target} -> ${hop()}`);
}

/** A private frontend and a public one, for the machines of one network. */
function balancers(dice: Dice): Facts {
  const probe = (): string => dice.pick(['', ' probe 443', ' probe 80']);
  return [
    balancer('inner', {
      frontends: ['f 10.1.1.50 in a/x'],
      pools: ['p'],
      rules: [
        `web: f tcp 443 -> 80 p${probe()}`,
        `admin: f ${dice.pick(['tcp', '*'])} 22 -> p`,
        `wide: f tcp 1000-2000 -> p${probe()}`,
      ],
    }),
    balancer('outer', {
      ...(dice.chance(0.3) ? { basic: true } : {}),
      frontends: ['g public lb-ip'],
      pools: ['q'],
      rules: [`web: g tcp 443 -> 8443 q${dice.chance(0.5) ? ' no-snat' : ''}`, 'ssh: g tcp 50022 -> 22 #ssh'],
      outbound: dice.chance(0.4) ? ['out: g tcp q'] : [],
    }),
  ];
}

function machines(dice: Dice): Facts {
  const behind = (): object =>
    dice.chance(0.8)
      ? {
          behind: dice.pick([
            ['inner/p'],
            ['inner/p'],
            ['outer/q'],
            ['inner/p', 'outer/q'],
            ['outer#ssh'],
            ['lost/p'],
          ]),
        }
      : {};
  const gate = (): object => (dice.chance(0.3) ? { nsg: dice.pick(['two', 'three', 'four']) } : {});
  return [
    vm('fw', 'hub/x', '10.0.1.4', { ...(dice.chance(0.85) ? { forwarding: true } : {}), ...gate() }),
    vm('dns', 'hub/x', '10.0.1.9', gate()),
    vm('web', 'a/x', '10.1.1.4', {
      asgs: ['web'],
      ...behind(),
      public: dice.pick(['web-ip', 'web-ip', '!lost-ip']),
      ...gate(),
    }),
    vm('app', 'a/y', '10.1.2.5', {
      ...behind(),
      ...(dice.chance(0.3) ? { dns: '10.0.1.9' } : {}),
      ...gate(),
    }),
    vm('db', 'b/x', '10.2.1.8', { ...gate(), ...(dice.chance(0.2) ? { public: 'db-ip' } : {}) }),
  ];
}

function services(dice: Dice): Facts {
  const door = (): Parameters<typeof storage>[1] => ({
    ...(dice.chance(0.3) ? { closed: true } : {}),
    ...(dice.chance(0.5)
      ? {
          deny: true,
          allow: dice.chance(0.6) ? ['203.0.113.0/28', '198.19.0.0/17'] : [],
          subnets: dice.chance(0.5) ? ['a/x', 'b/y'] : [],
        }
      : {}),
  });
  return [
    storage('acct', door()),
    vault('kv', { ...door(), ...(dice.chance(0.3) ? { policies: ['alice:get,list'] } : {}) }),
    registry('cr', door()),
    workspace('ml', door()),
    onlineEndpoint('ml', 'score', dice.chance(0.5) ? { ...door(), auth: 'key' } : undefined),
  ];
}

function privateEndpoints(dice: Dice): Facts {
  const status = (): NonNullable<Parameters<typeof privateEndpoint>[5]> => ({
    status: dice.chance(0.7) ? 'Approved' : dice.pick(['Pending', 'Rejected', 'Disconnected']),
  });
  const maybe = (facts: Facts): Facts => (dice.chance(0.85) ? facts : []);
  return [
    maybe(privateEndpoint('pe-blob', 'hub/pe', '10.0.3.5', ids.storage('acct'), 'blob', status())),
    maybe(privateEndpoint('pe-kv', 'a/pe', '10.1.3.6', ids.vault('kv'), 'vault', status())),
    maybe(
      privateEndpoint('pe-ml', 'a/pe', '10.1.3.8,10.1.3.9', ids.workspace('ml'), 'amlworkspace', status()),
    ),
    maybe(privateEndpoint('pe-lost', 'b/pe', '10.2.3.7', ids.vault('elsewhere'), 'vault', status())),
  ];
}

function zones(dice: Dice): Facts {
  const right = (good: string, ...others: string[]): string => (dice.chance(0.75) ? good : dice.pick(others));
  const links = (name: string): Facts =>
    homes
      .filter(() => dice.chance(0.7))
      .map((home) => link(name, home, dice.chance(0.2) ? { fallback: true } : {}));
  const all: readonly (readonly [string, readonly string[]])[] = [
    [blob, [right('acct A 10.0.3.5', 'acct A 10.1.3.6', 'other A 10.0.3.5')]],
    [file, dice.chance(0.3) ? ['acct A 10.0.3.5'] : []],
    [vaults, [right('kv A 10.1.3.6', 'kv A 10.1.3.99', 'kv TXT -')]],
    [books, ['ml-guid.workspace.eastus A 10.1.3.8', '*.ml-guid.inference.eastus A 10.1.3.9']],
    ['corp.example', ['web A 10.1.1.4', 'www CNAME web.corp.example', 'loop CNAME loop.corp.example']],
  ];
  return all
    .filter(() => dice.chance(0.9))
    .map(([name, records]) => [zone(name, {}, ...records), links(name)]);
}

function outside(dice: Dice): Facts {
  return [
    dice.chance(0.8)
      ? dnsServer(
          'dns',
          { at: 'dns' },
          ['. -> 168.63.129.16', 'corp.example -> 10.0.1.9'].slice(dice.below(2)),
        )
      : [],
    site('office', '192.168.0.0/24', 'internet', { hosts: ['10.0.3.5 acct.blob.core.windows.net'] }),
    site('plant', '192.168.1.0/24', 'vpn/gateway'),
    dice.chance(0.15) ? opaque('Microsoft.Network/virtualHubs', 'gateway') : [],
    dice.chance(0.15) ? opaque('Microsoft.ContainerService/managedClusters', 'aks') : [],
    opaque('Microsoft.MachineLearningServices/workspaces/computes', 'cpu', 'compute/cpu'),
    computes(dice),
  ];
}

function computes(dice: Dice): Facts {
  const home = (): string => `${dice.pick(homes)}/${dice.pick(['x', 'y'])}`;
  return [
    compute('ml', 'nodes', { subnet: home(), ...(dice.chance(0.5) ? { shown: true } : {}) }),
    dice.chance(0.5) ? compute('ml', 'loose', { shown: true }) : [],
  ];
}

function rights(dice: Dice): Facts {
  const scope = dice.pick(['/subscriptions/s', ids.storage('acct'), ids.vault('kv')]);
  return [
    role('reader', { actions: ['*/read'], dataActions: ['Microsoft.Storage/*/read'] }),
    role('officer', {
      actions: ['*'],
      dataActions: ['*'],
      notDataActions: ['Microsoft.KeyVault/vaults/keys/*'],
    }),
    assign('alice', dice.pick(['reader', 'officer']), scope),
    dice.chance(0.3) ? assign('bob', 'undefined-role', '/subscriptions/s') : [],
  ];
}

const names = [
  'acct.blob.core.windows.net',
  'acct.file.core.windows.net',
  'kv.vault.azure.net',
  'cr.azurecr.io',
  'ml-guid.workspace.eastus.api.azureml.ms',
  'score.eastus.inference.ml.azure.com',
  'management.azure.com',
  'web.corp.example',
  'www.corp.example',
  'loop.corp.example',
  'nobody.privatelink.vaultcore.azure.net',
  'pypi.org',
];
const addresses = [
  '10.0.1.4',
  '10.0.1.9',
  '10.1.1.4',
  '10.1.2.5',
  '10.2.1.8',
  '10.0.3.5',
  '10.1.3.6',
  '10.1.3.8',
  '10.2.3.7',
  '10.1.1.77',
  '10.1.1.50',
  '10.1.1.50',
  '192.168.1.9',
  '203.0.113.9',
  '168.63.129.16',
  '169.254.169.254',
];

/** A question about an estate, one in four of them about whole blocks of addresses. */
export function question(dice: Dice, network: Network): Question {
  const from = dice.pick(new Names(network).places());
  const as = callers(dice);
  return { from, to: aim(dice, network), ...(as ? { as } : {}) };
}

function aim(dice: Dice, network: Network): Aim {
  const at = (address: Ip, label: string): Aim => ({ kind: 'address', label, address });
  if (dice.chance(0.25)) {
    const [label, low, high] = dice.pick([
      ['anything', 0, 2 ** 32 - 1],
      ['10.0.0.0/14', ip('10.0.0.0'), ip('10.3.255.255')],
      ['198.18.0.0/15', ip('198.18.0.0'), ip('198.19.255.255')],
    ] as const);
    return { kind: 'addresses', label, addresses: [[low, high]] };
  }
  if (dice.chance(0.65)) {
    const name = dice.pick(names);
    return { kind: 'name', label: name, name: fqdn(name) };
  }
  if (dice.chance(0.2)) return at(publicIp(dice.pick(['web-ip', 'db-ip', 'lb-ip'])), 'a public address');
  if (dice.chance(0.3)) return at(ip('10.1.1.50'), 'a load balancer');
  const known = [...network.services.values()].map((service) => service.address);
  if (dice.chance(0.1)) return at(dice.pick(known), 'the address of a service');
  const text = dice.pick(addresses);
  return at(ip(text), text);
}

function callers(dice: Dice): Caller | undefined {
  if (dice.chance(0.35)) return undefined;
  return dice.pick<Caller>([
    { kind: 'anonymous', label: 'anonymous' },
    { kind: 'key', label: 'key' },
    { kind: 'principal', label: 'alice', objectId: 'alice' },
    { kind: 'principal', label: 'bob', objectId: 'bob' },
  ]);
}
