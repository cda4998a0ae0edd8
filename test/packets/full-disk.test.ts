/** A disk that fills up under an instance whose network the kernel makes, and has room again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowLine, FlowsAnswer, StatusAnswer } from '../../src/api/control.ts';
import { noPackets } from '../support/kernel.ts';
import { CommandLine, example, type Ran, root, run } from '../support/running.ts';

const patience = 300_000;
/** So many that no page which is there already takes them. */
const tables = 40;

describe.skipIf(noPackets !== undefined)('an instance on a disk that is full', () => {
  const line = new CommandLine();
  const disk = join(line.folder.path, 'disk');
  let keeper: ChildProcess;

  beforeAll(async () => {
    mkdirSync(disk);
    const table = {
      type: 'Microsoft.Network/routeTables',
      apiVersion: '2023-09-01',
      name: "[concat('table', copyIndex())]",
      location: 'eastus',
      copy: { name: 'tables', count: tables },
    };
    const $schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
    writeFileSync(more, JSON.stringify({ $schema, contentVersion: '1.0.0.0', resources: [table] }));
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const mount = 'mount -t tmpfs -o size=24m,mode=700 none "$1" && echo ready && exec cat';
    const flags = [...user, '--mount', '--propagation', 'private'];
    keeper = spawn('unshare', [...flags, 'sh', '-c', mount, 'sh', disk], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(keeper.stdout as NodeJS.ReadableStream, 'data');
  });
  afterAll(async () => {
    await cloister('down', '--purge');
    const ended = once(keeper, 'exit');
    keeper.stdin?.end();
    await ended;
    await line.close();
  }, patience);

  /** Runs a program that sees the disk. */
  const there = (...command: readonly string[]): Promise<Ran> => {
    const user = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
    const enter = ['--target', String(keeper.pid), ...user, '--mount', '--wd=/'];
    return run('nsenter', [...enter, ...command], { env: line.env({ CLOISTER_STATE: join(disk, 'state') }) });
  };
  const cloister = (...args: readonly string[]): Promise<Ran> =>
    there(join(root, 'bin', 'cloister'), ...args);
  const status = async (): Promise<StatusAnswer> =>
    JSON.parse((await cloister('status', '--json')).stdout) as StatusAnswer;
  const resources = async (): Promise<number> => (await status()).resources;
  const flows = async (): Promise<FlowsAnswer> =>
    JSON.parse((await cloister('status', '--flows', '--json')).stdout) as FlowsAnswer;
  const more = join(line.folder.path, 'more.json');
  const dig = ['dig', '+short', 'stclinic.blob.core.windows.net'];

  it(
    'refuses by name what it cannot keep, goes on with the rest, and loses nothing',
    async () => {
      const up = await cloister('up', '--fabric', 'linux', '--detach', example);
      expect(up.code, up.stderr).toBe(0);
      expect((await cloister('exec', '--from', 'vm/jumpbox', '--', ...dig)).stdout).toMatch(/10\.150\.0\./);

      const before = await resources();
      await there(
        'sh',
        '-c',
        `for size in 64k 4k 1; do dd if=/dev/zero bs=$size >> ${disk}/filler; done; true`,
      );
      const refused = await cloister('up', more);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toMatch(/InsufficientStorage: .*estate/);
      const shut = await cloister('exec', '--from', 'internet', '--', ...dig);
      expect([shut.code, shut.stderr]).toEqual([
        125,
        expect.stringMatching(/programs at internet .* ENOSPC/),
      ]);
      const { kernel, places } = await status();
      expect(kernel?.state).toBe('active');
      expect(places.filter(({ state }) => state !== 'active')).toEqual([]);
      const waiting = await flows();
      expect(waiting.problem).toMatch(/^\d+ lines wait: ENOSPC/);
      expect(await resources()).toBe(before);

      await there('rm', `${disk}/filler`);
      const { flows: all, problem } = await flows();
      expect(problem).toBeUndefined();
      const { stdout } = await there('cat', join(disk, 'state', 'flows.jsonl'));
      const written = stdout
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text) as FlowLine);
      expect(written).toEqual(expect.arrayContaining([...waiting.flows]));
      // There may be more by then.
      expect(written.slice(0, all.length)).toEqual(all);
      expect((await cloister('exec', '--from', 'internet', '--', ...dig)).code).toBe(0);
      // Each table, and its operation, and the deployment.
      const taken = await cloister('up', more);
      expect(taken.code, taken.stderr).toBe(0);
      expect(await resources()).toBe(before + 2 * tables + 1);

      expect((await cloister('down')).code).toBe(0);
      expect((await cloister('up', '--fabric', 'linux', '--detach')).code).toBe(0);
      expect(await resources()).toBe(before + 2 * tables + 1);
      expect((await cloister('exec', '--from', 'vm/jumpbox', '--', ...dig)).stdout).toMatch(/10\.150\.0\./);
    },
    patience,
  );
});
