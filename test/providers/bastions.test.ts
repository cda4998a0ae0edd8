/** Bastion hosts: https://learn.microsoft.com/azure/bastion/configuration-settings (BA). */

import type { JsonObject } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { body, vnet } from './things.ts';

const host = idOf('bastion/host');
const at = (subnet: string, more: JsonObject = {}): JsonObject => ({
  ipConfigurations: [
    {
      name: 'one',
      properties: {
        subnet: { id: idOf(`vnet/${subnet.replace('/', '/subnets/')}`) },
        publicIPAddress: { id: idOf('pip/front') },
        ...more,
      },
    },
  ],
});
const put = (p: TestPlane, properties: JsonObject) => p.put(host, body(properties));

async function start(p: TestPlane): Promise<void> {
  await p.have(
    idOf('vnet/hub'),
    vnet('10.0.0.0/16', { AzureBastionSubnet: '10.0.0.0/26', other: '10.0.1.0/26' }),
  );
  await p.have(idOf('vnet/small'), vnet('10.1.0.0/16', { AzureBastionSubnet: '10.1.0.0/27' }));
  await p.have(idOf('pip/front'), body({ publicIPAllocationMethod: 'Static' }));
}

table('bastion hosts', start, [
  ['BA subnet', 'in its subnet', (p) => put(p, at('hub/AzureBastionSubnet')), answered(201)],
  [
    'BA sku',
    'Standard',
    (p) => of(put(p, at('hub/AzureBastionSubnet')), ({ body: { sku } }) => sku),
    { name: 'Standard' },
  ],
  [
    'BA subnet',
    'in no other',
    (p) => put(p, at('hub/other')),
    refused(400, 'InvalidRequestContent', 'stands in the subnet AzureBastionSubnet, not in other'),
  ],
  [
    'BA subnet',
    '/26 or larger',
    (p) => put(p, at('small/AzureBastionSubnet')),
    refused(400, 'InvalidRequestContent', 'needs /26 or larger'),
  ],
  [
    'BA public address',
    'needed',
    (p) =>
      p.put(
        host,
        body({
          ipConfigurations: [
            { name: 'one', properties: { subnet: { id: idOf('vnet/hub/subnets/AzureBastionSubnet') } } },
          ],
        }),
      ),
    refused(400, 'InvalidRequestContent', 'needs a publicIPAddress'),
  ],
  [
    'BA public address',
    'unless private-only',
    (p) =>
      p.put(
        host,
        body({
          enablePrivateOnlyBastion: true,
          ipConfigurations: [
            { name: 'one', properties: { subnet: { id: idOf('vnet/hub/subnets/AzureBastionSubnet') } } },
          ],
        }),
      ),
    answered(201),
  ],
  [
    'BA',
    'the subnet must be there',
    (p) => put(p, at('gone/AzureBastionSubnet')),
    refused(400, 'InvalidResourceReference'),
  ],
  [
    'BA',
    'one for a network',
    async (p) => {
      await p.have(idOf('bastion/first'), body(at('hub/AzureBastionSubnet')));
      return put(p, at('hub/AzureBastionSubnet'));
    },
    refused(400, 'InvalidRequestContent', 'a network takes one'),
  ],
  [
    'not modelled',
    'Developer ones',
    (p) => put(p, { ipConfigurations: [] }),
    refused(400, 'InvalidRequestContent', 'Developer'),
  ],
]);
