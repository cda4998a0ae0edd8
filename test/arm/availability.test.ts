/** `checkNameAvailability`: what `az storage account create` asks before it writes. */

import type { Json } from '../../src/lib/json.ts';
import { refused, table } from '../providers/row.ts';
import { storage } from '../providers/things.ts';
import { idOf, root, type TestPlane } from '../support/plane.ts';

const ask =
  (namespace: string, body: Json) =>
  async (p: TestPlane): Promise<unknown> =>
    p.post(`${root}/providers/${namespace}/checkNameAvailability`, body);

table('name availability', async (p) => void (await p.have(idOf('storage/data'), storage())), [
  [
    'real-clients',
    'a free name',
    ask('Microsoft.Storage', { name: 'fresh', type: 'Microsoft.Storage/storageAccounts' }),
    { status: 200, body: { nameAvailable: true } },
  ],
  [
    'real-clients',
    'a taken name',
    ask('Microsoft.Storage', { name: 'data', type: 'Microsoft.Storage/storageAccounts' }),
    { body: { nameAvailable: false, reason: 'AlreadyExists' } },
  ],
  [
    'real-clients',
    'a name that breaks the rule',
    ask('Microsoft.Storage', { name: 'NO', type: 'Microsoft.Storage/storageAccounts' }),
    { body: { nameAvailable: false, reason: 'AccountNameInvalid' } },
  ],
  [
    'real-clients',
    'the type may be left out',
    ask('Microsoft.ContainerRegistry', { name: 'images' }),
    { body: { nameAvailable: true } },
  ],
  ['real-clients', 'no name', ask('Microsoft.KeyVault', {}), refused(400, 'InvalidRequestContent')],
  [
    'real-clients',
    'a namespace without such names',
    ask('Microsoft.Network', { name: 'x' }),
    refused(400, 'NotSupported'),
  ],
]);
