/**
 * How a connection came to a service: decided by the network, asked about by every door.
 *
 * @module
 */

import type { Ip } from './ip.ts';

/** How a connection reached a service (docs/semantics/doors.md). */
export type Arrival = {
  /** Address that was dialled. */
  readonly address: Ip;
  /** Address that the service sees. Undefined: one that Azure picks, and nobody knows beforehand. */
  readonly source: Ip | undefined;
} & (
  | {
      readonly via: 'private-endpoint';
      /** Resource id of the private endpoint. */
      readonly endpoint: string;
      /** Resource id of the connection on the target. */
      readonly connection: string;
    }
  | {
      readonly via: 'service-endpoint';
      /** Resource id of the subnet whose identity the service sees. */
      readonly subnet: string;
    }
  | {
      readonly via: 'public';
      /** The region of Azure that it comes from. Undefined: from elsewhere. */
      readonly region?: string | undefined;
    }
);
