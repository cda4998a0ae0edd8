/** Resource providers as clients ask for them, and lists of resources by pages (@azure/arm-resources 6.1). */

import { asList, member } from '../../src/lib/json.ts';
import { of, refused, table } from '../providers/row.ts';
import { storage } from '../providers/things.ts';
import { type Answer, idOf, rg, root, type TestPlane } from '../support/plane.ts';

const network = `${root}/providers/Microsoft.Network`;
const typesOf = ({ body }: Answer): unknown =>
  asList(body['resourceTypes']).map((type) => member(type, 'resourceType'));

table('resource providers', async () => {}, [
  [
    'arm-resources',
    'one',
    (p) => p.get(network),
    { status: 200, body: { namespace: 'Microsoft.Network', registrationState: 'Registered', id: network } },
  ],
  [
    'arm-resources',
    'its types',
    (p) => of(p.get(`${root}/providers/microsoft.keyvault`), typesOf),
    ['vaults', 'vaults/privateEndpointConnections'],
  ],
  [
    'arm-resources',
    'registered again',
    (p) => p.post(`${network}/register`),
    { status: 200, body: { namespace: 'Microsoft.Network', registrationState: 'Registered' } },
  ],
  [
    'InvalidResourceNamespace',
    'one that is not there',
    (p) => p.get(`${root}/providers/Microsoft.Fiction`),
    refused(404, 'InvalidResourceNamespace', 'Microsoft.Fiction'),
  ],
  [
    'NotSupported',
    'none is taken away',
    (p) => p.post(`${network}/unregister`),
    refused(400, 'NotSupported', 'unregister'),
  ],
]);

const page = (p: TestPlane, top: string, token?: string) =>
  p.get(`${rg}/resources`, { query: { $top: top, ...(token === undefined ? {} : { $skiptoken: token }) } });
const names = ({ value }: Answer): unknown => value.map((each) => member(each, 'name'));

table(
  'pages',
  async (p) => {
    for (const name of ['one', 'three', 'two']) await p.have(idOf(`storage/${name}`), storage());
  },
  [
    ['arm-resources', 'so many as are asked for', (p) => of(page(p, '2'), names), ['one', 'three']],
    [
      'arm-resources',
      'and where the rest is',
      (p) => of(page(p, '2'), (a) => a.body['nextLink']),
      `https://management.azure.com${rg}/resources?api-version=2024-01-01&%24top=2&%24skiptoken=2`,
    ],
    ['arm-resources', 'the rest', (p) => of(page(p, '2', '2'), names), ['two']],
    [
      'arm-resources',
      'after which nothing follows',
      (p) => of(page(p, '2', '2'), (a) => 'nextLink' in a.body),
      false,
    ],
    [
      'InvalidParameter',
      'a number that is none',
      (p) => page(p, 'many'),
      refused(400, 'InvalidParameter', 'many', '$top'),
    ],
  ],
);
