/**
 * A token that is not one of ours, or not for here, or not for now, is refused by every plane, in the plane's own words.
 */

import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultDeployer, defaultTenant } from '../../src/app/defaults.ts';
import { loadKeys } from '../../src/server/keys.ts';
import { issuers } from '../../src/services/sign-in/discovery.ts';
import { SigningKeys } from '../../src/services/sign-in/signing-keys.ts';
import { SqliteStore } from '../../src/store/sqlite.ts';
import { Running, temporaryFolder, workspace } from '../support/running.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = temporaryFolder();
let running: Running;
let ours: SigningKeys;
let theirs: SigningKeys;
let workspaceHost = '';

beforeAll(async () => {
  // The keys that the instance will find in its folder.
  const store = await SqliteStore.open(folder.path);
  ours = (await loadKeys(store)).signing;
  await store.close();
  theirs = await SigningKeys.generate();
  running = await Running.example({ folder: folder.path });
  const made = await running.settle('PUT', `${workspace}/onlineEndpoints/by-token`, {
    location: 'eastus',
    identity: { type: 'SystemAssigned' },
    properties: { authMode: 'AADToken' },
  });
  expect(made).toMatchObject({ status: 'Succeeded' });
  const { discoveryUrl } = (await running.arm('GET', workspace)).body['properties'] as {
    discoveryUrl: string;
  };
  const names = (await running.control.hosts()).map(({ name }) => name);
  workspaceHost = names.find((name) => /\.workspace\.eastus\.api\.azureml\.ms$/.test(name)) ?? discoveryUrl;
});

afterAll(async () => {
  await running.close();
  folder.remove();
});

interface Draft {
  readonly keys?: SigningKeys;
  readonly header?: object;
  readonly claims?: object;
}

/** A token as the sign-in service makes them, but for what is changed. */
function tokenFor(audience: string, { keys = ours, header, claims }: Draft = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    aud: audience,
    iss: issuers(defaultTenant).v1,
    iat: now,
    nbf: now,
    exp: now + 3600,
    appid: defaultDeployer.appId,
    oid: defaultDeployer.objectId,
    sub: defaultDeployer.objectId,
    tid: defaultTenant,
    ver: '1.0',
    ...claims,
  })
    .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: keys.kid, ...header })
    .sign(keys.privateKey);
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = (later: number): number => Math.floor(Date.now() / 1000) + later;
const another = '99999999-0000-4000-8000-000000000009';

/** Replaces parts of a token that was signed well. */
async function forged(
  audience: string,
  change: (header: string, payload: string, signature: string) => string,
): Promise<string> {
  const [header = '', payload = '', signature = ''] = (await tokenFor(audience)).split('.');
  return change(header, payload, signature);
}

const faults = {
  'a foreign key': (aud: string) => tokenFor(aud, { keys: theirs }),
  'a foreign key under our name': (aud: string) => tokenFor(aud, { keys: theirs, header: { kid: ours.kid } }),
  expired: (aud: string) =>
    tokenFor(aud, { claims: { iat: seconds(-7200), nbf: seconds(-7200), exp: seconds(-1) } }),
  'not yet valid': (aud: string) => tokenFor(aud, { claims: { nbf: seconds(900), exp: seconds(7200) } }),
  'for another audience': () => tokenFor('https://database.windows.net'),
  'for no audience': (aud: string) => tokenFor(aud, { claims: { aud: undefined } }),
  'of another issuer': (aud: string) => tokenFor(aud, { claims: { iss: 'https://evil.example/' } }),
  'of another tenant': (aud: string) => tokenFor(aud, { claims: { tid: another, iss: issuers(another).v1 } }),
  'alg none': (aud: string) =>
    forged(aud, (_, payload) => `${encoded({ typ: 'JWT', alg: 'none', kid: ours.kid })}.${payload}.`),
  'without its signature': (aud: string) => forged(aud, (header, payload) => `${header}.${payload}.`),
  'in two parts': (aud: string) => forged(aud, (header, payload) => `${header}.${payload}`),
  'a MAC with the public key': async (aud: string) => {
    const [, payload = ''] = (await tokenFor(aud)).split('.');
    const head = { typ: 'JWT', alg: 'HS256', kid: ours.kid };
    return new SignJWT(JSON.parse(Buffer.from(payload, 'base64url').toString()))
      .setProtectedHeader(head)
      .sign(new TextEncoder().encode(JSON.stringify(ours.publicJwk)));
  },
  'with other claims': (aud: string) =>
    forged(aud, (header, payload, signature) => {
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      return `${header}.${encoded({ ...claims, oid: another })}.${signature}`;
    }),
  'no token': async () => 'abc',
} as const satisfies Readonly<Record<string, (audience: string) => Promise<string>>>;

