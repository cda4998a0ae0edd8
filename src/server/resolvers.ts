/**
 * The resolvers of places, each opened when somebody first stands there.
 *
 * @module
 */

import { Resolver } from '../enforce/dns/resolver.ts';
import { answer } from '../net/answer.ts';
import type { Network } from '../net/model.ts';
import type { Names } from '../net/places.ts';

/** What resolvers answer from: the estate as it is at that moment. */
interface Ground {
  readonly network: Network;
  readonly names: Names;
}

/** The resolvers of an instance. */
export class Resolvers {
  readonly #ground: Ground;
  readonly #log: (error: unknown) => void;
  readonly #open = new Map<string, { readonly resolver: Resolver; readonly port: Promise<number> }>();

  constructor(ground: Ground, log: (error: unknown) => void) {
    this.#ground = ground;
    this.#log = log;
  }

  /** Where the resolver of a place listens: `127.0.0.1:<port>`, UDP and TCP. `label` names the place. */
  async at(label: string): Promise<string> {
    let known = this.#open.get(label);
    if (!known) {
      const resolver = this.#make(label);
      known = { resolver, port: resolver.listen() };
      this.#open.set(label, known);
      known.port.catch(() => this.#open.delete(label));
    }
    return `127.0.0.1:${await known.port}`;
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(
      open.map(async ({ resolver, port }) => {
        // One that could not be opened was told to who asked for it.
        const opened = await port.then(
          () => true,
          () => false,
        );
        if (opened) await resolver.close();
      }),
    );
  }

  #make(label: string): Resolver {
    return new Resolver({
      era: () => this.#ground.network,
      ask: (question) => {
        const place = this.#ground.names.place(label);
        if (!place.ok) return { kind: 'silent', says: `there is no place '${label}' any more` };
        return answer(this.#ground.network, place.value, question);
      },
      onError: this.#log,
    });
  }
}
