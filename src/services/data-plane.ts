/**
 * What answers behind a door. A data plane words its refusals; it decides none: whether a connection comes in is
 * asked of the network before, and rights are asked of the estate.
 *
 * @module
 */

import type { Settings } from '../arm/provider.ts';
import type { Read, Resource } from '../arm/resource.ts';
import type { Arrival } from '../lib/arrival.ts';
import type { Bytes, Pieces } from './bytes.ts';

/** Who a request is made as, from its token, parsed once at the front. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'invalid'; readonly problem: string }
  | {
      readonly kind: 'principal';
      readonly objectId: string;
      readonly appId: string;
      /** Principal name, where it is a user. */
      readonly upn?: string;
    };

/** A request at a data plane. */
export interface DataRequest {
  readonly method: string;
  /** Host without port, in lower case. */
  readonly host: string;
  /** Path and query exactly as they came. */
  readonly target: string;
  /** By lower-case name; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Reads the body whole; throws BodyTooLarge over the limit, in bytes. */
  readonly body: (limit: number) => Promise<Uint8Array>;
  /** The body as it arrives; throws BodyTooLarge, before the first piece where the client says how long it is. */
  readonly pieces: (limit: number) => Pieces;
  readonly caller: Caller;
  readonly arrival: Arrival;
  /** The resource whose data plane this is. */
  readonly resource: Resource;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The client sent more than the service takes. */
export class BodyTooLarge extends Error {
  /** In bytes. */
  readonly limit: number;

  constructor(limit: number) {
    super(`the body is larger than ${limit} bytes`);
    this.name = 'BodyTooLarge';
    this.limit = limit;
  }
}

/** An answer. */
export interface DataResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What comes in pieces is as long as `content-length` says. */
  readonly body?: string | Bytes;
}

/** Why a door is shut, as the network decided it. */
export interface DoorRefusal {
  /** The setting that decided, e.g. `publicNetworkAccess is Disabled`. */
  readonly rule: string;
  /** It is the public flag and not a firewall rule. */
  readonly flag: boolean;
}

/** What a data plane may look at. */
export interface World {
  readonly read: Read;
  readonly settings: Settings;
}

/** One kind of data plane. */
export interface DataPlane {
  /** Audiences that a token for this host may have. */
  readonly audiences: (host: string) => readonly string[];
  /** Words the refusal of a connection that the door does not let in. */
  readonly refuse: (request: DataRequest, refusal: DoorRefusal) => DataResponse;
  /** Answers a connection that the door let in; authentication and authorization come first. */
  readonly handle: (request: DataRequest, world: World) => Promise<DataResponse>;
}
