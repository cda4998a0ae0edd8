/** @azure/keyvault-secrets and @azure/keyvault-keys: whole lives, and the closed door. */

import { createHash, generateKeyPairSync } from 'node:crypto';
import { all, finish, group, place, refuses, sdk, subscription, works } from './steps.mjs';

const { DefaultAzureCredential } = sdk('@azure/identity');
const { SecretClient } = sdk('@azure/keyvault-secrets');
const { CryptographyClient, KeyClient } = sdk('@azure/keyvault-keys');
const { ResourceManagementClient } = sdk('@azure/arm-resources');

const vault = 'https://kv-clinic.vault.azure.net';
const credential = new DefaultAzureCredential();
const secrets = new SecretClient(vault, credential);
const keys = new KeyClient(vault, credential);

if (place === 'internet') {
  const closed = ['Forbidden', 'Public network access is disabled'];
  await refuses('secrets: get, from the internet', 403, closed, () => secrets.getSecret('any'));
  await refuses('keys: create, from the internet', 403, closed, () => keys.createKey('any', 'RSA'));
} else {
  await secretsFirst();
  await grant();
  await wholeSecrets();
  await wholeKeys();
}
finish();

/** Owner of the subscription is not yet a reader of secrets. */
async function secretsFirst() {
  await refuses(
    'secrets: set, without a role on the data',
    403,
    ['Forbidden', 'Caller is not authorized'],
    () => secrets.setSecret('greeting', 'hello'),
  );
}

async function grant() {
  const arm = new ResourceManagementClient(credential, subscription);
  const scope = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/kv-clinic`;
  const token = await credential.getToken('https://management.azure.com/.default');
  const { oid } = JSON.parse(Buffer.from(token.token.split('.')[1], 'base64url').toString());
  const administrator = '00482a5a-887f-4fb3-b363-3b7fe8e74483';
  await works('a role on the vault: Key Vault Administrator', () =>
    arm.resources.beginCreateOrUpdateByIdAndWait(
      `${scope}/providers/Microsoft.Authorization/roleAssignments/6b0cf62a-10de-4a2b-9b0c-0d8a5c1f7e21`,
      '2022-04-01',
      {
        properties: {
          roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${administrator}`,
          principalId: oid,
          principalType: 'ServicePrincipal',
        },
      },
    ),
  );
}

async function wholeSecrets() {
  await works(
    'secrets: set',
    () => secrets.setSecret('greeting', 'hello', { contentType: 'text/plain', tags: { for: 'clients' } }),
    (secret) => secret.value === 'hello' && secret.properties.tags.for === 'clients',
  );
  await works(
    'secrets: a second version',
    () => secrets.setSecret('greeting', 'good day'),
    (secret) => secret.value === 'good day',
  );
  await works(
    'secrets: get',
    () => secrets.getSecret('greeting'),
    (secret) => secret.value === 'good day',
  );
  await works(
    'secrets: list versions',
    () => all(secrets.listPropertiesOfSecretVersions('greeting')),
    (versions) => versions.length === 2,
  );
  await works(
    'secrets: update properties',
    async () => {
      const { properties } = await secrets.getSecret('greeting');
      return secrets.updateSecretProperties('greeting', properties.version, { enabled: false });
    },
    (properties) => properties.enabled === false,
  );
  await refuses('secrets: get one that is disabled', 403, ['Forbidden', 'disabled'], () =>
    secrets.getSecret('greeting'),
  );
  await works(
    'secrets: list',
    () => all(secrets.listPropertiesOfSecrets()),
    (list) => list.some(({ name }) => name === 'greeting'),
  );
  await works(
    'secrets: list, by pages of one',
    async () => {
      await secrets.setSecret('other', 'x');
      return all(secrets.listPropertiesOfSecrets().byPage({ maxPageSize: 1 }));
    },
    (pages) => pages.length >= 2 && pages.every((page) => page.length <= 1),
  );
  await refuses('secrets: get one that is not there', 404, ['SecretNotFound'], () =>
    secrets.getSecret('nothing'),
  );
  await works(
    'secrets: delete, and wait',
    async () => (await secrets.beginDeleteSecret('greeting', { intervalInMs: 100 })).pollUntilDone(),
    (deleted) => deleted.name === 'greeting' && deleted.recoveryId !== undefined,
  );
  await refuses('secrets: set one that is deleted', 409, ['Conflict', 'deleted but recoverable state'], () =>
    secrets.setSecret('greeting', 'again'),
  );
  await works(
    'secrets: get deleted',
    () => secrets.getDeletedSecret('greeting'),
    (deleted) => deleted.scheduledPurgeDate > new Date(),
  );
  await works(
    'secrets: list deleted',
    () => all(secrets.listDeletedSecrets()),
    (list) => list.some(({ name }) => name === 'greeting'),
  );
  await works(
    'secrets: recover, and wait',
    async () => (await secrets.beginRecoverDeletedSecret('greeting', { intervalInMs: 100 })).pollUntilDone(),
    (properties) => properties.name === 'greeting',
  );
  await works('secrets: delete and purge', async () => {
    await (await secrets.beginDeleteSecret('greeting', { intervalInMs: 100 })).pollUntilDone();
    return secrets.purgeDeletedSecret('greeting');
  });
  await refuses('secrets: get deleted, after the purge', 404, ['SecretNotFound'], () =>
    secrets.getDeletedSecret('greeting'),
  );
}

