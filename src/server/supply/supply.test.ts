/** What a deployment is started with, fetched from servers of the test's own that go wrong. */

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createPlain, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createSecure } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DialedClient } from '../../api/dialed.ts';
import { Estate, type Resource } from '../../arm/resource.ts';
import { tarOf } from '../../compute/image/tar.testing.ts';
import { Authority } from '../front/ca.ts';
import { BlobClient } from './blob-client.ts';
import { Courier } from './courier.ts';
import { addressOf, copyFiles } from './files.ts';
import { pullImage } from './image.ts';

const group = '/subscriptions/s/resourceGroups/g/providers';
const resource = (type: string, name: string): Resource =>
  ({ id: `${group}/${type}/${name}`, name, type, location: 'eastus', properties: {} }) as unknown as Resource;
const estate = new Estate([
  resource('Microsoft.ContainerRegistry/registries', 'images'),
  resource('Microsoft.Storage/storageAccounts', 'files'),
]);

const digest = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const oci = 'application/vnd.oci.image';

/** An image for an architecture: everything that a registry has of it, by digest. */
function imageFor(architecture: string): { readonly manifest: Buffer; readonly parts: readonly Buffer[] } {
  const layer = gzipSync(tarOf([{ path: 'made-for', text: architecture }]));
  const config = json({ os: 'linux', architecture, config: { Entrypoint: ['/run'] } });
  const part = (kind: string, bytes: Buffer): object => ({
    mediaType: `${oci}.${kind}`,
    digest: digest(bytes),
    size: bytes.length,
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: part('config.v1+json', config),
    layers: [part('layer.v1.tar+gzip', layer)],
  });
  return { manifest, parts: [config, layer] };
}
const here = process.arch === 'arm64' ? 'arm64' : 'amd64';
const [own, foreign] = [imageFor(here), imageFor('s390x')];
const indexOf = (...images: (typeof own)[]): Buffer =>
  json({
    schemaVersion: 2,
    mediaType: `${oci}.index.v1+json`,
    manifests: images.map(({ manifest }) => ({
      mediaType: `${oci}.manifest.v1+json`,
      digest: digest(manifest),
      size: manifest.length,
    })),
  });
const [, ownLayer = Buffer.alloc(0)] = own.parts;

let authority: Authority;
let servers: readonly [secure: Server, plain: Server];
let stranger: Authority | undefined;
let folder: string;
const sockets = new Set<Socket>();
/** Every request: host, method, path and who it says it is. */
let asked: string[];
/** How a request is answered; undefined: as below. */
let special: ((path: string, answer: ServerResponse) => boolean) | undefined;
let identified: boolean;

const manifests = new Map(
  [indexOf(foreign, own), indexOf(foreign), own.manifest, foreign.manifest].map((bytes) => [
    digest(bytes),
    bytes,
  ]),
);
const tags = new Map([
  ['v1', own.manifest],
  ['many', indexOf(foreign, own)],
  ['other', indexOf(foreign)],
]);
const blobs = new Map([...own.parts, ...foreign.parts].map((bytes) => [digest(bytes), bytes]));
const bearer = 'Bearer for-pull';

/** Azure's side, as far as it is asked. */
async function answerAs(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { host = '', authorization = '' } = incoming.headers;
  const path = incoming.url ?? '';
  let body = '';
  for await (const piece of incoming) body += String(piece);
  asked.push(`${incoming.method} ${host}${path} ${body || authorization}`.trim());
  const send = (
    status: number,
    bytes: Uint8Array | string = '',
    headers: Record<string, string> = {},
  ): void => void answer.writeHead(status, { 'content-length': bytes.length, ...headers }).end(bytes);
  if (special?.(path, answer)) return;
  const name = path.split('/').at(-1) ?? '';
  if (host === '169.254.169.254')
    return identified ? send(200, '{"access_token":"mine"}') : send(400, '{"error":"invalid_request"}');
  if (path === '/oauth2/exchange') return send(200, '{"refresh_token":"refreshing"}');
  if (path.startsWith('/oauth2/token')) return send(200, '{"access_token":"for-pull"}');
  if (host.includes('.data.')) return send(200, blobs.get(name.split('?')[0] ?? ''));
  if (authorization !== bearer) {
    const said =
      'Bearer realm="https://images.azurecr.io/oauth2/token",service="images.azurecr.io",scope="repository:a/b:pull"';
    return send(401, '{}', { 'www-authenticate': said });
  }
  if (path.includes('/blobs/'))
    return send(307, '', { location: `https://images.eastus.data.azurecr.io/blobs/${name}?sig=1` });
  const manifest = tags.get(name) ?? manifests.get(name);
  if (!manifest) return send(404);
  const type = (JSON.parse(manifest.toString()) as { mediaType: string }).mediaType;
  send(200, manifest, { 'content-type': type, 'docker-content-digest': digest(manifest) });
}

