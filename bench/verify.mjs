/**
 * Lists of rules as sets: are two equivalent, and does one let through no more than another? Both sides are built in
 * the measured time, each round from nothing.
 *
 * `random`: rules of prefixes, ports and protocols as people write them (8 % without a source). `grid`: each rule
 * constrains one field only, which makes the diagrams as large as they get. The second list is the first with every
 * range of sources cut in two.
 *
 * Goals, in milliseconds: 60 for 1 000 random rules, 500 for a grid of 1 000, 4 000 for one of 3 000.
 * Peers: `z3-solver` from npm; the native `z3` where there is one on the PATH.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { alternate, below, choose, goal, print, say, spread, time } from './support/measure.mjs';
import { grid, halves, random, smt } from './support/rules.mjs';

ensureBuilt();
const { Algebra } = await import('../dist/verify/sets/algebra.js');
const { compile } = await import('../dist/verify/sets/first-match.js');
const { Outcomes } = await import('../dist/verify/sets/outcomes.js');
const { difference } = await import('../dist/verify/sets/split.js');
const { init } = await import('z3-solver');

const z3 = await init();
const native = spawnSync('z3', ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
const label = (row) => row.action;

const cases = [
  { name: 'random', make: random, rules: choose(1000, 20), goal: 60 },
  { name: 'grid', make: grid, rules: choose(1000, 20), goal: 500 },
  { name: 'large grid', make: grid, rules: choose(3000, 30), goal: 4000 },
];
const goals = [];
const results = { native, cases: [] };
for (const { name, make, rules, goal: wanted } of cases) {
  const one = make(rules, 7);
  const other = halves(one);
  let algebra;
  const ours = () => {
    algebra = new Algebra(new Outcomes());
    if (compile(algebra, one, label) !== compile(algebra, other, label)) throw new Error('not equivalent');
  };
  const split = () => difference(one, other, label, choose(200_000, 200));
  const formula = smt(one, other);
  const file = join(folder, `${name}.smt2`);
  writeFileSync(file, `${formula}(check-sat)\n`);
  // The peers take seconds where we take milliseconds: they are asked about lists that they finish.
  const peers = rules <= choose(1000, 50) && name !== 'grid';
  const contestants = {
    diagrams: () => time(ours),
    split: () => time(split),
    ...(peers ? { z3: () => time(() => wasm(formula)) } : {}),
    ...(native && rules <= 1000 ? { native: () => time(() => solve(file)) } : {}),
  };
  ours();
  const rounds = await alternate(choose(5, 1), contestants);
  const figures = Object.fromEntries(Object.entries(rounds).map(([who, ms]) => [who, spread(ms, 'ms')]));
  const { nodes, edges } = algebra.store;
  results.cases.push({
    name,
    rules,
    rulesOfOther: other.length,
    nodes,
    edges,
    splits: outcome(split()),
    ...figures,
  });
  say(`${name}: ${figures.diagrams.median} ms for ${rules} and ${other.length} rules`);
  goals.push(goal(`${rules} rules, ${name}`, wanted, 'ms', figures.diagrams.median, below));
}
rmSync(folder, { recursive: true });
print('verify', goals, results);
process.exit(0);

function outcome(found) {
  return found === undefined ? 'equivalent' : typeof found === 'symbol' ? 'out of budget' : 'different';
}

async function wasm(formula) {
  const { Solver } = z3.Context('bench');
  const solver = new Solver();
  solver.fromString(formula);
  const answer = await solver.check();
  solver.release();
  if (answer !== 'unsat') throw new Error(`z3-solver says ${answer}`);
}

function solve(file) {
  const { stdout } = spawnSync('z3', [file], { encoding: 'utf8' });
  if (stdout.trim() !== 'unsat') throw new Error(`z3 says ${stdout}`);
}
