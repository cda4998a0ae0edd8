/**
 * The replicas of one deployment: as many as wanted, and one after the other asked.
 *
 * @module
 */

import { equalJson } from '../../lib/json.ts';
import type { FindRoom } from '../sandbox/sandbox.ts';
import type { Program } from './command.ts';
import { type ReplicaAnswer, type ReplicaRequest, seconds } from './exchange.ts';
import { Log } from './log.ts';
import { Replica } from './replica.ts';
import { ReplicaError, toReplicaError } from './replica-error.ts';

/** What shall run. */
export interface ReplicaSpec extends Program {
  /** Distinguishes deployments; any text. */
  readonly key: string;
  /** Replicas wanted. */
  readonly instances: number;
  /** Time for a process to become ready after its start, in milliseconds. */
  readonly readinessTimeout: number;
  /** Time for a request, waiting for a free replica included, in milliseconds. */
  readonly requestTimeout: number;
  /** Requests that a replica is sent at a time; 1 where absent, as Azure's `maxConcurrentRequestsPerInstance`. */
  readonly concurrency?: number;
}

/** How many replicas there are. */
export interface ReplicaStatus {
  /** Replicas that are kept running. */
  readonly wanted: number;
  /** Replicas that answered their last probe and live. */
  readonly ready: number;
  /** Times that a dead process was started again. */
  readonly restarts: number;
}

/** Lines of the log that an error quotes. */
const quotedLines = 20;

/** One deployment. Its log outlives its replicas, so that it can tell of a start that failed. */
export class Deployment {
  readonly log = new Log();
  readonly #room: FindRoom;
  /** What `#pool` is running as. */
  #spec: ReplicaSpec | undefined;
  #pool: readonly Replica[] = [];
  /** What is being started, to complement or replace the pool. */
  #next: { readonly spec: ReplicaSpec; readonly replicas: readonly Replica[] } | undefined;
  #last = -1;
  #waiting: (() => void)[] = [];
  #stopped = false;
  #turn: Promise<void> | undefined;

  constructor(room: FindRoom) {
    this.#room = room;
  }

  /** See Replicas.ensure. One call takes effect after the other; the first at once, so that requests can wait for it. */
  ensure(spec: ReplicaSpec): Promise<void> {
    const done = this.#turn === undefined ? this.#apply(spec) : this.#turn.then(() => this.#apply(spec));
    const turn = done
      .catch(() => {})
      .then(() => {
        if (this.#turn === turn) this.#turn = undefined;
      });
    this.#turn = turn;
    return done;
  }

  /** See Replicas.score. */
  async score(request: ReplicaRequest): Promise<ReplicaAnswer> {
    const start = performance.now();
    for (;;) {
      const spec = this.#spec ?? this.#next?.spec;
      if (this.#stopped || spec === undefined) throw new ReplicaError('not-ready', 'no replica is running');
      const left = spec.requestTimeout - (performance.now() - start);
      const replica = this.#pick(spec.concurrency ?? 1);
      if (replica !== undefined && left > 0) {
        try {
          return await replica.send(request, left);
        } catch (error) {
          // Nobody heard the request, so that another replica, or the same one later, may be asked.
          if (!(error instanceof ReplicaError && error.code === 'not-ready')) throw error;
        }
      } else if (left <= 0 || !(await this.#awaitFree(left))) {
        const waited = `in ${seconds(spec.requestTimeout)}`;
        if (this.#asked.some(({ ready }) => ready)) {
          throw new ReplicaError('timeout', `no replica became free ${waited}`);
        }
        throw new ReplicaError('not-ready', `no replica became ready ${waited}`);
      }
    }
  }

  /** See Replicas.status. */
  status(): ReplicaStatus {
    const asked = this.#asked;
    return {
      wanted: asked.length,
      ready: asked.filter(({ ready }) => ready).length,
      restarts: asked.reduce((sum, { restarts }) => sum + restarts, 0),
    };
  }

  /** Ends all replicas, for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await stopAll([...this.#pool, ...(this.#next?.replicas ?? [])]);
    await this.#turn;
  }

  /** Replicas that requests go to: while the first ones are starting, those. */
  get #asked(): readonly Replica[] {
    return this.#pool.length > 0 ? this.#pool : (this.#next?.replicas ?? []);
  }

  async #apply(spec: ReplicaSpec): Promise<void> {
    const same = this.#spec !== undefined && sameProgram(this.#spec, spec);
    const kept = same ? this.#pool.slice(0, spec.instances) : [];
    const fresh = Array.from({ length: spec.instances - kept.length }, () => {
      return new Replica(spec, this.log, this.#room, () => this.#wake());
    });
    this.#next = { spec, replicas: fresh };
    try {
      if (this.#stopped) throw new ReplicaError('not-ready', 'it was stopped');
      await Promise.all([
        ...kept.map((replica) => replica.awaitReady(spec.readinessTimeout)),
        ...fresh.map((replica) => replica.start(spec.readinessTimeout)),
      ]);
      if (this.#stopped) throw new ReplicaError('not-ready', 'it was stopped');
    } catch (error) {
      await stopAll(fresh);
      this.#next = undefined;
      this.#wake();
      throw this.#explained(spec.key, error);
    }
    const old = this.#pool.filter((replica) => !kept.includes(replica));
    this.#pool = [...kept, ...fresh];
    this.#spec = spec;
    this.#next = undefined;
    this.#wake();
    await stopAll(old);
  }

  /** Returns the next replica in turn that has room for a request. */
  #pick(concurrency: number): Replica | undefined {
    const asked = this.#asked;
    for (let step = 1; step <= asked.length; step++) {
      const at = (this.#last + step) % asked.length;
      const replica = asked[at];
      if (replica === undefined || !replica.ready || replica.inFlight >= concurrency) continue;
      this.#last = at;
      return replica;
    }
    return undefined;
  }

  /** Waits for a turn. Reports false where the time is over first. */
  #awaitFree(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== wake);
        resolve(false);
      }, milliseconds);
      this.#waiting.push(wake);
    });
  }

  /** Lets waiting requests look again, the longest waiting first: one for each place that is free. */
  #wake(): void {
    const spec = this.#spec ?? this.#next?.spec;
    const places = this.#asked.map((replica) =>
      replica.ready ? Math.max(0, (spec?.concurrency ?? 1) - replica.inFlight) : 0,
    );
    // Where nothing runs or starts any more, all are told so.
    const free = spec === undefined ? this.#waiting.length : places.reduce((sum, count) => sum + count, 0);
    for (const wake of this.#waiting.splice(0, free)) wake();
  }

  /** Returns the error with the deployment's name and what its processes said last. */
  #explained(key: string, error: unknown): ReplicaError {
    const { code, message } = toReplicaError(error);
    const said = this.log.tail(quotedLines).trimEnd();
    const quoted = said === '' ? '' : `\nThe last lines of its log:\n${said}`;
    return new ReplicaError(code, `${key}: ${message}${quoted}`);
  }
}

/** Reports whether replicas of the one can serve as replicas of the other. */
function sameProgram(a: Program, b: Program): boolean {
  const [left, right] = [a, b].map(({ kind, model, modelAt, environment, limits }) => ({
    kind: JSON.stringify(kind),
    model,
    modelAt,
    environment,
    limits: { ...limits },
  }));
  return equalJson(left, right);
}

/** Stops the replicas, all at once. */
async function stopAll(replicas: readonly Replica[]): Promise<void> {
  await Promise.all(replicas.map((replica) => replica.stop()));
}