beforeAll(async () => {
  authority = new Authority(await Authority.create());
  const http = createServer((incoming, answer) => void answerAs(incoming, answer));
  const secure = createSecure({
    SNICallback: (name, done) =>
      void (stranger ?? authority).secureContextFor(name).then((context) => done(null, context), done),
  });
  const plain = createPlain();
  secure.on('secureConnection', (socket) => http.emit('connection', socket));
  plain.on('connection', (socket) => http.emit('connection', socket));
  for (const server of [secure, plain]) server.on('connection', (socket: Socket) => void sockets.add(socket));
  servers = [secure, plain];
  for (const server of servers)
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
});
afterAll(() => {
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
});
beforeEach(() => {
  asked = [];
  special = undefined;
  stranger = undefined;
  identified = true;
});

/** Fetches as a deployment that stands before those servers. */
async function fetching<T>(
  work: (courier: Courier) => Promise<T>,
  cutOff: string | undefined = undefined,
): Promise<T> {
  const [secure, plain] = servers;
  const dial = (_: string, port: number): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const server = port === 443 ? secure : plain;
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => resolve(socket));
      socket.once('error', reject);
    });
  const courier = new Courier(
    { label: 'deployment d', holder: 'endpoint e' },
    {
      client: new DialedClient(dial, authority.certificatePem),
      environment: { MSI_ENDPOINT: 'http://169.254.169.254/msi/token', MSI_SECRET: 'known here' },
      leave: async () => {},
    },
    () => cutOff,
  );
  folder = mkdtempSync(join(tmpdir(), 'cloister-test-'));
  try {
    return await work(courier);
  } finally {
    await courier.close();
    rmSync(folder, { recursive: true });
  }
}
const pulling = (reference: string, cutOff?: string): Promise<string> =>
  fetching(async (courier) => {
    const image = `images.azurecr.io/a/b${reference}`;
    await pullImage(courier, estate, image, folder, createHash('sha256'));
    return readFileSync(join(folder, 'made-for'), 'utf8');
  }, cutOff);

it.each([
  ['azureml:none:1', 'is not registered: register it first'],
  [`${group}/Microsoft.MachineLearningServices/workspaces/w/models/none/versions/1`, 'is not registered'],
  ['https://elsewhere.blob.core.windows.net/c/f', 'is not in a storage account of this estate'],
  ['azureml://datastores/none/paths/f', 'is not in a storage account of this estate'],
])('says of files at %s what is wrong with that', (uri, says) => {
  const user = `${group}/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/e/deployments/d`;
  expect(() => addressOf(uri, user, estate)).toThrow(`'${uri}' ${says}`);
});

