/**
 * Rights on network resources that another resource refers to: whoever writes that one must be allowed to join them.
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import { looksFor } from '../../../net/policies.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { zoneOf } from '../../names.ts';
import { governed } from '../../policies.ts';
import { identitiesOf, lacks, missing, type Right, rights } from './rights.ts';

/** A resource that refers to another one. */
interface Reference {
  readonly from: string;
  /** What writes it. */
  readonly write: string;
  readonly join: Right;
  readonly to: string;
}

const network = 'Microsoft.Network';

/** Who writes a resource, and may not join what it refers to. */
export function* joinRight(model: Model): Generator<Fault> {
  yield* ofWriters(model);
  yield* ofClusters(model);
  yield* ofTables(model);
  yield* ofPolicies(model);
}

/** A policy writes zone groups as its own identity, which must be allowed to join the zones, wherever they are. */
function* ofPolicies(model: Model): Generator<Fault> {
  const told = new Set<string>();
  for (const { policy, endpoint } of governed(model)) {
    const { principal, assignment, zones } = policy;
    if (principal === undefined || !looksFor(policy, endpoint)) continue;
    for (const { text: scope } of zones) {
      const key = `${keyOf(assignment.id)} ${keyOf(scope)}`;
      if (told.has(key) || !zoneOf(model, scope)) continue;
      told.add(key);
      const actor = { objectId: principal, resource: assignment.id };
      const purpose = `to write the zone group of ${nameOf(endpoint.id)}`;
      yield* missing(model, { subject: assignment.id, actor, right: rights.joinZone, scope, purpose });
    }
  }
}

function* ofWriters(model: Model): Generator<Fault> {
  const all = [...references(model)];
  for (const objectId of writers(model)) {
    for (const { from, write, join, to } of all) {
      const writes = !lacks(model, objectId, { operation: write, plane: 'control' }, from);
      if (!writes || !lacks(model, objectId, join, to)) continue;
      yield {
        subject: to,
        at: `${join.operation} for ${objectId}`,
        says: `${objectId} may write ${nameOf(from)} and may not do ${join.operation} on ${nameOf(to)}, which it refers to`,
        concerns: [from],
        blockers: [
          {
            resource: to,
            property: 'Microsoft.Authorization/roleAssignments',
            is: `none for ${objectId} with ${join.operation}`,
            needs: join.role.name,
          },
        ],
        repairs: [
          {
            says: `give ${objectId} ${join.role.name} on ${nameOf(to)}`,
            edits: [
              {
                kind: 'create',
                creation: {
                  what: 'role-assignment',
                  principal: { objectId },
                  role: join.role.id,
                  scope: to,
                },
              },
            ],
          },
        ],
      };
    }
  }
}

/** Somebody with a role who is not a resource: what resources write, they write for the service. */
export function writers({ network: { assignments, identities } }: Model): readonly string[] {
  const resources = new Set([...identities.values()].map((id) => id.toLowerCase()));
  return [...assignments.keys()].filter((id) => !resources.has(id));
}

function* references({ network: all }: Model): Generator<Reference> {
  for (const {
    subnet: {
      fact: { id, gate, routes, natGateway },
    },
  } of all.subnets.values()) {
    const write = `${network}/virtualNetworks/subnets/write`;
    if (routes !== undefined) yield { from: id, write, join: rights.joinRoutes, to: routes };
    if (gate !== undefined) yield { from: id, write, join: rights.joinGate, to: gate };
    if (natGateway !== undefined) yield { from: id, write, join: rights.joinNat, to: natGateway };
  }
  for (const { id, subnet } of all.endpoints.values()) {
    yield { from: id, write: `${network}/privateEndpoints/write`, join: rights.joinSubnet, to: subnet };
  }
  for (const { id, zones } of all.declared.of('zone-group')) {
    const write = `${network}/privateEndpoints/privateDnsZoneGroups/write`;
    for (const to of zones) yield { from: id, write, join: rights.joinZone, to };
  }
  for (const { id, subnet } of all.declared.of('compute')) {
    if (subnet === undefined) continue;
    const write = 'Microsoft.MachineLearningServices/workspaces/computes/write';
    yield { from: id, write, join: rights.joinSubnet, to: subnet };
  }
}

