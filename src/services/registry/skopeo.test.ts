/**
 * A real client: `skopeo` pushes an image that is made here, and pulls it back, over verified TLS and under the
 * registry's own host names.
 *
 * @module
 */

import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority } from '../../server/front/ca.ts';
import { MemoryStore } from '../../store/memory.ts';
import { requestOf } from '../blob/harness.testing.ts';
import { whole } from '../bytes.ts';
import { Bench, exchanged, host } from './harness.testing.ts';

const dataHost = 'reg1.eastus.data.azurecr.io';
const missing = reasonToSkip();

/** What was asked, for the tests to look at. */
const asked: string[] = [];
let bench: Bench;
let folder = '';
let proxy = '';
let stop = async (): Promise<void> => {};

describe.skipIf(missing !== undefined)('skopeo', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'clt-skopeo-'));
    const authority = new Authority(await Authority.create());
    await mkdir(join(folder, 'trust'));
    await writeFile(join(folder, 'trust', 'ca.crt'), authority.certificatePem);
    await writeFile(join(folder, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
    bench = new Bench(new MemoryStore(), join(folder, 'images'), { dataEndpointEnabled: true });
    bench.time = Date.now();
    await bench.images.open();
    ({ proxy, stop } = await serve(authority));
    await makeLayout(join(folder, 'made'));
  });

  afterAll(async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  });

  const admin = () => `Reg1:registry ${bench.registry.id.toLowerCase()} password`;
  const at = (tag: string) => `docker://${host}/team/app:${tag}`;

  test('pushes an image and pulls it back, byte for byte', async () => {
    const made = `oci:${join(folder, 'made')}:v1`;
    const pushed = await skopeo('copy', '--dest-creds', admin(), trust('dest'), made, at('v1'));
    expect([pushed.code, pushed.said]).toEqual([0, expect.stringContaining('Writing manifest')]);
    const got = `oci:${join(folder, 'got')}:v1`;
    const pulled = await skopeo('copy', '--src-creds', admin(), trust('src'), at('v1'), got);
    expect([pulled.code, pulled.said]).toEqual([0, expect.anything()]);
    const contents = async (name: string): Promise<string[]> =>
      (await readdir(join(folder, name, 'blobs', 'sha256'))).sort();
    expect(await contents('got')).toEqual(await contents('made'));
    // Layers came from the data endpoint, and nothing was pushed to it.
    expect(asked.filter((line) => line.startsWith(dataHost)).every((line) => / GET /.test(line))).toBe(true);
    expect(asked.filter((line) => line.startsWith(dataHost)).length).toBeGreaterThan(0);
  });

  test('with a refresh token, as far as the role goes', async () => {
    const token = await exchanged(bench, 'puller');
    const creds = `00000000-0000-0000-0000-000000000000:${token}`;
    const shown = await skopeo('inspect', '--creds', creds, '--cert-dir', join(folder, 'trust'), at('v1'));
    expect([shown.code, JSON.parse(shown.out)]).toEqual([
      0,
      expect.objectContaining({ Name: `${host}/team/app`, RepoTags: ['v1'], Architecture: 'amd64' }),
    ]);
    const made = `oci:${join(folder, 'made')}:v1`;
    const pushed = await skopeo('copy', '--dest-creds', creds, trust('dest'), made, at('v2'));
    expect(pushed.code).not.toBe(0);
    expect(pushed.said).toMatch(/unauthorized|denied|authentication required/i);
  });

  test('lists tags, mounts layers into another repository, and deletes', async () => {
    const dir = join(folder, 'trust');
    const other = `docker://${host}/team/other:v1`;
    asked.length = 0;
    const both = ['--src-creds', admin(), '--dest-creds', admin(), trust('src'), trust('dest')];
    expect((await skopeo('copy', ...both, at('v1'), other)).code).toBe(0);
    expect(asked).toContainEqual(expect.stringMatching(/POST .*from=team%2Fapp&mount=sha256/));
    const tags = await skopeo(
      'list-tags',
      '--creds',
      admin(),
      '--cert-dir',
      dir,
      `docker://${host}/team/other`,
    );
    expect(JSON.parse(tags.out)).toMatchObject({ Tags: ['v1'] });
    const removed = await skopeo('delete', '--creds', admin(), '--cert-dir', dir, other);
    expect([removed.code, removed.said]).toEqual([0, '']);
    expect((await skopeo('inspect', '--creds', admin(), '--cert-dir', dir, other)).said).toMatch(
      /unknown|not found/,
    );
  });

  test('is refused with a wrong password, and without the authority', async () => {
    const wrong = await skopeo('inspect', '--creds', 'Reg1:x', '--cert-dir', join(folder, 'trust'), at('v1'));
    expect([wrong.code === 0, wrong.said]).toEqual([false, expect.stringMatching(/unauthorized|invalid/i)]);
    const untrusted = await skopeo('inspect', '--creds', admin(), at('v1'));
    expect([untrusted.code === 0, untrusted.said]).toEqual([false, expect.stringContaining('x509')]);
  });
});

