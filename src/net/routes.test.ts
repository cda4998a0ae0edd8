import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPrefix, type Ip, intervalOf, ip, overlaps, type Prefix, prefix, sizeOf } from '../lib/ip.ts';
import type { RouteFact, SubnetFact, VnetFact } from './facts.ts';
import { compileRoutes, type NextHop, prefixesOf, type RouteInputs, sameHop } from './routes.ts';
import { decide } from './table.ts';
import { tagAddresses } from './tags.ts';

const vnet = (prefixes = ['10.0.0.0/16'], location = 'eastus'): VnetFact => ({
  kind: 'vnet',
  id: '/vnets/hub',
  location,
  prefixes: prefixes.map(prefix),
  dnsServers: [],
});
const subnet = (serviceEndpoints: SubnetFact['serviceEndpoints'] = []): SubnetFact => ({
  kind: 'subnet',
  id: '/vnets/hub/subnets/a',
  vnet: '/vnets/hub',
  prefixes: [prefix('10.0.1.0/24')],
  gate: undefined,
  routes: undefined,
  natGateway: undefined,
  endpointPolicies: { gates: false, routes: false },
  serviceEndpoints,
  servicePolicies: [],
  defaultOutbound: true,
});
const route = (to: RouteFact['to'], hop: RouteFact['hop']): RouteFact => ({
  kind: 'route',
  id: `/tables/t/routes/${'tag' in to ? to.tag : formatPrefix(to)}`,
  table: '/tables/t',
  to,
  hop,
});
const inputs = (more: Partial<RouteInputs> = {}): RouteInputs => ({
  vnet: vnet(),
  subnet: subnet(),
  userDefined: [],
  missing: undefined,
  strangers: [],
  gateways: [],
  peers: [],
  endpoints: [],
  ...more,
});
const hop = (given: RouteInputs, to: string): NextHop['kind'] | 'unknown' => {
  const point = { source: ip('10.0.1.4'), destination: ip(to), protocol: 6, port: 443, sourcePort: 49152 };
  const decision = decide(compileRoutes(given), point, sameHop);
  return decision.kind === 'row' ? decision.row.action.kind : 'unknown';
};

describe('default routes', () => {
  it.each([
    ['10.0.255.255', 'vnet'],
    ['10.1.0.0', 'none'],
    ['172.16.0.1', 'none'],
    ['172.32.0.1', 'internet'],
    ['192.168.0.1', 'none'],
    ['100.64.0.1', 'none'],
    ['100.128.0.1', 'internet'],
    ['8.8.8.8', 'internet'],
  ])('%s: %s', (to, kind) => expect(hop(inputs(), to)).toBe(kind));

  it('a reserved block that the network uses as a whole is its own', () => {
    expect(hop(inputs({ vnet: vnet(['10.0.0.0/8']) }), '10.200.0.1')).toBe('vnet');
  });

  it('a network on public addresses', () => {
    expect(hop(inputs({ vnet: vnet(['20.0.0.0/16']) }), '20.0.3.3')).toBe('vnet');
  });
});

