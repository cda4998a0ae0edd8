/**
 * The port behind which an estate is kept. A store keeps and gives back; it decides nothing.
 *
 * @module
 */

import type { Json } from '../lib/json.ts';
import type { Change, Resource } from './resource.ts';

/** Things beside resources that must survive: each space is a flat map of keys to JSON. */
export type Space = 'operation' | 'blob' | 'content' | 'file' | 'vault' | 'image' | 'workspace' | 'instance';

/** A document; without a value it is to be deleted. */
export interface DocumentWrite {
  readonly space: Space;
  readonly key: string;
  readonly value: Json | undefined;
}

/** Changes that become durable together. */
export interface Batch {
  readonly change: Change;
  readonly documents: readonly DocumentWrite[];
}

/**
 * Where an estate lives. Every method rejects with a StoreError, and leaves what was there as it was; only where a
 * commit rejects as `unavailable` nobody knows whether it was kept, and whoever builds on it has to read again.
 */
export interface Store {
  /** All resources, in the order of their first writing. */
  resources(): Promise<readonly Resource[]>;
  /** Documents of a space whose keys start with the prefix, by key. */
  documents(space: Space, prefix: string): Promise<readonly (readonly [key: string, value: Json])[]>;
  document(space: Space, key: string): Promise<Json | undefined>;
  /** Makes batches durable, one after the other and all or none. Resolves when they survive a crash of the machine. */
  commit(...batches: readonly Batch[]): Promise<void>;
  close(): Promise<void>;
}

/** Why a store could not do what it was asked. */
export class StoreError extends Error {
  /** `unstorable`: what is to be kept is no JSON; all else is about the place where it is kept. */
  readonly reason: 'unstorable' | 'full' | 'read-only' | 'in-use' | 'damaged' | 'too-new' | 'unavailable';

  constructor(reason: StoreError['reason'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.reason = reason;
  }
}

/** Error codes of operating systems that are about the place where something is kept. */
const systemReasons: ReadonlyMap<string, StoreError['reason']> = new Map([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['EACCES', 'read-only'],
  ['EPERM', 'read-only'],
  ['EROFS', 'read-only'],
]);

/** Returns the reason that an operating system's error code stands for. */
export function systemReason(code: string): StoreError['reason'] {
  return systemReasons.get(code) ?? 'unavailable';
}

/** Says to a person what is wrong with a file or folder, and what to do. */
export function saysOf(reason: StoreError['reason'], file: string): string {
  switch (reason) {
    case 'full':
      return `no space is left for ${file}: nothing of this change was kept. Free some space and try again`;
    case 'read-only':
      return `${file} cannot be written. Make the folder and its files writable for this user, or choose another --state`;
    case 'in-use':
      return `${file} is held by another process: stop it, or choose another --state`;
    case 'damaged':
      return (
        `${file} is damaged or is not an estate. Put a copy back in its place, or move it away together with ` +
        `${file}-wal and ${file}-shm and start again with an empty estate`
      );
    case 'too-new':
      return `${file} was written by a newer version of Cloister. Use that version, or choose another --state`;
    case 'unstorable':
    case 'unavailable':
      return `${file} cannot be used`;
  }
}

/** HTTP status of a request that a store refused: full, gone for now, or nothing that trying again mends. */
export function statusOf({ reason }: StoreError): 500 | 503 | 507 {
  if (reason === 'full') return 507;
  return reason === 'unavailable' || reason === 'in-use' ? 503 : 500;
}
