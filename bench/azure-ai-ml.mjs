/**
 * The whole recorded flow of azure-ai-ml on the example, from the jump box: workspaces, datastores, assets with their
 * uploads, an endpoint that is deployed, scored, updated and deleted, computes. Seconds from the client's start to its
 * end, most of which it sleeps between polls or imports itself; and how many requests it made, by kind of host.
 *
 * CLOISTER_CLIENTS names the folder that `node bin/clients.mjs DIR` made. Under `--quick` only the flow from the
 * internet, which is refused most of it. Peer: none.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { run } from './support/child.mjs';
import { choose, print, root, say, spread } from './support/measure.mjs';

ensureBuilt();

const clients = process.env.CLOISTER_CLIENTS;
if (clients === undefined) throw new Error('CLOISTER_CLIENTS is not set: node bin/clients.mjs DIR makes it');
const [place, mode] = choose(['vm/jumpbox', 'inside'], ['internet', 'outside']);
const cloister = join(root, 'bin', 'cloister');
const model = join(root, 'examples', 'secure-workspace', 'model');
const counter = pathToFileURL(join(root, 'bench', 'support', 'count-requests.mjs')).href;

const kinds = {
  resourceManager: /^management\.azure\.com$/,
  signIn: /^login\.microsoftonline\.com$/,
  blob: /\.blob\.core\.windows\.net$/,
  scoring: /\.inference\.ml\.azure\.com$/,
};

/** One flow on an instance of its own. */
async function flow() {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
  const state = join(folder, 'state');
  const counted = join(folder, 'requests');
  const env = { COUNT_REQUESTS: counted, NODE_OPTIONS: `--import ${counter}` };
  cpSync(join(model, 'coefficients.json'), join(folder, 'model', 'coefficients.json'));
  cpSync(join(model, 'regression.onnx'), join(folder, 'model', 'regression.onnx'));
  cpSync(join(model, 'score.py'), join(folder, 'code', 'score.py'));
  cpSync(join(model, 'score-request.json'), join(folder, 'request.json'));
  try {
    await run([cloister, 'up', join(root, 'examples', 'secure-workspace'), '--detach', '--state', state], {
      env,
    });
    const before = hosts(counted).length;
    const program = join(root, 'test', 'clients', 'programs', 'azure-ai-ml.py');
    const python = join(clients, 'aml', 'bin', 'python');
    const { milliseconds, stdout } = await run(
      [cloister, 'exec', '--from', place, '--state', state, '--', python, program, mode, folder],
      {},
    );
    const { steps } = JSON.parse(stdout.trim().split('\n').at(-1));
    return { seconds: milliseconds / 1000, steps, requests: hosts(counted).slice(before) };
  } finally {
    await run([cloister, 'down', '--purge', '--state', state], { codes: [0, 1] });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Hosts of the requests so far; the control API has none of Azure's. */
function hosts(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter(
    (host) => Object.values(kinds).some((kind) => kind.test(host)) || /\.azureml\.ms$/.test(host),
  );
}

const flows = [];
for (let i = 0; i < choose(3, 1); i++) {
  flows.push(await flow());
  say(`azure-ai-ml: ${flows[i].steps} steps in ${flows[i].seconds.toFixed(1)} s`);
}
const count = (kind) =>
  spread(
    flows.map(({ requests }) => requests.filter((host) => kind.test(host)).length),
    'requests',
  );
print('azure-ai-ml', [], {
  place,
  steps: flows[0].steps,
  seconds: spread(
    flows.map(({ seconds }) => seconds),
    's',
  ),
  requests: {
    all: count(/./),
    ...Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, count(kind)])),
  },
});
