/**
 * Where packets end up, and what they went over to get there.
 *
 * @module
 */

import type { Ip } from '../lib/ip.ts';
import type { EndpointFact } from './facts.ts';
import type { Service } from './model.ts';
import type { Position } from './position.ts';

/** Where a packet ended up. */
export type Landing =
  | { readonly kind: 'machine'; readonly at: Position; readonly over: Passage }
  | {
      readonly kind: 'private-endpoint';
      readonly endpoint: EndpointFact;
      readonly source: Ip | undefined;
      readonly over: Passage;
    }
  | (Sender & { readonly kind: 'public'; readonly services: readonly Service[] });

/** Whom the public side takes for the sender. */
export interface Sender {
  /** Undefined: an address that nobody knows beforehand. */
  readonly source: Ip | undefined;
  /** The subnet whose identity a service endpoint shows. */
  readonly subnet?: string | undefined;
  /** The region of Azure that it sends from; undefined: it is elsewhere. */
  readonly region?: string | undefined;
}

/** What a packet went over, for the way back. */
export interface Passage {
  /** The appliances on the way, in order. */
  readonly appliances: readonly Position[];
  /** It came in by a public address. */
  readonly public: boolean;
  readonly source: Ip | undefined;
}
