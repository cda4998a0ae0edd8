/**
 * Types of compute, image builds and serving that are only stored.
 *
 * @module
 */

import { ancestorId } from '../../arm/id.ts';
import type { Resource } from '../../arm/resource.ts';
import { asText, isObject, member } from '../../lib/json.ts';
import type { RegistryBuildFact } from '../../net/declared/compute.ts';
import type { StoredType } from './type.ts';

export const storedCompute: readonly StoredType[] = [
  { type: 'Microsoft.Compute/virtualMachines/extensions' },
  {
    type: 'Microsoft.MachineLearningServices/workspaces/batchEndpoints',
    declares: ({ id }) => [{ kind: 'batch-endpoint', id, workspace: ancestorId(id, 1) }],
  },
  { type: 'Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments' },
  {
    type: 'Microsoft.MachineLearningServices/workspaces/connections',
    located: false,
    declares: ({ id, properties }) => {
      const target = asText(properties['target']);
      const workspace = ancestorId(id, 1);
      return target === undefined ? [] : [{ kind: 'workspace-connection', id, workspace, target }];
    },
  },
  { type: 'Microsoft.ContainerRegistry/registries/tasks', declares: task },
  { type: 'Microsoft.ContainerRegistry/registries/taskRuns', declares: run },
  {
    type: 'Microsoft.ContainerRegistry/registries/agentPools',
    declares: ({ id, properties }) => [
      {
        kind: 'agent-pool',
        id,
        registry: ancestorId(id, 1),
        subnet: asText(properties['virtualNetworkSubnetResourceId']),
      },
    ],
  },
];

const systemIdentity = '[system]';

/** Source: Azure's REST specifications, `registries/tasks`: `credentials` of a task. */
function task(resource: Resource): RegistryBuildFact[] {
  const { credentials } = resource.properties;
  const customs = member(credentials, 'customRegistries');
  const usesSystem = (value: Parameters<typeof member>[0]): boolean =>
    asText(member(value, 'identity'))?.toLowerCase() === systemIdentity;
  return [
    {
      ...identitiesOf(resource),
      what: 'task',
      credentials: [
        ...(usesSystem(member(credentials, 'sourceRegistry')) ? ['*'] : []),
        ...Object.entries(isObject(customs) ? customs : {}).flatMap(([server, custom]) =>
          usesSystem(custom) ? [server.toLowerCase()] : [],
        ),
      ],
      pool: asText(resource.properties['agentPoolName']),
    },
  ];
}

/** A run of a task that is there is that task's; one that brings its own steps is a quick build. */
function run(resource: Resource): RegistryBuildFact[] {
  const { runRequest } = resource.properties;
  if (asText(member(runRequest, 'type')) === 'TaskRunRequest') return [];
  return [
    {
      ...identitiesOf(resource),
      what: 'run',
      credentials: [],
      pool: asText(member(runRequest, 'agentPoolName')),
    },
  ];
}

function identitiesOf({ id, identity }: Resource): Omit<RegistryBuildFact, 'what' | 'credentials' | 'pool'> {
  const type = asText(identity?.['type'])?.toLowerCase() ?? '';
  return {
    kind: 'registry-build',
    id,
    registry: ancestorId(id, 1),
    systemAssigned: type.includes('systemassigned'),
    userAssigned: type.includes('userassigned'),
  };
}
