/**
 * The jobs of an estate: each waits for a node of its compute, is run once, and ends in one of three ways. What is
 * stored says what is wanted; run history says what became of it.
 *
 * @module
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResourceId } from '../../arm/id.ts';
import { propertiesOf } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import { milliseconds } from '../../lib/duration.ts';
import { keyOf, nameOf } from '../../lib/key.ts';
import { nodesOf } from '../../providers/ml/computes.ts';
import {
  computeOf,
  isOver,
  type JobStatus,
  jobProperties,
  jobType,
  withStatus,
} from '../../providers/ml/jobs/jobs.ts';
import { runtimeOf } from '../../providers/ml/jobs/runtime.ts';
import { History, type Told } from './history.ts';
import { Attempt, logPath, prepare, type Workshop } from './run.ts';

/** A job that has a node. */
interface Busy {
  readonly compute: string;
  /** Set as soon as it is to end before its time. */
  over: boolean;
  /** Ends what it is at. */
  stop: () => void;
  done: Promise<void>;
}

/** How a job ended. */
interface End {
  readonly status: Extract<JobStatus, 'Completed' | 'Failed' | 'Canceled'>;
  readonly why?: string;
}

/** What a timer takes at most, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

const stopped = 'Cloister stopped while the job was at work. Submit it again: what it wrote before is kept.';

/** Runs what the estate says should be run. */
export class Jobs {
  readonly #shop: Workshop;
  readonly #history: History;
  /** Jobs that wait for a node, in their order. */
  #waiting: ResourceId[] = [];
  readonly #busy = new Map<string, Busy>();
  #started = 0;
  #closed = false;

  constructor(shop: Workshop) {
    this.#shop = shop;
    const { settings } = shop.engine.plane;
    this.#history = new History(shop.records, settings.tenant);
  }

  /** Queues what waited before a restart. What was at work is over: nobody knows how far it came. */
  async resume(): Promise<void> {
    for (const job of this.#estate.ofType(jobType).filter((each) => !isOver(each))) {
      const end = await this.#history.status(job);
      if (end !== undefined && isOver({ properties: { status: end } })) {
        // Only the last write was cut off.
        await this.#become(job.id, end as JobStatus);
      } else if (job.properties['status'] === 'Queued') await this.perform(job.id);
      else if (job.properties['status'] === 'CancelRequested')
        await this.#end(job.id, { status: 'Canceled' });
      else await this.#end(job.id, { status: 'Failed', why: stopped });
    }
  }

  /** Brings about what is stored: a job that is new is queued, one to be cancelled, or gone, is ended. */
  async perform(id: ResourceId): Promise<void> {
    const job = this.#estate.get(id);
    const status = job?.properties['status'];
    if (!job) {
      this.#take(id);
      await this.#history.forget({ id, name: nameOf(id) });
    } else if (status === 'Queued' && !this.#waits(id)) {
      await this.#history.write(job);
      this.#waiting.push(id);
      this.#next();
    } else if (status === 'CancelRequested') {
      const at = this.#take(id);
      if (at === 'work') await this.#history.write(job);
      else await this.#end(id, { status: 'Canceled' });
    } else await this.#history.describe(job);
  }

