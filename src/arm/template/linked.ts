/**
 * Linked templates that are built in: what Azure's portal has clients link to when they write the records of a private
 * endpoint themselves. Nothing is ever fetched, so any other link is refused.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';

const $schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
const portal =
  /^https:\/\/[a-z0-9-]+\.hosting\.portal\.azure\.net\/.+\/DeploymentTemplates\/PrivateDnsForPrivateEndpoint\.json$/i;

/** Returns the template that a link leads to, where it is built in. */
export function builtIn(link: Json | undefined): Json | undefined {
  const uri = typeof link === 'object' && link !== null && 'uri' in link ? link['uri'] : undefined;
  return typeof uri === 'string' && portal.test(uri) ? records : undefined;
}

function template(parameters: JsonObject, resource: JsonObject): JsonObject {
  return { $schema, contentVersion: '1.0.0.0', parameters, resources: [resource] };
}

function nested(name: string, inner: JsonObject, parameters: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2020-06-01',
    name,
    ...more,
    properties: {
      mode: 'Incremental',
      expressionEvaluationOptions: { scope: 'inner' },
      parameters: Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, { value }])),
      template: inner,
    },
  };
}

const text: JsonObject = { type: 'string' };

/** An A record for each name of one address; a name of another zone gets none. The zone has one label more than names. */
const ofAddress = template(
  { zone: text, address: text, names: { type: 'array' } },
  {
    type: 'Microsoft.Network/privateDnsZones/A',
    apiVersion: '2020-06-01',
    copy: { name: 'names', count: "[length(parameters('names'))]" },
    condition:
      "[endsWith(parameters('names')[copyIndex()], concat('.', substring(parameters('zone'), add(indexOf(parameters('zone'), '.'), 1))))]",
    name: "[concat(parameters('zone'), '/', replace(parameters('names')[copyIndex()], concat('.', substring(parameters('zone'), add(indexOf(parameters('zone'), '.'), 1))), ''))]",
    properties: { ttl: 3600, aRecords: [{ ipv4Address: "[parameters('address')]" }] },
  },
);

/** The records of every address of a network interface. */
const ofAddresses = template(
  { zone: text, unique: text, configurations: { type: 'array' } },
  nested(
    "[concat('EndpointIpRecords-', parameters('unique'), '-', copyIndex())]",
    ofAddress,
    {
      zone: "[parameters('zone')]",
      address: "[parameters('configurations')[copyIndex()].properties.privateIPAddress]",
      names: "[parameters('configurations')[copyIndex()].properties.privateLinkConnectionProperties.fqdns]",
    },
    { copy: { name: 'addresses', count: "[length(parameters('configurations'))]" } },
  ),
);

/** The records of a private endpoint, by its network interface. */
const records = template(
  {
    privateDnsName: text,
    privateEndpointNicResourceId: text,
    nicRecordsTemplateUri: text,
    ipConfigRecordsTemplateUri: text,
    uniqueId: text,
    // Addresses that a name has already would have to be merged in.
    existingRecords: { type: 'object', allowedValues: [{}] },
  },
  nested("[concat('EndpointNicRecords-', parameters('uniqueId'))]", ofAddresses, {
    zone: "[parameters('privateDnsName')]",
    unique: "[parameters('uniqueId')]",
    configurations: "[reference(parameters('privateEndpointNicResourceId'), '2019-11-01').ipConfigurations]",
  }),
);
