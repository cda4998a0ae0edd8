/**
 * The authority before strict clients: Node, OpenSSL and Python.
 *
 * @module
 */

import { spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeBundles } from './bundle.ts';
import { Authority, type AuthorityMaterial } from './ca.ts';

const guid = '11111111-2222-3333-4444-555555555555';
const names = [
  'management.azure.com',
  'acct_1.blob.core.windows.net',
  `${guid}.workspace.eastus.api.azureml.ms`,
];
const day = 86_400_000;
let folder: string;
let material: AuthorityMaterial;
let authority: Authority;
let server: https.Server;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-ca-'));
  material = await Authority.create();
  authority = new Authority(material);
  await writeFile(join(folder, 'root.pem'), material.certificatePem);
  const fallback = await authority.leaf('management.azure.com');
  server = https.createServer(
    {
      ...fallback,
      SNICallback: (name, done) => {
        authority.secureContextFor(name).then((context) => done(null, context), done);
      },
    },
    (request, response) => response.end(request.headers.host),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

/** Connects with our root as the only one, and returns whom the server proved to be. */
async function greet(servername: string, expected = servername): Promise<tls.TLSSocket> {
  const checkServerIdentity: typeof tls.checkServerIdentity = (_, peer) =>
    tls.checkServerIdentity(expected, peer);
  const ca = material.certificatePem;
  const socket = tls.connect({ port, host: '127.0.0.1', servername, ca, checkServerIdentity });
  await once(socket, 'secureConnect');
  return socket;
}

/** Reports whether a program is there; the test that needs it says so where it is not. */
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

test('the root is an authority and nothing else', () => {
  const root = new X509Certificate(material.certificatePem);
  expect(root.subject).toMatch(/^CN=Cloister local authority [0-9a-f]{8}$/);
  expect(root.ca).toBe(true);
  expect(root.verify(root.publicKey)).toBe(true);
  expect(root.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  const years = (Date.parse(root.validTo) - Date.now()) / (365.25 * day);
  expect(years).toBeCloseTo(10, 1);
});

test('a leaf names its host alone, starts an hour ago and lasts at most 397 days', async () => {
  const { cert, key } = await authority.leaf(names[2] as string);
  const leaf = new X509Certificate(cert);
  expect(leaf.subjectAltName).toBe(`DNS:${names[2]}`);
  expect(leaf.ca).toBe(false);
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(leaf.checkIssued(new X509Certificate(material.certificatePem))).toBe(true);
  expect(leaf.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  expect(Math.abs(Date.now() - 3_600_000 - from)).toBeLessThan(60_000);
  expect(to - from).toBeLessThanOrEqual(397 * day);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect(cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test.each(names)('a Node client that trusts the root alone reaches %s', async (name) => {
  const socket = await greet(name);
  expect(socket.authorized).toBe(true);
  expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${name}`);
  socket.destroy();
});

test('a client refuses the certificate of another name, and an authority it was not handed', async () => {
  await expect(greet('management.azure.com', 'login.microsoftonline.com')).rejects.toThrow(
    /does not match certificate/,
  );
  const other = await Authority.create();
  const stranger = tls.connect({
    port,
    host: '127.0.0.1',
    servername: 'a.example',
    ca: other.certificatePem,
  });
  await expect(once(stranger, 'secureConnect')).rejects.toThrow(/self-signed|unable to/);
});

test.each([
  '',
  '*.azure.com',
  '-a.example',
  'a..example',
  'a b.example',
  'a\0.example',
  '../../etc/passwd',
  '10.0.0.4',
  '::1',
  `${'a'.repeat(64)}.example`,
  'a.'.repeat(130),
  '\u00fcber.example',
])('no certificate is made for %j', async (host) => {
  await expect(authority.leaf(host)).rejects.toThrow(/it is no host name/);
  await expect(authority.secureContextFor(host)).rejects.toThrow(/it is no host name/);
});

test('a handshake for a hostile name fails and the server goes on', async () => {
  await expect(greet('..')).rejects.toThrow();
  (await greet('management.azure.com')).destroy();
});

test('a name is minted once, whatever its spelling, even when asked for at once', async () => {
  const [a, b] = await Promise.all([authority.leaf('A.Example.'), authority.leaf('a.example')]);
  expect(a).toBe(b);
  expect(await authority.secureContextFor('a.example')).toBe(await authority.secureContextFor('A.EXAMPLE'));
});

test('an old leaf is replaced, and none outlives the root', async () => {
  let now = Date.now();
  const aging = new Authority(material, { now: () => now });
  const first = await aging.leaf('a.example');
  now += 395 * day;
  expect(await aging.leaf('a.example')).toBe(first);
  now += day;
  expect(await aging.leaf('a.example')).not.toBe(first);
  now = Date.parse(new X509Certificate(material.certificatePem).validTo) - 2 * day;
  const last = new X509Certificate((await aging.leaf('b.example')).cert);
  expect(last.validTo).toBe(new X509Certificate(material.certificatePem).validTo);
});

test('only the names used last are kept', async () => {
  const crowded = new Authority(material, { mostLeaves: 3 });
  const [first, second] = [await crowded.leaf('n0.example'), await crowded.leaf('n1.example')];
  await crowded.leaf('n2.example');
  expect(await crowded.leaf('n0.example')).toBe(first);
  await crowded.leaf('n3.example');
  expect(await crowded.leaf('n0.example')).toBe(first);
  expect(await crowded.leaf('n1.example')).not.toBe(second);
});

test('a key that does not fit is reported to everyone who asks', async () => {
  const broken = new Authority({ ...material, keyPem: material.certificatePem });
  await expect(broken.leaf('a.example')).rejects.toThrow();
  await expect(broken.leaf('a.example')).rejects.toThrow();
  expect(() => new Authority({ ...material, certificatePem: 'no' })).toThrow();
});

const openssl = 'openssl';

test.skipIf(!has(openssl))('OpenSSL verifies the leaf, strictly, for its name only', async () => {
  const path = join(folder, 'leaf.pem');
  await writeFile(path, (await authority.leaf('management.azure.com')).cert);
  const verify = (name: string) =>
    spawnSync(openssl, [
      ...['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', name],
      ...['-no-CApath', '-no-CAstore', '-CAfile', join(folder, 'root.pem'), path],
    ]);
  expect(String(verify('management.azure.com').stdout)).toBe(`${path}: OK\n`);
  expect(verify('login.microsoftonline.com').status).not.toBe(0);
});

const python = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
for name in sys.argv[3:]:
    with socket.create_connection(('127.0.0.1', int(sys.argv[2]))) as raw:
        with context.wrap_socket(raw, server_hostname=name) as channel:
            print(channel.getpeercert()['subjectAltName'][0][1])
`;

test.skipIf(!has('python3'))('Python verifies the chain with VERIFY_X509_STRICT', async () => {
  const { bundle } = await writeBundles(folder, material.certificatePem);
  const child = spawn('python3', ['-c', python, bundle, String(port), ...names]);
  const [out, complaint] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  expect(complaint.join('')).toBe('');
  expect(out.join('').trim().split('\n')).toEqual(names);
});

test('the bundles: our root alone, and with the machine’s roots', async () => {
  const system = join(folder, 'system.crt');
  await writeFile(system, (await Authority.create()).certificatePem.trimEnd());
  const { ca, bundle } = await writeBundles(folder, material.certificatePem, [join(folder, 'none'), system]);
  expect(await readFile(ca, 'utf8')).toBe(material.certificatePem);
  expect(await readFile(bundle, 'utf8')).toBe(
    `${await readFile(system, 'utf8')}\n${material.certificatePem}`,
  );
  expect((await stat(bundle)).mode & 0o777).toBe(0o644);
  await writeBundles(folder, material.certificatePem, []);
  const certificates = (await readFile(bundle, 'utf8')).match(/BEGIN CERTIFICATE/g);
  expect(certificates).toHaveLength(tls.rootCertificates.length + 1);
  expect((await readdir(folder)).filter((name) => /\.pem\./.test(name))).toEqual([]);
  await expect(writeBundles(join(folder, 'none'), material.certificatePem)).rejects.toThrow(/ENOENT/);
});
