/**
 * Virtual Network Manager: network groups with their members, and what is committed where
 * (docs/semantics/admin-rules.md, docs/adr/0016-commits.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { keyOf, partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { type ActionCall, type ActionResult, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asList, asText, type Json, type JsonObject, member, omit } from '../../lib/json.ts';
import { regionOf } from '../../net/tags.ts';
import { define } from '../define.ts';
import { mustExist } from './network-interfaces.ts';

export const managerType = 'Microsoft.Network/networkManagers' as ResourceType;

const texts = shape.list(shape.text);

const properties = shape.object({
  description: shape.text,
  networkManagerScopes: shape.required(
    shape.object({
      managementGroups: texts,
      subscriptions: texts,
      ...shape.served('crossTenantScopes'),
    }),
  ),
  networkManagerScopeAccesses: shape.list(
    shape.oneOf('SecurityAdmin', 'Connectivity', 'Routing', 'SecurityUser'),
  ),
  ...shape.served('provisioningState', 'resourceGuid', 'commits'),
});

const commitShape = shape.object({
  targetLocations: shape.required(texts),
  configurationIds: shape.list(shape.resourceId),
  commitType: shape.required(shape.oneOf('SecurityAdmin', 'Connectivity', 'Routing', 'SecurityUser')),
  ...shape.served('commitId'),
});

export const networkManagers = define(managerType, {
  level: 'modelled',
  located: true,
  properties,
  put: (put) => {
    const { managementGroups = [], subscriptions = [] } = put.properties.networkManagerScopes;
    if (managementGroups.length + subscriptions.length === 0) {
      const target = 'properties.networkManagerScopes';
      const message = `${target} needs a subscription or a management group.`;
      throw new ArmError('InvalidRequestContent', message, { target });
    }
    const commits = put.before?.properties['commits'];
    return { writes: [store(put, { ...put.properties, ...(commits === undefined ? {} : { commits }) })] };
  },
  show: (manager) => omit(manager.properties, 'commits'),
  actions: {
    commit: { right: 'commit/action', run: commit },
    listDeploymentStatus: { right: 'listDeploymentStatus/action', run: deploymentStatus },
  },
  facts: (manager) => {
    const { networkManagerScopes } = propertiesOf(properties, manager);
    return [
      {
        kind: 'manager',
        id: manager.id,
        upper: (networkManagerScopes.managementGroups ?? []).length > 0,
      },
      ...commitsOf(manager).flatMap(({ region, configurationIds }) =>
        configurationIds.map(
          (configuration) => ({ kind: 'admin-commit', configuration, regions: [region] }) as const,
        ),
      ),
    ];
  },
});

interface Commit {
  readonly region: string;
  readonly configurationIds: readonly string[];
  readonly at: string;
}

function commitsOf(manager: Resource): readonly Commit[] {
  return asList(manager.properties['commits']).map((item: Json) => ({
    region: asText(member(item, 'region')) ?? '',
    configurationIds: asList(member(item, 'configurationIds')).flatMap((id) => asText(id) ?? []),
    at: asText(member(item, 'at')) ?? '',
  }));
}

/** What is committed to a region is its goal: it takes the place of all that was there, and nothing clears it. */
function commit({ resource, body, now }: ActionCall, read: Read): ActionResult {
  const { targetLocations, configurationIds = [], commitType } = commitShape.check(body, '$');
  if (commitType !== 'SecurityAdmin') {
    const message = `Commits of type ${commitType} are not supported by Cloister: only SecurityAdmin.`;
    throw new ArmError('BadRequest', message, { target: 'commitType' });
  }
  const target = 'configurationIds';
  if (configurationIds.length > 1) {
    const message = 'Only one security admin configuration can be deployed to a region.';
    throw new ArmError('InvalidRequestContent', message, { target });
  }
  for (const id of configurationIds) {
    mustExist(read, id, target);
    if (sameId(partsOf(id).parent ?? '', resource.id)) continue;
    const message = `Configuration ${id} is not of the network manager ${resource.name}.`;
    throw new ArmError('InvalidRequestContent', message, { target });
  }
  const regions = targetLocations.map(regionOf);
  const others = commitsOf(resource).filter(({ region }) => !regions.includes(region));
  const made = regions.map((region): Commit => ({ region, configurationIds, at: now }));
  const commits = [...others, ...made].map((item): JsonObject => ({ ...item }));
  return {
    body: { targetLocations, configurationIds, commitType },
    writes: [{ ...resource, properties: { ...resource.properties, commits } }],
  };
}

