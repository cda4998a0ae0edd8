/**
 * One replica: a process that is started, watched, and started again when it dies.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { FindRoom } from '../sandbox/sandbox.ts';
import { Child, endedError } from './child.ts';
import type { Program } from './command.ts';
import { type ReplicaAnswer, type ReplicaRequest, seconds } from './exchange.ts';
import type { Log } from './log.ts';
import { ReplicaError, toReplicaError } from './replica-error.ts';

/** Milliseconds. */
const timing = {
  /** Between two probes of a process that is starting: a tenth of the time so far, between these. */
  minStartProbe: 10,
  maxStartProbe: 250,
  /** Between two probes of one that is ready. */
  probe: 1_000,
  /** For the answer to a probe. */
  probeAnswer: 1_000,
  /** Second wait before a dead process is started again; the first is none, and each doubles up to `maxBackoff`. */
  minBackoff: 200,
  maxBackoff: 10_000,
  /** A process that lived so long starts the backoff afresh. */
  longLife: 30_000,
  /** For requests to end before SIGTERM, and again before SIGKILL. */
  grace: 5_000,
  /** For the end of a process to be known after it broke a connection. */
  lastWords: 200,
};

/** Probes without an answer, one after the other, after which a process counts as hung and is killed. */
const maxMisses = 5;

/** A replica of one deployment. */
export class Replica {
  readonly #program: Program;
  readonly #log: Log;
  readonly #room: FindRoom;
  readonly #freed: () => void;
  #child: Child | undefined;
  #readinessTimeout = 0;
  #ready = false;
  #inFlight = 0;
  #restarts = 0;
  #watching: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  /** @param freed Called whenever the replica can take a request that it could not take before. */
  constructor(program: Program, log: Log, room: FindRoom, freed: () => void) {
    this.#program = program;
    this.#log = log;
    this.#room = room;
    this.#freed = freed;
  }

  /** Reports whether the process answered its last probe and lives. */
  get ready(): boolean {
    return this.#ready && this.#child?.alive === true && !this.#stopping.signal.aborted;
  }

  /** Requests that are being answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Times that the process was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Starts the process and returns when it is ready. From then on it is started again whenever it dies.
   *
   * @throws ReplicaError why the first start failed; nothing is left running then.
   */
  async start(readinessTimeout: number): Promise<void> {
    this.#readinessTimeout = readinessTimeout;
    const child = await this.#launch();
    this.#watching = this.#watch(child);
  }

