/**
 * Declared facts about private endpoints and doors.
 *
 * @module
 */

/** How a private endpoint was asked for. */
export interface EndpointRequestDeclared {
  readonly kind: 'endpoint-request';
  readonly id: string;
  readonly location: string;
  /** In `manualPrivateLinkServiceConnections`: somebody has to approve it. */
  readonly manual: boolean;
}

/** Whom a door admits besides its lists. */
export interface BypassDeclared {
  readonly kind: 'bypass';
  readonly id: string;
  readonly flag: string;
  /** Microsoft's trusted services. */
  readonly trusted: boolean;
  /** Resource instances (`resourceAccessRules`). */
  readonly instances: readonly string[];
}

export type EndpointDeclared = EndpointRequestDeclared | BypassDeclared;
