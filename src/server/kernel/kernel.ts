/**
 * The kernel's part of an instance: what the estate says, applied, and served where its sockets stand.
 *
 * It follows the estate: one plan at a time, and of what changes meanwhile the last state only. Who answers a client
 * waits until what it was told holds.
 *
 * @module
 */

import { basename } from 'node:path';
import { LinuxFabric } from '../../enforce/linux/fabric.ts';
import { type Probed, probePlaces } from '../../enforce/linux/probes.ts';
import type { FlowRecord } from '../../enforce/linux/records.ts';
import { FlowWatch } from '../../enforce/linux/watch.ts';
import type { Lack } from '../../enforce/plan/model.ts';
import { sendersAt } from '../../enforce/plan/senders.ts';
import { planOf } from '../../enforce/plan.ts';
import type { Network } from '../../net/model.ts';
import { keyOfPlace, type Place } from '../../net/position.ts';
import { type Entry, entryOf, type Surroundings } from './entry.ts';
import { endPrograms } from './leftovers.ts';
import { Listeners, type Served } from './listeners.ts';

/** What a kernel is made with. */
export interface KernelOptions extends Served, Surroundings {
  /** In a user namespace although we are root. */
  readonly rootless?: boolean;
}

/** Time between two looks whether all is there, in milliseconds: at least so long, and so many times what a look takes. */
const leastPause = 10_000;
const pauseForLook = 50;

/** How it is. */
export interface KernelState {
  /** `active`, or `degraded: <why>`. */
  readonly state: string;
  /** What of the estate it does not carry. */
  readonly lacks: readonly Lack[];
}

/** A flow that a router decided about. */
export interface RoutedFlow {
  readonly record: FlowRecord;
  /** `internet`, or the id of what the router is of. */
  readonly at: string;
  /** The nearest that has the address: a key of a place. */
  readonly sender: string | undefined;
}

