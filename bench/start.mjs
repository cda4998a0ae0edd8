/**
 * Seconds from nothing to a first score: `bin/start.mjs --once --json` on the example, everything installed and
 * built. `firstScore` is what it reports itself (from starting the instance to the answer), `whole` the process from
 * its start to its end. And the resident memory of a server that has the example deployed, its replicas apart.
 *
 * Goals: a first score under 5 s; under 250 MB. Peer: none.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { memoryOf, run } from './support/child.mjs';
import { below, choose, goal, print, root, say, spread } from './support/measure.mjs';

ensureBuilt();

const first = [];
const whole = [];
for (let i = 0; i < choose(5, 1); i++) {
  const { milliseconds, stdout } = await run([join(root, 'bin', 'start.mjs'), '--once', '--json']);
  const report = JSON.parse(stdout.trim().split('\n').at(-1));
  if (report.scored.status !== 200) throw new Error(`the score was answered ${report.scored.status}`);
  first.push(report.seconds);
  whole.push(milliseconds / 1000);
  say(`start: ${report.seconds} s to the first score, ${(milliseconds / 1000).toFixed(2)} s in all`);
}

const samples = [];
for (let i = 0; i < choose(3, 1); i++) samples.push(await memory());

/** A server in a process of its own, as `up --detach` makes it; it is asked when it has come to rest. */
async function memory() {
  const state = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
  const cloister = join(root, 'bin', 'cloister');
  try {
    await run([cloister, 'up', join(root, 'examples', 'secure-workspace'), '--detach', '--state', state]);
    const { pid } = JSON.parse(readFileSync(join(state, 'instance.json'), 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, choose(1_500, 100)));
    return memoryOf(pid);
  } finally {
    await run([cloister, 'down', '--state', state]);
    rmSync(state, { recursive: true, force: true });
  }
}

const known = samples.filter((sample) => sample !== undefined);
const resident =
  known.length === 0
    ? null
    : spread(
        known.map((sample) => sample.now),
        'MiB',
      );
const most =
  known.length === 0
    ? null
    : spread(
        known.map((sample) => sample.most),
        'MiB',
      );
if (resident) say(`start: ${resident.median} MiB resident`);
const results = { firstScore: spread(first, 's'), whole: spread(whole, 's'), resident, most };
const goals = [
  goal('seconds to the first score', 5, 's', results.firstScore.median, below),
  ...(resident ? [goal('resident memory', 250, 'MiB', resident.median, below)] : []),
];
print('start', goals, results);
