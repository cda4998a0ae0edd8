/**
 * The terminals of an executed document: one shell each, at the place that its prompt names, all in one folder.
 */

import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Step } from './console.ts';
import { type Ran, root, start } from './running.ts';

/** Shells that are opened with their first command and stay until they are closed. */
export class Terminals {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #shells = new Map<string, ChildProcess>();
  #count = 0;

  /** `folder` is where commands run; `env` is what they find beside this process's own environment. */
  constructor(folder: string, env: Readonly<Record<string, string | undefined>>) {
    this.#folder = folder;
    this.#env = env;
  }

  /** Runs a command in its terminal. Rejects where the shell itself ends, with what it last said. */
  async run({ terminal, command }: Pick<Step, 'terminal' | 'command'>): Promise<Ran> {
    const shell = this.#shells.get(terminal) ?? this.#open(terminal);
    this.#shells.set(terminal, shell);
    if (shell.exitCode !== null || shell.signalCode !== null)
      throw new Error(`the terminal '${terminal}$' has ended`);
    const step = join(this.#folder, `.step-${this.#count++}`);
    writeFileSync(step, `${command}\n`);
    const done = `done-${this.#count}`;
    const finished = seen(shell, done);
    // Sourced, not run, so that variables live on; away from the shell's own input, which is this script.
    shell.stdin?.write(
      `. ${step} </dev/null >${step}.out 2>${step}.err; echo $? >${step}.code; echo ${done}\n`,
    );
    await finished;
    const read = (end: string): string => readFileSync(`${step}.${end}`, 'utf8');
    return { code: Number(read('code')), stdout: read('out'), stderr: read('err') };
  }

  /** Ends every shell, and waits for it. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#shells.values()].map(async (shell) => {
        if (shell.exitCode !== null || shell.signalCode !== null) return;
        const ended = new Promise((resolve) => shell.once('close', resolve));
        shell.stdin?.end();
        await ended;
      }),
    );
  }

  #open(terminal: string): ChildProcess {
    const at = terminal.lastIndexOf('@');
    const place = terminal.slice(at + 1);
    const as = at < 0 ? [] : ['--as', terminal.slice(0, at)];
    const bash = ['bash', '--norc', '--noprofile'];
    const [program = '', ...args] =
      place === '' ? bash : [join(root, 'bin', 'cloister'), 'exec', '--from', place, ...as, '--', ...bash];
    const shell = start(program, args, { cwd: this.#folder, env: this.#env });
    // A shell that ends early is told by its end, not by the pipe that it leaves.
    shell.stdin?.on('error', () => {});
    return shell;
  }
}

/** Resolves when the shell prints a word. */
function seen(shell: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const read = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes(`${word}\n`)) end(resolve);
    };
    const closed = (): void => end(() => reject(new Error(`the terminal ended: ${said}`)));
    const end = (how: () => void): void => {
      shell.stdout?.off('data', read);
      shell.stderr?.off('data', read);
      shell.off('close', closed);
      how();
    };
    shell.stdout?.on('data', read);
    shell.stderr?.on('data', read);
    shell.once('close', closed);
  });
}
