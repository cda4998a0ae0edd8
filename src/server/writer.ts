/**
 * The one writer of an estate. Requests that wait for one another are planned in their order, each on what those
 * before it will have done, and committed as one transaction: they share a sync, and each is durable before it is
 * answered. Readers see the estate as it was last committed.
 *
 * @module
 */

import type { Memberships } from '../arm/directory.ts';
import type { Plane } from '../arm/plane.ts';
import type { Change } from '../arm/resource.ts';
import { type Store, StoreError } from '../arm/store.ts';
import { Turns } from '../store/turns.ts';

/** A request that waits for its turn. */
interface Turn {
  /** Plans it on the estate of a plane; what it refuses is kept for `end`. */
  readonly plan: () => Change;
  /** Answers what was planned, or why nothing of it was kept. */
  readonly end: (failure?: unknown) => void;
}

const nothing: Change = { writes: [], deletes: [] };

/** Plans and commits. */
export class Writer<F> {
  readonly #store: Store;
  readonly #plane: Plane<F>;
  readonly #changing: (change: Change) => void;
  /** The estate ahead of the committed one, by what is being committed. */
  #draft: Plane<F>;
  readonly #turns = new Turns<Turn>((group) => this.#settle(group));
  /** Nobody knows whether the last commit was kept. */
  #unsure = false;

  /** `changing` hears of each change just before it becomes visible in the estate of the plane. */
  constructor(store: Store, plane: Plane<F>, changing: (change: Change) => void) {
    this.#store = store;
    this.#plane = plane;
    this.#changing = changing;
    this.#draft = forkOf(plane);
  }

  /** Plans, makes it durable, then visible. Rejects where the plan throws or the change cannot be kept. */
  transact<T extends { readonly change: Change }>(plan: (plane: Plane<F>) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let end = (): void => {};
      this.#turns.push({
        plan: () => {
          try {
            const planned = plan(this.#draft);
            end = () => resolve(planned);
            return planned.change;
          } catch (error) {
            end = () => reject(error);
            return nothing;
          }
        },
        end: (failure) => (failure === undefined ? end() : reject(failure)),
      });
    });
  }

  /** Says who belongs to whom, to readers and to what is planned. */
  know(memberships: Memberships): void {
    for (const { estate } of [this.#plane, this.#draft]) estate.know(memberships);
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }

  /** Writes all of a group at once; if that fails each by itself, so that only the culprit is refused. */
  async #settle(group: readonly Turn[]): Promise<void> {
    const failure = await this.#write(group);
    const apart = group.length > 1 && failure instanceof StoreError && failure.reason !== 'unavailable';
    for (const turn of group) turn.end(apart ? await this.#write([turn]) : failure);
  }

  /** Plans and commits a group, all or nothing. Answers why it could not. */
  async #write(group: readonly Turn[]): Promise<unknown> {
    try {
      if (this.#unsure) await this.#readAgain();
      const changes = group.map((turn) => {
        const change = turn.plan();
        this.#draft.estate.apply(change);
        return change;
      });
      const batches = changes.filter(isSome).map((change) => ({ change, documents: [] }));
      if (batches.length > 0) await this.#store.commit(...batches);
      for (const { change } of batches) this.#show(change);
      return undefined;
    } catch (error) {
      this.#unsure ||= !(error instanceof StoreError) || error.reason === 'unavailable';
      this.#draft = forkOf(this.#plane);
      return error;
    }
  }

  /** Takes over what the store has: after a commit of which nobody knows whether it was kept. */
  async #readAgain(): Promise<void> {
    const writes = await this.#store.resources();
    this.#show({ writes, deletes: [...this.#plane.estate.all()].map(({ id }) => id) });
    this.#draft = forkOf(this.#plane);
    this.#unsure = false;
  }

  #show(change: Change): void {
    this.#changing(change);
    this.#plane.estate.apply(change);
  }
}

function isSome({ writes, deletes }: Change): boolean {
  return writes.length > 0 || deletes.length > 0;
}

function forkOf<F>(plane: Plane<F>): Plane<F> {
  return { ...plane, estate: plane.estate.fork() };
}
