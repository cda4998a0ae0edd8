/**
 * ARM requests a second, PUT of a security rule and GET of it: through the whole stack of a running instance
 * (gateway, TLS, HTTP, token, router, store) over connections that are kept, with one client and with four, in
 * memory and on SQLite, on an estate of a hundred resources and of 10^4.
 *
 * Peer: the same requests handed to the router (src/arm/api/router.ts) by a call. The instance is a process of its
 * own, the clients share this one.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { helper } from './support/child.mjs';
import { alternate, choose, print, quick, rateOf, say, spread, tidy } from './support/measure.mjs';

ensureBuilt();
const { PlaceClient } = await import('../dist/api/proxied.js');
const { defaultDeployer, firstResources, offlineSettings } = await import('../dist/app/defaults.js');
const { handle } = await import('../dist/arm/api/router.js');
const { Engine } = await import('../dist/server/engine.js');
const { MemoryStore } = await import('../dist/store/memory.js');
const { SqliteStore } = await import('../dist/store/sqlite.js');
const { build, ruleOf } = await import('./support/estate.mjs');

const rounds = choose(5, 1);
const milliseconds = choose(350, 30);
const arm = 'https://management.azure.com';
const version = 'api-version=2023-09-01';
const rules = 10;
let turn = 0;

/** Every PUT changes something, so every PUT is a commit. */
function request(method, rule) {
  turn++;
  const at = turn % rules;
  const path = rule.replace(/rule\d+$/, `rule${at}`);
  return { path, body: method === 'PUT' ? { properties: ruleOf(at, 1_000 + (turn % 50_000)) } : undefined };
}

/** Signs in as every SDK does. */
async function tokenOf(client, { environment }) {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: environment.AZURE_CLIENT_ID,
    client_secret: environment.AZURE_CLIENT_SECRET,
    scope: `${arm}/.default`,
  });
  const address = `https://login.microsoftonline.com/${environment.AZURE_TENANT_ID}/oauth2/v2.0/token`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await client.send(address, { method: 'POST', headers, body: form.toString() });
  return JSON.parse(answer.body).access_token;
}

/** The whole stack. */
async function running(memory, size, rule) {
  const child = await helper('instance.mjs', { memory, size });
  const session = child.message.outside;
  const clients = Array.from({ length: 4 }, () => new PlaceClient(session));
  const token = await tokenOf(clients[0], session);
  const send = async (method, who) => {
    const { path, body } = request(method, rule);
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await clients[who].send(`${arm}${path}?${version}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  };
  const close = async () => {
    for (const client of clients) client.close();
    await child.end();
  };
  return { send, close };
}

/** The router alone, on an engine with its store. */
async function direct(memory, size, rule) {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
  const store = memory ? new MemoryStore() : await SqliteStore.open(folder);
  const settings = offlineSettings('0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f');
  const engine = await Engine.open(store, settings, firstResources(settings, defaultDeployer), say);
  const writes = [...build(size).plane.estate.all()];
  await engine.transact(() => ({ change: { writes, deletes: [] } }));
  const query = new URLSearchParams(version);
  const send = async (method) => {
    const { path, body } = request(method, rule);
    const text = JSON.stringify(body);
    const answer = await handle(engine, {
      method,
      path,
      query,
      ifMatch: undefined,
      ifNoneMatch: undefined,
      body: async () => JSON.parse(text),
      caller: defaultDeployer,
    });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    JSON.stringify(answer.body);
  };
  const close = async () => {
    await engine.idle();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { send, close };
}

const results = [];
const settings = [
  { memory: true, size: 100 },
  { memory: false, size: 100 },
  ...(quick ? [] : [{ memory: true, size: 10_000 }]),
];
for (const { memory, size } of settings) {
  const { rule } = build(100);
  const [stack, router] = [await running(memory, size, rule), await direct(memory, size, rule)];
  try {
    const contestants = {};
    for (const method of ['PUT', 'GET']) {
      contestants[`${method} 1`] = () => rateOf(milliseconds, 1, (who) => stack.send(method, who));
      contestants[`${method} 4`] = () => rateOf(milliseconds, 4, (who) => stack.send(method, who));
      contestants[`${method} router`] = () => rateOf(milliseconds, 1, () => router.send(method));
    }
    // Once for nothing: connections are made and code is compiled.
    for (const contestant of Object.values(contestants)) await contestant();
    const figures = await alternate(rounds, contestants);
    for (const method of ['PUT', 'GET']) {
      const of = (name) => spread(figures[`${method} ${name}`], 'requests/s');
      const row = { one: of('1'), four: of('4'), router: of('router') };
      const share = tidy(row.four.median / row.router.median);
      results.push({ method, store: memory ? 'memory' : 'sqlite', resources: size, ...row, share });
      say(
        `arm: ${method} ${size} ${memory ? 'memory' : 'sqlite'}: ${row.one.median} ${row.four.median} ${row.router.median}/s`,
      );
    }
  } finally {
    await stack.close();
    await router.close();
  }
}
print('arm', [], results);
