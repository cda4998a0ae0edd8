/**
 * Secrets stay where they belong: everything is on, much goes wrong, and no key, token, password or signature is in
 * the log, in what commands print, or in the body of an error.
 */

import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { AzureClient } from '../../src/api/azure.ts';
import { ControlClient, readInstance, type Session } from '../../src/api/control.ts';
import { type Answer, PlaceClient } from '../../src/api/proxied.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { Cluster, missing } from '../../src/store/cluster.testing.ts';
import { CommandLine, endpoint, example, group, rows, scoringHost, workspace } from '../support/running.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const line = new CommandLine();
/** Every secret with what it is, so that one that leaks is named and not shown. */
const secrets = new Map<string, string>();
/** What people and logs get to see, by where it was. */
const shown = new Map<string, string>();
let printed = 0;

beforeAll(async () => {
  const up = await line.run(['up', '--detach', example]);
  show('up', up.stdout + up.stderr);
  expect(up.code, up.stderr).toBe(0);
});
afterAll(() => line.close());

function show(where: string, text: string): void {
  printed += 1;
  shown.set(`${where} (${printed})`, text);
}

function keep(what: string, secret: unknown): string {
  if (typeof secret !== 'string' || secret.length < 12) throw new Error(`${what} is no secret`);
  secrets.set(secret, what);
  // As it is written in a query or a header, too.
  if (encodeURIComponent(secret) !== secret) secrets.set(encodeURIComponent(secret), `${what}, encoded`);
  return secret;
}

/** All strings in a document, with where they are. */
function strings(value: unknown, path: string): readonly (readonly [path: string, text: string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => strings(inner, `${path}.${name}`));
}

/** What the installation keeps: its master secret, its keys. */
function keepInstallation(): void {
  const db = new Database(join(line.state, 'estate.db'), { readonly: true });
  const row = db
    .prepare("SELECT value FROM document WHERE space = 'instance' AND key = ?")
    .get([Buffer.from('keys')]) as { readonly value: string };
  db.close();
  const { master, keyPem, signing } = JSON.parse(row.value) as Record<string, string>;
  keep('master secret', master);
  for (const text of (keyPem ?? '').split('\n').filter((it) => it.length > 30 && !it.includes('KEY')))
    keep('private key of the authority', text);
  const jwk = JSON.parse(signing ?? '{}') as Record<string, string>;
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) keep(`signing key, ${name}`, jwk[name]);
}

async function tokenFor(client: PlaceClient, { environment }: Session, resource: string): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: environment['AZURE_CLIENT_ID'] ?? '',
    client_secret: environment['AZURE_CLIENT_SECRET'] ?? '',
    scope: `${resource}/.default`,
  });
  const address = `https://login.microsoftonline.com/${environment['AZURE_TENANT_ID']}/oauth2/v2.0/token`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { body } = await client.send(address, { method: 'POST', headers, body: form.toString() });
  return keep(`token for ${resource}`, (JSON.parse(body) as JsonObject)['access_token']);
}

