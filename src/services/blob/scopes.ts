/**
 * Changes that touch one another take turns; all others go on at once, so that they share the syncs of the disk.
 *
 * @module
 */

interface Turn {
  readonly scope: string;
  readonly over: Promise<void>;
}

/** Returns the scope of all of an account: it holds those of its containers, and they those of their blobs. */
export function scopeOf(account: string, container?: string, name?: string): string {
  if (container === undefined) return `${account}/`;
  return name === undefined ? `${account}/${container}/` : `${account}/${container}/${name}\0`;
}

/** Runs changes whose scopes hold one another in the order in which they were asked for. */
export class Scopes {
  readonly #turns = new Set<Turn>();

  async alone<T>(scope: string, change: () => Promise<T>): Promise<T> {
    const earlier = [...this.#turns].filter((turn) => overlap(turn.scope, scope)).map(({ over }) => over);
    const running = Promise.all(earlier).then(change);
    const over = running.then(
      () => {},
      () => {},
    );
    const turn = { scope, over };
    this.#turns.add(turn);
    try {
      return await running;
    } finally {
      this.#turns.delete(turn);
    }
  }
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
