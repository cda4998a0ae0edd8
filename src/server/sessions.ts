/**
 * Sessions: who stands at which place, with credentials that reach what the place reaches and nothing more.
 *
 * @module
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '../api/control.ts';
import type { Gateway } from '../enforce/userspace/gateway.ts';
import type { Place } from '../net/position.ts';
import type { Accounts } from './accounts.ts';
import { environmentOf, type Surroundings } from './environment.ts';

/** What all sessions share. */
export type Shared = Omit<Surroundings, 'username' | 'password' | 'place' | 'azureConfig' | 'credentials'>;

/** The sessions of an instance. */
export class Sessions {
  readonly #gateway: Gateway;
  readonly #accounts: Accounts;
  readonly #shared: Shared;
  readonly #folder: string;
  readonly #folders = new Map<string, string>();
  readonly #around: (place: Place) => Readonly<Record<string, string>>;

  /** `folder` is where each session gets a folder of its own; `around` says what else a program finds at a place. */
  constructor(
    gateway: Gateway,
    accounts: Accounts,
    shared: Shared,
    folder: string,
    around: (place: Place) => Readonly<Record<string, string>>,
  ) {
    this.#around = around;
    this.#gateway = gateway;
    this.#accounts = accounts;
    this.#shared = shared;
    this.#folder = folder;
  }

  /** Makes credentials for a place. `who` signs in there. */
  enter(place: Place, who?: string): Session {
    const { label } = place;
    const credentials = this.#accounts.environmentOf(who);
    const { username, password } = this.#gateway.grant(label);
    const azureConfig = join(this.#folder, `az-${username}`);
    mkdirSync(azureConfig, { mode: 0o700 });
    this.#folders.set(username, azureConfig);
    const environment = environmentOf({
      ...this.#shared,
      username,
      password,
      place: label,
      azureConfig,
      credentials,
    });
    const { gateway, ca } = this.#shared;
    return { username, password, gateway, ca, environment: { ...environment, ...this.#around(place) } };
  }

  /** Makes credentials void and ends the connections made with them. */
  leave(username: string): void {
    this.#gateway.revoke(username);
    const folder = this.#folders.get(username);
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    this.#folders.delete(username);
  }
}
