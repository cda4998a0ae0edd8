/**
 * What a score costs beyond the model: requests to the example's endpoint under its host name, from a machine inside,
 * over a kept connection with key, doors and split of traffic; median and 99th percentile of the time of one.
 *
 * Peer: the same model behind the same runtime in a replica of its own, called over its socket by the module that the
 * server calls replicas with. `adds` is the difference of the medians of a round.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { run } from './support/child.mjs';
import { alternate, below, choose, goal, print, quantile, root, say, spread } from './support/measure.mjs';

ensureBuilt();
const { AzureClient } = await import('../dist/api/azure.js');
const { ControlClient, readInstance } = await import('../dist/api/control.js');
const { PlaceClient } = await import('../dist/api/proxied.js');
const { Replicas } = await import('../dist/compute/process/replicas.js');
const { findSandbox } = await import('../dist/compute/sandbox/probe.js');

const rounds = choose(5, 1);
const requests = choose(400, 10);
const example = join(root, 'examples', 'secure-workspace');
const body = readFileSync(join(example, 'model', 'score-request.json'), 'utf8');
const address = 'https://length-of-stay.eastus.inference.ml.azure.com/score';
const workspace =
  '/subscriptions/0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f/resourceGroups/cloister/providers/Microsoft.MachineLearningServices/workspaces/mlw-clinic';
const json = { 'content-type': 'application/json' };

/** Times of one request after the other, in order of size. */
async function drive(ask) {
  const times = [];
  for (let at = 0; at < requests; at++) {
    const start = performance.now();
    const status = await ask();
    times.push(performance.now() - start);
    if (status !== 200) throw new Error(`the score was answered ${status}`);
  }
  return times.sort((a, b) => a - b);
}

const state = mkdtempSync(join(tmpdir(), 'cloister-scoring-'));
const cloister = join(root, 'bin', 'cloister');
const replicas = new Replicas(findSandbox);
const closers = [];
try {
  await run([cloister, 'up', example, '--detach', '--state', state]);
  closers.push(() => run([cloister, 'down', '--state', state]));
  const control = new ControlClient(readInstance(state));
  const azure = new AzureClient(await control.enter('internet'));
  closers.push(() => azure.close());
  const { primaryKey } = await azure.post(`${workspace}/onlineEndpoints/length-of-stay/listKeys`);
  const inside = new PlaceClient(await control.enter('vm/jumpbox'));
  closers.push(() => inside.close());
  const headers = { ...json, authorization: `Bearer ${primaryKey}` };
  await replicas.ensure({
    key: 'peer',
    kind: { runtime: 'onnx' },
    model: join(example, 'model'),
    environment: {},
    instances: 1,
    readinessTimeout: 60_000,
    requestTimeout: 60_000,
  });
  const whole = async () => (await inside.send(address, { method: 'POST', headers, body })).status;
  const bytes = Buffer.from(body);
  const request = { method: 'POST', path: '/score', headers: json, body: bytes };
  const alone = async () => (await replicas.score('peer', request)).status;
  for (const ask of [whole, alone]) await drive(ask);
  const runs = await alternate(rounds, { cloister: () => drive(whole), replica: () => drive(alone) });
  const at = (who, share) =>
    spread(
      runs[who].map((times) => quantile(times, share)),
      'ms',
    );
  const of = (who) => ({ median: at(who, 0.5), p99: at(who, 0.99) });
  const adds = spread(
    runs.cloister.map((times, round) => quantile(times, 0.5) - quantile(runs.replica[round], 0.5)),
    'ms',
  );
  say(`scoring: adds ${adds.median} ms`);
  print('scoring', [goal('added at the median', 1, 'ms', adds.median, below)], {
    requests,
    cloister: of('cloister'),
    replica: of('replica'),
    adds,
  });
} finally {
  for (const close of closers.reverse()) await close();
  await replicas.close();
  rmSync(state, { recursive: true, force: true });
}
