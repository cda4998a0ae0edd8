/**
 * Every resource type, in one explicit list. What is not here is refused by name.
 *
 * @module
 */

import { type Provider, Registry } from '../arm/provider.ts';
import type { Fact } from '../net/facts.ts';
import { policyAssignments, policyDefinitions, policySetDefinitions } from './authorization/policies.ts';
import { roleAssignments, roleDefinitions } from './authorization/roles.ts';
import { virtualMachines } from './compute/virtual-machines.ts';
import { forwardingRules, rulesetLinks, rulesets } from './dns/forwarding.ts';
import { inboundEndpoints, outboundEndpoints, privateResolvers } from './dns/private-resolvers.ts';
import { recordSets } from './dns/records.ts';
import { zoneGroups } from './dns/zone-groups.ts';
import { virtualNetworkLinks, zones } from './dns/zones.ts';
import { vaultConnections, vaults } from './keyvault/vaults.ts';
import { agentPools, managedClusters } from './kubernetes/clusters.ts';
import { userAssignedIdentities } from './managed-identity/user-assigned.ts';
import {
  codes,
  codeVersions,
  data,
  dataVersions,
  environments,
  environmentVersions,
  models,
  modelVersions,
} from './ml/assets.ts';
import { computes } from './ml/computes.ts';
import { datastores } from './ml/datastores.ts';
import { jobs } from './ml/jobs/jobs.ts';
import { outboundRules } from './ml/managed/outbound-rules.ts';
import { onlineDeployments } from './ml/online-deployments.ts';
import { onlineEndpoints } from './ml/online-endpoints.ts';
import { mlRegistries, mlRegistryConnections } from './ml/registries.ts';
import { workspaceConnections, workspaces } from './ml/workspaces.ts';
import { adminCollections, adminConfigurations, adminRules } from './network/admin-rules.ts';
import { bastionHosts } from './network/bastions.ts';
import { firewallPolicies, ruleCollectionGroups } from './network/firewall-policies.ts';
import { azureFirewalls } from './network/firewalls.ts';
import { gatewayConnections, localNetworkGateways, virtualNetworkGateways } from './network/gateways.ts';
import { loadBalancers } from './network/load-balancers.ts';
import { networkGroups, networkManagers, staticMembers } from './network/managers.ts';
import { natGateways } from './network/nat-gateways.ts';
import { networkInterfaces } from './network/network-interfaces.ts';
import { peerings } from './network/peerings.ts';
import { privateEndpoints } from './network/private-endpoints.ts';
import { applicationSecurityGroups, publicAddresses } from './network/public-addresses.ts';
import { routes, routeTables } from './network/route-tables.ts';
import { securityGroups } from './network/security-groups.ts';
import { securityRules } from './network/security-rules.ts';
import { servicePolicies, servicePolicyDefinitions } from './network/service-policies.ts';
import { subnets } from './network/subnets.ts';
import { reachabilityIntents, reachabilityRuns, verifierWorkspaces } from './network/verifier.ts';
import { virtualNetworks } from './network/virtual-networks.ts';
import { networkWatchers } from './network/watcher/watchers.ts';
import { registries, registryConnections } from './registry/registries.ts';
import { hybridConnections, relayPolicies } from './relay/hybrid-connections.ts';
import { relayConnections, relayNamespaces, relayRules } from './relay/namespaces.ts';
import { deploymentOperations, deployments, resourceGroups } from './resources/groups.ts';
import { storageAccounts, storageConnections } from './storage/accounts.ts';
import { storedTypes } from './stored.ts';

const providers: readonly Provider<Fact>[] = [
  resourceGroups,
  deployments,
  deploymentOperations,
  virtualNetworks,
  subnets,
  peerings,
  securityGroups,
  securityRules,
  routeTables,
  routes,
  networkInterfaces,
  publicAddresses,
  applicationSecurityGroups,
  natGateways,
  loadBalancers,
  bastionHosts,
  virtualNetworkGateways,
  localNetworkGateways,
  gatewayConnections,
  azureFirewalls,
  firewallPolicies,
  ruleCollectionGroups,
  networkManagers,
  networkGroups,
  staticMembers,
  adminConfigurations,
  adminCollections,
  adminRules,
  verifierWorkspaces,
  reachabilityIntents,
  reachabilityRuns,
  networkWatchers,
  servicePolicies,
  servicePolicyDefinitions,
  privateEndpoints,
  zoneGroups,
  zones,
  ...recordSets,
  virtualNetworkLinks,
  privateResolvers,
  inboundEndpoints,
  outboundEndpoints,
  rulesets,
  forwardingRules,
  rulesetLinks,
  storageAccounts,
  storageConnections,
  vaults,
  vaultConnections,
  registries,
  registryConnections,
  relayNamespaces,
  relayConnections,
  relayRules,
  hybridConnections,
  ...relayPolicies,
  workspaces,
  workspaceConnections,
  mlRegistries,
  mlRegistryConnections,
  onlineEndpoints,
  onlineDeployments,
  models,
  modelVersions,
  codes,
  codeVersions,
  data,
  dataVersions,
  environments,
  environmentVersions,
  datastores,
  computes,
  jobs,
  outboundRules,
  virtualMachines,
  managedClusters,
  agentPools,
  userAssignedIdentities,
  roleDefinitions,
  roleAssignments,
  policyDefinitions,
  policySetDefinitions,
  policyAssignments,
  ...storedTypes,
];

export const registry = new Registry<Fact>(providers);
