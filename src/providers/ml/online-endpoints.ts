/**
 * Managed online endpoints: a name, keys, and the split of traffic over deployments.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { keyOf, type ResourceType, sameId } from '../../arm/id.ts';
import { type Draft, type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { fqdn } from '../../lib/fqdn.ts';
import { asText, type JsonObject } from '../../lib/json.ts';
import { define } from '../define.ts';
import { publicAccess } from '../doors.ts';
import { grantTo, identityFacts, principalOf, withPrincipal } from '../identity.ts';
import { scoringNames, workspaceType } from './link.ts';
import { workspaceOf } from './workspaces.ts';

export const endpointType = `${workspaceType}/onlineEndpoints` as ResourceType;
export const deploymentType = `${endpointType}/deployments` as ResourceType;

/** Roles that the service gives an endpoint's own identity. */
const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d';
const blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1';

const percentages = shape.mapOf(shape.int(0, 100));

export const endpointProperties = shape.object({
  authMode: shape.required(shape.oneOf('Key', 'AMLToken', 'AADToken')),
  publicNetworkAccess: publicAccess,
  traffic: percentages,
  mirrorTraffic: percentages,
  description: shape.text,
  compute: shape.text,
  properties: shape.any,
  keys: shape.object({ primaryKey: shape.text, secondaryKey: shape.text }),
  ...shape.served('provisioningState', 'scoringUri', 'swaggerUri'),
});

type Properties = shape.Of<typeof endpointProperties>;

const rotations = 'x-cloister-key-generations';

export const onlineEndpoints = define(endpointType, {
  level: 'modelled',
  located: true,
  properties: endpointProperties,
  put: (put, read) => {
    const workspace = workspaceOf(put.id.id, read);
    check(put, read, workspace);
    const identity =
      withPrincipal(put) ??
      withPrincipal({ ...put, envelope: { ...put.envelope, identity: { type: 'SystemAssigned' } } });
    const stored = store(put, {
      traffic: {},
      mirrorTraffic: {},
      ...put.properties,
      ...(put.before?.properties[rotations] === undefined
        ? {}
        : { [rotations]: put.before.properties[rotations] }),
    });
    const draft: Draft = { ...stored, ...(identity ? { identity } : {}) };
    const principal = principalOf(draft);
    return {
      writes: [
        draft,
        ...(principal !== undefined && workspace ? grants(draft, principal, workspace, put) : []),
      ],
    };
  },
  show: (endpoint, read) => {
    const { [rotations]: _, keys: __, ...shown } = endpoint.properties;
    const workspace = workspaceOf(endpoint.id, read);
    const host = scoringNames(workspace?.id ?? '', workspace?.location ?? '', endpoint.name).name;
    return { ...shown, scoringUri: `https://${host}/score`, swaggerUri: `https://${host}/swagger.json` };
  },
  actions: {
    listKeys: {
      right: 'listKeys/action',
      run: ({ resource, settings }) => ({ body: endpointKeys(resource, settings.secret) }),
    },
    regenerateKeys: {
      right: 'regenerateKeys/action',
      run: ({ resource, body }) => {
        const which = asText(body['keyType'])?.toLowerCase();
        if (which !== 'primary' && which !== 'secondary') {
          throw new ArmError('InvalidRequestContent', "keyType must be 'Primary' or 'Secondary'.", {
            target: 'keyType',
          });
        }
        const before = generationsOf(resource);
        const after = { ...before, [which]: before[which] + 1 };
        const { keys: _, ...kept } = resource.properties;
        return { body: undefined, writes: [{ ...resource, properties: { ...kept, [rotations]: after } }] };
      },
    },
  },
  facts: (endpoint) => {
    const stored = propertiesOf(endpointProperties, endpoint);
    const workspaceId = endpoint.id.split('/').slice(0, -2).join('/');
    const { name, alias } = scoringNames(workspaceId, endpoint.location ?? '', endpoint.name.toLowerCase());
    return [
      {
        kind: 'service',
        id: endpoint.id,
        service: 'endpoint',
        location: endpoint.location ?? '',
        surfaces: [{ group: 'amlworkspace', name: fqdn(name), alias: fqdn(alias), ports: [443] }],
        tag: 'AzureMachineLearning',
        behind: workspaceId,
        // An endpoint that says nothing of its own follows its workspace; one that does decides for itself.
        door:
          stored.publicNetworkAccess === undefined
            ? undefined
            : {
                publicAccess: stored.publicNetworkAccess === 'Enabled',
                flag: 'publicNetworkAccess',
                defaultAllow: true,
                defaultFlag: '',
                addresses: [],
                addressesFlag: '',
                subnets: [],
              },
        access:
          stored.authMode === 'Key'
            ? { by: 'key', operation: `${endpointType}/listKeys/action` }
            : { by: 'role', operation: `${endpointType}/score/action`, plane: 'control' },
        aliasNeedsApproval: false,
      },
      ...identityFacts(endpoint),
    ];
  },
});

