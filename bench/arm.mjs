/**
 * ARM requests a second, PUT of a security rule and GET of it: through the whole stack of a running instance
 * (gateway, TLS, HTTP, token, router, store) over connections that are kept, with 1, 4 and 16 clients, in memory, on
 * SQLite and, where CLOISTER_DATABASE names an empty PostgreSQL database, there; on an estate of a hundred resources
 * and of 10^4.
 *
 * Peer: the same requests handed to the router (src/arm/api/router.ts) by a call, one after the other and four at a
 * time. The instance is a process of its own, the clients share this one.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { helper } from './support/child.mjs';
import {
  alternate,
  atLeast,
  choose,
  goal,
  print,
  quick,
  rateOf,
  say,
  spread,
  tidy,
} from './support/measure.mjs';

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
async function running(store, size, rule) {
  const database = store === 'postgres' ? process.env.CLOISTER_DATABASE : undefined;
  const child = await helper('instance.mjs', { memory: store === 'memory', size, database });
  const session = child.message.outside;
  const clients = Array.from({ length: 16 }, () => new PlaceClient(session));
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
async function direct(kind, size, rule) {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
  const store = kind === 'memory' ? new MemoryStore() : await SqliteStore.open(folder);
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
  { store: 'memory', size: 100 },
  { store: 'sqlite', size: 100 },
  ...(process.env.CLOISTER_DATABASE === undefined ? [] : [{ store: 'postgres', size: 100 }]),
  ...(quick ? [] : [{ store: 'memory', size: 10_000 }]),
];
for (const { store, size } of settings) {
  const { rule } = build(100);
  const stack = await running(store, size, rule);
  // A database has one estate, which is the instance's.
  const router = store === 'postgres' ? undefined : await direct(store, size, rule);
  try {
    const contestants = {};
    for (const method of ['PUT', 'GET']) {
      for (const [name, clients] of Object.entries({ one: 1, four: 4, sixteen: 16 }))
        contestants[`${method} ${name}`] = () =>
          rateOf(milliseconds, clients, (who) => stack.send(method, who));
      if (!router) continue;
      for (const [name, clients] of Object.entries({ router: 1, routerFour: 4 }))
        contestants[`${method} ${name}`] = () => rateOf(milliseconds, clients, () => router.send(method));
    }
    // Once for nothing: connections are made and code is compiled.
    for (const contestant of Object.values(contestants)) await contestant();
    const figures = await alternate(rounds, contestants);
    for (const method of ['PUT', 'GET']) {
      const names = ['one', 'four', 'sixteen', ...(router ? ['router', 'routerFour'] : [])];
      const row = Object.fromEntries(
        names.map((name) => [name, spread(figures[`${method} ${name}`], 'requests/s')]),
      );
      const share = router ? { share: tidy(row.four.median / row.router.median) } : {};
      results.push({ method, store, resources: size, ...row, ...share });
      say(`arm: ${method} ${size} ${store}: ${names.map((name) => row[name].median).join(' ')}/s`);
    }
  } finally {
    await stack.close();
    await router?.close();
  }
}
const four = (store) => results.find((row) => row.method === 'PUT' && row.store === store)?.four.median;
const goals = Object.entries({ sqlite: 2000, postgres: 1000 }).flatMap(([store, wanted]) => {
  const value = four(store);
  const what = `durable writes of 4 clients, ${store}`;
  return value === undefined ? [] : [goal(what, wanted, 'requests/s', value, atLeast)];
});
print('arm', goals, results);
