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
  /** The appliances on the way out, in order. */
  readonly appliances?: readonly Passed[];
}

/** An appliance that passed a packet on. */
export interface Passed {
  readonly at: Position;
  /** Whom it had the packet from, which is who it sends the reply to. */
  readonly source: Ip | undefined;
  /** It put its own address in place of that one: replies come to it by themselves. */
  readonly standsIn: boolean;
}

/** What a packet went over, for the way back. */
export interface Passage {
  /** The appliances on the way, in order. */
  readonly appliances: readonly Passed[];
  /** It came in by a public address. */
  readonly public: boolean;
  readonly source: Ip | undefined;
}
