/**
 * Runs scripts of ours as other processes. They are bundled first, because Node 20 does not read TypeScript.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** A script made of the store's source as it is now. */
export interface Script {
  readonly file: string;
  /** A folder for the test's own files. */
  readonly folder: string;
  /** Ends the children that a failed test has left behind, and removes the files. */
  remove(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Bundles a script: that of this folder, unless another is named. */
export async function bundle(entry = new URL('child.testing.ts', import.meta.url)): Promise<Script> {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-child-'));
  await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
  await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      ssr: fileURLToPath(entry),
      outDir: join(folder, 'out'),
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'child.mjs' } },
    },
  });
  const remove = async (): Promise<void> => {
    for (const child of running) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  return { file: join(folder, 'out', 'child.mjs'), folder, remove };
}

/** A running child and what it has said. */
export interface Child {
  readonly pid: number | undefined;
  readonly lines: readonly string[];
  /** The first line it says. */
  readonly first: Promise<string>;
  /** Waits for its end, and answers the signal that ended it; all its lines are there then. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(): void;
}

/** Runs a command and collects its lines. */
export function run(command: string, args: readonly string[]): Child {
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const lines: string[] = [];
  const { stdout } = child;
  if (!stdout) throw new Error('a piped child has an output');
  const reader = createInterface(stdout);
  const first = new Promise<string>((resolve) => {
    reader.once('line', resolve);
    reader.once('close', () => resolve(''));
  });
  reader.on('line', (line) => lines.push(line));
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(
    ([[, signal]]) => signal as NodeJS.Signals | null,
  );
  return { pid: child.pid, lines, first, ended, kill: () => child.kill('SIGKILL') };
}
