/**
 * `cloister why FILE` as a whole process, and where its time goes: node itself, the check that what is built is what
 * is in src, the modules, opening the files (expand, deploy, compile), and the walk with its names.
 *
 * Goal: under 0.4 s. Peer: `node`, an empty program.
 */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { run } from './support/child.mjs';
import { alternate, below, choose, goal, print, root, say, spread } from './support/measure.mjs';

ensureBuilt();

const question = ['--from', 'vm/jumpbox', '--to', 'workspace/mlw-clinic'];
const example = join(root, 'examples', 'secure-workspace');
const parts = fileURLToPath(new URL('support/why-parts.mjs', import.meta.url));
const inside = [];
const figures = await alternate(choose(15, 2), {
  why: async () => {
    const { milliseconds, stdout } = await run([
      join(root, 'bin', 'cloister'),
      'why',
      example,
      ...question,
      '--json',
    ]);
    if (JSON.parse(stdout).disposition !== 'delivered') throw new Error(stdout);
    return milliseconds;
  },
  node: async () => (await run(['-e', '0'])).milliseconds,
  parts: async () => {
    const { milliseconds, stdout } = await run([parts, example, question[1], question[3]]);
    inside.push(JSON.parse(stdout));
    return milliseconds;
  },
});
const of = (name) =>
  spread(
    inside.map((run) => run[name]),
    'ms',
  );
const results = {
  whole: spread(figures.why, 'ms'),
  node: spread(figures.node, 'ms'),
  parts: {
    check: of('check'),
    verbs: of('verbs'),
    modules: of('modules'),
    open: of('open'),
    walk: of('walk'),
  },
};
say(`why: ${results.whole.median} ms, of which node ${results.node.median} ms`);
print('why', [goal('why FILE as a whole process', 400, 'ms', results.whole.median, below)], results);