it('are in no log, no output and no error', async () => {
  const instance = readInstance(line.state);
  if (!instance) throw new Error('no instance');
  keep('token of the control API', instance.token);
  keepInstallation();
  const control = new ControlClient(instance);
  const session = await control.enter('vm/jumpbox');
  keep('password of a place', session.password);
  keep('client secret', session.environment['AZURE_CLIENT_SECRET']);
  const azure = new AzureClient(session);
  const http = new PlaceClient(session);
  const arm = await tokenFor(http, session, 'https://management.azure.com');
  const vaultToken = await tokenFor(http, session, 'https://vault.azure.net');
  const storageToken = await tokenFor(http, session, 'https://storage.azure.com');
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/stclinic`;
  const { keys } = await azure.post(`${account}/listKeys`);
  for (const { value } of keys as readonly JsonObject[]) keep('account key', value);
  const scoringKeys = await azure.post(`${endpoint}/listKeys`);
  for (const name of ['primaryKey', 'secondaryKey']) keep(`scoring ${name}`, scoringKeys[name]);
  for (const [path, text] of strings(await azure.post(`${workspace}/listKeys`), 'of the workspace'))
    if (/key|password|connectionString/i.test(path) && text.length > 20) keep(path, text);
  const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/crsecrets`;
  await azure.put(registry, {
    location: 'eastus',
    sku: { name: 'Premium' },
    properties: { adminUserEnabled: true },
  });
  const { passwords } = await azure.post(`${registry}/listCredentials`);
  for (const { value } of passwords as readonly JsonObject[]) keep('registry password', value);
  const pending = await azure.post(`${workspace}/models/length-of-stay/versions/9/startPendingUpload`, {
    pendingUploadType: 'TemporaryBlobReference',
  });
  const uris = strings(pending, 'pending upload').filter(([, text]) => text.includes('sig='));
  const [[, pass] = ['', '']] = uris;
  const signature = keep('SAS signature', new URL(pass).searchParams.get('sig') ?? '');
  const value = keep('secret of a vault', `vault-secret-${'s3cr3t'.repeat(4)}`);
  const password = keep('administrator password', 'Adm1n-Passw0rd-of-a-machine!');

  /** A request whose answer is shown; `expected` says which status it must have, so that it did go wrong. */
  const wrong = async (
    what: string,
    expected: number,
    url: string,
    ask: Parameters<PlaceClient['send']>[1] = {},
  ): Promise<Answer> => {
    const answer = await http.send(url, ask);
    show(what, JSON.stringify(answer.headers) + answer.body);
    expect(answer.status, `${what}: ${answer.body}`).toBe(expected);
    return answer;
  };
  const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
  const json = { 'content-type': 'application/json' };
  const management = 'https://management.azure.com';
  const vault = 'https://kv-clinic.vault.azure.net';

  // Azure Resource Manager.
  await wrong('ARM, a spoilt token', 401, `${management}${group}?api-version=2021-04-01`, {
    headers: bearer(`${arm}x`),
  });
  await wrong('ARM, the token of another service', 401, `${management}${group}?api-version=2021-04-01`, {
    headers: bearer(vaultToken),
  });
  await wrong('ARM, a body that is no JSON', 400, `${management}${group}?api-version=2021-04-01`, {
    method: 'PUT',
    headers: { ...bearer(arm), ...json },
    body: '{"location":',
  });
  const template = {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    parameters: { password: { type: 'securestring' } },
    resources: [
      {
        type: 'Microsoft.Network/networkInterfaces',
        apiVersion: '2023-09-01',
        name: 'broken',
        location: 'eastus',
        properties: { ipConfigurations: [{ name: 'x', properties: { subnet: { id: '/nowhere' } } }] },
      },
    ],
  };
  const deployment = `${group}/providers/Microsoft.Resources/deployments/secret`;
  await wrong('ARM, a deployment that fails', 400, `${management}${deployment}?api-version=2021-04-01`, {
    method: 'PUT',
    headers: { ...bearer(arm), ...json },
    body: JSON.stringify({
      properties: { mode: 'Incremental', template, parameters: { password: { value: password } } },
    }),
  });
  const good = { ...template, resources: [] };
  await azure.deploy(
    deployment,
    { properties: { mode: 'Incremental', template: good, parameters: { password: { value: password } } } },
    () => {},
  );
  show('the record of a deployment', JSON.stringify(await azure.get(deployment)));

  // Sign-in.
  const { environment } = session;
  await wrong(
    'sign-in, a spoilt secret',
    401,
    `https://login.microsoftonline.com/${environment['AZURE_TENANT_ID']}/oauth2/v2.0/token`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: environment['AZURE_CLIENT_ID'] ?? '',
        client_secret: `${environment['AZURE_CLIENT_SECRET']}x`,
        scope: `${management}/.default`,
      }).toString(),
    },
  );

  // The vault.
  const secret = `${vault}/secrets/mine?api-version=7.4`;
  const authorized = { ...bearer(vaultToken), ...json };
  const vaultId = `${group}/providers/Microsoft.KeyVault/vaults/kv-clinic`;
  const officer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7';
  await azure.put(
    `${vaultId}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000009`,
    {
      properties: {
        principalId: 'a3b0c442-98fc-4c14-9afb-f4c8996fb924',
        roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${officer}`,
      },
    },
  );
  const set = await http.send(secret, {
    method: 'PUT',
    headers: authorized,
    body: JSON.stringify({ value }),
  });
  expect(set.status, set.body).toBe(200);
  await wrong('vault, a member that there is not', 400, secret, {
    method: 'PUT',
    headers: authorized,
    body: JSON.stringify({ value: 7, contentType: value }),
  });
  await wrong('vault, the token of another service', 401, secret, { headers: bearer(storageToken) });

  // Blobs: addresses with a signature in them, spoilt and expired, and a content that is gone.
  const [blobs = '', query = ''] = pass.split('?');
  const spoilt = query.replace(/sig=[^&]+/, `sig=${encodeURIComponent(`A${signature.slice(1)}`)}`);
  await wrong('blob, a spoilt signature', 403, `${blobs}/none?${spoilt}`);
  await wrong('blob, none there', 404, `${blobs}/none?${query}`);
  await wrong('blob, a key that signs something else', 403, `${blobs}/none`, {
    headers: { authorization: `SharedKey stclinic:${signature}`, 'x-ms-version': '2022-11-02' },
  });
  const put = { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': '2022-11-02' };
  const before = new Set(contents());
  // More than is kept in the store.
  const large = 'content'.padEnd(20_000);
  const stored = await http.send(`${blobs}/gone?${query}`, { method: 'PUT', headers: put, body: large });
  expect(stored.status, stored.body).toBe(201);
  for (const file of contents().filter((it) => !before.has(it))) rmSync(join(line.state, 'blobs', file));
  await wrong('blob, whose content is gone', 500, `${blobs}/gone?${query}`);

  // The endpoint.
  await wrong('scoring, a spoilt key', 401, `https://${scoringHost}/score`, {
    method: 'POST',
    headers: { ...json, ...bearer(`${String(scoringKeys['primaryKey'])}x`) },
    body: rows,
  });
  await wrong('scoring, rows that are none', 424, `https://${scoringHost}/score`, {
    method: 'POST',
    headers: { ...json, ...bearer(String(scoringKeys['primaryKey'])) },
    body: '{"nothing":1}',
  });

  // The registry, the gateway and the control API.
  const basic = Buffer.from(`crsecrets:${keepFirst('registry password')}x`).toString('base64');
  const outside = await control.enter('internet');
  keep('password of another place', outside.password);
  const abroad = new PlaceClient(outside);
  const refused = await abroad.send(
    'https://crsecrets.azurecr.io/oauth2/token?service=crsecrets.azurecr.io',
    {
      headers: { authorization: `Basic ${basic}` },
    },
  );
  abroad.close();
  show('registry, a spoilt password', JSON.stringify(refused.headers) + refused.body);
  expect(refused.status, refused.body).toBe(401);
  const stranger = new PlaceClient({ ...session, password: `${session.password}x` });
  show('gateway, a spoilt password', String(await stranger.send(`${management}/`).catch((error) => error)));
  stranger.close();
  const intruder = new ControlClient({ ...instance, token: `${instance.token}x` });
  show('control API, a spoilt token', String(await intruder.places().catch((error) => error)));
  http.close();
  azure.close();

  for (const args of [['status'], ['status', '--json'], ['places'], ['export', '--to', 'hosts']]) {
    const { stdout, stderr } = await line.run(args);
    show(`cloister ${args.join(' ')}`, stdout + stderr);
  }
  const why = ['why', '--from', 'vm/jumpbox', '--to', 'storage/stclinic/blob', '--json'];
  const told = await line.run(why);
  show('cloister why', told.stdout + told.stderr);
  const down = await line.run(['down']);
  show('cloister down', down.stdout + down.stderr);
  const log = readFileSync(join(line.state, 'log'), 'utf8');
  show('the log', log);

  const leaks = [...shown].flatMap(([where, text]) =>
    [...secrets].filter(([it]) => text.includes(it)).map(([, what]) => `${what} is in ${where}`),
  );
  expect(leaks).toEqual([]);
  const bytes = [...shown.values()].reduce((sum, text) => sum + text.length, 0);
  console.log(
    `looked for ${secrets.size} secrets in ${shown.size} texts of ${bytes} bytes, ${log.length} of them of the log`,
  );
  expect(secrets.size).toBeGreaterThanOrEqual(25);
  expect(log).toMatch(/the content of blob .* is missing/);
  expect(bytes).toBeGreaterThan(5_000);
  // Nobody else may read what is kept.
  expect(statSync(line.state).mode & 0o777).toBe(0o700);
  const open = readdirSync(line.state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => (statSync(path).mode & 0o077) !== 0);
  expect(open).toEqual([]);
});

