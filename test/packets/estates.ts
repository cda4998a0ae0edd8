/**
 * Estates for packets: those that the proof is tested with, and networks beside them that have the same addresses.
 *
 * @module
 */

import type { Fact } from '../../src/net/facts.ts';
import type { Dice } from '../../src/verify/sets/rules.testing.ts';
import { firewall } from '../support/carriers.ts';
import { estate } from '../support/estates.ts';
import {
  balancer,
  type Facts,
  flat,
  ids,
  natGateway,
  nsg,
  peering,
  privateEndpoint,
  subnet,
  udr,
  vm,
  vnet,
} from '../support/network.ts';

/** The facts of an estate. */
export function packetFacts(dice: Dice): readonly Fact[] {
  return shuffled(dice, flat([estate(dice), beside(dice)]));
}

/** Two networks with the addresses of `a` and `hub`, joined to each other and to nobody else. */
function beside(dice: Dice): Facts {
  const flags = (): Parameters<typeof peering>[2] => ({
    access: dice.chance(0.9),
    forwarded: dice.chance(0.5),
    state: dice.chance(0.9) ? 'Connected' : dice.pick(['Initiated', 'Disconnected']),
  });
  const policies = (): Parameters<typeof subnet>[2] => ({ policies: dice.pick(['gates', 'routes', 'both']) });
  return [
    nsg(
      'picky',
      ...['443,8000-8080', '53,80,1000-2000', '22'].map((ports, at) => {
        const [access, way] = [dice.pick(['Allow', 'Deny']), dice.pick(['In', 'Out'])];
        const from = dice.pick(['10.1.1.0/28,10.0.3.0/24,203.0.113.0/25', 'VirtualNetwork', '*']);
        const to = dice.pick(['10.0.1.4,10.0.3.4/31,198.18.0.0/15', 'asg:echoes', 'Internet', '*']);
        return `${100 + at} ${access} ${way} ${dice.pick(['tcp', '*'])} ${ports} from ${from} to ${to}`;
      }),
    ),
    // What `twin/y` sends to the internet and to `mirror` goes through a firewall there.
    udr('walled', '0.0.0.0/0 -> 10.0.0.4', '10.0.1.0/24 -> 10.0.0.4'),
    wall(dice),
    udr(
      'around',
      `10.0.0.0/16 -> ${dice.pick(['10.1.1.9', '10.1.1.60'])}`,
      ...(dice.chance(0.5) ? ['10.0.1.0/24 -> Internet'] : []),
    ),
    between(dice),
    natGateway('twin-nat', 'twin-nat-ip'),
    vnet(
      'twin',
      '10.1.0.0/16',
      subnet('x', '10.1.1.0/24', {
        nsg: 'one',
        ...(dice.chance(0.5) ? { nat: 'twin-nat' } : {}),
        ...(dice.chance(0.5) ? { udr: 'around' } : {}),
      }),
      subnet('y', '10.1.2.0/26', {
        udr: dice.pick(['around', 'walled', 'walled']),
        serviceEndpoints: ['Microsoft.Storage'],
      }),
    ),
    vm('same', 'twin/x', '10.1.1.4'),
    vm('other', 'twin/x', '10.1.1.9', {
      nsg: 'two',
      ...(dice.chance(0.8) ? { forwarding: true } : {}),
      behind: ['walls/p'],
    }),
    dice.chance(0.9) ? peering('twin', 'mirror', flags()) : [],
    dice.chance(0.9) ? peering('mirror', 'twin', flags()) : [],
    vnet(
      'mirror',
      '10.0.0.0/16',
      subnet('AzureFirewallSubnet', '10.0.0.0/26', {}),
      subnet('x', '10.0.1.0/24', { nsg: 'picky', outbound: false }),
      subnet('pe', '10.0.3.0/24', { nsg: 'picky', ...policies() }),
    ),
    vm('echo', 'mirror/x', '10.0.1.4', { asgs: ['echoes'], behind: ['pair/p', 'pair#one'] }),
    vm('again', 'mirror/pe', '10.0.3.9', dice.chance(0.5) ? { behind: ['pair/p'] } : {}),
    privateEndpoint('pe-mirror', 'mirror/pe', '10.0.3.5', ids.vault('kv'), 'vault', {
      status: dice.pick(['Approved', 'Pending', 'Rejected', 'Disconnected']),
    }),
  ];
}

/** Load balancers: before an appliance of `twin`, and before machines in two subnets of `mirror`, some of which are listed. */
function between(dice: Dice): Facts {
  const probe = (): string => dice.pick(['', ' probe 22', ' probe 443']);
  return [
    balancer('walls', {
      frontends: ['f 10.1.1.60 in twin/x'],
      pools: ['p'],
      rules: [`all: f * * -> p${probe()}`],
    }),
    balancer('pair', {
      frontends: ['f 10.0.1.60 in mirror/x', 'g 10.0.3.60 in mirror/pe'],
      pools: [`p${dice.chance(0.5) ? ' 10.0.3.9' : ''}`],
      rules: [
        `web: f tcp 443 -> 8080 p${probe()}`,
        `names: g udp 53-80 -> p${probe()}`,
        `wide: g * 1000-2000 -> 443 p`,
        'one: f * 2222 -> 22 #one',
      ],
    }),
  ];
}

/** A firewall in `mirror`. What is not allowed is denied. */
function wall(dice: Dice): Facts {
  const lines = [
    'deny tcp 22,445 from 10.1.0.0/16 to *',
    'allow tcp 80-443 from 10.1.2.0/27 to Storage,10.0.1.0/24',
    'allow * 1500 from * to *',
    'allow udp 53-443 from 10.1.0.0/16 to *',
    'deny * 80 from * to 10.0.0.0/8',
    'allow app 443 from 10.1.2.0/27 to *.vault.azure.net',
    'deny app 1000-2000 from * to acct.blob.core.windows.net',
  ].filter(() => dice.chance(0.6));
  return firewall('wall', 'mirror/AzureFirewallSubnet', '10.0.0.4', {}, ...lines);
}

/** Rules in any order, at priorities that are not their places in it. */
function shuffled(dice: Dice, facts: readonly Fact[]): readonly Fact[] {
  const taken = new Set<string>();
  const free = (gate: string, priority: number): number => {
    const key = `${gate} ${priority}`;
    if (taken.has(key)) return free(gate, 100 + dice.below(3900));
    taken.add(key);
    return priority;
  };
  const list = facts.map((fact) =>
    fact.kind === 'gate-rule'
      ? { ...fact, rule: { ...fact.rule, priority: free(fact.gate, 100 + dice.below(3900)) } }
      : fact,
  );
  for (let at = list.length - 1; at > 0; at--) {
    const other = dice.below(at + 1);
    [list[at], list[other]] = [list[other] as Fact, list[at] as Fact];
  }
  return list;
}
