/** What load balancers pick. */

import { expect, it } from 'vitest';
import { formatIp } from '../../src/lib/ip.ts';
import { Names } from '../../src/net/places.ts';
import { noPackets } from '../support/kernel.ts';
import { balancer, flat, network, nsg, subnet, vm, vnet } from '../support/network.ts';
import { flowOf } from '../support/walks/row.ts';
import { drawnOf, planEverywhere } from './drawing.ts';
import { tryOut } from './trial.ts';

it.skipIf(noPackets !== undefined)(
  'a load balancer picks each of its machines, also those that are not reached',
  async () => {
    const net = network(
      flat([
        nsg('open', '100 Allow In tcp 443 from * to *'),
        nsg('shut', '100 Deny In tcp 443 from * to *'),
        vnet('one', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
        balancer('outer', { frontends: ['g public lb-ip'], pools: ['q'], rules: ['web: g tcp 443 -> q'] }),
        vm('bare', 'one/x', '10.1.1.4', { behind: ['outer/q'] }),
        vm('open', 'one/x', '10.1.1.5', { behind: ['outer/q'], nsg: 'open' }),
        vm('shut', 'one/x', '10.1.1.6', { behind: ['outer/q'], nsg: 'shut' }),
      ]),
    );
    const plan = planEverywhere(net);
    const flow = flowOf(new Names(net), 'internet -> public/lb-ip');
    const flows = Array.from({ length: 32 }, (_, at) => drawnOf(net, plan, flow, 50_000 + at));
    const tried = await tryOut(net, { network: net, plan }, flows);
    expect(tried.filter(({ wrong }) => wrong)).toEqual([]);
    const ends = tried.map(({ says }) => says.replace(/^.*packets: /, ''));
    expect(new Set(ends.map((end) => end.replace(/ by m\w+ that/, ''))).size).toBe(3);
  },
);

it('a machine that names a pool and is listed in it gets no more flows for that', () => {
  const net = network(
    flat([
      vnet('one', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
      balancer('inner', {
        frontends: ['g 10.1.1.9 in one/x'],
        pools: ['q 10.1.1.4,10.1.1.5'],
        rules: ['web: g tcp 443 -> q'],
      }),
      vm('twice', 'one/x', '10.1.1.4', { behind: ['inner/q'] }),
      vm('listed', 'one/x', '10.1.1.5'),
    ]),
  );
  const members = [...net.balancers.values()].flatMap(({ rules }) =>
    [...rules.values()].flatMap((spread) => spread.members),
  );
  expect(members.map(({ configuration }) => formatIp(configuration.address))).toEqual([
    '10.1.1.4',
    '10.1.1.5',
  ]);
});
