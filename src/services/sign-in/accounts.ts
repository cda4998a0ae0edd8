/**
 * Who can sign in, as the sign-in service is told of them.
 *
 * @module
 */

import type { Certificate } from '../../arm/directory.ts';
import type { Seal } from './seal.ts';
import type { SigningKeys } from './signing-keys.ts';

/** An application that may sign in, or that tokens are asked for. */
export interface Application {
  /** Object id of its service principal. */
  readonly objectId: string;
  /** What `hashSecret` made of each of its secrets. */
  readonly secretHashes: readonly string[];
  /** Neither secrets nor certificates: it cannot sign in. */
  readonly certificates?: readonly Certificate[];
  /** Version of the tokens made *for* it (`requestedAccessTokenVersion` of its manifest); 1 unless told. */
  readonly accessTokenVersion?: 1 | 2;
}

/** A user who may sign in. */
export interface Account {
  readonly objectId: string;
  readonly upn: string;
  readonly displayName: string;
  /** What `hashSecret` made of the password, with the same salt as long as the password is the same. */
  readonly passwordHash: string;
}

/** What tokens are made with. */
export interface Issuing {
  readonly tenant: string;
  readonly keys: SigningKeys;
  readonly applications: (clientId: string) => Application | undefined;
  /** Finds a user by principal name or object id, whatever the case. */
  readonly accounts: (name: string) => Account | undefined;
  /** Keeps codes and refresh tokens out of reach of those who carry them. */
  readonly seal: Seal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Microsoft's own public clients, which every tenant has: they prove nothing, and sign in users only. */
export const publicClients: ReadonlyMap<string, string> = new Map([
  ['04b07795-8ddb-461a-bbee-02f9e1bf7b46', 'Microsoft Azure CLI'],
  ['1950a258-227b-4e31-a9cf-717495945fc2', 'Microsoft Azure PowerShell'],
  ['aebc6443-996d-45c2-90f0-388ff96faa56', 'Visual Studio Code'],
]);