describe('an image', () => {
  it('is pulled as Azure has it: exchange, token, manifest, and layers from the data endpoint without the token', async () => {
    expect(await pulling(':v1')).toBe(here);
    const [config = Buffer.alloc(0)] = own.parts;
    const blob = (bytes: Buffer): readonly string[] => [
      `GET images.azurecr.io/v2/a/b/blobs/${digest(bytes)} ${bearer}`,
      `GET images.eastus.data.azurecr.io/blobs/${digest(bytes)}?sig=1`,
    ];
    const service = 'service=images.azurecr.io';
    expect(asked).toEqual([
      'GET images.azurecr.io/v2/a/b/manifests/v1',
      'GET 169.254.169.254/msi/token?resource=https%3A%2F%2Fcontainerregistry.azure.net&api-version=2017-09-01',
      `POST images.azurecr.io/oauth2/exchange grant_type=access_token&${service}&access_token=mine`,
      `POST images.azurecr.io/oauth2/token grant_type=refresh_token&${service}&scope=repository%3Aa%2Fb%3Apull&refresh_token=refreshing`,
      `GET images.azurecr.io/v2/a/b/manifests/v1 ${bearer}`,
      ...blob(config),
      ...blob(ownLayer),
    ]);
  });

  it('is the one for this machine, or none', async () => {
    expect(await pulling(':many')).toBe(here);
    expect(await pulling(`@${digest(own.manifest)}`)).toBe(here);
    await expect(pulling(':other')).rejects.toThrow(`it has nothing for linux/${here}`);
    await expect(pulling(':missing')).rejects.toThrow('a/b has no missing: push it first');
  });

  it('is pulled as nobody where nobody is known to the registry', async () => {
    identified = false;
    special = (path, answer) => {
      if (path === '/oauth2/exchange') answer.writeHead(401).end('{"errors":[]}');
      return path === '/oauth2/exchange';
    };
    expect(await pulling(':v1')).toBe(here);
    expect(asked).toContain(
      'GET images.azurecr.io/oauth2/token?service=images.azurecr.io&scope=repository%3Aa%2Fb%3Apull',
    );
  });

  it('is refused where the registry does: by the door that is known to be shut, or for its rights', async () => {
    special = (path, answer) => {
      const refused = path.includes('/manifests/');
      if (refused) answer.writeHead(403).end('{"errors":[{"code":"DENIED"}]}');
      return refused;
    };
    await expect(pulling(':v1')).rejects.toThrow(
      'the identity of endpoint e may not pull images of images.azurecr.io: give it the role AcrPull',
    );
    await expect(pulling(':v1', 'the door is shut')).rejects.toThrow(/^the door is shut$/);
  });

  it('is not taken from whom the root does not vouch for', async () => {
    stranger = new Authority(await Authority.create());
    await expect(pulling(':v1')).rejects.toThrow(
      /^deployment d does not get to images.azurecr.io: (unable to verify|self-signed)/,
    );
    expect(asked).toEqual([]);
  });

  it.each([
    ['a manifest', own.manifest],
    ['a layer', ownLayer],
  ])('is not %s that was changed', async (_, bytes) => {
    // Spaces behind JSON, and zeros behind an archive, change nothing but the digest.
    const changed =
      bytes === ownLayer ? gzipSync(tarOf([{ path: 'made-for', text: 'who knows' }])) : `${bytes} `;
    special = (path, answer) => {
      const hit = path.includes(digest(bytes));
      if (hit) answer.writeHead(200, { 'content-type': `${oci}.manifest.v1+json` }).end(changed);
      return hit;
    };
    await expect(pulling(`@${digest(own.manifest)}`)).rejects.toThrow(
      `what came as ${digest(bytes)} is sha256:`,
    );
  });

  it.each([0, 10])('fails where the registry dies after %d bytes of a layer', async (sent) => {
    special = (path, answer) => {
      const hit = path.startsWith(`/blobs/${digest(ownLayer)}`);
      if (hit) {
        answer.writeHead(200, { 'content-length': ownLayer.length });
        answer.write(ownLayer.subarray(0, sent), () => answer.destroy());
        answer.flushHeaders();
      }
      return hit;
    };
    await expect(pulling(':v1')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('files', () => {
  const copying = (): Promise<string | undefined> =>
    fetching((courier) =>
      copyFiles(new BlobClient(courier, 'files', 'c'), 'm/', folder, createHash('sha256')),
    );
  const listed = (names: readonly string[], marker = ''): string =>
    `<?xml version="1.0"?><EnumerationResults><Blobs>${names.map((name) => `<Blob><Name>${name}</Name></Blob>`).join('')}</Blobs><NextMarker>${marker}</NextMarker></EnumerationResults>`;

  it('are listed to the end, and asked for by their names with the token', async () => {
    special = (path, answer) => {
      if (path.startsWith('/msi')) return false;
      const page = path.includes('marker=more') ? listed(['m/b c%']) : listed(['m/a/x', 'm/a/'], 'more');
      answer.writeHead(200).end(path.includes('comp=list') ? page : 'content');
      return true;
    };
    await copying();
    const list = 'GET files.blob.core.windows.net/c?restype=container&comp=list&prefix=m%2F&marker=';
    expect(asked).toEqual([
      'GET 169.254.169.254/msi/token?resource=https%3A%2F%2Fstorage.azure.com&api-version=2017-09-01',
      `${list} Bearer mine`,
      `${list}more Bearer mine`,
      'GET files.blob.core.windows.net/c/m/a/x Bearer mine',
      'GET files.blob.core.windows.net/c/m/b%20c%25 Bearer mine',
    ]);
  });

  it('are sent at once, or by blocks where there is much', async () => {
    special = (path, answer) => {
      if (!path.startsWith('/msi')) answer.writeHead(201).end();
      return !path.startsWith('/msi');
    };
    await fetching(async (courier) => {
      const blobs = new BlobClient(courier, 'files', 'c', () => 'sig=1');
      await blobs.put('none', new Uint8Array());
      await blobs.put('small', Buffer.from('x'));
      await blobs.put('large', Buffer.alloc(2 * 4 * 2 ** 20 + 1, 'y'));
    });
    const at = 'PUT files.blob.core.windows.net/c';
    const block = (number: number): string =>
      encodeURIComponent(Buffer.from(`0000000${number}`).toString('base64'));
    expect(asked.map((line) => line.slice(0, 120))).toEqual([
      `${at}/none?sig=1`,
      `${at}/small?sig=1 x`,
      ...[0, 1, 2].map((number) =>
        expect.stringContaining(`${at}/large?comp=block&blockid=${block(number)}&sig=1 y`),
      ),
      expect.stringContaining(`${at}/large?comp=blocklist&sig=1 <BlockList><Latest>`),
    ]);
  });

  it('are not put outside of their folder', async () => {
    special = (path, answer) => {
      if (path.includes('comp=list')) answer.writeHead(200).end(listed(['m/../../x']));
      return path.includes('comp=list');
    };
    await expect(copying()).rejects.toThrow('blob m/../../x leads outside of its folder');
  });
});