  /** Takes a job from the queue, or ends it. Answers where it was. */
  #take(id: ResourceId): 'queue' | 'work' {
    this.#waiting = this.#waiting.filter((each) => keyOf(each) !== keyOf(id));
    const busy = this.#busy.get(keyOf(id));
    if (!busy) return 'queue';
    busy.over = true;
    busy.stop();
    return 'work';
  }

  #waits(id: ResourceId): boolean {
    return this.#busy.has(keyOf(id)) || this.#waiting.some((each) => keyOf(each) === keyOf(id));
  }

  /** Ends all that runs. Its jobs are found at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#busy.values()];
    for (const busy of all) {
      busy.over = true;
      busy.stop();
    }
    await Promise.all(all.map(({ done }) => done));
  }

  get #estate(): Workshop['engine']['plane']['estate'] {
    return this.#shop.engine.plane.estate;
  }

  /** Gives free nodes to those that wait the longest. */
  #next(): void {
    if (this.#closed) return;
    for (const id of [...this.#waiting]) {
      const job = this.#estate.get(id);
      const compute = keyOf((job && computeOf(job, this.#estate)) ?? '');
      const taken = [...this.#busy.values()].filter((busy) => busy.compute === compute).length;
      if (taken >= nodesOf(this.#estate.get(compute))) continue;
      this.#waiting = this.#waiting.filter((each) => each !== id);
      const busy: Busy = { compute, over: false, stop: () => {}, done: Promise.resolve() };
      this.#busy.set(keyOf(id), busy);
      busy.done = this.#see(id, busy);
      this.#shop.engine.background(() => busy.done);
    }
  }

  /** Sees a job through. */
  async #see(id: ResourceId, busy: Busy): Promise<void> {
    const folder = join(this.#shop.folder, String(++this.#started));
    try {
      const end = await this.#run(id, busy, folder).catch((error: unknown): End => {
        return { status: 'Failed', why: error instanceof Error ? error.message : String(error) };
      });
      if (!this.#closed) await this.#end(id, busy.over ? { status: 'Canceled' } : end);
    } finally {
      await rm(folder, { recursive: true, force: true });
      this.#busy.delete(keyOf(id));
      this.#next();
    }
  }

  async #run(id: ResourceId, busy: Busy, folder: string): Promise<End> {
    const job = this.#estate.get(id);
    if (!job) return { status: 'Canceled' };
    const compute = computeOf(job, this.#estate) as ResourceId | undefined;
    if (compute === undefined) throw new Error(`the compute of job ${job.name} is gone`);
    const runtime = runtimeOf(propertiesOf(jobProperties, job).environmentId, this.#estate);
    const warnings = runtime.kind === 'machine' ? [{ source: 'Cloister', message: runtime.instead }] : [];
    await this.#become(id, 'Preparing', { warnings });
    const courier = await this.#shop.sendFrom(compute);
    try {
      busy.stop = () => void courier.close();
      const prepared = await prepare(this.#shop, job, compute, courier, folder);
      if (busy.over) return { status: 'Canceled' };
      return await this.#attempt(job, busy, await Attempt.start(this.#shop, prepared));
    } finally {
      await courier.close();
    }
  }

  async #attempt(job: Resource, busy: Busy, attempt: Attempt): Promise<End> {
    const stop = (): void => {
      busy.over = true;
      attempt.kill();
    };
    busy.stop = stop;
    if (busy.over) stop();
    await this.#history.files(job, [logPath]);
    await this.#become(job.id, 'Running', { startTimeUtc: this.#shop.engine.now() });
    const most = milliseconds(propertiesOf(jobProperties, job).limits?.timeout);
    const timer = most === undefined ? undefined : setTimeout(stop, Math.min(most, longestTimer));
    const code = await attempt.ended().finally(() => clearTimeout(timer));
    await this.#history.files(job, attempt.files);
    if (code === 0) return { status: 'Completed' };
    const how = code === undefined ? 'was killed' : `exited with status code ${code}`;
    return {
      status: 'Failed',
      why: `Execution failed. User process ${how}. Please check log file '${logPath}' for error details.`,
    };
  }

  async #end(id: ResourceId, { status, why }: End): Promise<void> {
    const endTimeUtc = this.#shop.engine.now();
    const error = why === undefined ? {} : { error: { error: { code: 'UserError', message: why } } };
    await this.#become(id, status, { endTimeUtc, ...error });
  }

  /** Writes a job's state: to its run first, so that the run tells how it ended where the rest is cut off. */
  async #become(id: ResourceId, status: JobStatus, told: Told = {}): Promise<void> {
    const job = this.#estate.get(id);
    if (!job) return;
    const after = withStatus(job, status);
    // Who asked for the end sees it coming.
    if (isOver(after) || job.properties['status'] !== 'CancelRequested')
      await this.#history.write(after, told);
    await this.#shop.engine.transact(({ estate }) => {
      const now = estate.get(id);
      const kept = !now || (now.properties['status'] === 'CancelRequested' && !isOver(after));
      return { change: { writes: kept ? [] : [withStatus(now, status)], deletes: [] } };
    });
  }
}
