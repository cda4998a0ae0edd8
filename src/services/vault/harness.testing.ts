/**
 * A vault to ask, over a store that stays.
 *
 * @module
 */

import type { Store } from '../../arm/store.ts';
import type { JsonObject } from '../../lib/json.ts';
import { MemoryStore } from '../../store/memory.ts';
import { now, person, requestOf, resource, tenant, worldOf } from '../blob/harness.testing.ts';
import type { DataResponse } from '../data-plane.ts';
import { vaultPlane } from './plane.ts';
import { Vaults } from './vaults.ts';

export const host = 'kv1.vault.azure.net';
export const base = `https://${host}`;
/** When tests begin, in seconds. */
export const start = Math.floor(now / 1000);

/** Everything, by policy. */
export const open: JsonObject = {
  tenantId: tenant,
  accessPolicies: [
    {
      tenantId: tenant,
      objectId: 'me',
      permissions: { secrets: ['all'], keys: ['all'], certificates: ['all'], storage: ['all'] },
    },
  ],
};

/** What a test reads of a body. */
export interface Body {
  readonly id: string;
  readonly kid: string;
  readonly value: string;
  readonly key: Readonly<Record<string, string>> & { readonly kid: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly nextLink: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly innererror?: { code: string } };
}

/** A vault with a clock that the test moves. */
export class VaultUnderTest {
  readonly store: Store;
  readonly vaults: Vaults;
  /** Seconds since the beginning. */
  elapsed = 0;
  readonly #properties: JsonObject;

  constructor(properties: JsonObject = {}, store: Store = new MemoryStore()) {
    this.store = store;
    this.vaults = new Vaults(store, () => now + this.elapsed * 1000);
    this.#properties = { ...open, ...properties };
  }

  /** Asks `PUT /secrets/db`; the version of the interface is added where there is none. */
  async ask(line: string, body?: unknown, vault = 'kv1'): Promise<DataResponse> {
    const at = resource('Microsoft.KeyVault/vaults', vault, this.#properties);
    const asked = /api(-|%2D)version/.test(line)
      ? line
      : `${line}${line.includes('?') ? '&' : '?'}api-version=7.4`;
    const bytes = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const request = requestOf(at, `${vault}.vault.azure.net`, asked, { caller: person('me'), bytes });
    return vaultPlane(this.vaults).handle(request, worldOf(at));
  }

  /** Asks, and returns the body of a 200. */
  async have(line: string, body?: unknown): Promise<Body> {
    const response = await this.ask(line, body);
    if (response.status !== 200) throw new Error(`${line}: ${response.status} ${response.body}`);
    return bodyOf(response);
  }

  /** Asks, and returns the status with the codes of the error. */
  async refusal(line: string, body?: unknown): Promise<string> {
    const response = await this.ask(line, body);
    if (response.status < 400) return String(response.status);
    const { code, innererror } = bodyOf(response).error;
    return [response.status, code, ...(innererror ? [innererror.code] : [])].join(' ');
  }
}

/** Reads the body of an answer. */
export function bodyOf({ body }: DataResponse): Body {
  return JSON.parse(String(body)) as Body;
}

/** Returns the version in an id. */
export function versionOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
