/**
 * Custom roles that let people begin something and not end it.
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import { roleFor } from '../../../net/callers.ts';
import { looksFor } from '../../../net/policies.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { governed } from '../../policies.ts';
import type { Edit } from '../../repair.ts';
import { writers } from './joins.ts';
import { identitiesOf, lacks, missing, rights } from './rights.ts';

const workspaces = 'Microsoft.MachineLearningServices/workspaces';

interface Half {
  /** Whoever may do this ... */
  readonly has: string;
  /** ... needs this as well. */
  readonly needs: string;
  /** Where that is asked for. */
  readonly at: 'workspace' | 'group';
  readonly purpose: string;
}

const halves: readonly Half[] = [
  {
    has: `${workspaces}/onlineEndpoints/write`,
    needs: 'Microsoft.Resources/deployments/write',
    at: 'group',
    purpose: 'studio makes endpoints by a deployment in the group',
  },
  {
    has: `${workspaces}/notebooks/storage/read`,
    needs: `${workspaces}/listNotebookAccessToken/read`,
    at: 'workspace',
    purpose: 'studio opens notebooks with such a token',
  },
];

/** What somebody, or what runs, may not do that it needs. */
export function* actionMissing(model: Model): Generator<Fault> {
  for (const half of halves) yield* ofPeople(model, half);
  yield* ofEndpoints(model);
  yield* ofClusters(model);
  yield* ofPolicies(model);
}

/** A policy writes zone groups as its own identity. */
function* ofPolicies(model: Model): Generator<Fault> {
  const told = new Set<string>();
  for (const { policy, endpoint } of governed(model)) {
    const { principal, assignment } = policy;
    const scope = endpoint.id.split('/').slice(0, 5).join('/');
    if (principal === undefined || !looksFor(policy, endpoint) || told.has(`${assignment.id} ${scope}`))
      continue;
    told.add(`${assignment.id} ${scope}`);
    const actor = { objectId: principal, resource: assignment.id };
    const purpose = `to write the zone group of ${nameOf(endpoint.id)}`;
    yield* missing(model, { subject: assignment.id, actor, right: rights.writeZoneGroups, scope, purpose });
  }
}

/** A workspace comes to the clusters that are attached to it as itself. */
function* ofClusters(model: Model): Generator<Fault> {
  for (const { workspace, cluster } of model.network.declared.of('cluster-compute')) {
    // One that is attached from outside Azure is another type, with rights of its own.
    if (cluster === undefined || !/\/managedClusters\//i.test(cluster)) continue;
    const { system, own, given } = identitiesOf(model, workspace);
    const actor = system ? own : given[0];
    if (!actor) continue;
    const purpose = 'to run jobs on it';
    yield* missing(model, { subject: workspace, actor, right: rights.useCluster, scope: cluster, purpose });
  }
}

function* ofPeople(model: Model, { has, needs, at, purpose }: Half): Generator<Fault> {
  for (const objectId of writers(model)) {
    for (const { id } of model.network.declared.of('workspace')) {
      const scope = at === 'group' ? id.split('/').slice(0, 5).join('/') : id;
      const role = customRoleFor(model, objectId, has, id);
      if (!role || !lacks(model, objectId, { operation: needs, plane: 'control' }, scope)) continue;
      const allow = allowing(role, needs);
      const assign: Edit = {
        kind: 'create',
        creation: { what: 'role-assignment', principal: { objectId }, role: nameOf(role), scope },
      };
      yield {
        subject: role,
        at: needs,
        says: `${objectId} may do ${has} by ${nameOf(role)} and not ${needs} on ${nameOf(scope)}: ${purpose}`,
        nearMiss: has,
        concerns: [id],
        blockers: [{ resource: role, property: 'permissions[0].actions', is: `without ${needs}`, needs }],
        repairs: [
          at === 'group'
            ? { says: `allow it by the role, and give the role on ${nameOf(scope)}`, edits: [allow, assign] }
            : { says: 'allow it by the role', edits: [allow] },
        ],
      };
    }
  }
}

/** Code that is deployed with secrets of the workspace's connections reads them as its endpoint. */
function* ofEndpoints(model: Model): Generator<Fault> {
  const { declared } = model.network;
  const asked = new Set<string>();
  for (const { endpoint, workspace } of declared.of('connection-reader')) {
    if (asked.has(keyOf(endpoint))) continue;
    asked.add(keyOf(endpoint));
    const { system, own, given } = identitiesOf(model, endpoint);
    const actor = system ? own : given[0];
    if (!actor) continue;
    const purpose = 'to read its connections';
    yield* missing(model, {
      subject: endpoint,
      actor,
      right: rights.readConnections,
      scope: workspace,
      purpose,
    });
  }
}

const connections = `${workspaces}/privateEndpointConnections`;

/** Whoever makes a managed network makes private endpoints to the workspace, and approves them. */
export function* approvalRight(model: Model): Generator<Fault> {
  const needed = [`${connections}/read`, `${connections}/write`];
  for (const { id, managedNetwork } of model.network.declared.of('workspace')) {
    if (managedNetwork === 'Disabled') continue;
    for (const objectId of writers(model)) {
      const role = customRoleFor(model, objectId, `${workspaces}/write`, id);
      const without = needed.filter((operation) =>
        lacks(model, objectId, { operation, plane: 'control' }, id),
      );
      if (!role || without.length === 0) continue;
      yield {
        subject: role,
        at: 'permissions[0].actions',
        says: `${objectId} may write ${nameOf(id)} with its managed network by ${nameOf(role)}, and not ${without.join(', ')}`,
        nearMiss: `${workspaces}/write`,
        concerns: [id],
        blockers: without.map((operation) => ({
          resource: role,
          property: 'permissions[0].actions',
          is: `without ${operation}`,
          needs: operation,
        })),
        repairs: [
          { says: 'allow them by the role', edits: without.map((operation) => allowing(role, operation)) },
        ],
      };
    }
  }
}

/** The custom role, written in this estate, that lets somebody do something. */
function customRoleFor(model: Model, objectId: string, operation: string, scope: string): string | undefined {
  const found = roleFor(model.network, objectId, operation, 'control', scope);
  const assignment = model.network.assignments.get(objectId)?.find(({ id }) => id === found?.assignment);
  const role = assignment && nameOf(assignment.role).toLowerCase();
  return model.network.declared
    .of('written')
    .find(({ id, type }) => /\/roledefinitions$/i.test(type) && nameOf(id).toLowerCase() === role)?.id;
}

function allowing(role: string, operation: string): Edit {
  return {
    kind: 'insert',
    resource: role,
    property: ['properties', 'permissions', 0, 'actions'],
    value: operation,
  };
}
