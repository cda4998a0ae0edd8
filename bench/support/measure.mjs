/**
 * What every measurement shares: medians with their spread, alternating rounds, and one JSON object on stdout.
 *
 * `--quick` makes each bench short enough for a test: it shows that the bench works, its figures mean nothing.
 */

import { execFileSync } from 'node:child_process';
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os';
import { root } from '../../bin/ensure-built.mjs';

export { root };

export const quick = process.argv.includes('--quick');

/** The first in earnest, the second under `--quick`. */
export function choose(full, small) {
  return quick ? small : full;
}

/** Progress, for people. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Median, smallest and largest of some figures. */
export function spread(values, unit) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median: tidy(median), min: tidy(sorted[0]), max: tidy(sorted.at(-1)), runs: sorted.length, unit };
}

/** The value below which a share of sorted values lies. */
export function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Four significant digits: more would be noise. */
export function tidy(value) {
  return Number(value.toPrecision(4));
}

/**
 * Runs contestants in turn, as often as told, so that what disturbs the machine disturbs all of them. Each answers
 * one figure a run; the answer is a list of figures a contestant, run by run.
 */
export async function alternate(rounds, contestants) {
  const names = Object.keys(contestants);
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) figures[name].push(await contestants[name](round));
  }
  return figures;
}

/** How many times a second something can be done, one after the other. */
export function rate(milliseconds, work) {
  const start = performance.now();
  let done = 0;
  for (;;) {
    for (let i = 0; i < 64; i++) work(done++);
    const spent = performance.now() - start;
    if (spent >= milliseconds) return (done / spent) * 1000;
  }
}

/** How many times a second something can be done by clients that each wait for their answer. */
export async function rateOf(milliseconds, clients, work) {
  const start = performance.now();
  let done = 0;
  const client = async (who) => {
    while (performance.now() - start < milliseconds) {
      await work(who, done++);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, who) => client(who)));
  return (done / (performance.now() - start)) * 1000;
}

/** Milliseconds that something takes. */
export async function time(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A goal of the charter beside what was measured. */
export function goal(what, wanted, unit, value, holds) {
  return { what, goal: wanted, unit, value: tidy(value), met: holds(value, wanted) };
}

export const atLeast = (value, wanted) => value >= wanted;
export const below = (value, wanted) => value < wanted;

/** Facts of the machine, without which no figure means anything. */
export function machine() {
  const [cpu] = cpus();
  return {
    cores: availableParallelism(),
    cpu: cpu?.model ?? 'unknown',
    memoryGiB: tidy(totalmem() / 2 ** 30),
    platform: `${platform()}-${arch()}`,
    node: process.version,
    load: tidy(loadavg()[0] ?? 0),
    commit: commit(),
  };
}

function commit() {
  const git = (...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src') === '' ? '' : ' with changes in src';
    return `${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return 'unknown';
  }
}

/** The one object that a bench prints. */
export function print(bench, goals, results) {
  const date = new Date().toISOString();
  process.stdout.write(`${JSON.stringify({ bench, date, quick, machine: machine(), goals, results })}\n`);
}
