/**
 * Who may use the gateway, and as which place.
 *
 * @module
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';

/** What a client signs in to the gateway with. Both parts are safe in a URL as they stand. */
export interface Credentials {
  /** Starts with the place, spelled with dashes, so that people recognise it in a proxy URL. */
  readonly username: string;
  readonly password: string;
}

/** One set of credentials: the place that they name, and the connections made with them. */
export interface Grant {
  readonly place: string;
  readonly sockets: Set<Socket>;
}

/** The credentials that are valid now. */
export class Grants {
  readonly #granted = new Map<string, Grant & { readonly digest: Buffer }>();
  /** Compared with where the user name is unknown, so that this takes as long as a wrong password. */
  readonly #nobody = digestOf(randomBytes(32).toString('hex'));

  /** Makes credentials that name the place. */
  grant(place: string): Credentials {
    const label = place
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 40);
    const username = `${label}-${randomBytes(6).toString('hex')}`;
    const password = randomBytes(24).toString('base64url');
    this.#granted.set(username, { place, sockets: new Set(), digest: digestOf(password) });
    return { username, password };
  }

  /** Makes the credentials void and ends the connections made with them. Unknown names are ignored. */
  revoke(username: string): void {
    const grant = this.#granted.get(username);
    this.#granted.delete(username);
    for (const socket of grant?.sockets ?? []) socket.destroy();
  }

  /** Returns the grant that the credentials prove, in a time that does not depend on how wrong they are. */
  find(username: string, password: string): Grant | undefined {
    const grant = this.#granted.get(username);
    const same = timingSafeEqual(digestOf(password), grant?.digest ?? this.#nobody);
    return same ? grant : undefined;
  }
}

/** Digests make both sides equally long, which the comparison needs. */
function digestOf(password: string): Buffer {
  return createHash('sha256').update(password, 'utf8').digest();
}