describe('service endpoints', () => {
  const east = tagAddresses('Storage.eastus')?.[0]?.[0];
  const west = tagAddresses('Storage.westus')?.[0]?.[0];
  const vaults = tagAddresses('AzureKeyVault.westus')?.[0]?.[0];
  const text = (address: number | undefined): string =>
    [24, 16, 8, 0].map((bits) => ((address ?? 0) >>> bits) & 255).join('.');
  it.each<[service: string, locations: string[], to: number | undefined, kind: string]>([
    ['Microsoft.Storage', [], east, 'service-endpoint'],
    ['microsoft.storage', ['eastus'], east, 'service-endpoint'],
    ['Microsoft.Storage', ['East US'], east, 'service-endpoint'],
    ['Microsoft.Storage', [], west, 'internet'],
    ['Microsoft.Storage', ['*'], west, 'service-endpoint'],
    ['Microsoft.Storage.Global', [], west, 'service-endpoint'],
    ['Microsoft.KeyVault', [], vaults, 'service-endpoint'],
    ['Microsoft.KeyVault', ['eastus'], vaults, 'internet'],
    ['Microsoft.Storage', ['atlantis'], east, 'unknown'],
    ['Microsoft.Unheard', [], east, 'unknown'],
  ])('%s in %j', (service, locations, to, kind) => {
    expect(hop(inputs({ subnet: subnet([{ service, locations }]) }), text(to))).toBe(kind);
  });

  it('an unknown service leaves private destinations decided', () => {
    const odd = subnet([{ service: 'Microsoft.Unheard', locations: [] }]);
    expect(hop(inputs({ subnet: odd }), '10.0.0.9')).toBe('vnet');
  });

  it('a network that spells its region long', () => {
    const given = inputs({
      vnet: vnet(undefined, 'East US'),
      subnet: subnet([{ service: 'Microsoft.Storage', locations: [] }]),
    });
    expect(hop(given, text(east))).toBe('service-endpoint');
  });
});

const addresses = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('prefixesOf', () => {
  it('covers exactly its interval, with prefixes that do not overlap and that nothing could join', () => {
    fc.assert(
      fc.property(addresses, addresses, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const parts = prefixesOf([low, high]);
        let at = low;
        for (const part of parts) {
          expect(part.base % sizeOf(part)).toBe(0);
          expect(part.base).toBe(at);
          at = intervalOf(part)[1] + 1;
        }
        expect(at).toBe(high + 1);
        for (const [index, part] of parts.entries()) {
          const next = parts[index + 1];
          const joined =
            next !== undefined && next.length === part.length && part.base % (2 * sizeOf(part)) === 0;
          expect(joined).toBe(false);
        }
      }),
    );
  });

  it.each([
    [0, 2 ** 32 - 1, ['0.0.0.0/0']],
    [0, 0, ['0.0.0.0/32']],
    [2 ** 32 - 1, 2 ** 32 - 1, ['255.255.255.255/32']],
    [1, 2 ** 32 - 1, 32],
    [2 ** 31, 2 ** 32 - 1, ['128.0.0.0/1']],
  ])('%d to %d', (low, high, expected) => {
    const parts = prefixesOf([low, high]).map(formatPrefix);
    expect(typeof expected === 'number' ? parts.length : parts).toEqual(expected);
  });
});

describe('compileRoutes', () => {
  const block = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 8, max: 24 }))
    .map(([second, length]): Prefix => {
      const address = (10 << 24) + (second << 16);
      return { base: (address - (address % 2 ** (32 - length))) as Ip, length };
    });

  it('takes the longest prefix, user-defined first, whatever the order of the routes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(block, { selector: formatPrefix, maxLength: 8 }),
        fc.integer({ min: 0, max: 255 }),
        (blocks, second) => {
          const userDefined = blocks.map((to, at) => route(to, { appliance: (at + 1) as Ip }));
          const destination = ((10 << 24) + (second << 16) + 77) as Ip;
          const home = vnet(['10.7.0.0/16']);
          const table = compileRoutes(inputs({ vnet: home, userDefined }));
          const point = { source: ip('10.7.1.4'), destination, protocol: 6, port: 1, sourcePort: 1 };
          const decision = decide(table, point, sameHop);
          const self: Prefix = { base: destination, length: 32 };
          const longest = userDefined
            .filter(({ to }) => 'base' in to && overlaps(to, self))
            .toSorted((a, b) => ('base' in b.to ? b.to.length : 0) - ('base' in a.to ? a.to.length : 0))[0];
          const own = second === 7 ? 16 : 8;
          const expected: NextHop =
            longest && 'base' in longest.to && longest.to.length >= own && typeof longest.hop === 'object'
              ? { kind: 'appliance', address: longest.hop.appliance }
              : { kind: second === 7 ? 'vnet' : 'none' };
          expect(decision.kind === 'row' && decision.row.action).toEqual(expected);
        },
      ),
    );
  });
});