function trust(side: 'src' | 'dest'): string {
  return `--${side}-cert-dir=${join(folder, 'trust')}`;
}

async function skopeo(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly said: string }> {
  const env = { ...process.env, HTTPS_PROXY: proxy, NO_PROXY: '', HOME: folder };
  return new Promise((resolve) => {
    execFile(
      'skopeo',
      ['--policy', join(folder, 'policy.json'), ...args],
      { env },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, out: stdout, said: args[0] === 'copy' ? `${stdout}${stderr}` : stderr });
      },
    );
  });
}

/** Serves the registry under its names to who comes through a proxy on loopback, and nothing else. */
async function serve(authority: Authority): Promise<{ proxy: string; stop: () => Promise<void> }> {
  const sockets = new Set<Duplex>();
  const inner = createServer((incoming, outgoing) => void respond(incoming, outgoing));
  const outer = createServer((_, outgoing) => outgoing.writeHead(405).end());
  outer.on('connect', async (request, socket: Duplex) => {
    const [name = '', port] = (request.url ?? '').split(':');
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    if (port !== '443' || (name !== host && name !== dataHost)) {
      socket.end('HTTP/1.1 403 No\r\n\r\n');
      return;
    }
    const secureContext = await authority.secureContextFor(name);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const secure = new TLSSocket(socket as ConstructorParameters<typeof TLSSocket>[0], {
      isServer: true,
      secureContext,
    });
    secure.on('error', () => secure.destroy());
    inner.emit('connection', secure);
  });
  await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve));
  const { port } = outer.address() as AddressInfo;
  return {
    proxy: `http://127.0.0.1:${port}`,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => outer.close(resolve));
    },
  };
}

async function respond(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = '', url = '' } = incoming;
  const name = incoming.headers.host ?? '';
  asked.push(`${name} ${method} ${url}`);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([key, value]) => [key, String(value)]),
  );
  const request = requestOf(bench.registry, name, `${method} ${url}`, {
    headers,
    bytes: Buffer.concat(chunks),
    now: Date.now(),
  });
  const answer = await bench.plane.handle(request, bench.world);
  const { body = '' } = answer;
  const bytes = typeof body === 'string' ? Buffer.from(body) : await whole(body);
  const length = method === 'HEAD' || answer.status === 204 ? {} : { 'content-length': bytes.length };
  outgoing.writeHead(answer.status, { ...length, ...answer.headers });
  outgoing.end(method === 'HEAD' ? undefined : bytes);
}

/** Makes an image of one layer with one empty file in it, in the layout that the OCI describes. */
async function makeLayout(at: string): Promise<void> {
  const blobs = join(at, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const put = async (mediaType: string, bytes: Buffer): Promise<object> => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const type = 'application/vnd.oci.image';
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const tar = tarOf('hello.txt');
  const diff = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
  const config = await put(
    `${type}.config.v1+json`,
    json({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [diff] }, config: {} }),
  );
  const layers = [await put(`${type}.layer.v1.tar+gzip`, gzipSync(tar))];
  const mediaType = `${type}.manifest.v1+json`;
  const manifest = await put(mediaType, json({ schemaVersion: 2, mediaType, config, layers }));
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'v1' } };
  await writeFile(join(at, 'index.json'), json({ schemaVersion: 2, manifests: [named] }));
  await writeFile(join(at, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

/** A tar archive with one empty file. */
function tarOf(name: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0'.repeat(2), 108);
  header.write(`${'0'.repeat(11)}\0`.repeat(2), 124);
  header.write('        0', 148);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.alloc(1024)]);
}

/** Why these tests are skipped, or undefined where they run. With CLOISTER_REQUIRE_ALL=1 they fail instead. */
function reasonToSkip(): string | undefined {
  if (spawnSync('skopeo', ['--version']).status === 0) return undefined;
  if (process.env.CLOISTER_REQUIRE_ALL === '1') return undefined;
  const reason = 'there is no skopeo on PATH';
  console.warn(`skipped: ${reason}`);
  return reason;
}