async function wholeKeys() {
  const rsa = await works(
    'keys: create RSA',
    () => keys.createRsaKey('lock', { keySize: 2048 }),
    (key) => key.key.kty === 'RSA' && key.key.n.length === 256,
  );
  await works(
    'keys: create EC',
    () => keys.createEcKey('seal', { curve: 'P-256' }),
    (key) => key.key.kty === 'EC' && key.key.crv === 'P-256',
  );
  await works(
    'keys: import',
    () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const jwk = privateKey.export({ format: 'jwk' });
      const bytes = Object.fromEntries(
        Object.entries(jwk).map(([name, value]) => [
          name,
          name === 'kty' ? value : Buffer.from(value, 'base64url'),
        ]),
      );
      return keys.importKey('brought', bytes);
    },
    (key) => key.name === 'brought' && key.key.d === undefined,
  );
  const crypto = new CryptographyClient(rsa?.id, credential);
  const digest = createHash('sha256').update('text').digest();
  await works(
    'cryptography: sign and verify',
    async () => {
      const { result } = await crypto.sign('RS256', digest);
      return [
        await crypto.verify('RS256', digest, result),
        await crypto.verify('RS256', createHash('sha256').update('other').digest(), result),
      ];
    },
    ([right, wrong]) => right.result === true && wrong.result === false,
  );
  await works(
    'cryptography: wrap and unwrap',
    async () => {
      const { result } = await crypto.wrapKey('RSA-OAEP-256', Buffer.from('0123456789abcdef'));
      return Buffer.from((await crypto.unwrapKey('RSA-OAEP-256', result)).result).toString();
    },
    (text) => text === '0123456789abcdef',
  );
  await works(
    'cryptography: encrypt and decrypt',
    async () => {
      const { result } = await crypto.encrypt({ algorithm: 'RSA-OAEP', plaintext: Buffer.from('text') });
      return Buffer.from(
        (await crypto.decrypt({ algorithm: 'RSA-OAEP', ciphertext: result })).result,
      ).toString();
    },
    (text) => text === 'text',
  );
  await works(
    'cryptography: EC sign and verify',
    async () => {
      const seal = new CryptographyClient((await keys.getKey('seal')).id, credential);
      const { result } = await seal.sign('ES256', digest);
      return seal.verify('ES256', digest, result);
    },
    (verdict) => verdict.result === true,
  );
  await works(
    'keys: update properties',
    () => keys.updateKeyProperties('lock', { keyOps: ['sign', 'verify'] }),
    (key) => key.keyOperations.length === 2,
  );
  await refuses('cryptography: an operation that is not permitted', 403, ['Forbidden', 'not permitted'], () =>
    crypto.unwrapKey('RSA-OAEP', Buffer.alloc(256)),
  );
  await works(
    'keys: list',
    () => all(keys.listPropertiesOfKeys()),
    (list) => ['lock', 'seal', 'brought'].every((name) => list.some((key) => key.name === name)),
  );
  await refuses('keys: get one that is not there', 404, ['KeyNotFound'], () => keys.getKey('nothing'));
  await works(
    'keys: delete, recover',
    async () => {
      await (await keys.beginDeleteKey('seal', { intervalInMs: 100 })).pollUntilDone();
      await (await keys.beginRecoverDeletedKey('seal', { intervalInMs: 100 })).pollUntilDone();
      return keys.getKey('seal');
    },
    (key) => key.name === 'seal',
  );
  await works('keys: delete, purge', async () => {
    await (await keys.beginDeleteKey('seal', { intervalInMs: 100 })).pollUntilDone();
    return keys.purgeDeletedKey('seal');
  });
  await refuses('keys: get deleted, after the purge', 404, ['KeyNotFound'], () => keys.getDeletedKey('seal'));
}
