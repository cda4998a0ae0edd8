/**
 * The fabric that the kernel enforces: applies plans one after the other, and tells what became of flows.
 *
 * @module
 */

import { nameOf } from '../../lib/key.ts';
import type { LinuxPlan, Namespace } from '../plan/model.ts';
import type { Ending } from '../plan/ruleset.ts';
import type { Word } from '../plan/words.ts';
import { type Ended, Holder, KernelRefused } from './holder.ts';
import { clearing, complete, remaining } from './mend.ts';
import { type Missing, observe } from './observe.ts';
import { type FlowRecord, readRecords } from './records.ts';
import { changedRules, emptyPlan, scriptOf } from './script.ts';
import { Sessions } from './sessions.ts';

/** Endings that are remembered at a time, of plans that held before. */
const mostFormer = 65_536;

/** What a script without lines does: sockets and places are told to nobody. */
const nothing: Ended = { code: 0, stdout: '', stderr: '' };

/** A fabric on this machine. */
export class LinuxFabric {
  readonly #rootless: boolean | undefined;
  readonly #lost: () => void;
  #holder: Holder | undefined;
  readonly #sessions = new Sessions();
  #plan: LinuxPlan = emptyPlan;
  /** What of it somebody else took away. */
  #missing: Missing = complete;
  /** Those that a look finds changed when they have just been made: it says nothing about them. */
  #unclear: ReadonlySet<Namespace> = new Set();
  /** What numbers in records stood for: a record may be older than the plan that holds. */
  readonly #former = new Map<number, Ending>();
  #last: Promise<unknown> = Promise.resolve();

  /**
   * `rootless`: in a user namespace although we are root. `lost` hears that the holder ended by itself, and everything
   * with it; what is applied next begins from nothing.
   */
  constructor(rootless?: boolean, lost: () => void = () => {}) {
    this.#rootless = rootless;
    this.#lost = lost;
  }

  /** What was applied last. */
  get plan(): LinuxPlan {
    return this.#plan;
  }

  /** What of it somebody is known to have taken away, for people. */
  get missing(): readonly string[] {
    return this.#missing.says;
  }

  /** Namespaces about which looks say nothing, for people. */
  get unclear(): readonly string[] {
    return this.#plan.namespaces.filter((each) => this.#unclear.has(each)).map(({ about }) => nameOf(about));
  }

  /** The holder, for those who put programs and sockets into places. */
  get holder(): Holder {
    if (!this.#holder) throw new KernelRefused('nothing is applied');
    return this.#holder;
  }

  /**
   * Makes a plan hold, by what differs from what is there. One at a time, in the order of the calls. Throws
   * `KernelRefused` where the machine refuses; then nothing is left.
   */
  apply(plan: LinuxPlan): Promise<void> {
    return this.#next(async () => {
      if (this.#holder?.over) await this.#clean();
      const holder = this.#holder ?? (await this.#start());
      const before = this.#plan;
      const missing = this.#missing;
      const { code, stderr } = await this.#change(holder, plan);
      if (code !== 0) {
        await this.#clean();
        throw new KernelRefused(stderr.trim() || `the script ended with ${code}`);
      }
      this.#retire(before, plan);
      this.#plan = plan;
      this.#missing = complete;
      if (missing.changed.size === 0) return;
      const { changed } = await observe(holder, plan, missing.changed);
      this.#unclear = new Set(plan.namespaces.filter(({ id }) => changed.has(id)));
    });
  }

  /**
   * Looks whether all that was applied is there. What is missing, what is applied next makes again. Plans are not kept
   * waiting for a look, but where it finds something. Throws `KernelRefused` where nobody could look.
   */
  async observe(): Promise<Missing> {
    const { holder, plan } = this;
    const clear = plan.namespaces.filter((each) => !this.#unclear.has(each)).map(({ id }) => id);
    const { gone, changed, wires } = await observe(holder, plan, new Set(clear));
    const suspects = new Set([
      ...gone,
      ...changed,
      ...[...wires].flatMap(({ ends }) => ends.map(({ namespace }) => namespace)),
    ]);
    if (suspects.size === 0) return complete;
    return this.#next(async () => {
      const missing = await observe(this.holder, this.#plan, suspects);
      this.#missing = missing.says.length === 0 ? complete : missing;
      return missing;
    });
  }

  /** The records of all routers: flows of the last five minutes. Throws `KernelRefused` where one cannot be asked. */
  async records(): Promise<readonly FlowRecord[]> {
    const found = await this.recordsOf();
    return [...found.values()].flatMap((records) => {
      if (records instanceof KernelRefused) throw records;
      return records;
    });
  }

  /** The records of some routers, all unless told, and why one cannot be asked. */
  recordsOf(only?: ReadonlySet<Word>): Promise<ReadonlyMap<Word, readonly FlowRecord[] | KernelRefused>> {
    return this.#next(async () => {
      const { holder, plan } = this;
      const routers = plan.namespaces.filter(({ id, ruleset }) => ruleset && (only?.has(id) ?? true));
      const found = routers.map(async ({ id, ruleset }) => {
        const endingOf = (mark: number): Ending | undefined =>
          ruleset?.endings.get(mark) ?? this.#former.get(mark);
        const records = await readRecords(holder, id, endingOf).catch((error: unknown) => {
          if (error instanceof KernelRefused) return error;
          throw error;
        });
        return [id, records] as const;
      });
      return new Map(await Promise.all(found));
    });
  }

  /** Takes everything away. */
  close(): Promise<void> {
    return this.#next(() => this.#clean());
  }

  /** Other rules alone are told to programs that stay; all else is a script. */
  async #change(holder: Holder, plan: LinuxPlan): Promise<Ended> {
    const missing = this.#missing;
    const before = remaining(this.#plan, missing);
    const rules = changedRules(before, plan);
    const told = rules && (await this.#sessions.tell(holder, rules));
    if (told) return told;
    const script = [...clearing(this.#plan, missing), ...scriptOf(before, plan, missing.changed)];
    if (script.length === 0) return nothing;
    const kept = plan.namespaces.filter(({ id }) => !missing.gone.has(id));
    await this.#sessions.keep(new Set(kept.map(({ id }) => id)));
    return holder.run(['sh', '-eu'], `${script.join('\n')}\n`);
  }

  async #start(): Promise<Holder> {
    const holder = await Holder.start(this.#rootless);
    this.#holder = holder;
    void holder.ended.then(() => {
      if (this.#holder === holder) this.#lost();
    });
    return holder;
  }

  #retire(before: LinuxPlan, after: LinuxPlan): void {
    const kept = new Set(after.namespaces);
    for (const namespace of before.namespaces) {
      if (kept.has(namespace)) continue;
      for (const [mark, ending] of namespace.ruleset?.endings ?? []) this.#former.set(mark, ending);
    }
    for (const mark of this.#former.keys()) {
      if (this.#former.size <= mostFormer) break;
      this.#former.delete(mark);
    }
  }

  async #clean(): Promise<void> {
    const holder = this.#holder;
    this.#holder = undefined;
    this.#plan = emptyPlan;
    this.#missing = complete;
    await this.#sessions.keep(new Set());
    await holder?.close();
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}
