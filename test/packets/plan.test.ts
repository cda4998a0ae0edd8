/** Whole plans of small estates: what the kernel is told, and that nothing in it is a user's text. */

import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyPlan, scriptOf } from '../../src/enforce/linux/script.ts';
import { printPlan, printStanding } from '../../src/enforce/plan/print.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { firewall, gateway } from '../support/carriers.ts';
import {
  balancer,
  compute,
  dnsServer,
  type Facts,
  ids,
  link,
  network,
  nsg,
  peering,
  privateEndpoint,
  site,
  storage,
  subnet,
  udr,
  vm,
  vnet,
  workspace,
  zone,
} from '../support/network.ts';
import { root } from '../support/running.ts';

const estates: Readonly<Record<string, Facts>> = {
  'gates-of-subnet-and-interface': [
    nsg(
      'web',
      '100 Allow In tcp 80,8000-8080 from Internet to asg:web',
      '110 Deny Out * * from * to Storage',
    ),
    nsg('own', '100 Deny In tcp 22 from * to * source-port 1024-65535'),
    vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'web' })),
    vm('one', 'hub/x', '10.0.1.4', { asgs: ['web'], nsg: 'own' }),
    vm('two', 'hub/x', '10.0.1.5'),
  ],
  'networks-with-the-same-addresses': ['red', 'blue'].map((name) => [
    vnet(name, '10.150.0.0/16', subnet('x', '10.150.1.0/24')),
    vm(`${name}-vm`, `${name}/x`, '10.150.1.4'),
  ]),
  'peering-that-takes-no-forwarded-traffic': [
    vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24')),
    vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
    peering('hub', 'spoke', { forwarded: true }),
    peering('spoke', 'hub', { access: false }),
    vm('one', 'hub/x', '10.0.1.4'),
    vm('two', 'spoke/x', '10.1.1.4'),
  ],
  'routes-of-a-table': [
    udr(
      'ways',
      '0.0.0.0/0 -> None',
      '10.0.2.0/24 -> Internet',
      '10.9.0.0/16 -> 10.0.2.4',
      'Storage -> Internet',
    ),
    vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { udr: 'ways' }), subnet('y', '10.0.2.0/24')),
    vm('one', 'hub/x', '10.0.1.4'),
    vm('two', 'hub/y', '10.0.2.4'),
  ],
  'private-endpoints': [
    storage('acct'),
    nsg('few', '100 Allow In tcp 443 from 10.0.1.4 to *', '200 Deny In * * from * to *'),
    vnet(
      'hub',
      '10.0.0.0/16',
      subnet('x', '10.0.1.0/24'),
      subnet('pe', '10.0.3.0/24', { nsg: 'few', policies: 'gates' }),
    ),
    vm('one', 'hub/x', '10.0.1.4'),
    privateEndpoint('blob', 'hub/pe', '10.0.3.5', ids.storage('acct'), 'blob'),
    privateEndpoint('file', 'hub/pe', '10.0.3.6', ids.storage('acct'), 'file', { status: 'Pending' }),
    zone('privatelink.blob.core.windows.net', {}, 'acct A 10.0.3.5'),
    link('privatelink.blob.core.windows.net', 'hub'),
  ],
  'a-site-and-clients-behind-a-gateway': [
    vnet('hub', '10.0.0.0/16', subnet('GatewaySubnet', '10.0.0.0/26'), subnet('x', '10.0.1.0/24')),
    gateway('door', 'hub', { clients: '172.16.0.0/24' }),
    site('plant', '192.168.0.0/24', 'vpn/door', { dns: 'dnsServer/own' }),
    dnsServer('own', { address: '192.168.0.10' }, ['. -> 10.0.1.4']),
    vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
    peering('spoke', 'hub', { remoteGateways: true }),
    peering('hub', 'spoke', { transit: true }),
    vm('one', 'spoke/x', '10.1.1.4'),
  ],
  'a-load-balancer-inside-and-one-in-public': [
    vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24')),
    vm('one', 'hub/x', '10.0.1.4', { behind: ['inner/p', 'outer/q'] }),
    vm('two', 'hub/x', '10.0.1.5', { behind: ['inner/p'] }),
    balancer('inner', {
      frontends: ['f 10.0.1.9 in hub/x'],
      pools: ['p'],
      rules: ['web: f tcp 80 -> 8080 p'],
    }),
    balancer('outer', {
      basic: true,
      frontends: ['g public front-ip'],
      pools: ['q'],
      rules: ['all: g * 1000-2000 -> q'],
    }),
  ],
  'a-firewall-on-the-way': [
    udr('through', '0.0.0.0/0 -> 10.0.0.4'),
    vnet('hub', '10.0.0.0/16', subnet('AzureFirewallSubnet', '10.0.0.0/26')),
    firewall(
      'wall',
      'hub/AzureFirewallSubnet',
      '10.0.0.4',
      {},
      'deny tcp 22 from 10.1.1.0/24 to *',
      'allow tcp 80-443 from 10.1.0.0/16 to Storage,10.2.0.0/16',
      'allow udp 123 from * to Nonsense',
      'allow app 443 from 10.1.0.0/16 to *.example.org',
    ),
    vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24', { udr: 'through' })),
    vm('one', 'spoke/x', '10.1.1.4'),
    peering('spoke', 'hub'),
    peering('hub', 'spoke', { forwarded: true }),
  ],
  'computes-in-a-subnet-and-in-none': [
    workspace('ml'),
    nsg('few', '100 Deny Out tcp 22 from * to *'),
    vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'few' })),
    compute('ml', 'nodes', { subnet: 'hub/x' }),
    compute('ml', 'loose', { shown: true }),
  ],
  'public-addresses': [
    vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24'), subnet('y', '10.0.2.0/24', { outbound: false })),
    vm('one', 'hub/x', '10.0.1.4', { public: 'one-ip' }),
    vm('two', 'hub/y', '10.0.2.4'),
  ],
};

