/**
 * Managed online deployments. One is ready when its replicas are.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { ancestorId, type ResourceId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asText, isObject } from '../../lib/json.ts';
import type { ConnectionReaderDeclared } from '../../net/declared/identity.ts';
import type { Fact } from '../../net/facts.ts';
import { define } from '../define.ts';
import { checkEgress, egressFacts, egressOf, egressWrites, settledEgress } from './egress.ts';
import { refuseLegacy, workspaceOf } from './legacy.ts';
import { modeOf } from './managed/mode.ts';
import { hostOf, isProvisioned } from './managed/network.ts';
import { clusterOf, deploymentType, endpointProperties } from './online-endpoints.ts';

const probe = shape.object(
  shape.opaque('failureThreshold', 'initialDelay', 'period', 'successThreshold', 'timeout'),
);

export const deploymentProperties = shape.object({
  endpointComputeType: shape.oneOf('Managed', 'Kubernetes'),
  model: shape.text,
  modelMountPath: shape.text,
  codeConfiguration: shape.object({ codeId: shape.text, scoringScript: shape.required(shape.text) }),
  environmentId: shape.text,
  environmentVariables: shape.mapOf(shape.text),
  instanceType: shape.text,
  egressPublicNetworkAccess: shape.oneOf('Enabled', 'Disabled'),
  privateNetworkConnection: shape.bool,
  requestSettings: shape.object({
    requestTimeout: shape.text,
    maxQueueWait: shape.text,
    maxConcurrentRequestsPerInstance: shape.int(1, 1000),
  }),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  scaleSettings: shape.object({
    scaleType: shape.oneOf('Default', 'TargetUtilization'),
    ...shape.opaque('minInstances', 'maxInstances', 'pollingInterval', 'targetUtilizationPercentage'),
  }),
  description: shape.text,
  ...shape.opaque('appInsightsEnabled', 'dataCollector', 'properties', 'containerResourceRequirements'),
  ...shape.served('provisioningState'),
});

export const onlineDeployments = define(deploymentType, {
  level: 'modelled',
  located: true,
  properties: deploymentProperties,
  put: (put, read) => {
    check(put, read);
    const draft = store(put, {
      endpointComputeType: 'Managed',
      scaleSettings: { scaleType: 'Default' },
      ...put.properties,
      ...settledEgress(put),
      provisioningState: isManaged(put) ? (put.before ? 'Updating' : 'Creating') : 'Succeeded',
    });
    const sku = { name: 'Default', capacity: 1, ...put.envelope.sku };
    return {
      writes: [{ ...draft, sku }, ...(isManaged(put) ? egressWrites(draft, read) : [])],
      then: isManaged(put) ? [{ kind: 'serve', resource: put.id.id }] : [],
    };
  },
  remove: (deployment, read) => {
    const endpoint = read.get(ancestorId(deployment.id, 1));
    const share = endpoint && propertiesOf(endpointProperties, endpoint).traffic?.[deployment.name];
    if (endpoint && share !== undefined && share > 0) {
      throw new ArmError(
        'UserError',
        `Deployment ${deployment.name} gets ${share} % of the traffic of ${endpoint.name}. Set its share to 0 first.`,
      );
    }
    return { writes: [], then: [{ kind: 'serve', resource: deployment.id }] };
  },
  actions: {
    getLogs: {
      right: 'getLogs/action',
      run: ({ resource, body }) => ({
        ask: {
          kind: 'logs',
          resource: resource.id,
          tail: typeof body['tail'] === 'number' ? body['tail'] : 200,
        },
      }),
    },
  },
  facts: (deployment) => {
    const names = deployment.id.split('/');
    const place = `deployment/${names.at(-3)}/${deployment.name}`;
    if (!isManaged(deployment)) return onCluster(deployment, place);
    const { location = '' } = deployment;
    const workspace = ancestorId(deployment.id, 2);
    const { environmentVariables } = deployment.properties;
    const values = isObject(environmentVariables) ? Object.values(environmentVariables) : [];
    const readsConnections = values.some((value) => asText(value)?.includes('azureml://connections/'));
    return [
      ...(readsConnections ? [connectionReader(deployment.id)] : []),
      {
        kind: 'workload',
        id: deployment.id,
        type: deployment.type,
        place,
        subnet: undefined,
        workspace,
        location,
        shownBy: undefined,
      },
      ...egressFacts(deployment),
      {
        kind: 'deployment',
        id: deployment.id,
        endpoint: ancestorId(deployment.id, 1),
        workspace,
        ...egressOf(deployment),
        model: asText(deployment.properties['model']),
        environment: asText(deployment.properties['environmentId']),
      },
    ];
  },
});

/** It runs on machines of the service; otherwise on a cluster, and not here. */
export function isManaged({ properties }: Pick<Resource, 'properties'>): boolean {
  return properties['endpointComputeType'] !== 'Kubernetes';
}