it.skipIf(missing !== undefined)('neither is the password of a database', async () => {
  const password = 'Passw0rd-of-a-database';
  const cluster = await Cluster.start();
  const cli = new CommandLine();
  try {
    const database = cluster.address.replace('cloister@', `cloister:${password}@`);
    const nowhere = database.replace('/postgres', '/not-there');
    const texts: string[] = [];
    const run = async (code: number, ...args: readonly string[]): Promise<void> => {
      const ran = await cli.run(args);
      texts.push(ran.stdout + ran.stderr);
      expect(ran.code, `${args[0]}: ${ran.stderr}`).toBe(code);
    };
    await run(2, 'up', '--detach', '--database', nowhere);
    await run(0, 'up', '--detach', '--database', database);
    for (const args of [['status'], ['status', '--json'], ['env', '--from', 'internet']])
      await run(0, ...args);
    await cluster.end();
    const lost = cli.run(['exec', '--from', 'internet', '--', 'curl', '-s', 'https://management.azure.com/']);
    texts.push((await lost).stdout, (await lost).stderr);
    await run(0, 'down');
    texts.push(
      readFileSync(join(cli.state, 'log'), 'utf8'),
      readFileSync(join(cli.state, 'database.json'), 'utf8'),
    );
    expect(texts.filter((text) => text.includes(password))).toEqual([]);
    expect(texts.filter((text) => text.length > 0).length).toBeGreaterThanOrEqual(6);
  } finally {
    await cli.close();
    await cluster.remove();
  }
});

function contents(): readonly string[] {
  return readdirSync(join(line.state, 'blobs'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\/[0-9a-f]{32}$/.test(path),
  );
}

function keepFirst(what: string): string {
  const found = [...secrets].find(([, name]) => name === what);
  if (!found) throw new Error(`there is no ${what}`);
  return found[0];
}