function check(put: Put<Properties>, read: Read, workspace: Resource | undefined): void {
  const { name } = put.id;
  if (!/^[a-z][a-z0-9-]{1,30}[a-z0-9]$/.test(name)) {
    throw new ArmError(
      'InvalidResourceName',
      `'${name}' is not a valid endpoint name: 3 to 32 lower-case letters, digits and dashes, starting with a letter.`,
    );
  }
  if (workspace?.properties['v1LegacyMode'] === true) {
    throw new ArmError(
      'UserError',
      `Workspace ${workspace.name} has v1LegacyMode on: online endpoints are objects of v2. Turn it off first.`,
    );
  }
  if (workspace && workspace.location !== put.envelope.location) {
    throw new ArmError(
      'InvalidParameter',
      `An online endpoint is in the region of its workspace: ${workspace.location}, not ${put.envelope.location}.`,
      { target: 'location' },
    );
  }
  const twin = read
    .ofType(endpointType)
    .find(
      (other) =>
        other.name === name && other.location === put.envelope.location && !sameId(other.id, put.id.id),
    );
  if (twin)
    throw new ArmError(
      'Conflict',
      `The endpoint name ${name} is taken in ${put.envelope.location} by ${twin.id}.`,
    );
  const before = put.before && propertiesOf(endpointProperties, put.before);
  if (before && before.authMode !== put.properties.authMode) {
    throw new ArmError(
      'UserError',
      `authMode cannot change from ${before.authMode} to ${put.properties.authMode}.`,
      { target: 'properties.authMode' },
    );
  }
  checkTraffic(put, read);
}

/** Shares of traffic add up to 0 or 100, and go to deployments that exist. */
function checkTraffic(put: Put<Properties>, read: Read): void {
  const shares = Object.entries(put.properties.traffic ?? {});
  const total = shares.reduce((sum, [, percent]) => sum + percent, 0);
  if (total !== 0 && total !== 100) {
    throw new ArmError('UserError', `traffic adds up to ${total}: it must be 0 or 100.`, {
      target: 'properties.traffic',
    });
  }
  const deployments = put.before ? read.children(put.before.id, deploymentType) : [];
  const lost = shares.find(
    ([name, percent]) => percent > 0 && !deployments.some((item) => sameId(item.name, name)),
  );
  if (lost) {
    throw new ArmError(
      'UserError',
      `traffic names the deployment '${lost[0]}', which does not exist. Create it first; until then leave it out.`,
      { target: `properties.traffic.${lost[0]}` },
    );
  }
}

function generationsOf(endpoint: Resource): { readonly primary: number; readonly secondary: number } {
  const stored = endpoint.properties[rotations];
  return {
    primary: 0,
    secondary: 0,
    ...(typeof stored === 'object' && stored !== null ? (stored as JsonObject) : {}),
  } as {
    primary: number;
    secondary: number;
  };
}

/** The keys of an endpoint: those that were given when it was made, or derived ones. */
export function endpointKeys(
  endpoint: Resource,
  secret: (purpose: string) => string,
): { readonly primaryKey: string; readonly secondaryKey: string } {
  const given = propertiesOf(endpointProperties, endpoint).keys;
  const current = generationsOf(endpoint);
  return {
    primaryKey: given?.primaryKey ?? secret(`endpoint ${keyOf(endpoint.id)} primary ${current.primary}`),
    secondaryKey:
      given?.secondaryKey ?? secret(`endpoint ${keyOf(endpoint.id)} secondary ${current.secondary}`),
  };
}

function grants(endpoint: Draft, principal: string, workspace: Resource, put: Put<Properties>): Draft[] {
  const { storageAccount, containerRegistry } = workspace.properties;
  const scopes: [string, string][] = [];
  if (typeof storageAccount === 'string') scopes.push([blobDataReader, storageAccount]);
  if (typeof containerRegistry === 'string') scopes.push([acrPull, containerRegistry]);
  return scopes.map(([role, scope]) => grantTo(endpoint.id, principal, role, scope, put.settings));
}
