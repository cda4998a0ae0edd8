/**
 * A process that kills itself at named points, again and again on one state: what was acknowledged is there, what
 * was not is there as a whole or not at all, and nothing is left over.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Cluster, missing } from '../store/cluster.testing.ts';
import { bundle, run, type Script } from '../store/process.testing.ts';
import { randomOf, seedOf } from '../store/seed.testing.ts';
import { points } from './crash-points.testing.ts';
import type { Model } from './crash-work.testing.ts';

vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 120_000 });

/** How often the processes are killed; by CLOISTER_KILLS for a longer or shorter run. */
const kills = Number(process.env['CLOISTER_KILLS'] ?? 500);

let script: Script;
beforeAll(async () => {
  script = await bundle(new URL('crash-child.testing.ts', import.meta.url));
});
afterAll(() => script.remove());

type Line =
  | { readonly tried: string; readonly value: number }
  | { readonly acked: string; readonly value: number }
  | { readonly verified: Readonly<Record<string, number>>; readonly contents: number }
  | { readonly broken: string };

/** One state folder with what is known of it. */
class Victim {
  readonly #folder: string;
  readonly #model: Record<string, { acked?: number; tried?: number }> = {};
  acknowledged = 0;
  verified = 0;
  contents = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { mode: 0o700 });
  }

  /** Runs a process that verifies what the one before left, and kills itself at a point; without one it ends. */
  async round(round: number, point: string, times: number): Promise<void> {
    const model = `${this.#folder}.json`;
    writeFileSync(model, JSON.stringify(this.#model satisfies Model));
    const child = run(process.execPath, [script.file, this.#folder, `${round}`, point, `${times}`, model]);
    const signal = await child.ended;
    const lines = child.lines.map((line) => JSON.parse(line) as Line);
    const told = `round ${round}, ${point} (${times})`;
    expect(
      lines.find((line) => 'broken' in line),
      told,
    ).toBeUndefined();
    expect(signal, told).toBe(point === '' ? null : 'SIGKILL');
    const verified = lines.find((line) => 'verified' in line);
    // Who is killed while it opens what another one left has not verified it: the next one does.
    if (verified) {
      this.verified += 1;
      this.contents = Math.max(this.contents, verified.contents);
      for (const [slot, value] of Object.entries(verified.verified)) this.#model[slot] = { acked: value };
    }
    for (const line of lines) {
      if ('tried' in line) this.#slot(line.tried).tried = line.value;
      if ('acked' in line) {
        this.#slot(line.acked).acked = line.value;
        this.acknowledged += 1;
      }
    }
  }

  #slot(name: string): { acked?: number; tried?: number } {
    const slot = this.#model[name] ?? {};
    this.#model[name] = slot;
    return slot;
  }
}

/** Kills at every point in turn, from the first one on that is given. Answers how often at which. */
async function killAt(
  victim: Victim,
  some: readonly string[],
  random: () => number,
): Promise<Map<string, number>> {
  const histogram = new Map<string, number>();
  for (const [round, point] of some.entries()) {
    await victim.round(round + 1, point, 1 + Math.floor(random() * 3));
    histogram.set(point, (histogram.get(point) ?? 0) + 1);
  }
  await victim.round(some.length + 1, '', 1);
  return histogram;
}

function print(what: string, histogram: ReadonlyMap<string, number>): void {
  const rows = points.map((point) => `  ${String(histogram.get(point) ?? 0).padStart(4)}  ${point}`);
  console.log(`${what}:\n${rows.join('\n')}`);
}

describe('a process that is killed at a named point', () => {
  it(`has lost nothing in a file, ${kills} times over`, async () => {
    const seed = seedOf('kills at named points');
    const lanes = [0, 1].map(async (lane) => {
      const random = randomOf(seed + lane);
      const victim = new Victim(join(script.folder, `lane${lane}`));
      const order = Array.from(
        { length: kills / 2 },
        (_, at) => points[(2 * at + lane) % points.length] ?? '',
      );
      return { victim, histogram: await killAt(victim, order, random) };
    });
    const done = await Promise.all(lanes);
    const histogram = new Map<string, number>();
    for (const { histogram: one } of done)
      for (const [point, count] of one) histogram.set(point, (histogram.get(point) ?? 0) + count);
    print('kills', histogram);
    const acknowledged = done.reduce((sum, { victim }) => sum + victim.acknowledged, 0);
    const verified = done.reduce((sum, { victim }) => sum + victim.verified, 0);
    console.log(`${acknowledged} writes were acknowledged; after ${verified} kills all was looked for`);
    expect(verified).toBeGreaterThan(kills * 0.8);
    const floor = Math.floor(kills / points.length);
    for (const point of points) expect(histogram.get(point) ?? 0, point).toBeGreaterThanOrEqual(floor);
    expect([...histogram.values()].reduce((sum, count) => sum + count, 0)).toBe(2 * Math.floor(kills / 2));
    expect(acknowledged).toBeGreaterThan(kills * 5);
    for (const { victim } of done) expect(victim.contents).toBeGreaterThan(2);
  });

  it.skipIf(missing !== undefined)('has lost nothing in PostgreSQL, at every point', async () => {
    const cluster = await Cluster.start();
    process.env['CLOISTER_CRASH_DATABASE'] = cluster.address;
    try {
      const victim = new Victim(join(script.folder, 'postgres'));
      const histogram = await killAt(victim, points, randomOf(seedOf('kills at named points')));
      print('kills over PostgreSQL', histogram);
      expect(histogram.size).toBe(points.length);
      expect(victim.acknowledged).toBeGreaterThan(points.length);
    } finally {
      delete process.env['CLOISTER_CRASH_DATABASE'];
      await cluster.remove();
    }
  });
});
