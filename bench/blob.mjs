/**
 * Blobs of 4 KiB and 64 MiB, written and read over TLS with a shared access signature: requests a second by four
 * clients with a connection each, and MiB a second by one. Ratios are Cloister's figure over the peer's.
 *
 * Peer: Azurite (pinned in test/clients; CLOISTER_CLIENTS names the folder, without it only Cloister is measured),
 * with TLS under a certificate of the same kind, and without. Cloister's requests pass its gateway as well.
 * Durability: Cloister syncs the content, its folder and the row before it answers; Azurite syncs the content, and
 * saves its rows on a timer.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { freePort, helper, memoryOf, serve } from './support/child.mjs';
import { line } from './support/line.mjs';
import {
  alternate,
  atLeast,
  choose,
  goal,
  print,
  rateOf,
  say,
  spread,
  tidy,
  time,
} from './support/measure.mjs';

ensureBuilt();
const { Authority } = await import('../dist/server/front/ca.js');
const { sasText } = await import('../dist/services/blob/sas.js');
const { signatureOf } = await import('../dist/services/blob/shared-key.js');

const rounds = choose(5, 1);
const milliseconds = choose(1_500, 60);
const clients = 4;
const small = Buffer.alloc(4 * 1024, 'c');
const large = Buffer.alloc(choose(64, 1) * 1024 * 1024, 'c');
const container = 'bench';
const version = '2021-12-02';

/** A signature for everything in the container, as a query. */
function signature(account, key) {
  const said = { sv: version, sr: 'c', sp: 'racwdl', se: '2099-01-01T00:00:00Z' };
  const field = (name) => said[name] ?? '';
  const text = sasText({ kind: 'service', signature: '', version, field }, { account, container, name: '' });
  return new URLSearchParams({ ...said, sig: signatureOf(text, key) }).toString();
}

/** Makes the container: that takes the account's key. */
async function createContainer(way, host, account, key, path) {
  const open = await line(way, host);
  await open.ask('PUT', `${path}?restype=container`, 201, sharedKey(account, key, path));
  open.close();
}

/** Headers of Create Container with its SharedKey signature (docs: Authorize with Shared Key). */
function sharedKey(account, key, path) {
  const date = new Date().toUTCString();
  const resource = `/${account}${path}\nrestype:container`;
  const text = `PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:${date}\nx-ms-version:${version}\n${resource}`;
  const authorization = `SharedKey ${account}:${signatureOf(text, key)}`;
  return { 'x-ms-date': date, 'x-ms-version': version, authorization };
}

const folder = mkdtempSync(join(tmpdir(), 'cloister-azurite-'));
const instance = await helper('data.mjs', {});
const { outside, key } = instance.message;
const contestants = {
  cloister: {
    way: { ...outside, ca: readFileSync(outside.ca, 'utf8') },
    host: 'stbench.blob.core.windows.net',
    path: `/${container}`,
    query: signature('stbench', key),
    pid: instance.pid,
  },
};
await createContainer(contestants.cloister.way, contestants.cloister.host, 'stbench', key, `/${container}`);
const servers = [];
const main = join(process.env.CLOISTER_CLIENTS ?? folder, 'node/node_modules/azurite/dist/src/blob/main.js');
if (existsSync(main)) {
  contestants.azurite = await azurite(true);
  contestants.azuritePlain = await azurite(false);
} else say('blob: CLOISTER_CLIENTS names no folder with Azurite: nobody to compare with');

/** Azurite's blob service in a process of its own. */
async function azurite(tls) {
  const host = 'localhost';
  const account = 'stbench';
  const port = await freePort();
  const at = join(folder, String(port));
  const flags = ['--silent', '--disableTelemetry', '--location', at, '--blobHost', '127.0.0.1'];
  const material = await Authority.create();
  const leaf = await new Authority(material).leaf(host);
  writeFileSync(`${at}.cert`, leaf.cert);
  writeFileSync(`${at}.key`, leaf.key);
  const secure = tls ? ['--cert', `${at}.cert`, '--key', `${at}.key`] : [];
  const env = { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}` };
  const args = [main, ...flags, '--blobPort', String(port), ...secure];
  const server = await serve(process.execPath, args, port, { env, cwd: folder });
  servers.push(server);
  const way = { port, ...(tls ? { ca: material.certificatePem } : {}) };
  const path = `/${account}/${container}`;
  await createContainer(way, host, account, key, path);
  return { way, host, path, query: signature(account, key), pid: server.pid };
}

const block = { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': version };

/** What is measured: each answers one figure of a run. */
const measured = {
  putSmall: (who) => many(who, (at) => ['PUT', `/small-${at}`, 201, block, small]),
  getSmall: (who) => many(who, (at) => ['GET', `/small-${at}`, 200, { 'x-ms-version': version }]),
  putLarge: (who) => one(who, ['PUT', '/large', 201, block, large]),
  getLarge: (who) => one(who, ['GET', '/large', 200, { 'x-ms-version': version }]),
};

async function many({ way, host, path, query }, requestOf) {
  const open = await Promise.all(Array.from({ length: clients }, () => line(way, host)));
  const rate = await rateOf(milliseconds, clients, (at, done) => {
    const [method, name, ...rest] = requestOf(at, done);
    return open[at].ask(method, `${path}${name}?${query}`, ...rest);
  });
  for (const each of open) each.close();
  return rate;
}

async function one({ way, host, path, query }, [method, name, ...rest]) {
  const open = await line(way, host);
  const times = choose(3, 1);
  const spent = await time(async () => {
    for (let at = 0; at < times; at++) await open.ask(method, `${path}${name}?${query}`, ...rest);
  });
  open.close();
  return ((large.length / 2 ** 20) * times * 1000) / spent;
}

const results = { clients, sizes: { small: small.length, large: large.length } };
const goals = [];
try {
  for (const [what, measure] of Object.entries(measured)) {
    for (const who of Object.values(contestants)) await measure(who);
    const work = Object.entries(contestants).map(([name, who]) => [name, () => measure(who)]);
    const runs = await alternate(rounds, Object.fromEntries(work));
    const unit = what.endsWith('Small') ? 'requests/s' : 'MiB/s';
    results[what] = Object.fromEntries(
      Object.entries(runs).map(([name, values]) => [name, spread(values, unit)]),
    );
    for (const peer of Object.keys(runs).filter((name) => name !== 'cloister')) {
      const ratio = spread(
        runs.cloister.map((value, at) => value / runs[peer][at]),
        'ratio',
      );
      results[what][`${peer}Ratio`] = ratio;
      if (peer === 'azurite') goals.push(goal(`${what} over Azurite`, 1, 'ratio', ratio.median, atLeast));
      say(`blob: ${what}: ${tidy(ratio.median)} of ${peer}`);
    }
    say(`blob: ${what}: ${results[what].cloister.median} ${unit}`);
  }
  results.memory = Object.fromEntries(
    Object.entries(contestants).map(([name, { pid }]) => [name, tidy(memoryOf(pid)?.most ?? 0)]),
  );
} finally {
  await Promise.all([instance.end(), ...servers.map((server) => server.end())]);
  rmSync(folder, { recursive: true, force: true });
}
print('blob', goals, results);