/** A cluster puts an internal load balancer into a subnet as itself; its nodes are put there by who makes it. */
function* ofClusters(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { id, cluster, nodes, internal, router } of declared.of('cluster-compute')) {
    const table = model.network.subnets.get(keyOf(nodes ?? ''))?.subnet.fact.routes;
    if (cluster === undefined && nodes !== undefined && table !== undefined) {
      yield {
        subject: id,
        at: 'properties.aksNetworkingConfiguration.subnetId',
        says: `the service makes the cluster ${nameOf(id)} with an identity that is not there yet and cannot have the right to join ${nameOf(table)}, the route table of ${nameOf(nodes)}`,
        concerns: [nodes, table],
        blockers: [
          {
            resource: nodes,
            property: 'properties.routeTable',
            is: nameOf(table),
            needs: 'none, or a cluster of your own with a user-assigned identity',
          },
        ],
      };
    }
    const pool = declared
      .of('node-pool')
      .find((item) => keyOf(item.cluster) === keyOf(cluster ?? '') && item.subnet !== undefined);
    if (cluster === undefined || !internal || pool?.subnet === undefined) continue;
    const subnet =
      router === undefined ? pool.subnet : `${pool.subnet.slice(0, pool.subnet.lastIndexOf('/'))}/${router}`;
    yield* asCluster(model, cluster, subnet, 'to put its router into it');
  }
}

/**
 * With kubenet a cluster writes the routes of its pods into the table of its nodes' subnet, and with user-defined routing
 * the table has to be there before it is. An identity of its own has no right before it is there, so that it has to be given one.
 */
function* ofTables(model: Model): Generator<Fault> {
  const { declared, subnets } = model.network;
  for (const { id, plugin, outbound } of declared.of('cluster')) {
    const homes = declared
      .of('node-pool')
      .filter((pool) => keyOf(pool.cluster) === keyOf(id))
      .flatMap((pool) => subnets.get(keyOf(pool.subnet ?? ''))?.subnet.fact ?? []);
    const routed = outbound.toLowerCase() === 'userdefinedrouting';
    if (homes.length === 0 || (!routed && plugin !== 'kubenet')) continue;
    const tables = [...new Set(homes.flatMap(({ routes }) => routes ?? []))];
    const { system, given } = identitiesOf(model, id);
    const [actor] = given;
    if (plugin === 'kubenet' && !system && actor) {
      const purpose = 'to write its routes into it';
      for (const scope of tables) {
        yield* missing(model, { subject: id, actor, right: rights.joinRoutes, scope, purpose });
      }
    } else if (system && (routed || tables.length > 0)) {
      yield ownIdentity(model, id, tables);
    }
  }
}

function ownIdentity(model: Model, cluster: string, tables: readonly string[]): Fault {
  const table = tables.map(nameOf).join(', ') || 'the table of routes that it needs';
  const others = model.network.declared.of('user-identity');
  return {
    subject: cluster,
    at: 'identity.type',
    says: `${nameOf(cluster)} has an identity that is not there before it is, and cannot have the right to join ${table}`,
    concerns: tables,
    blockers: [{ resource: cluster, property: 'identity.type', is: 'SystemAssigned', needs: 'UserAssigned' }],
    repairs: others.map(({ id }) => ({
      says: `have it act as ${nameOf(id)}`,
      edits: [
        {
          kind: 'set',
          resource: cluster,
          property: ['identity'],
          value: { type: 'UserAssigned', userAssignedIdentities: { [id]: {} } },
        },
      ],
    })),
  };
}

function* asCluster(model: Model, cluster: string, subnet: string, purpose: string): Generator<Fault> {
  const { system, own, given } = identitiesOf(model, cluster);
  const actor = system ? own : given[0];
  if (!actor) return;
  yield* missing(model, { subject: cluster, actor, right: rights.joinSubnet, scope: subnet, purpose });
}