  /**
   * Waits until the running process is ready.
   *
   * @throws ReplicaError `timeout` where that takes too long.
   */
  async awaitReady(milliseconds: number): Promise<void> {
    for (const until = performance.now() + milliseconds; !this.ready; await sleep(timing.minStartProbe)) {
      if (this.#stopping.signal.aborted) throw new ReplicaError('not-ready', 'the replica was stopped');
      if (performance.now() >= until)
        throw new ReplicaError('timeout', `not ready within ${seconds(milliseconds)}`);
    }
  }

  /** Sends a request to the process. Fails as `exchange` does; a process that ends meanwhile is named as the cause. */
  async send(request: ReplicaRequest, milliseconds: number): Promise<ReplicaAnswer> {
    const child = this.#child;
    if (child === undefined) throw new ReplicaError('not-ready', 'the replica does not run');
    this.#inFlight += 1;
    try {
      return await child.send(request, milliseconds);
    } catch (error) {
      // Until the next probe tells otherwise, a replica that does not listen takes no request.
      if (error instanceof ReplicaError && error.code === 'not-ready') this.#ready = false;
      if (!(error instanceof ReplicaError && error.code === 'crashed')) throw error;
      // The connection breaks before the end of the process is known: wait a moment for the better message.
      const how = await Promise.race([child.ended, sleep(timing.lastWords)]);
      throw how === undefined ? error : endedError(how);
    } finally {
      this.#inFlight -= 1;
      this.#freed();
    }
  }

  /** Lets running requests end, then ends the process for good: SIGTERM, and SIGKILL after a grace period. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child !== undefined) {
      for (
        const until = performance.now() + timing.grace;
        this.#inFlight > 0 && performance.now() < until;
      ) {
        await sleep(10);
      }
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), timing.grace);
      await child.ended;
      clearTimeout(timer);
    }
    await this.#watching;
  }

  /** Starts a process and returns it when it is ready; otherwise ends it and throws why. */
  async #launch(): Promise<Child> {
    const room = await this.#room(this.#program.stand);
    if (this.#stopping.signal.aborted) throw new ReplicaError('not-ready', 'the replica was stopped');
    const child = new Child(this.#program, this.#log, room);
    this.#child = child;
    const born = performance.now();
    let problem: ReplicaError | undefined;
    while (problem === undefined) {
      const age = performance.now() - born;
      const left = this.#readinessTimeout - age;
      const ready = await child.probe(Math.max(1, Math.min(left, timing.probeAnswer)), 'readiness');
      if (this.#stopping.signal.aborted) problem = new ReplicaError('not-ready', 'the replica was stopped');
      else if (!child.alive) problem = endedError(await child.ended);
      else if (ready) {
        this.#ready = true;
        this.#freed();
        return child;
      } else if (left <= 0) {
        problem = new ReplicaError('timeout', `not ready within ${seconds(this.#readinessTimeout)}`);
      } else {
        const wait = Math.min(timing.maxStartProbe, Math.max(timing.minStartProbe, age / 10));
        await Promise.race([sleep(Math.min(wait, left)), child.ended]);
      }
    }
    // A process that was never ready has nothing to lose.
    child.kill('SIGKILL');
    await child.ended;
    throw problem;
  }

  /** Watches the process and its successors until the replica is stopped. */
  async #watch(child: Child): Promise<void> {
    let running: Child | undefined = child;
    for (let deaths = 0; !this.#stopping.signal.aborted; ) {
      const born = performance.now();
      const how = running === undefined ? undefined : await this.#heartbeat(running);
      this.#ready = false;
      if (this.#stopping.signal.aborted) return;
      deaths = performance.now() - born >= timing.longLife ? 1 : deaths + 1;
      const wait = deaths === 1 ? 0 : Math.min(timing.maxBackoff, timing.minBackoff * 2 ** (deaths - 2));
      if (how !== undefined) this.#log.add(`cloister: the replica ended (${how})`);
      this.#log.add(`cloister: starting the replica again ${wait === 0 ? 'at once' : `in ${seconds(wait)}`}`);
      await this.#pause(wait);
      if (this.#stopping.signal.aborted) return;
      this.#restarts += 1;
      running = await this.#launch().catch((error: unknown) => {
        this.#log.add(`cloister: ${toReplicaError(error).message}`);
        return undefined;
      });
    }
  }

  /** Probes the process until it ends, and returns how it ended. */
  async #heartbeat(child: Child): Promise<string> {
    for (let misses = 0; child.alive; ) {
      await Promise.race([this.#pause(timing.probe), child.ended]);
      if (this.#stopping.signal.aborted) break;
      if (child.alive && !child.inPlace) {
        this.#log.add('cloister: the place of the replica was made again: it is killed, to stand there');
        child.kill('SIGKILL');
        break;
      }
      // A model may compute on the only thread that could answer a probe; the request has a time limit of its own.
      if (!child.alive || this.#inFlight > 0) continue;
      const alive = await child.probe(timing.probeAnswer, 'liveness');
      const freed = alive && !this.#ready;
      this.#ready = alive;
      if (freed) this.#freed();
      misses = alive ? 0 : misses + 1;
      if (misses < maxMisses || !child.alive) continue;
      this.#log.add(`cloister: the replica left ${misses} probes unanswered and is killed`);
      child.kill('SIGKILL');
      break;
    }
    return child.ended;
  }

  /** Waits so long, or until the replica is stopped. */
  #pause(milliseconds: number): Promise<undefined> {
    return sleep(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
