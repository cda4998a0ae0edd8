/**
 * Programs of `nft` that stay in routers. What one is told holds when it answers; a program that is started for one change
 * has to wait, before it ends, until the kernel has cleared away what went, which takes longer than the change
 * (docs/adr/0033-changed-rules.md).
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import type { Line, Word } from '../plan/words.ts';
import { type Ended, endGroup, type Holder } from './holder.ts';

/** A question that `nft` answers the same way everywhere, and by itself. */
const question = 'describe ip ttl';
const answer = 'payload expression, datatype integer (integer), 8 bits\n';

/** How long an answer may take, in milliseconds. */
const patience = 60_000;

/** Programs that stay at a time: in the routers that changed last. */
const mostStanding = 16;

/** The programs of one fabric. */
export class Sessions {
  readonly #standing = new Map<Word, Session>();

  /**
   * Tells routers what changes, each in one transaction, and returns how that ended. Undefined: nothing was told, because
   * they are too many, or `nft` does not stay here.
   */
  async tell(holder: Holder, changes: ReadonlyMap<Word, readonly Line[]>): Promise<Ended | undefined> {
    if (changes.size > mostStanding) return undefined;
    const told: (readonly [Session, readonly Line[]])[] = [];
    for (const [namespace, lines] of changes) {
      const session = await this.#sessionIn(holder, namespace);
      if (!session) return undefined;
      told.push([session, lines]);
    }
    const said = await Promise.all(told.map(([session, lines]) => session.tell(lines)));
    const stderr = said.join('');
    return { code: stderr === '' ? 0 : 1, stdout: '', stderr };
  }

  /** Ends those in namespaces that are not kept: a namespace does not go while a program is in it. */
  async keep(kept: ReadonlySet<Word>): Promise<void> {
    const ended = [...this.#standing].filter(([namespace]) => !kept.has(namespace));
    await Promise.all(ended.map(([namespace]) => this.#end(namespace)));
  }

  async #sessionIn(holder: Holder, namespace: Word): Promise<Session | undefined> {
    const known = this.#standing.get(namespace);
    this.#standing.delete(namespace);
    const stands = known?.stands === true;
    if (!stands) await known?.close();
    const session = stands ? known : await Session.open(holder, namespace);
    if (!session) return undefined;
    this.#standing.set(namespace, session);
    const [oldest] = this.#standing.keys();
    if (oldest !== undefined && this.#standing.size > mostStanding) await this.#end(oldest);
    return session;
  }

  async #end(namespace: Word): Promise<void> {
    const session = this.#standing.get(namespace);
    this.#standing.delete(namespace);
    await session?.close();
  }
}

/** One program, which is told one thing at a time. */
class Session {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  /** The holder's own folder, as it is seen from here. */
  readonly #run: string;
  readonly #namespace: Word;

  private constructor(holder: Holder, namespace: Word) {
    // It keeps what it was told in a file of its user.
    const command = ['sh', '-c', 'HOME=/run exec nft -i 2>&1'];
    const [program, ...args] = holder.entering(command, namespace);
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('close', () => resolve()).once('error', () => resolve());
    });
    // Who has ended does not hear what it is told.
    child.stdin.on('error', () => {});
    this.#run = `/proc/${holder.pid}/root/run`;
    this.#namespace = namespace;
  }

  /** Starts one; undefined where it does not answer as it should, and nothing else. */
  static async open(holder: Holder, namespace: Word): Promise<Session | undefined> {
    const session = new Session(holder, namespace);
    if ((await session.#ask('')) === '') return session;
    await session.close();
    return undefined;
  }

  /** Whether it runs, and its namespace is still the one of that name. */
  get stands(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return false;
    try {
      return statSync(`/proc/${pid}/ns/net`).ino === statSync(`${this.#run}/netns/${this.#namespace}`).ino;
    } catch {
      // One of the two ended in the meantime.
      return false;
    }
  }

  /** Runs a script as one transaction; returns what is wrong with it, or nothing. */
  tell(lines: readonly Line[]): Promise<string> {
    // What it reads from its input it reads letter by letter.
    const name = `${this.#namespace}.nft`;
    try {
      writeFileSync(`${this.#run}/${name}`, `${lines.join('\n')}\n`);
    } catch (error) {
      return Promise.resolve(`the script for nft: ${String(error)}`);
    }
    return this.#ask(`include "/run/${name}"\n`);
  }

  /** Returns what it says before it answers our question, or that it does not. */
  #ask(text: string): Promise<string> {
    const { stdin, stdout } = this.#child;
    return new Promise((resolve) => {
      let heard = '';
      const hear = (bytes: Buffer): void => {
        heard += bytes.toString();
        if (heard.endsWith(answer)) end(heard.slice(0, -answer.length));
      };
      const end = (said: string): void => {
        clearTimeout(timer);
        stdout?.off('data', hear);
        resolve(said);
      };
      const timer = setTimeout(() => {
        endGroup(this.#child);
        end(`${heard}nft did not answer within ${patience / 1000} s, and was killed`);
      }, patience);
      void this.#ended.then(() => end(`${heard}nft ended`));
      stdout?.on('data', hear);
      stdin?.write(`${text}${question}\n`);
    });
  }

  /** Ends it. */
  async close(): Promise<void> {
    endGroup(this.#child);
    await this.#ended;
  }
}