type Fault = keyof typeof faults;

interface Plane {
  readonly audience: string;
  readonly url: () => string;
  /** The request; a bearer token in its header unless told. */
  readonly ask?: (token: string) => { method: string; headers: Record<string, string>; body: string };
  readonly headers?: Readonly<Record<string, string>>;
  /** What the plane says to a fault, with 401. */
  readonly says: (fault: Fault) => RegExp;
}

const armCodes: Partial<Record<Fault, string>> = {
  expired: 'ExpiredAuthenticationToken',
  'for another audience': 'InvalidAuthenticationTokenAudience',
  'of another issuer': 'InvalidAuthenticationTokenTenant',
  'of another tenant': 'InvalidAuthenticationTokenTenant',
};

const planes: Readonly<Record<string, Plane>> = {
  arm: {
    audience: 'https://management.azure.com',
    url: () => 'https://management.azure.com/subscriptions?api-version=2020-01-01',
    says: (fault) => new RegExp(`"code":"${armCodes[fault] ?? 'InvalidAuthenticationToken'}"`),
  },
  graph: {
    audience: 'https://graph.microsoft.com',
    url: () => 'https://graph.microsoft.com/v1.0/users',
    says: () => /"code":"InvalidAuthenticationToken"/,
  },
  blob: {
    audience: 'https://storage.azure.com',
    url: () => 'https://stclinic.blob.core.windows.net/models?restype=container&comp=list',
    headers: { 'x-ms-version': '2023-11-03' },
    says: () => /<Code>InvalidAuthenticationInfo<\/Code>/,
  },
  file: {
    audience: 'https://storage.azure.com',
    url: () => 'https://stclinic.file.core.windows.net/share/folder?restype=directory&comp=list',
    headers: { 'x-ms-version': '2023-11-03', 'x-ms-file-request-intent': 'backup' },
    says: () => /<Code>InvalidAuthenticationInfo<\/Code>/,
  },
  vault: {
    audience: 'https://vault.azure.net',
    url: () => 'https://kv-clinic.vault.azure.net/secrets/x?api-version=7.4',
    says: () => /"code":"Unauthorized","message":"\[BearerError\]/,
  },
  'registry exchange': {
    audience: 'https://management.azure.com',
    url: () => 'https://crclinic.azurecr.io/oauth2/exchange',
    ask: (token) => ({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(
        new URLSearchParams({
          grant_type: 'access_token',
          service: 'crclinic.azurecr.io',
          access_token: token,
        }),
      ),
    }),
    says: () => /"code":"UNAUTHORIZED"/,
  },
  workspace: {
    audience: 'https://ml.azure.com',
    url: () => `https://${workspaceHost}/history/v1.0/x`,
    says: () => /UnauthorizedError|Unauthorized/,
  },
  scoring: {
    audience: 'https://ml.azure.com',
    url: () => 'https://by-token.eastus.inference.ml.azure.com/score',
    says: () => /"code":"Unauthorized"/,
  },
};

async function ask({ url, ask: how, headers = {} }: Plane, token: string) {
  const request = how?.(token) ?? { headers: { ...headers, authorization: `Bearer ${token}` } };
  return running.send('vm/jumpbox', url(), request);
}

describe('tokens', () => {
  let seen = 0;

  it.each(Object.entries(planes))('%s takes a good one, and refuses every fault', async (name, plane) => {
    const good = await ask(plane, await tokenFor(plane.audience));
    expect([name, good.status], good.body).not.toEqual([name, 401]);
    for (const [fault, make] of Object.entries(faults) as [Fault, (aud: string) => Promise<string>][]) {
      const answer = await ask(plane, await make(plane.audience));
      expect([name, fault, answer.status], answer.body).toEqual([name, fault, 401]);
      expect(answer.body, `${name}, ${fault}`).toMatch(plane.says(fault));
      seen += 1;
    }
  });

  it('saw every plane with every fault', () => {
    console.log(`tokens: ${seen} pairs of plane and fault`);
    expect(seen).toBe(8 * 14);
  });
});