const statusShape = shape.object({
  regions: texts,
  deploymentTypes: texts,
  skipToken: shape.text,
});

function deploymentStatus({ resource, body }: ActionCall): ActionResult {
  const { regions } = statusShape.check(body, '$');
  const wanted = regions?.map(regionOf);
  const value = commitsOf(resource)
    .filter(({ region }) => wanted?.includes(region) ?? true)
    .map(({ region, configurationIds, at }) => ({
      commitTime: at,
      region,
      deploymentStatus: 'Deployed',
      configurationIds,
      deploymentType: 'SecurityAdmin',
      errorMessage: '',
    }));
  return { body: { value } };
}

/** Refuses to delete a configuration that is committed somewhere: what it does would go without a commit. */
export function refuseCommitted(configuration: Resource, read: Read): void {
  const manager = read.get(partsOf(configuration.id).parent ?? '');
  const there = (manager ? commitsOf(manager) : []).find(({ configurationIds }) =>
    configurationIds.some((id) => sameId(id, configuration.id)),
  );
  if (!there) return;
  const message = `Configuration ${configuration.name} is deployed to ${there.region}. Commit another configuration, or none, there first.`;
  throw new ArmError('ResourceInUse', message);
}

const groupProperties = shape.object({
  description: shape.text,
  memberType: shape.oneOf('VirtualNetwork'),
  ...shape.served('provisioningState', 'resourceGuid'),
});

export const networkGroupType = `${managerType}/networkGroups` as ResourceType;

export const networkGroups = define(networkGroupType, {
  level: 'modelled',
  located: false,
  properties: groupProperties,
  put: (put) => ({ writes: [store(put, { memberType: 'VirtualNetwork', ...put.properties })] }),
  remove: (group, read) => {
    const user = read
      .referencing(group.id)
      .find((other) => !sameId(partsOf(other.id).parent ?? '', group.id));
    if (!user) return { writes: [] };
    throw new ArmError(
      'ResourceInUse',
      `Network group ${group.name} is used by ${user.id}. Change that first.`,
    );
  },
  facts: (group) => [{ kind: 'network-group', id: group.id }],
});

const memberProperties = shape.object({
  resourceId: shape.required(shape.resourceId),
  ...shape.served('provisioningState', 'region'),
});

export const memberType = `${networkGroupType}/staticMembers` as ResourceType;

export const staticMembers = define(memberType, {
  level: 'modelled',
  located: false,
  properties: memberProperties,
  put: (put, read) => {
    const { resourceId } = put.properties;
    const target = 'properties.resourceId';
    mustExist(read, resourceId, target);
    if (keyOf(partsOf(resourceId).type) !== 'microsoft.network/virtualnetworks') {
      const message = `${target} must be a virtual network, as the group's members are, not ${resourceId}.`;
      throw new ArmError('InvalidRequestContent', message, { target });
    }
    const manager = read.get(partsOf(put.id.parent ?? '').parent ?? '');
    const scopes = manager && propertiesOf(properties, manager).networkManagerScopes;
    const { managementGroups = [], subscriptions = [] } = scopes ?? {};
    const subscription = resourceId.split('/').slice(0, 3).join('/');
    // Which subscriptions a management group has is not known here.
    if (managementGroups.length === 0 && !subscriptions.some((scope) => sameId(scope, subscription))) {
      const message = `${resourceId} is not in the scope of the network manager (${subscriptions.join(', ')}).`;
      throw new ArmError('InvalidRequestContent', message, { target });
    }
    return { writes: [store(put)] };
  },
  show: (item, read) => {
    const { resourceId } = propertiesOf(memberProperties, item);
    return { ...item.properties, region: read.get(resourceId)?.location };
  },
  facts: (item) => [
    {
      kind: 'group-member',
      id: item.id,
      group: partsOf(item.id).parent ?? '',
      vnet: propertiesOf(memberProperties, item).resourceId,
    },
  ],
});
