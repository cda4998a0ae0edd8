/**
 * Which sandbox this machine has: tried, not looked up.
 *
 * @module
 */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isSystem, socketFolder } from './bubblewrap.ts';
import { findGroups } from './groups.ts';
import { type Inside, startHeld } from './inside.ts';
import { Keeper } from './keeper.ts';
import { usualLimits } from './limits.ts';
import { findProgram } from './program.ts';
import type { Bubblewrap, FindSandbox, Python, Sandbox } from './sandbox.ts';

/** Says that it runs, and ends when it is told to. */
const trial = 'echo inside; read -r answer';

let probed: Promise<Sandbox> | undefined;

/** The sandbox of this machine, tried when somebody first asks. */
export const findSandbox: FindSandbox = () => {
  probed ??= probeSandbox();
  return probed;
};

/** Runs `bwrap` as replicas are run, and sees whether it works. Never rejects. */
async function probeSandbox(): Promise<Sandbox> {
  if (process.platform !== 'linux')
    return { kind: 'none', why: `there is no sandbox for ${process.platform}` };
  const path = process.env.PATH ?? '';
  const missing = ['bwrap', 'nsenter', 'prlimit', 'setpriv', 'unshare'].filter(
    (program) => findProgram(program, path) === undefined,
  );
  if (missing.length > 0) {
    return { kind: 'none', why: `${missing.join(', ')} is missing: install bubblewrap and util-linux` };
  }
  // Held in as root, a program would still own what is root's in /proc, and could write it without any right.
  const otherUser = process.getuid?.() === 0;
  const python = await pythonOf(path);
  for (let groups = findGroups(); ; ) {
    const sandbox: Bubblewrap = { kind: 'bubblewrap', otherUser, python, groups };
    const why = await attempt(sandbox);
    if (why === undefined) return sandbox;
    if (groups.folders.length === 0) return { kind: 'none', why };
    groups = { folders: [], limited: [], why };
  }
}

/** Returns why it does not work, if it does not. */
async function attempt(sandbox: Bubblewrap): Promise<string | undefined> {
  const work = mkdtempSync(join(tmpdir(), 'cloister-'));
  const stage = join(work, 'stage');
  mkdirSync(stage);
  const keeper = new Keeper();
  try {
    const inmate = {
      command: ['/bin/sh', '-c', trial],
      environment: { PATH: '/usr/bin:/bin' },
      reads: new Map([['/opt/cloister', work]]),
      folder: '/tmp',
      user: { uid: 1000, gid: 1000 },
      limits: usualLimits,
    } as const;
    const { child, inside } = startHeld({ ...sandbox, standing: await keeper.nowhere() }, inmate, stage);
    const { stdin: input, stdout: output, stderr: errors } = child;
    if (!input || !output || !errors) return 'it has no pipes';
    input.on('error', () => {});
    let said = '';
    errors.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    const closed = once(child, 'close').catch((error: Error) => {
      said += error.message;
    });
    const heard = await Promise.race([once(output, 'data'), closed.then(() => undefined)]);
    const seen = heard !== undefined && reaches(inside);
    input.end('end\n');
    await closed;
    await inside.close();
    if (seen) return undefined;
    return said.trim() || 'what runs inside cannot be reached from outside';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await keeper.close();
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whether the folder of its socket can be seen from here. */
function reaches({ pid }: Inside): boolean {
  return statSync(`/proc/${pid}/root${socketFolder}`, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Asks the machine's Python where it is: what is on the path may be a script that finds another. */
async function pythonOf(path: string): Promise<Python | undefined> {
  const found = findProgram('python3', path);
  if (found === undefined) return undefined;
  const ask = 'import sys; print(sys.executable, sys.prefix, sys.base_prefix, sep="\\n")';
  const said = await new Promise<string>((resolve) => {
    execFile(found, ['-I', '-c', ask], (error, stdout) => resolve(error ? '' : stdout));
  });
  const [file = '', ...folders] = said.split('\n').filter((line) => line.startsWith('/'));
  if (file === '') return undefined;
  // A folder that holds our own would show more than Python.
  const shown = folders.filter((folder) => !isSystem(folder) && dirname(folder) !== folder);
  return { file, folders: [...new Set(shown)] };
}