describe('plans', () => {
  it.each(Object.entries(estates))('%s', async (name, facts) => {
    const golden = join(root, 'test', 'packets', 'plans', `${name}.txt`);
    await expect(printPlan(planOf(network(facts)))).toMatchFileSnapshot(golden);
  });

  it('have the same hooks in every router', async () => {
    const golden = join(root, 'test', 'packets', 'plans', 'every-router.txt');
    await expect(`${printStanding('network')}\n${printStanding('internet')}`).toMatchFileSnapshot(golden);
  });

  it('name a subnet without machines once something is to stand there', () => {
    const empty = network(vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24')));
    const [{ subnet: found } = { subnet: undefined }] = [...empty.subnets.values()];
    const id = found?.fact.id ?? '';
    expect([...planOf(empty).places.keys()]).toEqual(['internet']);
    expect([...planOf(empty, [id]).places.keys()]).toEqual([id.toLowerCase(), 'internet']);
  });

  it('give every place its namespace, and none that is another', () => {
    const { places } = planOf(network(estates['computes-in-a-subnet-and-in-none'] ?? []));
    const names = ['nodes', 'loose'].map((name) => `${ids.workspace('ml')}/computes/${name}`.toLowerCase());
    expect([...places.keys()]).toEqual([names[0], 'internet', names[1]]);
    expect(new Set(places.values()).size).toBe(3);
  });

  it('differ only where networks do', () => {
    const before = planOf(network(estates['gates-of-subnet-and-interface'] ?? []));
    expect(scriptOf(before, before)).toEqual([]);
    const more = vm('three', 'hub/x', '10.0.1.6');
    const after = planOf(network([estates['gates-of-subnet-and-interface'] ?? [], more]));
    const script = scriptOf(before, after).join('\n');
    expect(script).toContain('10.0.1.6');
    expect(script).not.toContain('10.0.1.5');
    expect(script).not.toContain('flush');
  });
});

describe('scripts', () => {
  it('take wires away from the end that stays, so that their names are free at once', () => {
    const two = estates['networks-with-the-same-addresses'] ?? [];
    const [large, small] = [planOf(network(two)), planOf(network([two].flat().slice(0, 1)))];
    const links = large.wires
      .filter((wire) => !small.wires.some(({ ends }) => ends[1].link === wire.ends[1].link))
      .flatMap(({ ends }) =>
        ends.filter(({ namespace }) => small.namespaces.some(({ id }) => id === namespace)),
      );
    const script = scriptOf(large, small);
    expect(links.length).toBe(1);
    for (const { namespace, link } of links) expect(script).toContain(`ip -n ${namespace} link del ${link}`);
  });

  const hostile = fc.oneof(
    fc.constantFrom(
      "'; reboot #",
      '$(reboot)',
      '"\n drop',
      'RULES\nreboot\n',
      '} accept;',
      '../../etc',
      '`reboot`',
    ),
    fc.string({ unit: 'binary', minLength: 1 }),
  );
  /** What lines may be made of; the programs that they name are ours. */
  const harmless = /^[a-z0-9 .:/,@{}"!=<>';_|+-]*$/i;

  it('hold no text of users, whatever resources are called', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (a, b, c) => {
        const estate = network(
          nsg(a, '100 Deny In tcp 80 from * to *'),
          udr(c, '10.9.0.0/16 -> None'),
          vnet(b, '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: a, udr: c })),
          vnet(`${b}2`, '10.1.0.0/16'),
          peering(b, `${b}2`),
          vm(c, `${b}/x`, '10.0.1.4', { public: a }),
        );
        for (const text of scriptOf(emptyPlan, planOf(estate))) {
          expect(text).toMatch(harmless);
          expect(text).not.toContain('reboot');
        }
      }),
      { seed: 7, numRuns: 60 },
    );
  });
});
