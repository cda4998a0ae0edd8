/**
 * The holder: a process with namespaces of its own, which all that the fabric makes lives in. It ends when this
 * process does, however that ends, and the kernel takes everything away with it. The host sees none of it. Programs may
 * live in its process namespace, too; they end with it, and are started as children of who brought them in.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Thrown where the machine cannot do it. The message is what the machine said. */
export class KernelRefused extends Error {
  override readonly name = 'KernelRefused';
}

/** How long a command may take, in milliseconds, and how many bytes of a script may take a second more. */
const patience = 60_000;
const bytesASecond = 20_000;

/**
 * Returns the exit code of a process that leads a group of its own. One that does not end in time is ended, with all that
 * it has started; then throws `KernelRefused`, and waits for nobody: what hangs in the kernel itself hears no signal.
 */
export function endOf(child: ChildProcess, about: string, longest = patience): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      endGroup(child);
      reject(
        new KernelRefused(`${about} did not end within ${Math.round(longest / 1000)} s, and was killed`),
      );
    }, longest);
    child.once('error', reject).once('close', resolve);
    child.once('close', () => clearTimeout(timer));
  });
}

/** Ends a process that leads a group, and all that it has started. */
export function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}

const ready = 'ready\n';

/** What the holder does: named namespaces in a place of its own, then nothing until its input ends. */
const body = `set -eu; mount -t tmpfs tmpfs /run; mkdir /run/netns; trap '' CHLD; echo ready; exec cat`;

/** A running holder. */
export class Holder {
  readonly #child: ChildProcess;
  readonly #rootless: boolean;
  /** Resolves when it has ended, by us or not. */
  readonly ended: Promise<void>;

  private constructor(child: ChildProcess, rootless: boolean) {
    this.#child = child;
    this.#rootless = rootless;
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** Starts one: as root, or as any user in a user namespace. Throws `KernelRefused`. */
  static async start(rootless = process.getuid?.() !== 0): Promise<Holder> {
    const flags = [...(rootless ? ['--user', '--map-root-user'] : []), '--net', '--mount'];
    const living = ['--pid', '--fork', '--kill-child'];
    const child = spawn('unshare', [...flags, ...living, '--propagation', 'private', 'sh', '-c', body], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A terminal's interrupt is for us to hear, and ends the holder only when we end.
      detached: true,
    });
    let said = '';
    const timer = setTimeout(() => {
      said += 'it did not start in time, and was killed';
      endGroup(child);
    }, patience);
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    const started = new Promise<boolean>((resolve) => {
      let heard = '';
      child.stdout.on('data', (bytes: Buffer) => {
        heard += bytes.toString();
        if (heard.endsWith(ready)) resolve(true);
      });
      child.once('error', (error) => {
        said += error.message;
        resolve(false);
      });
      child.once('close', () => resolve(false));
    });
    // Who has ended does not hear that his input does.
    child.stdin.on('error', () => {});
    const isThere = await started;
    clearTimeout(timer);
    if (!isThere) throw new KernelRefused(said.trim() || 'unshare ended without a word');
    return new Holder(child, rootless);
  }

  /** Reports whether it has ended. */
  get over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Process id, for those who enter. Throws `KernelRefused` once it has ended: the id may be another's by then. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined || this.over) throw new KernelRefused('the holder has ended');
    return pid;
  }

  /** Whether everything lives in a user namespace, where we are root and nobody outside is. */
  get rootless(): boolean {
    return this.#rootless;
  }

  /**
   * The command line that runs a program inside; `namespace` also enters one of the named ones, and what is `kept` ends
   * with the holder.
   */
  entering(command: readonly string[], namespace?: string, kept = false): readonly [string, ...string[]] {
    const user = this.#rootless ? ['--user', '--preserve-credentials'] : [];
    const processes = kept ? [`--pid=/proc/${this.pid}/ns/pid_for_children`] : [];
    const enter = ['--target', String(this.pid), ...user, ...processes, '--mount', '--net', '--wd=.'];
    const further = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`];
    return ['nsenter', ...enter, ...further, ...command];
  }

  /** Runs a program inside. Throws `KernelRefused` where it does not end; then it was ended. */
  async run(command: readonly string[], input = '', namespace?: string): Promise<Ended> {
    const [program, ...args] = this.entering(command, namespace);
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
    // Whoever does not read his input to its end tells so by his exit code.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const code = await endOf(child, command.join(' '), patience + (input.length / bytesASecond) * 1000);
    const text = (parts: Buffer[]): string => Buffer.concat(parts).toString();
    return { code: code ?? 128, stdout: text(stdout), stderr: text(stderr) };
  }

  /** Ends it, also one that was stopped, and all that lives in it. */
  async close(): Promise<void> {
    endGroup(this.#child);
    await this.ended;
  }
}