/** How pods on a cluster send is not known. */
function onCluster({ id, type, properties }: Resource, place: string): readonly Fact[] {
  return [
    { kind: 'opaque', id, type, place },
    {
      kind: 'cluster-deployment',
      id,
      endpoint: ancestorId(id, 1),
      environment: asText(properties['environmentId']),
    },
  ];
}

/** `${{azureml://connections/...}}` in a variable stands for a secret of a connection. */
function connectionReader(id: ResourceId): ConnectionReaderDeclared {
  return { kind: 'connection-reader', id, endpoint: ancestorId(id, 1), workspace: ancestorId(id, 2) };
}

/** A deployment waits for no managed network. Source: https://learn.microsoft.com/azure/machine-learning/how-to-managed-network */
function checkNetwork(put: Put<shape.Of<typeof deploymentProperties>>, read: Read): void {
  const workspace = workspaceOf(put.id.id, read);
  const host = workspace && hostOf(workspace, read);
  if (!host || modeOf(host) === 'Disabled' || isProvisioned(host)) return;
  throw new ArmError(
    'WorkspaceManagedNetworkNotReady',
    `The managed network of workspace ${host.name} is not provisioned. Provision it, or make a compute, before deployment ${put.id.name}.`,
  );
}

/** Where a deployment runs goes with its endpoint: one that names a cluster has no machines of the service. */
function checkCompute(put: Put<shape.Of<typeof deploymentProperties>>, read: Read): void {
  const endpoint = read.get(ancestorId(put.id.id, 1));
  const cluster = endpoint && clusterOf(endpoint);
  if (!endpoint || isManaged(put) === (cluster === undefined)) return;
  const wants = cluster === undefined ? 'Managed' : 'Kubernetes';
  throw new ArmError(
    'UserError',
    `Deployments of ${endpoint.name}, which ${cluster === undefined ? 'names no compute' : 'is on a cluster'}, have endpointComputeType ${wants}.`,
    { target: 'properties.endpointComputeType' },
  );
}

/** The environment is a container that answers by itself. */
function bringsItself({ properties }: Put<shape.Of<typeof deploymentProperties>>, read: Read): boolean {
  const environment = properties.environmentId === undefined ? undefined : read.get(properties.environmentId);
  return environment?.properties['inferenceConfig'] !== undefined;
}

function check(put: Put<shape.Of<typeof deploymentProperties>>, read: Read): void {
  refuseLegacy(put, read);
  checkCompute(put, read);
  if (isManaged(put)) checkNetwork(put, read);
  checkEgress(put);
  const { name } = put.id;
  if (!/^[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]$/.test(name)) {
    throw new ArmError(
      'InvalidResourceName',
      `'${name}' is not a valid deployment name: 3 to 32 letters, digits and dashes, starting with a letter.`,
    );
  }
  const { model, codeConfiguration } = put.properties;
  if (model === undefined && !codeConfiguration && !bringsItself(put, read)) {
    throw new ArmError(
      'UserError',
      'A deployment needs a model, a codeConfiguration that brings its own, or an environment whose image does (inferenceConfig).',
      { target: 'properties.model' },
    );
  }
  const capacity = put.envelope.sku?.['capacity'];
  if (
    capacity !== undefined &&
    !(typeof capacity === 'number' && Number.isInteger(capacity) && capacity >= 1 && capacity <= 20)
  ) {
    throw new ArmError(
      'UserError',
      `sku.capacity is the number of instances, from 1 to 20, not ${JSON.stringify(capacity)}.`,
      { target: 'sku.capacity' },
    );
  }
  if (model?.startsWith('/') && !read.get(model)) {
    throw new ArmError(
      'UserError',
      `Model ${model} was not found. Register it first, or add it to dependsOn.`,
      { target: 'properties.model' },
    );
  }
}
