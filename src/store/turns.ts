/**
 * A queue that is taken in groups: one group is under way at a time, and whatever comes meanwhile is the next one.
 *
 * @module
 */

/** What waits for its turn. */
export class Turns<T> {
  readonly #take: (group: readonly T[]) => Promise<void>;
  #waiting: T[] = [];
  #running: Promise<void> | undefined;

  /** `take` deals with a group, and never rejects. */
  constructor(take: (group: readonly T[]) => Promise<void>) {
    this.#take = take;
  }

  push(one: T): void {
    this.#waiting.push(one);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // What arrives in the same turn of the event loop goes along.
    await new Promise((turn) => setImmediate(turn));
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#take(group);
    }
    this.#running = undefined;
  }
}
