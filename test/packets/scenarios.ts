/**
 * Disagreements of answers and packets that were found, each as small as it gets. They stay.
 *
 * @module
 */

import { firewall } from '../support/carriers.ts';
import {
  balancer,
  dnsServer,
  type Facts,
  ids,
  link,
  natGateway,
  nsg,
  peered,
  privateEndpoint,
  registry,
  storage,
  subnet,
  udr,
  vm,
  vnet,
  zone,
} from '../support/network.ts';

/** Facts, and flows in the notation of `test/support/walks/row.ts`. */
export interface Scenario {
  readonly title: string;
  readonly facts: Facts;
  readonly flows: readonly string[];
}

export const scenarios: readonly Scenario[] = [
  {
    // The kernel knew the socket that the packet was for, and dropped it instead of sending it by its route.
    title: 'a private endpoint is asked through an appliance of its own network',
    facts: [
      storage('acct'),
      udr('over', '10.0.3.5 -> 10.0.1.4'),
      vnet(
        'hub',
        '10.0.0.0/16',
        subnet('x', '10.0.1.0/24'),
        subnet('y', '10.0.2.0/24', { udr: 'over' }),
        subnet('pe', '10.0.3.0/24', { policies: 'routes' }),
      ),
      vm('fw', 'hub/x', '10.0.1.4', { forwarding: true }),
      privateEndpoint('blob', 'hub/pe', '10.0.3.5', ids.storage('acct'), 'blob'),
    ],
    flows: ['vnet/hub/y -> 10.0.3.5', 'vnet/hub/x -> 10.0.3.5'],
  },
  {
    // The internet had no way back to what a NAT gateway shows.
    title: 'a machine is reached by its public address, through a NAT gateway',
    facts: [
      natGateway('nat', 'nat-ip'),
      vnet('one', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nat: 'nat' })),
      vnet('two', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
      vm('web', 'two/x', '10.1.1.4', { public: 'web-ip' }),
    ],
    flows: ['vnet/one/x -> public/web-ip', 'vnet/one/x -> public/web-ip:53/udp'],
  },
  {
    // The reply comes from no address of the hub, and the spoke takes nothing that was forwarded.
    title: 'a service is asked in public through an appliance behind a peering',
    facts: [
      storage('acct'),
      udr('over', '0.0.0.0/0 -> 10.0.1.4'),
      vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24')),
      vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24', { udr: 'over' })),
      peered('hub', 'spoke'),
      vm('fw', 'hub/x', '10.0.1.4', { forwarding: true }),
    ],
    flows: ['vnet/spoke/x -> acct.blob.core.windows.net'],
  },
  {
    // The walk took datagrams for connections, and what one of them says arrived all the same.
    title: 'a server answers past the appliance through which it was asked',
    facts: [
      registry('cr'),
      udr('over', '10.0.0.0/16 -> 10.0.1.4'),
      vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24')),
      vnet('spoke', '10.1.0.0/16', { dns: '10.0.1.9' }, subnet('x', '10.1.1.0/24', { udr: 'over' })),
      peered('hub', 'spoke'),
      vm('fw', 'hub/x', '10.0.1.4', { forwarding: true }),
      vm('dns', 'hub/x', '10.0.1.9'),
      dnsServer('dns', { at: 'dns' }, ['. -> 168.63.129.16']),
    ],
    flows: ['vnet/spoke/x -> cr.azurecr.io', 'vnet/spoke/x -> vm/dns:22/udp', 'vnet/spoke/x -> vm/dns:22'],
  },
  {
    // An appliance cannot tell an answer from a question, and let through what a walk says it has not asked for.
    title: 'an answer is sent through an appliance that has not seen the question',
    facts: [
      udr('near', '10.0.1.0/24 -> 10.0.9.4'),
      udr('far', '10.0.1.0/24 -> 10.1.1.4'),
      vnet(
        'net',
        '10.0.0.0/16',
        subnet('x', '10.0.1.0/24'),
        subnet('y', '10.0.2.0/24', { udr: 'near' }),
        subnet('z', '10.0.3.0/24', { udr: 'far' }),
        subnet('edge', '10.0.9.0/24'),
      ),
      vnet('hub', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
      peered('net', 'hub', { forwarded: true }),
      vm('fw', 'net/edge', '10.0.9.4', { forwarding: true }),
      vm('other', 'hub/x', '10.1.1.4', { forwarding: true }),
      vm('one', 'net/y', '10.0.2.4'),
      vm('two', 'net/z', '10.0.3.4'),
    ],
    flows: ['one', 'two'].flatMap((name) => [
      `vnet/net/x -> vm/${name}:80/udp`,
      `vnet/net/x -> vm/${name}:80`,
    ]),
  },
  {
    // The router remembered for whom the public address stood, though the reply came in from a peer.
    title: 'a reply to a public address is sent to the machine that shows it',
    facts: [
      udr('over', '0.0.0.0/0 -> 10.0.1.4'),
      vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24')),
      vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24', { udr: 'over' })),
      peered('hub', 'spoke', { forwarded: true }),
      vm('fw', 'hub/x', '10.0.1.4'),
      vm('db', 'spoke/x', '10.1.1.8', { public: 'db-ip' }),
    ],
    flows: ['vm/fw -> public/db-ip:80', 'vm/fw -> public/db-ip:80/udp'],
  },
  {
    // The router saw the same flow twice, on its way out and in again, and gave it another port: nobody could say what
    // had become of it.
    title: 'a load balancer is dialled in public from its own network',
    facts: [
      nsg('open', '100 Allow In tcp 8443 from Internet to *'),
      vnet('one', '10.1.0.0/16', subnet('x', '10.1.1.0/24', { nsg: 'open' }), subnet('y', '10.1.2.0/24')),
      balancer('outer', {
        frontends: ['g public lb-ip'],
        pools: ['q'],
        rules: ['web: g tcp 443 -> 8443 q', 'admin: g tcp 22 -> q'],
      }),
      vm('web', 'one/x', '10.1.1.4', { behind: ['outer/q'] }),
    ],
    flows: [
      'vnet/one/y -> public/lb-ip',
      'vnet/one/y -> public/lb-ip:22',
      'vm/web -> public/lb-ip',
      'vm/web -> public/lb-ip:22',
      'vm/web -> public/lb-ip:80',
      'internet -> public/lb-ip',
    ],
  },
  {
    // A walk ended at the door; the reply, a refusal too, still had to come from the appliance to who had asked.
    title: 'an appliance has no way back to whom it stands in for',
    facts: [
      storage('acct'),
      storage('shut', { closed: true }),
      udr('over', '0.0.0.0/0 -> 10.0.1.4'),
      udr('itself', '10.1.0.0/16 -> 10.0.1.4'),
      vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { udr: 'itself' })),
      vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24', { udr: 'over' })),
      peered('hub', 'spoke', { forwarded: true }),
      vm('fw', 'hub/x', '10.0.1.4', { forwarding: true }),
    ],
    flows: ['acct', 'shut'].flatMap((name) =>
      ['spoke', 'hub'].map((home) => `vnet/${home}/x -> ${name}.blob.core.windows.net`),
    ),
  },
  {
    // The walk compared names, and packets have none.
    title: 'a network rule of a firewall names a host',
    facts: [
      storage('acct'),
      storage('other'),
      udr('over', '0.0.0.0/0 -> 10.0.0.4'),
      vnet('hub', '10.0.0.0/16', subnet('AzureFirewallSubnet', '10.0.0.0/26')),
      vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24', { udr: 'over' })),
      peered('hub', 'spoke', { forwarded: true }),
      zone('other.blob.core.windows.net', {}, '@ A 10.0.1.4'),
      link('other.blob.core.windows.net', 'hub'),
      firewall(
        'wall',
        'hub/AzureFirewallSubnet',
        '10.0.0.4',
        { proxy: true },
        'allow tcp 443 from * to acct.blob.core.windows.net,other.blob.core.windows.net',
      ),
    ],
    flows: ['acct.blob', 'acct.file', 'other.blob'].map((name) => {
      return `vnet/spoke/x -> ${name}.core.windows.net`;
    }),
  },
  {
    // What an appliance sends as its own and gets again was taken for what it passes on, and lost without a word.
    title: 'an appliance dials the load balancer that it is behind',
    facts: [
      vnet('one', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
      balancer('walls', { frontends: ['f 10.1.1.60 in one/x'], pools: ['p'], rules: ['all: f * * -> p'] }),
      vm('fw', 'one/x', '10.1.1.4', { forwarding: true, behind: ['walls/p'] }),
    ],
    flows: ['vm/fw -> lb/walls:80', 'vm/fw -> lb/walls:80/udp', 'vnet/one/x -> lb/walls:80'],
  },
];
