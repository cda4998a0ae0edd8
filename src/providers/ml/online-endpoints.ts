/**
 * Managed online endpoints: a name, keys, and the split of traffic over deployments.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { type ResourceType, sameId } from '../../arm/id.ts';
import { type Draft, type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { fqdn } from '../../lib/fqdn.ts';
import { asText, type JsonObject } from '../../lib/json.ts';
import { doorOf } from '../../net/azure.ts';
import { define } from '../define.ts';
import { publicAccess } from '../doors.ts';
import {
  grantTo,
  identityFacts,
  identityRights,
  principalOf,
  staleGrants,
  withPrincipal,
} from '../identity.ts';
import { mustExist } from '../network/network-interfaces.ts';
import { endpointActions, endpointKeysShape, rotations } from './endpoint-access.ts';
import { refuseLegacy, workspaceOf } from './legacy.ts';
import { scoringNames, workspaceType } from './link.ts';

export const endpointType = `${workspaceType}/onlineEndpoints` as ResourceType;
export const deploymentType = `${endpointType}/deployments` as ResourceType;

/** Roles that the service gives an endpoint's own identity. */
const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d';
const blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1';

/** Azure mirrors no more than half. */
const mostMirrored = 50;

const percentages = shape.mapOf(shape.int(0, 100));

export const endpointProperties = shape.object({
  authMode: shape.required(shape.oneOf('Key', 'AMLToken', 'AADToken')),
  publicNetworkAccess: publicAccess,
  traffic: percentages,
  mirrorTraffic: percentages,
  description: shape.text,
  compute: shape.text,
  properties: shape.any,
  keys: endpointKeysShape,
  ...shape.served('provisioningState', 'scoringUri', 'swaggerUri'),
});

type Properties = shape.Of<typeof endpointProperties>;

export const onlineEndpoints = define(endpointType, {
  level: 'modelled',
  located: true,
  properties: endpointProperties,
  linked: identityRights,
  put: (put, read) => {
    const workspace = workspaceOf(put.id.id, read);
    check(put, read, workspace);
    const identity = withPrincipal(put, read, 'SystemAssigned');
    const { keys, ...asked } = put.properties;
    // Keys can be given when an endpoint is made; from then on they are rotated.
    const kept = put.before ? propertiesOf(endpointProperties, put.before).keys : keys;
    const stored = store(put, {
      ...asked,
      traffic: sharesOf(put, 'traffic', read),
      mirrorTraffic: sharesOf(put, 'mirrorTraffic', read),
      ...(kept ? { keys: kept } : {}),
      ...(put.before?.properties[rotations] === undefined
        ? {}
        : { [rotations]: put.before.properties[rotations] }),
    });
    const draft: Draft = { ...stored, ...(identity ? { identity } : {}) };
    const principal = principalOf(draft);
    const granted = principal !== undefined && workspace ? grants(draft, principal, workspace, put) : [];
    return { writes: [draft, ...granted], deletes: staleGrants(draft.id, granted, read) };
  },
  show: (endpoint, read) => {
    const { [rotations]: _, keys: __, ...shown } = endpoint.properties;
    // What a router on a cluster is called, only the cluster says.
    if (clusterOf(endpoint) !== undefined) return shown;
    const workspace = workspaceOf(endpoint.id, read);
    const host = scoringNames(workspace?.id ?? '', workspace?.location ?? '', endpoint.name).name;
    return { ...shown, scoringUri: `https://${host}/score`, swaggerUri: `https://${host}/swagger.json` };
  },
  actions: endpointActions,
  facts: (endpoint) => {
    const compute = clusterOf(endpoint);
    if (compute !== undefined) {
      const { id, type } = endpoint;
      return [
        { kind: 'opaque', id, type, place: undefined },
        { kind: 'cluster-endpoint', id, compute },
        ...identityFacts(endpoint),
      ];
    }
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
            : doorOf(stored.publicNetworkAccess === 'Enabled', 'publicNetworkAccess'),
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

/** The attached cluster that an endpoint is on. */
export function clusterOf({ properties }: Pick<Resource, 'properties'>): string | undefined {
  return asText(properties['compute']) || undefined;
}

function check(put: Put<Properties>, read: Read, workspace: Resource | undefined): void {
  const { name } = put.id;
  if (!/^[a-z][a-z0-9-]{1,30}[a-z0-9]$/.test(name)) {
    throw new ArmError(
      'InvalidResourceName',
      `'${name}' is not a valid endpoint name: 3 to 32 lower-case letters, digits and dashes, starting with a letter.`,
    );
  }
  refuseLegacy(put, read);
  mustExist(read, clusterOf(put), 'properties.compute');
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
}

/** Shares by deployment, spelled as the deployments are. They go to deployments that exist and add up. */
function sharesOf(put: Put<Properties>, member: 'traffic' | 'mirrorTraffic', read: Read): JsonObject {
  const shares = Object.entries(put.properties[member] ?? {});
  const total = shares.reduce((sum, [, percent]) => sum + percent, 0);
  const target = `properties.${member}`;
  if (member === 'traffic' && total !== 0 && total !== 100) {
    throw new ArmError('UserError', `traffic adds up to ${total}: it must be 0 or 100.`, { target });
  }
  if (member === 'mirrorTraffic' && total > mostMirrored) {
    const message = `mirrorTraffic adds up to ${total}: at most ${mostMirrored} % is mirrored.`;
    throw new ArmError('UserError', message, { target });
  }
  const deployments = put.before ? read.children(put.before.id, deploymentType) : [];
  return Object.fromEntries(
    shares.flatMap(([name, percent]) => {
      const found = deployments.find((item) => sameId(item.name, name));
      if (found) return [[found.name, percent]];
      if (percent === 0) return [];
      const message = `${member} names the deployment '${name}', which does not exist. Create it first; until then leave it out.`;
      throw new ArmError('UserError', message, { target: `${target}.${name}` });
    }),
  );
}

function grants(endpoint: Draft, principal: string, workspace: Resource, put: Put<Properties>): Draft[] {
  const { storageAccount, containerRegistry } = workspace.properties;
  const scopes: [string, string][] = [];
  if (typeof storageAccount === 'string') scopes.push([blobDataReader, storageAccount]);
  if (typeof containerRegistry === 'string') scopes.push([acrPull, containerRegistry]);
  return scopes.map(([role, scope]) => grantTo(endpoint.id, principal, role, scope, put.settings));
}
