/**
 * The running estate: what the store keeps, in memory and compiled. Every write is durable before it is answered.
 * It holds no rule.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { ArmHost } from '../arm/api/request.ts';
import type { Guard } from '../arm/apply.ts';
import { type Directory, emptyDirectory, membershipsOf } from '../arm/directory.ts';
import type { Operation } from '../arm/operation.ts';
import type { Plane } from '../arm/plane.ts';
import type { Effect, Meaning, Question, RunningQuestion, Settings } from '../arm/provider.ts';
import { type Change, Estate, type Resource } from '../arm/resource.ts';
import type { DocumentWrite, Store } from '../arm/store.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';
import type { Linked } from '../net/link.ts';
import type { Network } from '../net/model.ts';
import { Names } from '../net/places.ts';
import { networkOf, saysSomething } from '../providers/network-of.ts';
import { registry } from '../providers/registry.ts';
import { analyse } from './analysis.ts';
import { Writer } from './writer.ts';

/** What the engine hands over to whoever runs model code. */
export interface Performer {
  perform(effect: Effect): Promise<void>;
  answer(question: RunningQuestion): Promise<Json>;
}

/** Who makes the network real elsewhere. Clients are answered when he has caught up. */
export interface Follower {
  /** Hears that the network changed, or is about to within this turn. */
  changed(): void;
  /** Resolves when the network as it is now holds, or it is known why it does not. */
  settled(): Promise<void>;
}

/** The estate as it runs. */
export class Engine implements ArmHost<Fact> {
  readonly plane: Plane<Fact>;
  readonly #store: Store;
  readonly #writer: Writer<Fact>;
  readonly #log: (error: unknown) => void;
  readonly #running = new Set<Promise<void>>();
  #beside: readonly Fact[] = [];
  #directory: Directory = emptyDirectory;
  #linked: Linked | undefined;
  #stale = true;
  #names: Names | undefined;
  #performer: Performer | undefined;
  /** Who judges what clients write; undefined: nobody. */
  guard: Guard | undefined;
  #follower: Follower | undefined;

  private constructor(store: Store, plane: Plane<Fact>, log: (error: unknown) => void) {
    this.#store = store;
    this.plane = plane;
    this.#log = log;
    this.#writer = new Writer(store, plane, (change) => {
      if (!saysSomething(plane.estate, change)) return;
      this.#stale = true;
      this.#follower?.changed();
    });
  }

  /** Takes over what the store has; a store that is empty begins with the resources given. */
  static async open(
    store: Store,
    settings: Settings,
    first: readonly Resource[],
    log: (error: unknown) => void,
  ): Promise<Engine> {
    const kept = await store.resources();
    if (kept.length === 0) await store.commit({ change: { writes: first, deletes: [] }, documents: [] });
    const estate = new Estate(kept.length === 0 ? first : kept);
    const engine = new Engine(store, { registry, estate, settings }, log);
    await engine.#endWhatStopped();
    return engine;
  }

  /** Who brings effects about. Until one is set, effects wait for nobody and fail. */
  serveWith(performer: Performer): void {
    this.#performer = performer;
  }

  /** Whom changes of the network are told. Undefined: nobody needs to know. */
  followWith(follower: Follower | undefined): void {
    this.#follower = follower;
  }

  /** Resolves when the network as it is now holds wherever it is enforced. */
  async enforced(): Promise<void> {
    await this.#follower?.settled();
  }

  /** The compiled meaning of the estate as it is now. */
  get network(): Network {
    if (this.#stale || !this.#linked) {
      this.#linked = networkOf(this.plane.estate, this.#beside, this.#linked);
      this.#stale = false;
      this.#names = undefined;
    }
    return this.#linked.network;
  }

  /** The names of places and targets as they are now. */
  get names(): Names {
    const { network } = this;
    this.#names ??= new Names(network);
    return this.#names;
  }

  /** What the estate does not record of the network. */
  get beside(): readonly Fact[] {
    return this.#beside;
  }

  /** Whom cloister.yaml describes. */
  get directory(): Directory {
    return this.#directory;
  }

  /** What the estate does not record: sites, DNS servers, and who there is. */
  describe(facts: readonly Fact[], directory: Directory): void {
    this.#beside = facts;
    this.#directory = directory;
    this.#writer.know(membershipsOf(directory));
    this.#stale = true;
    this.#follower?.changed();
  }

  transact<T extends { readonly change: Change }>(plan: (plane: Plane<Fact>) => T): Promise<T> {
    return this.#writer.transact(plan);
  }

  perform(effect: Effect): Promise<void> {
    if (effect.kind === 'analyse') return analyse(this, effect.resource);
    if (!this.#performer) return Promise.reject(new Error('nothing here runs replicas'));
    return this.#performer.perform(effect);
  }

  async answer(question: Question): Promise<Json> {
    if (question.kind === 'meaning') return question.of(this.network as unknown as Meaning);
    if (!this.#performer) throw new Error('nothing here runs replicas');
    return this.#performer.answer(question);
  }

  now(): string {
    return new Date().toISOString();
  }

  newId(): string {
    return randomUUID();
  }

  url(path: string): string {
    return `https://management.azure.com${path}`;
  }

  async keep(operation: Operation): Promise<void> {
    await this.#keep([{ space: 'operation', key: operation.id, value: { ...operation } }]);
  }

  async operation(id: string): Promise<Operation | undefined> {
    const kept = await this.#store.document('operation', id);
    return isObject(kept) ? (kept as unknown as Operation) : undefined;
  }

  /** Keeps a document of the instance itself. */
  async remember(key: string, value: Json): Promise<void> {
    await this.#keep([{ space: 'instance', key, value }]);
  }

  background(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.#log(error))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for what goes on behind answers. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#writer.idle();
  }

  async #keep(documents: readonly DocumentWrite[]): Promise<void> {
    await this.#store.commit({ change: { writes: [], deletes: [] }, documents });
  }

  /** Operations that a crash cut off end as Failed, with the reason; nobody polls them for ever. */
  async #endWhatStopped(): Promise<void> {
    const error = {
      code: 'InternalServerError',
      message: 'Cloister stopped before this was done. Deploy again: what was done stays.',
    };
    const now = this.now();
    const stopped = (type: string, told: JsonObject): Resource[] =>
      this.plane.estate
        .ofType(type)
        .filter((record) => record.properties['provisioningState'] === 'Running')
        .map((record) => {
          const ended = { provisioningState: 'Failed', timestamp: now, ...told };
          return Object.freeze({ ...record, properties: { ...record.properties, ...ended } });
        });
    const writes = [
      ...stopped('Microsoft.Resources/deployments', { error }),
      ...stopped('Microsoft.Resources/deployments/operations', {
        statusCode: '500',
        statusMessage: { error },
      }),
    ];
    const documents = (await this.#store.documents('operation', ''))
      .filter(([, value]) => isObject(value) && value['status'] === 'InProgress')
      .map(
        ([key, value]): DocumentWrite => ({
          space: 'operation',
          key,
          value: { ...(value as object), status: 'Failed', endTime: now, error },
        }),
      );
    await this.transact(() => ({ change: { writes, deletes: [] } }));
    if (documents.length > 0) await this.#keep(documents);
  }
}
