/** What is left when an instance whose network the kernel makes ends, however it does, and where there is no such kernel. */

import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readInstance, type StatusAnswer } from '../../src/api/control.ts';
import { type Host, host, noPackets, processesWith } from '../support/kernel.ts';
import { CommandLine, eventually } from '../support/running.ts';

const patience = 120_000;

describe.skipIf(noPackets !== undefined)('what is left', () => {
  let line: CommandLine;
  let before: Host;
  beforeEach(async () => {
    line = new CommandLine();
    before = host();
    const up = await line.run(['up', '--fabric', 'linux', '--detach']);
    expect(up.code, up.stderr).toBe(0);
  }, patience);
  afterEach(() => line.close(), patience);

  /** A program at the place `internet` that ends only when it is ended, and has started another. */
  const linger = async (): Promise<ChildProcess> => {
    const child = line.start([
      'exec',
      '--from',
      'internet',
      '--',
      'sh',
      '-c',
      'sleep 600 & echo here; exec sleep 600',
    ]);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return child;
  };
  const sleepers = (): readonly string[] => ours().filter((text) => text.includes('sleep 600'));
  const ours = (): readonly string[] => processesWith(line.folder.path);

  it(
    'by down: nothing, and programs at places are ended',
    async () => {
      const child = await linger();
      const ended = once(child, 'exit');
      expect(sleepers().length).toBeGreaterThanOrEqual(2);
      expect((await line.run(['down'])).code).toBe(0);
      expect(await ended).toEqual([137, null]);
      await eventually(() => ours().length === 0);
      expect(host()).toEqual(before);
    },
    patience,
  );

  it(
    'by kill -9: nothing but programs at places, which reach nobody and which the next up ends',
    async () => {
      const child = await linger();
      const ended = once(child, 'exit');
      process.kill(readInstance(line.state)?.pid ?? 0, 'SIGKILL');
      await eventually(() => ours().every((text) => text.includes('sleep 600')));
      expect(sleepers().length).toBeGreaterThanOrEqual(2);
      expect(host()).toEqual(before);
      const up = await line.run(['up', '--fabric', 'linux', '--detach']);
      expect(up.code, up.stderr).toBe(0);
      expect(await ended).toEqual([137, null]);
      expect(sleepers()).toEqual([]);
      const again = await line.run([
        'exec',
        '--from',
        'internet',
        '--',
        'dig',
        '+short',
        'management.azure.com',
      ]);
      expect(again.stdout).toMatch(/^198\.18\./);
      expect((await line.run(['down'])).code).toBe(0);
      await eventually(() => ours().length === 0);
      expect(host()).toEqual(before);
    },
    patience,
  );
});

describe('a machine without the programs that the kernel is told with', () => {
  it(
    'is told by name, and with auto what is lost, by up and by status',
    async () => {
      const line = new CommandLine();
      try {
        const programs = join(line.folder.path, 'bin');
        mkdirSync(programs);
        symlinkSync(process.execPath, join(programs, 'node'));
        for (const name of ['sh', 'ps']) {
          symlinkSync(
            execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(),
            join(programs, name),
          );
        }
        const env = { PATH: programs };
        const refused = await line.run(['up', '--fabric', 'linux', '--detach'], { env });
        expect([refused.code, refused.stderr]).toEqual([
          2,
          expect.stringMatching(/refused by this machine: .*unshare/),
        ]);
        const up = await line.run(['up', '--fabric', 'auto', '--detach', '--json'], { env });
        expect(up.code, up.stderr).toBe(0);
        expect(up.stderr).toMatch(/fabric userspace: [\s\S]*are\s+lost:[\s\S]*unshare/);
        expect(JSON.parse(up.stdout)).toMatchObject({ fabric: 'userspace' });
        const { fabric, lost } = JSON.parse(
          (await line.run(['status', '--json'], { env })).stdout,
        ) as StatusAnswer;
        expect([fabric, lost]).toEqual(['userspace', expect.stringContaining('unshare')]);
      } finally {
        await line.close();
      }
    },
    patience,
  );
});
