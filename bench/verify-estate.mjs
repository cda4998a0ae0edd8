/**
 * The proof on large estates. Each figure is from a process of its own, so that memory is that of the work.
 *
 * `groups`: 1 000 security groups of 100 rules, each compiled once, and 999 questions whether one lets through no more
 * than the next. `pairs`: every flow from 1 000 subnets in 20 networks to 200 services behind private endpoints, over
 * 10 000 rules; then one rule changes, and the answers are worked out again.
 *
 * Goals: groups in 1 s and 400 MB; pairs in 5 s; the change in 100 ms.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { below, choose, goal, print, quick, say, spread } from './support/measure.mjs';

ensureBuilt();
const child = fileURLToPath(new URL('./support/prove.mjs', import.meta.url));
const rounds = choose(5, 1);

function measure(what) {
  const runs = Array.from({ length: rounds }, () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [child, what, quick ? 'quick' : ''], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  });
  const [first] = runs;
  return Object.fromEntries(
    Object.entries(first).map(([name, value]) => {
      const unit = { ms: 'ms', mb: 'MB' }[name.slice(-2).toLowerCase()];
      return [
        name,
        unit
          ? spread(
              runs.map((run) => run[name]),
              unit,
            )
          : value,
      ];
    }),
  );
}

const groups = measure('groups');
say(`groups: ${groups.wholeMs.median} ms, ${groups.peakMB.median} MB`);
const pairs = measure('pairs');
say(`pairs: ${pairs.allMs.median} ms, then ${pairs.againMs.median} ms`);
print(
  'verify-estate',
  [
    goal('groups compiled and compared', 1000, 'ms', groups.wholeMs.median, below),
    goal('memory of groups', 400, 'MB', groups.peakMB.median, below),
    goal('all pairs', 5000, 'ms', pairs.allMs.median, below),
    goal('one changed rule', 100, 'ms', pairs.againMs.median, below),
  ],
  { groups, pairs },
);
