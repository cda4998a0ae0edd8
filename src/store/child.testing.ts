/**
 * A process of its own, for what only another process can show: `child.mjs TASK FOLDER [ROUND]`.
 *
 * @module
 */

import { writeSync } from 'node:fs';
import { StoreError } from '../arm/store.ts';
import { batch, vnet } from './estates.testing.ts';
import { lockFolder } from './lock.ts';
import { SqliteStore } from './sqlite.ts';

const [, , task = '', folder = '', round = ''] = process.argv;

/** Writes at once: what was said before a kill has been said. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Holds the lock until it is killed. */
async function lock(): Promise<void> {
  await lockFolder(folder);
  // A lock that nobody refers to any longer must not be collected.
  (globalThis as { gc?: () => void }).gc?.();
  await new Promise((done) => setTimeout(done, 20));
  (globalThis as { gc?: () => void }).gc?.();
  say('locked');
  setInterval(() => {}, 1000);
}

/** Four clients that commit until the process is killed, and name each batch once it is acknowledged. */
async function commit(): Promise<void> {
  await lockFolder(folder);
  const store = await SqliteStore.open(folder);
  say('ready');
  const client = async (name: string): Promise<void> => {
    for (let at = 0; ; at++) {
      const id = `${round}-${name}-${at}`;
      const latest = vnet(`latest-${name}`, id);
      const writes = [vnet(`${id}-0`, id), vnet(`${id}-1`, id), latest];
      const value = { id, padding: 'x'.repeat((at % 8) * 4000) };
      await store.commit(batch(writes, [latest], [{ space: 'blob', key: id, value }]));
      say(id);
    }
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(client));
}

/** Fills a small disk, then makes room again. Says how far it came and why not further. */
async function fill(): Promise<void> {
  const store = await SqliteStore.open(folder);
  const value = 'x'.repeat(100_000);
  let kept = 0;
  const write = (at: number): Promise<void> =>
    store.commit(batch([vnet(`n${at}`)], [], [{ space: 'blob', key: `${at}`.padStart(4, '0'), value }]));
  let failure: unknown;
  while (failure === undefined) {
    await write(kept).then(
      () => kept++,
      (error: unknown) => {
        failure = error;
      },
    );
  }
  // A batch that still fits is not refused because its neighbour does not.
  const outcomes = await Promise.allSettled([write(9999), store.commit(batch([vnet('small')]))]);
  const found = [(await store.resources()).length, (await store.documents('blob', '')).length];
  await store.close();
  const again = await SqliteStore.open(folder);
  found.push((await again.resources()).length, (await again.documents('blob', '')).length);
  await again.close();
  const reason = failure instanceof StoreError ? failure.reason : String(failure);
  say(JSON.stringify({ reason, kept, found, outcomes: outcomes.map(({ status }) => status) }));
}

async function open(): Promise<void> {
  await (await SqliteStore.open(folder)).close();
  say('opened');
}

const tasks: Readonly<Record<string, () => Promise<void>>> = { lock, commit, fill, open };
try {
  await tasks[task]?.();
} catch (error) {
  say(error instanceof StoreError ? `${error.reason}: ${error.message}` : String(error));
  process.exitCode = 1;
}