/** The kernel fabric of a running instance. */
export class Kernel {
  readonly #options: KernelOptions;
  readonly #fabric: LinuxFabric;
  readonly #listeners: Listeners;
  readonly #watch: FlowWatch;
  /** Subnets in which somebody stands whom the estate does not have. */
  readonly #probes = new Set<string>();
  /** What holds; undefined: nothing is known to. */
  #holding: { readonly network: Network; readonly probes: number } | undefined;
  #problem: string | undefined;
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: KernelOptions) {
    this.#options = options;
    this.#fabric = new LinuxFabric(options.rootless, () => this.#lose());
    this.#listeners = new Listeners(this.#fabric, options);
    this.#watch = new FlowWatch(this.#fabric);
  }

  /** Starts it with the estate as it is. Rejects with what the machine refused; nothing is left then. */
  static async start(options: KernelOptions): Promise<Kernel> {
    const kernel = new Kernel(options);
    try {
      await kernel.#apply();
      kernel.#lookAfter(leastPause);
      return kernel;
    } catch (error) {
      await kernel.close();
      throw error;
    }
  }

  /** Hears that the estate changed, or is about to within this turn. */
  changed(): void {
    setImmediate(() => void this.settled());
  }

  /** Resolves when the estate as it is now holds, or it is known why it does not. */
  settled(): Promise<void> {
    const upToDate =
      this.#holding?.network === this.#options.ground.network &&
      this.#holding.probes === this.#probes.size &&
      this.#fabric.missing.length === 0;
    if (upToDate || this.#closed) return Promise.resolve();
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      this.#last = this.#follow();
      return this.#last;
    });
    return this.#next;
  }

  /** How a program gets to a place. Undefined: the place is not carried. */
  async enter(place: Place): Promise<Entry | undefined> {
    if (place.kind === 'subnet') this.#probes.add(place.subnet);
    await this.settled();
    const namespace = this.#fabric.plan.places.get(keyOfPlace(place));
    if (namespace === undefined) return undefined;
    return entryOf(this.#fabric.holder, namespace, this.#options, place);
  }

  /**
   * Sends packets from places, to see whether they are what the estate says. Of subnets, those in which somebody stands:
   * in others there is nothing that could send.
   */
  async probe(places: readonly Place[]): Promise<readonly Probed[]> {
    await this.settled();
    const network = this.#holding?.network;
    const problem = this.#problem ?? 'not probed: the kernel is not there';
    if (!network) return places.map((place) => ({ place, problem }));
    const standing = places.filter(
      (place) => place.kind !== 'subnet' || this.#fabric.plan.places.has(keyOfPlace(place)),
    );
    const probed = await probePlaces(this.#fabric, network, standing);
    if (probed.some((each) => each.problem !== undefined)) void this.#look();
    return probed;
  }

  /** Flows that nobody was told of yet, and which routers could not be asked. Throws `KernelRefused`. */
  async look(): Promise<{ readonly flows: readonly RoutedFlow[]; readonly problems: readonly string[] }> {
    const { plan } = this.#fabric;
    const { flows, problems } = await this.#watch.look();
    const abouts = new Map(plan.namespaces.map(({ id, about }) => [id, about]));
    const routed = flows.map((record): RoutedFlow => {
      const { router, source } = record;
      return { record, at: abouts.get(router) ?? router, sender: sendersAt(plan, router, source)[0] };
    });
    return { flows: routed, problems };
  }

  get state(): KernelState {
    const { plan, missing, unclear } = this.#fabric;
    const untold = unclear.map((name) => `whether all of ${name} is there cannot be told on this machine`);
    const problem = this.#problem ?? missing[0] ?? untold[0];
    return { state: problem === undefined ? 'active' : `degraded: ${problem}`, lacks: plan.lacks };
  }

  /** Takes everything away. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await this.#last;
    this.#listeners.close();
    await this.#fabric.close();
    await endPrograms(basename(this.#options.folder));
  }

  /** Looks whether what was applied is there, and has what is missing made again. One look at a time; never rejects. */
  #look(): Promise<void> {
    this.#looking ??= this.#mend().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #mend(): Promise<void> {
    clearTimeout(this.#timer);
    const [start, holding] = [performance.now(), this.#holding];
    try {
      if (holding) await this.#observe();
    } catch (error) {
      // Where all was lost meanwhile, that is told already.
      if (this.#holding === holding) this.#problem = error instanceof Error ? error.message : String(error);
      this.#options.log(error);
    }
    const took = performance.now() - start;
    await this.settled();
    this.#lookAfter(Math.max(leastPause, pauseForLook * took));
  }

  async #observe(): Promise<void> {
    const { gone, says } = await this.#fabric.observe();
    if (says.length > 0) {
      this.#options.log(new Error(`somebody meddled with it: ${says.join('; ')}`));
      this.#listeners.cut(gone);
      for (const id of gone) this.#endAt(`${basename(this.#options.folder)}/${id}`);
    } else if (this.#holding) this.#problem = undefined;
  }

  #lookAfter(pause: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), pause).unref();
  }

  /** Never rejects: what could not be done is said by the state, and tried again at the next change or look. */
  async #follow(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#apply();
    } catch (error) {
      this.#holding = undefined;
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#options.log(error);
    }
  }

  async #apply(): Promise<void> {
    const { network } = this.#options.ground;
    const probes = this.#probes.size;
    const plan = planOf(network, [...this.#probes], this.#fabric.plan);
    try {
      await this.#fabric.apply(plan);
    } catch (error) {
      this.#options.log(error);
      // What was there may have been changed by others; a second refusal is one of the plan itself.
      this.#listeners.close();
      await endPrograms(basename(this.#options.folder));
      await this.#fabric.apply(plan);
    }
    await this.#listeners.follow();
    this.#holding = { network, probes };
    this.#problem = undefined;
  }

  /** Ends programs that stand where nothing leads to any more, before that is made again: replicas are started again there. */
  #endAt(mark: string): void {
    this.#last = this.#last.then(() => endPrograms(mark)).then(() => {});
  }

  /** The holder is gone, and all that it held. */
  #lose(): void {
    this.#holding = undefined;
    this.#listeners.close();
    if (this.#closed) return;
    this.#problem = 'what holds the namespaces was ended; it is being made again';
    this.#options.log(new Error(this.#problem));
    this.#endAt(basename(this.#options.folder));
    void this.settled();
  }
}
