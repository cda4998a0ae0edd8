/**
 * Declared facts about private endpoints and doors.
 *
 * @module
 */

import type { Fqdn } from '../../lib/fqdn.ts';

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

/** The sub-resources of a service that private endpoints can be made for. */
export interface LinkGroupsDeclared {
  readonly kind: 'link-groups';
  readonly id: string;
  readonly groups: readonly LinkGroup[];
}

/** A sub-resource of a service. */
export interface LinkGroup {
  readonly id: string;
  /** Names of the private zones that a zone group must name for it. */
  readonly zones: readonly Fqdn[];
  /** Public names, and what each is an alias of while there is private link: records are written for the alias. */
  readonly names: readonly { readonly fqdn: Fqdn; readonly alias: Fqdn }[];
}

/** A subnet's policies for private endpoints and private link services, as they are stored. */
export interface SubnetPoliciesDeclared {
  readonly kind: 'subnet-policies';
  readonly id: string;
  readonly endpoints: string;
  readonly services: string;
  /** Services that the subnet is delegated to. */
  readonly delegations: readonly string[];
}

/** What a container registry is and takes, beyond its door. */
export interface RegistrySettingsDeclared {
  readonly kind: 'registry-settings';
  readonly id: string;
  readonly sku: string;
  /** `policies.azureADAuthenticationAsArmPolicy`. */
  readonly takesArmTokens: boolean;
  readonly adminUser: boolean;
  /** `networkRuleBypassAllowedForTasks`: trusted services include its own tasks. */
  readonly admitsTasks: boolean;
}

/** What a storage account is and takes, beyond its door. */
export interface AccountSettingsDeclared {
  readonly kind: 'account-settings';
  readonly id: string;
  readonly flavour: string;
  readonly hierarchical: boolean;
  readonly takesKeys: boolean;
}

/** Private link of Azure Resource Manager, associated with what it is for. */
export interface ManagementLinkDeclared {
  readonly kind: 'management-link';
  readonly id: string;
}

export type EndpointDeclared =
  | ManagementLinkDeclared
  | EndpointRequestDeclared
  | BypassDeclared
  | LinkGroupsDeclared
  | SubnetPoliciesDeclared
  | RegistrySettingsDeclared
  | AccountSettingsDeclared;
