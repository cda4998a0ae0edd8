/**
 * A registry's throughput over TLS: a layer of 64 MiB pushed and pulled by one client, in MiB a second, and its
 * manifest pulled by four, in requests a second. Ratios are Cloister's figure over the peer's.
 *
 * Peer: Debian's docker-registry on the same disk, with TLS under a certificate of the same kind and without sign-in;
 * where it is not installed only Cloister is measured. Cloister's requests pass its gateway as well, and their token
 * is read at each. Durability: Cloister syncs what it answers; docker-registry leaves that to the machine.
 */

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { freePort, helper, memoryOf, serve } from './support/child.mjs';
import { line } from './support/line.mjs';
import { alternate, choose, print, rateOf, say, spread, tidy, time } from './support/measure.mjs';

ensureBuilt();
const { Authority } = await import('../dist/server/front/ca.js');

const rounds = choose(5, 1);
const milliseconds = choose(1_500, 60);
const clients = 4;
const megabytes = choose(64, 1);
const layer = Buffer.alloc(megabytes * 1024 * 1024, 'c');
const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const layerDigest = digestOf(layer);

const folder = mkdtempSync(join(tmpdir(), 'cloister-registry-'));
const instance = await helper('data.mjs', {});
const { outside, bearer } = instance.message;
const contestants = {
  cloister: {
    way: { ...outside, ca: readFileSync(outside.ca, 'utf8') },
    host: 'crbench.azurecr.io',
    headers: { authorization: `Bearer ${bearer}` },
    pid: instance.pid,
  },
};
let server;
if (installed()) contestants.dockerRegistry = await dockerRegistry();
else say('registry: docker-registry is not installed: nobody to compare with');

function installed() {
  try {
    execFileSync('docker-registry', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function dockerRegistry() {
  const host = 'localhost';
  const port = await freePort();
  const material = await Authority.create();
  const leaf = await new Authority(material).leaf(host);
  const [cert, key, config, root] = ['cert.pem', 'key.pem', 'config.yml', 'data'].map((it) =>
    join(folder, it),
  );
  mkdirSync(root);
  writeFileSync(cert, leaf.cert);
  writeFileSync(key, leaf.key);
  const tls = `  tls:\n    certificate: ${cert}\n    key: ${key}\n`;
  const storage = `storage:\n  filesystem:\n    rootdirectory: ${root}\n`;
  const log = 'log:\n  level: error\n  accesslog:\n    disabled: true\n';
  writeFileSync(config, `version: 0.1\n${log}${storage}http:\n  addr: 127.0.0.1:${port}\n${tls}`);
  server = await serve('docker-registry', ['serve', config], port, { stdio: 'ignore' });
  return { way: { port, ca: material.certificatePem }, host, headers: {}, pid: server.pid };
}

/** Pushes bytes as docker does: begin, one piece, end. */
async function push(open, headers, bytes, digest) {
  const begun = await open.ask('POST', '/v2/app/blobs/uploads/', 202, headers);
  const piece = await open.ask('PATCH', pathOf(begun), 202, headers, bytes);
  const at = pathOf(piece);
  await open.ask('PUT', `${at}${at.includes('?') ? '&' : '?'}digest=${digest}`, 201, headers);
}

function pathOf(head) {
  return /\r\nlocation: (?:https:\/\/[^/]+)?(\S+)/i.exec(head)[1];
}

const mediaType = 'application/vnd.oci.image.manifest.v1+json';

/** Pushes the image that is pulled. */
async function fill({ way, host, headers }) {
  const open = await line(way, host);
  const config = Buffer.from('{}');
  await push(open, headers, config, digestOf(config));
  await push(open, headers, layer, layerDigest);
  const of = (bytes, type) => ({ mediaType: type, digest: digestOf(bytes), size: bytes.length });
  const layers = [of(layer, 'application/vnd.oci.image.layer.v1.tar')];
  const manifest = { schemaVersion: 2, mediaType, config: of(config, 'application/json'), layers };
  const typed = { ...headers, 'content-type': mediaType };
  await open.ask('PUT', '/v2/app/manifests/v1', 201, typed, Buffer.from(JSON.stringify(manifest)));
  open.close();
}

async function throughput({ way, host, headers }, work) {
  const open = await line(way, host);
  const times = choose(3, 1);
  let spent = 0;
  for (let at = 0; at < times; at++) {
    const job = work(open, headers);
    spent += await time(job);
  }
  open.close();
  return (megabytes * times * 1000) / spent;
}

/** What is measured: each answers one figure of a run. */
const measured = {
  push: [
    'MiB/s',
    (who) =>
      throughput(who, (open, headers) => {
        // Other bytes each time: what is there already would be thrown away.
        randomBytes(16).copy(layer);
        const digest = digestOf(layer);
        return () => push(open, headers, layer, digest);
      }),
  ],
  pull: [
    'MiB/s',
    (who) =>
      throughput(who, (open, headers) => () => open.ask('GET', `/v2/app/blobs/${layerDigest}`, 200, headers)),
  ],
  manifest: [
    'requests/s',
    async ({ way, host, headers }) => {
      const open = await Promise.all(Array.from({ length: clients }, () => line(way, host)));
      const accepting = { ...headers, accept: mediaType };
      const rate = await rateOf(milliseconds, clients, (at) =>
        open[at].ask('GET', '/v2/app/manifests/v1', 200, accepting),
      );
      for (const each of open) each.close();
      return rate;
    },
  ],
};

const results = { clients, layer: layer.length };
try {
  for (const who of Object.values(contestants)) await fill(who);
  for (const [what, [unit, measure]] of Object.entries(measured)) {
    for (const who of Object.values(contestants)) await measure(who);
    const work = Object.entries(contestants).map(([name, who]) => [name, () => measure(who)]);
    const runs = await alternate(rounds, Object.fromEntries(work));
    results[what] = Object.fromEntries(
      Object.entries(runs).map(([name, values]) => [name, spread(values, unit)]),
    );
    say(`registry: ${what}: ${results[what].cloister.median} ${unit}`);
    if (!runs.dockerRegistry) continue;
    const ratios = runs.cloister.map((value, at) => value / runs.dockerRegistry[at]);
    results[what].ratio = spread(ratios, 'ratio');
    say(`registry: ${what}: ${tidy(results[what].ratio.median)} of docker-registry`);
  }
  results.memory = Object.fromEntries(
    Object.entries(contestants).map(([name, { pid }]) => [name, tidy(memoryOf(pid)?.most ?? 0)]),
  );
} finally {
  await Promise.all([instance.end(), server?.end()]);
  rmSync(folder, { recursive: true, force: true });
}
print('registry', [], results);
