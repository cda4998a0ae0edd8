/** Virtual network gateways, local networks and tunnels. */

import type { JsonObject } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { answered, refused, table } from './row.ts';
import { body, vnet } from './things.ts';

const door = idOf('gateway/door');
const office = idOf('local/office');
const at = (subnet: string): JsonObject => ({
  name: 'one',
  properties: { subnet: { id: idOf(`vnet/hub/subnets/${subnet}`) } },
});
const gateway = (more: JsonObject = {}, subnet = 'GatewaySubnet') =>
  body({ ipConfigurations: [at(subnet)], ...more });
const tunnel = (more: JsonObject) => body({ virtualNetworkGateway1: { id: door }, ...more });

const prepare = async (p: TestPlane): Promise<void> => {
  await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { GatewaySubnet: '10.0.0.0/27', a: '10.0.1.0/24' }));
  await p.have(door, gateway());
  await p.have(office, body({ localNetworkAddressSpace: { addressPrefixes: ['192.168.0.0/16'] } }));
};

table('a gateway', prepare, [
  ['arm', 'is of type Vpn unless it says', (p) => p.get(door), answered(200, { gatewayType: 'Vpn' })],
  [
    'arm',
    'stands in its own subnet only',
    (p) => p.put(`${door}2`, gateway({}, 'a')),
    refused(400, 'InvalidRequestContent', 'GatewaySubnet'),
  ],
  [
    'arm',
    'needs a subnet',
    (p) => p.put(`${door}2`, body({ ipConfigurations: [] })),
    refused(400, 'InvalidRequestContent'),
  ],
  [
    'arm',
    'of each type there is one in a network',
    (p) => p.put(`${door}2`, gateway()),
    refused(409, 'Conflict', 'one of each type'),
  ],
  [
    'arm',
    'and of the other type one more',
    (p) => p.put(`${door}2`, gateway({ gatewayType: 'ExpressRoute' })),
    answered(201),
  ],
  [
    'arm',
    'has clients with addresses',
    (p) =>
      p.put(
        door,
        gateway({
          vpnClientConfiguration: { vpnClientAddressPool: { addressPrefixes: ['192.168.1.7/24'] } },
        }),
      ),
    refused(400, 'InvalidRequestContent', 'addressPrefixes'),
  ],
  [
    'arm',
    'goes after its tunnels',
    async (p) => {
      await p.have(
        idOf('tunnel/t'),
        tunnel({ connectionType: 'IPsec', localNetworkGateway2: { id: office } }),
      );
      return p.remove(door);
    },
    refused(409, 'ResourceInUse'),
  ],
]);

table('a tunnel', prepare, [
  [
    'arm',
    'leads to a local network',
    (p) => p.put(idOf('tunnel/t'), tunnel({ connectionType: 'IPsec', localNetworkGateway2: { id: office } })),
    answered(201),
  ],
  [
    'arm',
    'that it has to name',
    (p) => p.put(idOf('tunnel/t'), tunnel({ connectionType: 'IPsec' })),
    refused(400, 'InvalidRequestContent', 'localNetworkGateway2'),
  ],
  [
    'arm',
    'and that is there',
    (p) =>
      p.put(
        idOf('tunnel/t'),
        tunnel({ connectionType: 'IPsec', localNetworkGateway2: { id: `${office}x` } }),
      ),
    refused(400, 'InvalidResourceReference'),
  ],
  [
    'arm',
    'or to another gateway',
    (p) => p.put(idOf('tunnel/t'), tunnel({ connectionType: 'Vnet2Vnet' })),
    refused(400, 'InvalidRequestContent', 'virtualNetworkGateway2'),
  ],
  [
    'arm',
    'or to a circuit',
    (p) => p.put(idOf('tunnel/t'), tunnel({ connectionType: 'ExpressRoute' })),
    refused(400, 'InvalidRequestContent', 'peer'),
  ],
]);
