/**
 * Every operation of a vault: its name, its data action and its permission.
 *
 * @module
 */

import { expect, test } from 'vitest';
import { operationOf } from './operations.ts';

test.each([
  ['GET /secrets', 'Get Secrets', 'secrets/readMetadata/action', 'list', ''],
  ['GET /secrets/', 'Get Secrets', 'secrets/readMetadata/action', 'list', ''],
  ['GET /secrets/db', 'Get Secret', 'secrets/getSecret/action', 'get', 'db'],
  ['GET /secrets/db/', 'Get Secret', 'secrets/getSecret/action', 'get', 'db'],
  ['GET /secrets/db/1', 'Get Secret', 'secrets/getSecret/action', 'get', 'db'],
  ['GET /secrets/restore', 'Get Secret', 'secrets/getSecret/action', 'get', 'restore'],
  ['GET /secrets/db/versions', 'Get Secret Versions', 'secrets/readMetadata/action', 'list', 'db'],
  ['PUT /secrets/db', 'Set Secret', 'secrets/setSecret/action', 'set', 'db'],
  ['PATCH /secrets/db/1', 'Update Secret', 'secrets/update/action', 'set', 'db'],
  ['DELETE /secrets/db', 'Delete Secret', 'secrets/delete', 'delete', 'db'],
  ['POST /secrets/db/backup', 'Backup Secret', 'secrets/backup/action', 'backup', 'db'],
  ['POST /secrets/restore', 'Restore Secret', 'secrets/restore/action', 'restore', ''],
  ['GET /deletedsecrets', 'Get Deleted Secrets', 'secrets/readMetadata/action', 'list', ''],
  ['GET /deletedsecrets/db', 'Get Deleted Secret', 'secrets/readMetadata/action', 'get', 'db'],
  ['DELETE /deletedsecrets/db', 'Purge Deleted Secret', 'secrets/purge/action', 'purge', 'db'],
  ['POST /deletedsecrets/db/recover', 'Recover Deleted Secret', 'secrets/recover/action', 'recover', 'db'],
  ['GET /Keys/k', 'Get Key', 'keys/read', 'get', 'k'],
  ['GET /keys/k/rotationpolicy', 'Get Key Rotation Policy', 'keys/read', 'getrotationpolicy', 'k'],
  ['POST /keys/k/create', 'Create Key', 'keys/create/action', 'create', 'k'],
  ['POST /keys/k/1/unwrapkey', 'Unwrap Key', 'keys/unwrap/action', 'unwrapKey', 'k'],
  ['PATCH /secrets/db/', 'Update Secret', 'secrets/update/action', 'set', 'db'],
  ['GET //secrets/d%62', 'Get Secret', 'secrets/getSecret/action', 'get', 'db'],
  ['POST /keys/k//sign', 'Sign', 'keys/sign/action', 'sign', 'k'],
  ['POST /keys/k/sign', 'Sign', 'keys/sign/action', 'sign', 'k'],
  ['GET /keys/k/1/attestation', 'Get Key Attestation', 'keys/read', 'get', 'k'],
  ['POST /keys/k/1/release', 'Release Key', 'keys/release/action', 'release', 'k'],
  ['GET /deletedkeys', 'Get Deleted Keys', 'keys/read', 'list', ''],
  ['GET /deletedkeys/k', 'Get Deleted Key', 'keys/read', 'get', 'k'],
  ['GET /certificates/c/policy', 'Get Certificate Policy', 'certificates/read', 'get', 'c'],
  ['POST /certificates/c/create', 'Create Certificate', 'certificates/create/action', 'create', 'c'],
  ['GET /certificates/issuers/i', 'Get Certificate Issuer', 'certificates/read', 'getissuers', 'i'],
  ['POST /certificates/c/pending/merge', 'Merge Certificate', 'certificates/create/action', 'create', 'c'],
  ['GET /storage/s', 'Get Storage Account', 'storageaccounts/read', 'get', 's'],
  ['PUT /storage/s/sas/d', 'Set Sas Definition', 'storageaccounts/sas/set/action', 'setsas', 's'],
  ['GET /deletedstorage', 'Get Deleted Storage Accounts', 'storageaccounts/read', 'list', ''],
])('%s is %s', (line, name, action, permission, item) => {
  const [method = '', path = ''] = line.split(' ');
  expect(operationOf(method, path)).toMatchObject({
    kind: 'operation',
    operation: { name, action, permission, item },
  });
});
