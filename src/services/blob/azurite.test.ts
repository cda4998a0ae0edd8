/**
 * The same requests to Azurite and to our own service: status, code, headers and lists agree but where it is said.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as send } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientPath } from '../../../test/support/clients.ts';
import { ip } from '../../lib/ip.ts';
import { MemoryStore } from '../../store/memory.ts';
import { differences, type Step, sequences } from './azurite.testing.ts';
import { randomSteps } from './azurite-random.testing.ts';
import { Blobs } from './blobs.ts';
import { requestOf, resource, textOf, worldOf } from './harness.testing.ts';
import { blobPlane } from './plane.ts';
import { key, signed, signedQuery } from './signed.testing.ts';

const main = clientPath('node/node_modules/azurite/dist/src/blob/main.js');

const name = 'devstoreaccount1';
const account = {
  ...resource('Microsoft.Storage/storageAccounts', name),
  sku: { name: 'Standard_RAGRS' },
  kind: 'StorageV2',
};
const world = worldOf(account);

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}
type Ask = (line: string, headers: Readonly<Record<string, string>>, body: string) => Promise<Answer>;

let port = 0;
let child: ChildProcess | undefined;
let location = '';

describe.skipIf(main === undefined)('as Azurite answers', () => {
  beforeAll(async () => {
    location = await mkdtemp(join(tmpdir(), 'cloister-azurite-'));
    port = await freePort();
    const flags = ['--blobPort', String(port), '--blobHost', '127.0.0.1', '--location', location];
    const quiet = ['--silent', '--disableTelemetry', '--skipApiVersionCheck'];
    child = spawn(process.execPath, [main ?? '', ...flags, ...quiet], { stdio: 'ignore', cwd: location });
    for (let tries = 0; tries < 500; tries += 1) {
      const up = await azurite('GET /', {}, '').catch(() => undefined);
      if (up) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('Azurite does not answer');
  }, 90_000);

  afterAll(async () => {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill();
    if (child) await ended;
    await rm(location, { recursive: true, force: true });
  });

  test.each(Object.entries(sequences))('%s', { timeout: 60_000 }, async (sequence, steps) => {
    expect((await compare(sequence, steps)).join('\n')).toBe('');
  });

  const seed = Number(process.env['CLOISTER_SEED'] ?? 20261122);
  test.each([0, 1, 2, 3])(`seed ${seed} + %i`, { timeout: 120_000 }, async (more) => {
    expect((await compare(`seed-${more}`, randomSteps(seed + more, 150))).join('\n')).toBe('');
  });
});

/** Asks both the same, and returns where they differ and should not. */
async function compare(sequence: string, steps: readonly Step[]): Promise<readonly string[]> {
  const blobs = new Blobs(new MemoryStore(), undefined);
  const plane = blobPlane(blobs, () => [key]);
  const ours: Ask = async (line, headers, body) => {
    const request = requestOf(account, `${name}.blob.localhost`, line, {
      headers,
      bytes: body,
      now: Date.now(),
      arrival: { via: 'public', address: ip('127.0.0.1'), source: ip('127.0.0.1') },
    });
    const response = await plane.handle(request, world);
    return { ...response, body: textOf(response.body) };
  };
  const different: string[] = [];
  for (const [index, step] of [create, ...steps].entries()) {
    const theirs = told(await ask(azurite, step, sequence));
    const own = told(await ask(ours, step, sequence));
    const place = `${sequence} ${index}`;
    const known = differences[place] !== undefined;
    // Azurite's own parser refuses without a code.
    const same = theirs === own || (/^400\s*$/.test(theirs) && own.startsWith('400 '));
    if (same !== known) continue;
    different.push(`${place} ${known ? 'agrees now' : step.name}\n  azurite: ${theirs}\n  cloister: ${own}`);
  }
  return different;
}

const create: Step = { name: 'create', line: 'PUT /C?restype=container' };

async function ask(to: Ask, step: Step, sequence: string): Promise<Answer> {
  const container = `test-${sequence}`;
  const filled = (text: string): string =>
    text
      .replaceAll('/C', `/${container}`)
      .replaceAll('prefix=C', `prefix=${container}`)
      .replace(
        'SELF',
        `http://${name}.blob.localhost:PORT`.replace(':PORT', to === azurite ? `:${port}` : ''),
      );
  const { body = '', scheme, sas } = step;
  const given = Object.fromEntries(Object.entries(step.headers ?? {}).map(([k, v]) => [k, filled(v)]));
  const headers = {
    'x-ms-date': new Date().toUTCString(),
    'x-ms-version': '2021-12-02',
    'content-length': String(Buffer.byteLength(body)),
    ...given,
  };
  const line = filled(step.line);
  if (sas) {
    const [, target = ''] = line.split(' ');
    const [path = ''] = target.split('?');
    const [, first = '', ...rest] = path.split('/');
    const query = signedQuery({ account: name, container: first, name: rest.join('/') }, sas);
    return to(`${line}${line.includes('?') ? '&' : '?'}${query}`, headers, body);
  }
  const all = given['authorization'] === undefined ? signed(name, line, headers, scheme) : headers;
  return to(line, all as Record<string, string>, body);
}

async function azurite(
  line: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Answer> {
  const [method, path] = line.split(' ');
  return new Promise((resolve, reject) => {
    const host = `${name}.blob.localhost:${port}`;
    const outgoing = send({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { ...headers, host },
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers as Record<string, string>,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.end(body);
  });
}

const compared =
  /^(x-ms-(meta-.*|lease-.*|copy-status|copy-progress|tag-count|blob-type|blob-content-.*|error-code|sku-name|account-kind)|content-(range|md5|encoding|language|disposition)|cache-control|accept-ranges)$/;

/** What is compared of an answer, in one line. */
function told({ status, headers, body }: Answer): string {
  const own = Object.entries(headers).filter(
    ([header, value]) => compared.test(header) && value !== undefined,
  );
  const lines = own
    // Azurite says it of whole blobs too.
    .filter(([header]) => status !== 200 || header !== 'x-ms-blob-content-md5')
    .map(
      ([header, value]) =>
        `${header}=${header === 'x-ms-lease-id' || header === 'x-ms-lease-time' ? '' : value}`,
    )
    .sort();
  const typed =
    status < 300 && headers['content-type'] !== 'application/xml'
      ? `type=${headers['content-type'] ?? ''}`
      : '';
  return [status, ...lines, typed, status < 300 ? elements(body) : ''].join(' ');
}

/** Of a document, the elements that both have to say alike; of any other body, all of it. */
function elements(body: string): string {
  if (!body.startsWith('<')) return body;
  const names =
    /<(Name|Size|Prefix|NextMarker|Content-Length|Content-MD5|LeaseState|TagCount|Key|Value|Id|Start|Expiry|Permission|CommittedBlocks|UncommittedBlocks|BlobPrefix|Metadata)\b[^>]*>([^<]*)/g;
  return [...body.matchAll(names)]
    .filter(([, element, text]) => element !== 'Prefix' || text !== '')
    .map(([, element, text]) => `${element}:${text}`)
    .join(',');
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
