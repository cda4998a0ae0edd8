import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../arm/store.ts';
import { lockFolder } from './lock.ts';
import { bundle, run, type Script } from './process.testing.ts';

let script: Script;
let folder: string;
let count = 0;
beforeAll(async () => {
  script = await bundle();
});
afterAll(() => script.remove());
beforeEach(() => {
  folder = join(script.folder, `state-${count++}`);
});

async function refusal(): Promise<StoreError> {
  const error = await lockFolder(folder).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

describe('lockFolder', () => {
  it('lets one in at a time, and the next one after a release', async () => {
    const lock = await lockFolder(folder);
    const { reason, message } = await refusal();
    expect(reason).toBe('in-use');
    expect(message).toContain(`in use by process ${process.pid} (this one)`);
    expect((await readdir(folder)).sort()).toEqual(['lock', 'lock.pid']);
    for (const name of ['.', 'lock', 'lock.pid']) {
      expect((await stat(join(folder, name))).mode & 0o077, name).toBe(0);
    }
    await lock.release();
    const next = await lockFolder(folder);
    await lock.release();
    expect((await refusal()).reason).toBe('in-use');
    await next.release();
    expect(await readdir(folder)).toEqual(['lock']);
  });

  it('keeps folders apart', async () => {
    const locks = await Promise.all(['a', 'b'].map((name) => lockFolder(join(folder, name))));
    for (const lock of locks) await lock.release();
  });

  it('lets one of many starters in', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => lockFolder(folder)));
    const [winner, ...others] = outcomes.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
    expect(others).toEqual([]);
    await winner?.release();
  });

  it('lets one of many starting processes in, and the others name it', async () => {
    const starters = Array.from({ length: 6 }, () => run(process.execPath, [script.file, 'lock', folder]));
    const said = await Promise.all(starters.map(({ first }) => first));
    for (const { kill } of starters) kill();
    await Promise.all(starters.map(({ ended }) => ended));
    const winners = starters.filter((_, at) => said[at] === 'locked');
    expect(winners.length, said.join('\n')).toBe(1);
    const others = said.filter((line) => line !== 'locked');
    expect(others.length).toBe(5);
    for (const line of others)
      expect(line).toContain(`in-use: ${folder} is in use by process ${winners[0]?.pid}.`);
  });

  it('is taken over from a process that was killed, as often as it happens', async () => {
    for (let round = 0; round < 3; round++) {
      const holder = run(process.execPath, ['--expose-gc', script.file, 'lock', folder]);
      expect(await holder.first).toBe('locked');
      expect((await refusal()).message).toContain(`process ${holder.pid}.`);
      holder.kill();
      await holder.ended;
    }
    await (await lockFolder(folder)).release();
  });

  it('does not believe a name that holds no lock', async () => {
    await mkdir(folder);
    for (const text of [`${process.ppid}\n`, '', 'nonsense', '999999999']) {
      await writeFile(join(folder, 'lock.pid'), text);
      await (await lockFolder(folder)).release();
    }
  });

  it('says so when the holder cannot be named', async () => {
    const lock = await lockFolder(folder);
    await writeFile(join(folder, 'lock.pid'), '');
    expect((await refusal()).message).toContain('in use by another process.');
    await lock.release();
  });

  it('rejects with a StoreError where no folder can be', async () => {
    await writeFile(folder, '');
    expect(await refusal()).toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining(folder),
    });
  });
});
