/**
 * Where computes stand, and what their workspace asks of the place (docs/semantics/workspaces.md).
 *
 * @module
 */

import { formatIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import { reservedSubnets } from '../../../net/azure.ts';
import type { ComputeFact } from '../../../net/declared/compute.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { additions, groupsOf, linksTo } from '../../private-link.ts';
import { type Repair, setting } from '../../repair.ts';
import { requirements } from '../../requirements.ts';
import { approved, type Workspace, workspacesOf } from '../../workspaces.ts';

/** A compute that the service makes, with the workspace, or hub, whose endpoints and network it uses. */
interface Owned {
  readonly compute: ComputeFact;
  readonly workspace: Workspace;
  /** Its own workspace, or the hub, has a managed network. */
  readonly managed: boolean;
}

function ownedComputes(model: Model): readonly Owned[] {
  const facts = model.network.declared.of('workspace');
  const all = workspacesOf(model);
  return model.network.declared.of('compute').flatMap((compute): Owned[] => {
    if (!/^(?:amlcompute|computeinstance)$/i.test(compute.type)) return [];
    const own = facts.find(({ id }) => keyOf(id) === keyOf(compute.workspace));
    const home = own?.hub ?? own?.id;
    const workspace = all.find(({ fact }) => home !== undefined && keyOf(fact.id) === keyOf(home));
    if (!workspace) return [];
    return [{ compute, workspace, managed: workspace.fact.managedNetwork !== 'Disabled' }];
  });
}

/** Computes with public addresses make security group, address and load balancer in their network's group (C-5). */
export function* groupLocked(model: Model): Generator<Fault> {
  const locks = model.network.declared.of('lock');
  for (const { compute, workspace, managed } of ownedComputes(model)) {
    const { id, subnet, publicIp } = compute;
    if (subnet === undefined || publicIp === false || managed) continue;
    const group = subnet.split('/').slice(0, 5).join('/');
    for (const lock of locks) {
      if (!`${keyOf(group)}/`.startsWith(`${keyOf(lock.scope)}/`)) continue;
      yield {
        subject: lock.id,
        at: 'level',
        says: `${nameOf(lock.id)} locks ${nameOf(group)} (${lock.level}), where ${nameOf(id)} has to make and delete what its public address needs`,
        concerns: [id],
        blockers: [{ resource: lock.id, property: 'level', is: lock.level, needs: 'no lock' }],
        repairs: [
          { says: 'take the lock away', edits: [{ kind: 'delete', resource: lock.id }] },
          ...(approved(workspace.links).length > 0
            ? [
                {
                  says: 'do without public addresses',
                  edits: [setting(id, 'properties.enableNodePublicIp', false)],
                },
              ]
            : []),
        ],
      };
    }
  }
}

/** Without a public address a compute is reached by a private endpoint, or it stands in a managed network (C-1). */
export function* nopipWithoutEndpoint(model: Model): Generator<Fault> {
  for (const { compute, workspace, managed } of ownedComputes(model)) {
    const { id } = workspace.fact;
    if (compute.publicIp !== false || managed || linksTo(model, compute.workspace).length > 0) continue;
    if (workspace.links.length > 0) continue;
    yield {
      subject: compute.id,
      at: 'properties.enableNodePublicIp',
      says: `${nameOf(compute.id)} is to have no public address, and ${nameOf(id)} has neither a private endpoint nor a managed network`,
      requirement: requirements['compute/private-endpoint'],
      concerns: [id],
      blockers: [
        {
          resource: id,
          property: 'privateEndpointConnections',
          is: 'none',
          needs: 'an approved private endpoint',
        },
      ],
      repairs: withEndpoint(model, id),
    };
  }
}

/** Adds a private endpoint; beside it the public door may have to be shut. */
function withEndpoint(model: Model, id: string): readonly Repair[] {
  const [group] = groupsOf(model, id);
  const added = group ? additions(model, id, [group.id], []) : [];
  return [
    ...added,
    ...added.map(({ says, edits }) => ({
      says: `${says}, and shut the public door`,
      edits: [...edits, setting(id, 'publicNetworkAccess', 'Disabled')],
    })),
  ];
}

/** With a private endpoint on the workspace, its computes are in its region; an attached cluster in its subscription, too. */
export function* misplaced(model: Model): Generator<Fault> {
  const clusters = model.network.declared.of('cluster');
  for (const { fact, links } of workspacesOf(model)) {
    if (links.length === 0) continue;
    for (const compute of model.network.declared.of('compute')) {
      if (keyOf(compute.workspace) !== keyOf(fact.id)) continue;
      const { id, attached } = compute;
      const cluster = clusters.find((item) => attached !== undefined && keyOf(item.id) === keyOf(attached));
      const region = attached === undefined ? compute.location : cluster?.location;
      if (region !== undefined && region !== fact.location) {
        yield {
          subject: id,
          at: attached === undefined ? 'location' : 'resourceId',
          says: `${nameOf(id)} is in ${region}; ${nameOf(fact.id)} has a private endpoint and takes computes of ${fact.location} alone`,
          requirement: requirements['compute/region'],
          concerns: [fact.id, ...(cluster ? [cluster.id] : [])],
          blockers: [{ resource: id, property: 'location', is: region, needs: fact.location }],
          repairs: attached === undefined ? [inRegion(id, fact.location)] : [],
        };
      }
      if (attached === undefined || subscriptionOf(attached) === subscriptionOf(fact.id)) continue;
      if (!/^kubernetes$/i.test(compute.type)) continue;
      yield {
        subject: id,
        at: 'resourceId',
        says: `${nameOf(attached)} is in another subscription than ${nameOf(fact.id)}, which has a private endpoint`,
        requirement: requirements['compute/region'],
        concerns: [fact.id, attached],
        blockers: [
          {
            resource: id,
            property: 'resourceId',
            is: subscriptionOf(attached),
            needs: subscriptionOf(fact.id),
          },
        ],
      };
    }
  }
}

function inRegion(id: string, region: string): Repair {
  return {
    says: `put it into ${region}`,
    edits: [{ kind: 'set', resource: id, property: ['location'], value: region }],
  };
}

function subscriptionOf(id: string): string {
  return id.split('/')[2]?.toLowerCase() ?? '';
}

/** With a private endpoint on the workspace, a compute has to be in a network that reaches one. */
export function* notBehindEndpoint(model: Model): Generator<Fault> {
  for (const { compute, workspace, managed } of ownedComputes(model)) {
    const links = approved(workspace.links);
    if (managed || links.length === 0 || leadsTo(model, compute, links)) continue;
    const { id, subnet } = compute;
    const where =
      subnet === undefined ? 'in no network' : `in ${nameOf(subnet)}, from where no way leads there`;
    const at = 'properties.subnet';
    yield {
      subject: id,
      at,
      says: `${nameOf(workspace.fact.id)} has a private endpoint, and ${nameOf(id)} is ${where}`,
      requirement: requirements['compute/private-endpoint'],
      concerns: [workspace.fact.id],
      blockers: [
        {
          resource: id,
          property: at,
          is: subnet ?? 'none',
          needs: 'a subnet that reaches the private endpoint',
        },
      ],
      repairs: placing(model, compute, links),
    };
  }
}

/** Puts a compute into a network that holds an endpoint of its workspace: into the endpoint's subnet, or another one. */
function placing({ network }: Model, compute: ComputeFact, links: Workspace['links']): readonly Repair[] {
  const subnets = links.flatMap(({ endpoint: { subnet } }) => [
    subnet,
    ...(network.subnets.get(keyOf(subnet))?.vnet.subnets ?? [])
      .map(({ fact }) => fact.id)
      .filter((id) => !reservedSubnets.has(nameOf(id).toLowerCase())),
  ]);
  return [...new Map(subnets.map((id) => [keyOf(id), id])).values()].map((id) => ({
    says: `put ${nameOf(compute.id)} into ${nameOf(id)}`,
    edits: [
      setting(compute.id, 'properties.subnet', { id }),
      ...(compute.publicIp === undefined
        ? [setting(compute.id, 'properties.enableNodePublicIp', false)]
        : []),
    ],
  }));
}

/** A compute in no network comes to its workspace from an address that nobody knows beforehand: no list has it. */
export function* excludedComputes(model: Model): Generator<Fault> {
  for (const { compute, workspace, managed } of ownedComputes(model)) {
    const { door } = workspace.service.fact;
    if (compute.subnet !== undefined || managed) continue;
    if (!door?.publicAccess || door.defaultAllow) continue;
    yield {
      subject: workspace.fact.id,
      at: door.defaultFlag,
      says: `${nameOf(workspace.fact.id)} lets in the addresses of its list, and ${nameOf(compute.id)} is in no network: its address is on no list`,
      requirement: requirements['compute/private-endpoint'],
      concerns: [compute.id],
      blockers: [
        {
          resource: workspace.fact.id,
          property: door.defaultFlag,
          is: `a list without ${nameOf(compute.id)}`,
          needs: 'a compute that comes by the private endpoint',
        },
      ],
      repairs: placing(model, compute, approved(workspace.links)),
    };
  }
}

/** The packets of a compute find a route to one of the endpoints; a subnet that nobody declares is its own fault. */
function leadsTo(model: Model, { subnet }: ComputeFact, links: Workspace['links']): boolean {
  if (subnet === undefined) return false;
  const { network } = model;
  const home = network.subnets.get(keyOf(subnet));
  if (!home) return true;
  return links.some(({ endpoint }) => {
    if (network.subnets.get(keyOf(endpoint.subnet))?.vnet === home.vnet) return true;
    return endpoint.members.some(({ address }) => {
      const label = formatIp(address);
      const { disposition } = model.trace({
        from: { kind: 'subnet', label: `subnet/${nameOf(home.vnet.fact.id)}/${nameOf(subnet)}`, subnet },
        to: { kind: 'address', label, address },
        port: 443,
        protocol: 'tcp',
      });
      return disposition !== 'no-route' && disposition !== 'unknown';
    });
  });
}
