/** Private resolvers and forwarding rulesets. */

import type { JsonObject } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { answered, refused, table } from './row.ts';
import { body, vnet } from './things.ts';

const network = (name: string): JsonObject => ({ virtualNetwork: { id: idOf(`vnet/${name}`) } });
const subnet = (path: string): JsonObject => ({ id: idOf(`vnet/${path.replace('/', '/subnets/')}`) });
const resolver = idOf('resolver/r');
const ruleset = idOf('ruleset/s');
const inbound = (path: string, more: JsonObject = {}) =>
  body({ ipConfigurations: [{ subnet: subnet(path), ...more }] });
const fixed = (address: string): JsonObject => ({
  privateIpAllocationMethod: 'Static',
  privateIpAddress: address,
});
const forwards = (domainName: string, more: JsonObject = {}): JsonObject => ({
  properties: { domainName, targetDnsServers: [{ ipAddress: '10.9.0.4', port: 53 }], ...more },
});

const prepare = async (p: TestPlane): Promise<void> => {
  await p.have(
    idOf('vnet/hub'),
    vnet('10.0.0.0/16', { in: '10.0.0.0/28', out: '10.0.0.16/28', a: '10.0.1.0/24' }),
  );
  await p.have(idOf('vnet/far'), vnet('10.1.0.0/16', { a: '10.1.0.0/24' }));
  await p.have(resolver, body(network('hub')));
};

table('a private resolver', prepare, [
  [
    'arm',
    'needs its network',
    (p) => p.put(`${resolver}2`, body(network('no'))),
    refused(400, 'InvalidResourceReference', 'virtualNetworks/no'),
  ],
  [
    'name-resolution 5',
    'gives an endpoint the first free address',
    (p) => p.put(`${resolver}/inboundEndpoints/i`, inbound('hub/in')),
    answered(201, {
      ipConfigurations: [{ privateIpAddress: '10.0.0.4', privateIpAllocationMethod: 'Dynamic' }],
    }),
  ],
  [
    'name-resolution 5',
    'or the one that it asks for',
    (p) => p.put(`${resolver}/inboundEndpoints/i`, inbound('hub/in', fixed('10.0.0.9'))),
    answered(201, { ipConfigurations: [{ privateIpAddress: '10.0.0.9' }] }),
  ],
  [
    'name-resolution 5',
    'of its subnet',
    (p) => p.put(`${resolver}/inboundEndpoints/i`, inbound('hub/in', fixed('10.0.1.9'))),
    refused(400, 'PrivateIPAddressNotInSubnet'),
  ],
  [
    'arm',
    'static needs an address',
    (p) =>
      p.put(`${resolver}/inboundEndpoints/i`, inbound('hub/in', { privateIpAllocationMethod: 'Static' })),
    refused(400, 'InvalidRequestContent', 'privateIpAddress'),
  ],
  [
    'name-resolution 5',
    'has endpoints in its own network only',
    (p) => p.put(`${resolver}/inboundEndpoints/i`, inbound('far/a')),
    refused(400, 'InvalidParameter', 'is not in'),
  ],
  [
    'name-resolution 5',
    'each in a subnet of its own',
    async (p) => {
      await p.have(`${resolver}/inboundEndpoints/i`, inbound('hub/in'));
      return p.put(`${resolver}/outboundEndpoints/o`, body({ subnet: subnet('hub/in') }));
    },
    refused(400, 'InvalidParameter', 'one of its own'),
  ],
  [
    'arm',
    'goes after its endpoints',
    async (p) => {
      await p.have(`${resolver}/inboundEndpoints/i`, inbound('hub/in'));
      return p.remove(resolver);
    },
    refused(409, 'CannotDeleteResource', 'endpoint i'),
  ],
]);

table(
  'a ruleset',
  async (p) => {
    await prepare(p);
    await p.have(`${resolver}/outboundEndpoints/o`, body({ subnet: subnet('hub/out') }));
    await p.have(
      ruleset,
      body({ dnsResolverOutboundEndpoints: [{ id: `${resolver}/outboundEndpoints/o` }] }),
    );
    await p.have(`${ruleset}/forwardingRules/one`, forwards('corp.example.'));
  },
  [
    [
      'arm',
      'needs an endpoint',
      (p) => p.put(`${ruleset}2`, body({ dnsResolverOutboundEndpoints: [] })),
      refused(400, 'InvalidRequestContent', 'outbound endpoint'),
    ],
    [
      'arm',
      'that is there',
      (p) =>
        p.put(
          `${ruleset}2`,
          body({ dnsResolverOutboundEndpoints: [{ id: `${resolver}/outboundEndpoints/no` }] }),
        ),
      refused(400, 'InvalidResourceReference'),
    ],
    [
      'name-resolution 5',
      'has rules that are enabled',
      (p) => p.put(`${ruleset}/forwardingRules/two`, forwards('.')),
      answered(201, { forwardingRuleState: 'Enabled' }),
    ],
    [
      'name-resolution 5',
      'for domains with a dot at their end',
      (p) => p.put(`${ruleset}/forwardingRules/two`, forwards('corp.example')),
      refused(400, 'InvalidRequestContent', "'corp.example'"),
    ],
    [
      'arm',
      'one rule for a domain',
      (p) => p.put(`${ruleset}/forwardingRules/two`, forwards('Corp.example.')),
      refused(409, 'Conflict', 'one forwards'),
    ],
    [
      'arm',
      'to at least one server',
      (p) => p.put(`${ruleset}/forwardingRules/two`, forwards('x.', { targetDnsServers: [] })),
      refused(400, 'InvalidRequestContent', 'one to six'),
    ],
    [
      'limit',
      'on port 53',
      (p) =>
        p.put(
          `${ruleset}/forwardingRules/two`,
          forwards('x.', { targetDnsServers: [{ ipAddress: '10.0.0.9', port: 5353 }] }),
        ),
      refused(400, 'InvalidRequestContent', 'port 5353'),
    ],
    [
      'limit',
      'one set for a network',
      async (p) => {
        await p.have(
          `${ruleset}2`,
          body({ dnsResolverOutboundEndpoints: [{ id: `${resolver}/outboundEndpoints/o` }] }),
        );
        await p.have(`${ruleset}/virtualNetworkLinks/l`, { properties: network('far') });
        return p.put(`${ruleset}2/virtualNetworkLinks/l`, { properties: network('far') });
      },
      refused(409, 'Conflict', 'linked to the ruleset'),
    ],
    [
      'arm',
      'goes after its links',
      async (p) => {
        await p.have(`${ruleset}/virtualNetworkLinks/l`, { properties: network('far') });
        return p.remove(ruleset);
      },
      refused(409, 'CannotDeleteResource', 'link l'),
    ],
    [
      'arm',
      'keeps its endpoint',
      (p) => p.remove(`${resolver}/outboundEndpoints/o`),
      refused(409, 'ResourceInUse', 'used by'),
    ],
  ],
);
