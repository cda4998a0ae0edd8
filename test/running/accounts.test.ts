/**
 * Who can sign in to a running instance: whom cloister.yaml describes, with what `exec --as` hands out, over a restart,
 * and until they are gone from the file.
 */

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Session } from '../../src/api/control.ts';
import { PlaceClient } from '../../src/api/proxied.ts';
import { InputError } from '../../src/app/problem.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { selfSigned } from '../../src/services/sign-in/certificate.testing.ts';
import { group, Running, temporaryFolder } from '../support/running.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const files = temporaryFolder();
const file = join(files.path, 'cloister.yaml');
const state = join(files.path, 'state');
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
let running: Running;
let own: Awaited<ReturnType<typeof selfSigned>>;

const described = (users: string): string => `directory:
  users: {${users}}
  groups: {staff: {members: [user/ada@clinic.example]}}
  applications: {pipeline: {}, robot: {certificates: [robot.pem]}}
`;
const everybody = described('ada@clinic.example: {name: Ada}, bob@clinic.example: {password: word}');

beforeAll(async () => {
  own = await selfSigned(Date.now());
  writeFileSync(join(files.path, 'robot.pem'), own.pem);
  running = await Running.start({ folder: state });
  await running.instance.describe([{ config: everybody, file }]);
});
afterAll(async () => {
  await running.close();
  files.remove();
});

async function token(session: Session, form: Readonly<Record<string, string>>) {
  const client = new PlaceClient(session);
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: id = '' } = session.environment;
  try {
    const answer = await client.send(`https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(
        new URLSearchParams({ client_id: id, scope: 'https://management.azure.com/.default', ...form }),
      ),
    });
    return { status: answer.status, json: JSON.parse(answer.body) as JsonObject };
  } finally {
    client.close();
  }
}

/** Signs in with what the environment of a program has, as SDKs do. */
function signIn(who: string) {
  const session = running.instance.enter('internet', who);
  const {
    AZURE_USERNAME: username,
    AZURE_PASSWORD: password,
    AZURE_CLIENT_SECRET: secret,
  } = session.environment;
  return username === undefined
    ? token(session, { grant_type: 'client_credentials', client_secret: secret ?? '' })
    : token(session, {
        grant_type: 'password',
        username,
        password: password ?? '',
        scope: 'offline_access https://management.azure.com/.default',
      });
}

describe('accounts', () => {
  it.each(['deployer', 'app/pipeline', 'pipeline', 'user/ada@clinic.example', 'bob@clinic.example'])(
    '%s signs in with what the environment has',
    async (who) => {
      const { status, json } = await signIn(who);
      expect([status, typeof json['access_token']]).toEqual([200, 'string']);
    },
  );

  it('an application with a certificate proves itself with its key, and has no secret', async () => {
    const session = running.instance.enter('internet', 'app/robot');
    const { AZURE_CLIENT_ID: id = '', AZURE_CLIENT_SECRET: secret } = session.environment;
    expect(secret).toBeUndefined();
    const signed = (key: Parameters<SignJWT['sign']>[0]): Promise<string> =>
      new SignJWT({ iss: id, sub: id, jti: '1' })
        .setProtectedHeader({ alg: 'RS256', x5c: [own.pem.replace(/-----[^-]+-----|\s/g, '')] })
        .setAudience(`https://login.microsoftonline.com/${session.environment['AZURE_TENANT_ID']}/v2.0`)
        .setExpirationTime('5m')
        .sign(key);
    const ask = async (assertion: string) =>
      token(session, {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      });
    const { createPrivateKey } = await import('node:crypto');
    expect((await ask(await signed(createPrivateKey(own.key)))).status).toBe(200);
    const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const refused = await ask(await signed(foreign));
    expect([refused.status, refused.json['error_codes']]).toEqual([401, [700027]]);
  });

  it('hands out the deployer’s certificate in a file of its owner alone', () => {
    const { environment } = running.instance.enter('internet');
    const path = environment['AZURE_CLIENT_CERTIFICATE_PATH'] ?? '';
    expect([path.startsWith(state), statSync(path).mode & 0o777]).toEqual([true, 0o600]);
    expect(readFileSync(path, 'utf8')).toMatch(/BEGIN PRIVATE KEY[\s\S]*BEGIN CERTIFICATE/);
  });

  it('hands out nothing to anonymous, and names who there is where there is nobody of a name', () => {
    const { environment } = running.instance.enter('internet', 'anonymous');
    const credentials = Object.keys(environment).filter((name) => /CLIENT|USERNAME|PASSWORD/.test(name));
    expect(credentials).toEqual([]);
    for (const who of ['eve', 'group/staff', '']) {
      expect(() => running.instance.enter('internet', who)).toThrow(InputError);
      expect(() => running.instance.enter('internet', who)).toThrow(
        /user\/ada@clinic\.example[\s\S]*app\/pipeline/,
      );
    }
  });

  it('a role of a group is its member’s, and of nobody else', async () => {
    expect((await running.arm('PUT', group, { location: 'eastus' })).status).toBe(201);
    const graph = await running.send('internet', 'https://graph.microsoft.com/v1.0/groups', {
      headers: { authorization: `Bearer ${await running.token('https://graph.microsoft.com')}` },
    });
    const [{ id: principalId } = { id: '' }] = (JSON.parse(graph.body) as { value: { id: string }[] }).value;
    const assignment = `${group}/providers/Microsoft.Authorization/roleAssignments/33333333-0000-4000-8000-000000000001`;
    const roleDefinitionId = `${group.replace(/\/resourceGroups.*/, '')}/providers/Microsoft.Authorization/roleDefinitions/${reader}`;
    const given = await running.arm('PUT', assignment, {
      properties: { principalId, principalType: 'Group', roleDefinitionId },
    });
    expect(given.status).toBe(201);
    const read = async (who: string) => {
      const { json } = await signIn(who);
      const headers = { authorization: `Bearer ${json['access_token']}` };
      return running.send('internet', `https://management.azure.com${group}?api-version=2021-04-01`, {
        headers,
      });
    };
    expect((await read('user/ada@clinic.example')).status).toBe(200);
    const refused = await read('user/bob@clinic.example');
    expect(refused.status).toBe(403);
    expect(refused.body).toContain("The client 'bob@clinic.example' with object id");
    expect((await read('app/pipeline')).status).toBe(403);
  });

  it('a refresh token outlives a restart, and not its user', async () => {
    const { json } = await signIn('user/ada@clinic.example');
    await running.instance.close();
    running = await Running.start({ folder: state });
    const refresh = () =>
      token(running.instance.enter('internet', 'bob@clinic.example'), {
        grant_type: 'refresh_token',
        refresh_token: String(json['refresh_token']),
      });
    expect((await refresh()).status).toBe(200);
    await running.instance.describe([
      {
        config: described('bob@clinic.example: {password: word}').replace('[user/ada@clinic.example]', '[]'),
        file,
      },
    ]);
    const gone = await refresh();
    expect([gone.status, gone.json['error_codes']]).toEqual([400, [50034]]);
  });
});
