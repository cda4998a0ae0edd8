/**
 * What an operation of a registry is.
 *
 * @module
 */

import type { DataRequest, DataResponse, World } from '../data-plane.ts';
import type { Images } from './images.ts';
import type { Action } from './rights.ts';
import type { Place } from './rows.ts';
import type { TokenContext } from './tokens.ts';

/** The largest body that one request may bring: a layer, or a piece of one (docs: service tiers, 200 GiB a layer). */
export const largestLayer = 200 * 1024 * 1024 * 1024;

/** What a request must be allowed to do. All of it, or any of it. */
export type Access =
  | { readonly on: 'registry' }
  | { readonly on: 'catalog' }
  | { readonly on: 'repository'; readonly actions: readonly Action[]; readonly any?: true };

/** A request that was let in, and what it is about. */
export interface Call {
  readonly request: DataRequest;
  readonly world: World;
  readonly context: TokenContext;
  readonly images: Images;
  readonly at: Place;
  /** What follows the repository in the path: a digest, a tag, an upload. */
  readonly reference: string;
  readonly query: URLSearchParams;
  /** Reports whether the caller may do something with another repository, too. */
  readonly may: (repository: string, action: Action) => boolean;
}

/** One operation. Without `run` it is refused by name. */
export interface Operation {
  readonly name: string;
  readonly access: Access;
  /** Empty where it is about the whole registry. */
  readonly repository: string;
  readonly reference: string;
  readonly run: ((call: Call) => Promise<DataResponse>) | undefined;
}
