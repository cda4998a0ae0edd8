/**
 * What programs live in that are held in: a process namespace. It ends when this process does, however that ends, for
 * its first process waits for nothing else; and the kernel ends with it whatever is in it, however far that has come with
 * starting. Programs at a place live in one that ends with the place.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { withoutInherited } from './descriptors.ts';
import type { Standing } from './sandbox.ts';

/** It ends when its input does. Those whose parent has ended are its own; nobody asks how they end. */
const body = "trap '' CHLD; echo ready; exec cat";

/** A process namespace, made when somebody first asks, and again when it was ended. */
export class Keeper {
  #started: Promise<ChildProcess> | undefined;

  /** A way into it, to where there is no place. Rejects with what the machine said. */
  async nowhere(): Promise<Standing> {
    this.#started ??= start(() => {
      this.#started = undefined;
    });
    const { pid } = await this.#started;
    const user = isRoot() ? [] : ['--user', '--preserve-credentials'];
    const processes = `--pid=/proc/${pid}/ns/pid_for_children`;
    return {
      command: ['nsenter', '--target', String(pid), ...user, '--mount', processes, '--'],
      environment: {},
      files: new Map(),
    };
  }

  /** Ends it, and what is in it. */
  async close(): Promise<void> {
    const child = await this.#started?.catch(() => undefined);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.stdin?.end();
    await closed;
  }
}

async function start(ended: () => void): Promise<ChildProcess> {
  const user = isRoot() ? [] : ['--user', '--map-current-user'];
  // bwrap looks for what it starts in /proc, by the numbers of its own namespace.
  const flags = [...user, '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn('unshare', [...flags, 'sh', '-c', body], {
    // A terminal's interrupt is for us to hear.
    detached: true,
    stdio: withoutInherited(['pipe', 'pipe', 'pipe']),
  });
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  // Who has ended does not hear that its input does.
  child.stdin?.on('error', () => {});
  const isThere = await new Promise<boolean>((resolve) => {
    child.stdout?.once('data', () => resolve(true));
    child.once('error', (error) => {
      said += error.message;
      resolve(false);
    });
    child.once('close', () => {
      ended();
      resolve(false);
    });
  });
  if (isThere) return child;
  throw new Error(`there is no process namespace: ${said.trim() || 'unshare ended without a word'}`);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
