/** What is left of replicas when the process that started them is killed: nothing, however far they had come. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { eventually, onnxSpec, Sandbox as Room, runs } from '../process/harness.testing.ts';
import type { Groups } from './groups.ts';
import { sandboxOrReason } from './hostile.testing.ts';
import { Keeper } from './keeper.ts';

const sandbox = await sandboxOrReason();
const noGroups: Groups = { folders: [], limited: [], why: 'a test wants none' };

/** Somebody without rights. */
const plain = 12_345;

/** Programs that were started with this in their environment, but for some. */
function startedWith(text: string, ...except: readonly (number | undefined)[]): readonly string[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || except.includes(Number(name))) return [];
    try {
      const [environment, command] = ['environ', 'cmdline'].map((file) => {
        return readFileSync(`/proc/${name}/${file}`, 'utf8');
      });
      return environment?.includes(text) ? [command?.split('\0')[0] ?? ''] : [];
    } catch {
      // It has ended.
      return [];
    }
  });
}

describe.skipIf(sandbox === undefined)('a process that is killed while bwrap starts a replica', () => {
  it.each(process.getuid?.() === 0 ? [undefined, plain] : [undefined])(
    'leaves nothing (user %s)',
    async (uid) => {
      const room = new Room();
      // Not in /tmp, which root's replicas do not see.
      const bin = mkdtempSync('/var/tmp/clt-');
      // As bwrap at that moment: two processes, of which one does not hear that the other ends.
      writeFileSync(join(bin, 'bwrap'), '#!/bin/sh\nsetsid sleep 600 & exec sleep 600\n', { mode: 0o755 });
      for (const folder of [room.root, bin]) chmodSync(folder, 0o755);
      chmodSync(join(room.root, 'run'), 0o777);
      const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
      // Node 20 does not run TypeScript; vite's module runner does, and keeps import.meta.url true.
      const program = `
      import { runnerImport } from 'vite';
      const { module } = await runnerImport(${JSON.stringify(path('../process/replicas.ts'))});
      const sandbox = ${JSON.stringify({ ...sandbox, groups: noGroups, otherUser: process.getuid?.() === 0 && uid === undefined })};
      await new module.Replicas(async () => sandbox).ensure(${JSON.stringify(onnxSpec())});`;
      const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        cwd: path('../../..'),
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
        ...(uid === undefined ? {} : { uid, gid: uid }),
      });
      const ended = once(parent, 'exit');
      try {
        const waiting = (): readonly string[] =>
          startedWith(bin, parent.pid).filter((name) => name === 'sleep');
        await eventually(() => expect(waiting()).toHaveLength(2));
      } finally {
        parent.kill('SIGKILL');
      }
      await ended;
      await eventually(() => expect(startedWith(bin)).toEqual([]));
      rmSync(bin, { recursive: true });
      room.remove();
    },
  );
});

describe.skipIf(sandbox === undefined)('a keeper', () => {
  /** The process that is to be entered. */
  const pidOf = async (keeper: Keeper): Promise<number> => {
    const { command } = await keeper.nowhere();
    return Number(command[command.indexOf('--target') + 1]);
  };

  it('ends what is in it, and is made again when it was ended', async () => {
    const keeper = new Keeper();
    const [one, other] = await Promise.all([pidOf(keeper), pidOf(keeper)]);
    expect(one).toBe(other);
    const [file, ...words] = (await keeper.nowhere()).command;
    const inside = spawn(file, [...words, 'setsid', '--wait', 'sleep', '600'], { stdio: 'ignore' });
    process.kill(one, 'SIGKILL');
    expect(await once(inside, 'exit')).not.toEqual([0, null]);
    await eventually(async () => expect(await pidOf(keeper)).not.toBe(one));
    const again = await pidOf(keeper);
    expect(runs(again)).toBe(true);
    await keeper.close();
    expect(runs(again)).toBe(false);
  });
});
