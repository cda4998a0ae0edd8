/**
 * Disagreements of answers and packets that were found, each as small as it gets. They stay.
 *
 * @module
 */

import {
  type Facts,
  ids,
  natGateway,
  peered,
  privateEndpoint,
  storage,
  subnet,
  udr,
  vm,
  vnet,
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
];
