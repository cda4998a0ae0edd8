/**
 * How a connection came to a service: decided by the network, asked about by every door.
 *
 * @module
 */

import type { Ip } from './ip.ts';

/** How a connection reached a service (reference: paas-access.md section 1). */
export type Arrival =
  | {
      readonly via: 'private-endpoint';
      /** Resource id of the private endpoint. */
      readonly endpoint: string;
      /** Resource id of the connection on the target. */
      readonly connection: string;
      /** Address of the member that was dialled. */
      readonly address: Ip;
      /** Address that the service sees. */
      readonly source: Ip;
    }
  | {
      readonly via: 'service-endpoint';
      /** Resource id of the subnet whose identity the service sees. */
      readonly subnet: string;
      readonly address: Ip;
      readonly source: Ip;
    }
  | {
      readonly via: 'public';
      readonly address: Ip;
      /** Undefined: an address that Azure picks, and nobody knows beforehand. */
      readonly source: Ip | undefined;
    };
