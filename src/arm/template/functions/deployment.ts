/**
 * Functions on the deployment itself: its parameters, variables and surroundings.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-deployment
 *
 * @module
 */

import type { Json } from '../../../lib/json.ts';
import type { Scope } from '../scope.ts';
import type { Arguments, TemplateFunction } from './contract.ts';

/** Functions on the deployment, by name. */
export const deploymentFunctions = {
  deployer: { takes: [0, 0], call: (_, scope) => ({ ...scope.context.deployer }) },
  deployment: { takes: [0, 0], call: (_, scope) => deployment(scope) },
  environment: { takes: [0, 0], call: () => publicCloud },
  parameters: { takes: [1, 1], call: (args, scope) => scope.names.parameter(args.text(0), args.at) },
  resourceGroup: { takes: [0, 0], call: resourceGroup },
  subscription: { takes: [0, 0], call: (_, scope) => subscription(scope) },
  tenant: {
    takes: [0, 0],
    call: (_, scope) => {
      const { tenantId } = scope.context.subscription;
      return { countryCode: 'US', displayName: 'Cloister', id: `/tenants/${tenantId}`, tenantId };
    },
  },
  variables: { takes: [1, 1], call: (args, scope) => scope.names.variable(args.text(0), args.at) },
} satisfies Record<string, TemplateFunction>;

function deployment(scope: Scope): Json {
  const { context } = scope;
  return {
    name: context.deploymentName,
    ...(context.resourceGroup ? {} : { location: context.location }),
    properties: scope.deployment,
  };
}

function resourceGroup(args: Arguments, scope: Scope): Json {
  const group = scope.context.resourceGroup;
  if (!group) throw args.problem('does not exist in a deployment to a subscription; use subscription()');
  return {
    id: group.id,
    name: group.name,
    type: 'Microsoft.Resources/resourceGroups',
    location: group.location,
    tags: group.tags ?? {},
    properties: { provisioningState: 'Succeeded' },
  };
}

function subscription(scope: Scope): Json {
  const { subscriptionId, tenantId, displayName } = scope.context.subscription;
  return { id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId, displayName };
}

/** The public cloud, whose names Cloister's fronts serve (az: `az cloud show --name AzureCloud`). */
const publicCloud: Json = {
  name: 'AzureCloud',
  gallery: 'https://gallery.azure.com/',
  graph: 'https://graph.windows.net/',
  portal: 'https://portal.azure.com',
  graphAudience: 'https://graph.windows.net/',
  activeDirectoryDataLake: 'https://datalake.azure.net/',
  batch: 'https://batch.core.windows.net/',
  media: 'https://rest.media.azure.net',
  sqlManagement: 'https://management.core.windows.net:8443/',
  vmImageAliasDoc:
    'https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json',
  resourceManager: 'https://management.azure.com/',
  authentication: {
    loginEndpoint: 'https://login.microsoftonline.com/',
    audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
    tenant: 'common',
    identityProvider: 'AAD',
  },
  suffixes: {
    acrLoginServer: '.azurecr.io',
    azureDatalakeAnalyticsCatalogAndJob: 'azuredatalakeanalytics.net',
    azureDatalakeStoreFileSystem: 'azuredatalakestore.net',
    azureFrontDoorEndpointSuffix: 'azurefd.net',
    keyvaultDns: '.vault.azure.net',
    sqlServerHostname: '.database.windows.net',
    storage: 'core.windows.net',
  },
};
