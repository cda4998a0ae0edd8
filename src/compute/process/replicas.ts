/**
 * Model replicas as child processes: the supervisor that the rest of Cloister talks to.
 *
 * A replica answers Azure ML's inference contract (`GET /` when live and ready, `POST /score`) on a unix socket in a
 * folder that only this user can enter. Model code never runs in this process, and no replica has a port.
 *
 * @module
 */

import { Keeper } from '../sandbox/keeper.ts';
import type { FindRoom, FindSandbox } from '../sandbox/sandbox.ts';
import { Deployment, type ReplicaSpec, type ReplicaStatus } from './deployment.ts';
import type { ReplicaAnswer, ReplicaRequest } from './exchange.ts';
import { ReplicaError } from './replica-error.ts';

export type { ReplicaSpec, ReplicaStatus } from './deployment.ts';
export type { ReplicaAnswer, ReplicaRequest } from './exchange.ts';
export { ReplicaError } from './replica-error.ts';

/** The replicas of all deployments. */
export class Replicas {
  readonly #deployments = new Map<string, Deployment>();
  /** Deployments that are stopping. */
  readonly #ending = new Set<Promise<void>>();
  readonly #keeper = new Keeper();
  #closed = false;
  /** What model code is held in. */
  readonly sandbox: FindSandbox;

  constructor(sandbox: FindSandbox) {
    this.sandbox = sandbox;
  }

  /** What programs are run in: at a place, or else where there is none. */
  readonly room: FindRoom = async (stand) => {
    const sandbox = await this.sandbox();
    if (sandbox.kind === 'none') return sandbox;
    return { ...sandbox, standing: (await stand?.()) ?? (await this.#keeper.nowhere()) };
  };

  /**
   * Starts or replaces replicas until they are as specified, and returns when all are ready. An equal spec changes
   * nothing, another number of instances only adds or ends some; where the program changes, the new replicas take over
   * once all are ready and the old ones end after what they are answering. Files behind an equal path count as equal.
   *
   * @throws ReplicaError why it failed, with the last lines of the log. What ran before goes on running.
   */
  async ensure(spec: ReplicaSpec): Promise<void> {
    if (this.#closed) throw new ReplicaError('not-ready', `${spec.key}: the server is shutting down`);
    await this.#of(spec.key).ensure(spec);
  }

  /** Writes a line into the deployment's log: why nothing could be started, say. */
  tell(key: string, line: string): void {
    if (!this.#closed) this.#of(key).log.add(line);
  }

  /**
   * Sends the request to a ready replica, in turn, and returns its answer, whatever its status.
   *
   * @throws ReplicaError `not-ready`, `timeout` or `crashed`.
   */
  async score(key: string, request: ReplicaRequest): Promise<ReplicaAnswer> {
    const deployment = this.#deployments.get(key);
    if (deployment === undefined) throw new ReplicaError('not-ready', `${key}: there is no such deployment`);
    return deployment.score(request);
  }

  /** Returns the last lines that the deployment's replicas printed, failed starts included; '' where unknown. */
  logs(key: string, tail: number): string {
    return this.#deployments.get(key)?.log.tail(tail) ?? '';
  }

  /** Returns how the deployment's replicas are, from live probes; all zero where unknown. */
  status(key: string): ReplicaStatus {
    return this.#deployments.get(key)?.status() ?? { wanted: 0, ready: 0, restarts: 0 };
  }

  /** Ends the deployment's replicas and forgets its log. Returns when nothing of them is left. */
  async stop(key: string): Promise<void> {
    const deployment = this.#deployments.get(key);
    if (deployment === undefined) return;
    this.#deployments.delete(key);
    const ending = deployment.stop().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    await ending;
  }

  /** Ends all. Returns when no process, socket or folder is left; nothing can be started afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#deployments.keys()].map((key) => this.stop(key)));
    await Promise.all(this.#ending);
    await this.#keeper.close();
  }

  #of(key: string): Deployment {
    const deployment = this.#deployments.get(key) ?? new Deployment(this.room);
    this.#deployments.set(key, deployment);
    return deployment;
  }
}
