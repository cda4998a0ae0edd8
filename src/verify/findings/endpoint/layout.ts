/**
 * Which private endpoints a workspace needs, and where they have to be (docs/semantics/private-endpoints.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import { isOpen } from '../../../net/gather.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { additions, groupsOf, type Link, linksTo } from '../../private-link.ts';
import type { Repair } from '../../repair.ts';
import { type Requirement, requirements } from '../../requirements.ts';
import { approved, type Dependency, vnetOf, type Workspace, workspacesOf } from '../../workspaces.ts';
import { identitiesOf, lacks, rights, studioGroups } from '../caller/rights.ts';

/** A sub-resource that a workspace needs a private endpoint for once its target is closed. */
interface Need {
  readonly group: string;
  readonly requirement: Requirement;
}

/** What a workspace needs of one of its dependencies. */
export function neededGroups(model: Model, workspace: Workspace, dependency: Dependency): readonly Need[] {
  const { role, service } = dependency;
  if (role !== 'storage') {
    return groupsOf(model, service.fact.id)
      .slice(0, 1)
      .map(({ id }) => ({ group: id, requirement: requirements[`client/${role}`] }));
  }
  const { declared } = model.network;
  const isHere = ({ workspace: id }: { readonly workspace: string }): boolean =>
    keyOf(id) === keyOf(workspace.fact.id);
  const batch = declared.of('batch-endpoint').some(isHere);
  const kubernetes = declared
    .of('compute')
    .some((item) => isHere(item) && /^(?:kubernetes|aks)$/i.test(item.type));
  const settings = declared.of('account-settings').find(({ id }) => keyOf(id) === keyOf(service.fact.id));
  return [
    ...['blob', 'file'].map((group) => ({ group, requirement: requirements['storage/blob-file'] })),
    ...(batch || kubernetes
      ? ['queue', 'table'].map((group) => ({ group, requirement: requirements['storage/queue-table'] }))
      : []),
    ...(settings?.hierarchical ? [{ group: 'dfs', requirement: requirements['storage/dfs'] }] : []),
  ];
}

/** Some private endpoints are there, and one that is needed is not. */
export function* missing(model: Model): Generator<Fault> {
  for (const workspace of workspacesOf(model)) {
    for (const dependency of workspace.dependencies) {
      const { service, closed, links } = dependency;
      if (!closed || approved(links).length === 0) continue;
      for (const { group, requirement } of neededGroups(model, workspace, dependency)) {
        // One that waits for approval, or could not be made, is a fault of its own.
        if (links.some(({ endpoint }) => endpoint.group === group)) continue;
        const { id } = service.fact;
        const reader = withoutReader(model, workspace, group) ? workspace.fact.id : undefined;
        yield {
          subject: id,
          at: group,
          says: `${nameOf(id)} is closed and has no private endpoint for ${group}, which ${nameOf(workspace.fact.id)} needs`,
          requirement,
          concerns: [`${id}/${group}`],
          blockers: [
            {
              resource: id,
              property: group,
              is: 'no private endpoint',
              needs: 'an approved private endpoint',
            },
          ],
          repairs: additions(model, id, [group], [...approved(links), ...workspace.links], reader),
        };
      }
    }
  }
}

/** Studio looks at private endpoints for data as the workspace, which may not read a new one in its group. */
function withoutReader(model: Model, { fact }: Workspace, group: string): boolean {
  const { system, own } = identitiesOf(model, fact.id);
  if (!(system && own) || !studioGroups.has(group)) return false;
  return lacks(model, own.objectId, rights.readEndpoint, fact.id.split('/').slice(0, 5).join('/'));
}

/** The private endpoints of a workspace's dependencies are where its own is, or within its reach. */
export function* misplaced(model: Model): Generator<Fault> {
  for (const workspace of workspacesOf(model)) {
    const own = approved(workspace.links);
    const homes = [...new Set(own.flatMap((link) => vnetOf(model, link) ?? []))];
    if (homes.length === 0) continue;
    const needs = workspace.dependencies.filter(({ closed }) => closed);
    const wants = needs.flatMap((dependency) =>
      neededGroups(model, workspace, dependency).flatMap(({ group }) => {
        const links = approved(dependency.links).filter(({ endpoint }) => endpoint.group === group);
        const byRule = approved(dependency.links).length === 0 && hasSubnetRule(dependency);
        return links.length > 0 || byRule ? [{ dependency, group, links }] : [];
      }),
    );
    const isIn = (links: readonly Link[], home: string): boolean =>
      links.some((link) => keyOf(vnetOf(model, link) ?? '') === keyOf(home));
    const lacking = (home: string) => wants.filter(({ links }) => !isIn(links, home));
    const [best] = homes.toSorted((a, b) => lacking(a).length - lacking(b).length);
    if (best === undefined) continue;
    const apart = new Map(lacking(best).map((want) => [want, best]));
    for (const home of homes) {
      const near = neighbours(model, home);
      for (const want of lacking(home)) {
        const reached = want.links.some((link) => near.has(keyOf(vnetOf(model, link) ?? '')));
        if (!reached && !apart.has(want)) apart.set(want, home);
      }
    }
    for (const [{ dependency, group, links }, home] of apart) {
      const { id } = dependency.service.fact;
      const [link] = links;
      const target = own.find((candidate) => keyOf(vnetOf(model, candidate) ?? '') === keyOf(home));
      yield {
        subject: link?.endpoint.id ?? id,
        at: link ? 'subnet.id' : (dependency.service.fact.door?.defaultFlag ?? null),
        says: link
          ? `${nameOf(home)} holds the private endpoint of ${nameOf(workspace.fact.id)}, and that of ${nameOf(id)} for ${group} is elsewhere`
          : `${nameOf(id)} lets subnets in by service endpoints; ${nameOf(workspace.fact.id)} has a private endpoint and needs one for ${group} beside it`,
        requirement: requirements['layout/together'],
        concerns: [id, `${id}/${group}`],
        repairs: together(model, id, group, link, target),
      };
    }
  }
}

/** Private endpoints of ML registries share the subnet of the workspace's: assets cannot be used otherwise. */
export function* apartRegistries(model: Model): Generator<Fault> {
  const own = workspacesOf(model).flatMap(({ links }) => approved(links));
  for (const { id } of model.network.declared.of('ml-registry')) {
    for (const link of approved(linksTo(model, id))) {
      const home = vnetOf(model, link);
      const beside = own.find((candidate) => home !== undefined && vnetOf(model, candidate) === home);
      if (!beside || keyOf(beside.endpoint.subnet) === keyOf(link.endpoint.subnet)) continue;
      yield {
        subject: link.endpoint.id,
        at: 'subnet.id',
        says: `${nameOf(link.endpoint.id)} of ML registry ${nameOf(id)} is in ${nameOf(link.endpoint.subnet)}, that of the workspace in ${nameOf(beside.endpoint.subnet)}`,
        requirement: requirements['layout/together'],
        concerns: [id],
        repairs: together(model, id, link.endpoint.group, link, beside),
      };
    }
  }
}

/** Moves a private endpoint to where the workspace's is, or adds one there. */
function together(
  model: Model,
  id: string,
  group: string,
  link: Link | undefined,
  target: Link | undefined,
): readonly Repair[] {
  if (!target) return [];
  if (!link) return additions(model, id, [group], [target]);
  const { subnet } = target.endpoint;
  return [
    {
      says: `move ${nameOf(link.endpoint.id)} to ${nameOf(subnet)}`,
      edits: [
        {
          kind: 'set',
          resource: link.endpoint.id,
          property: ['properties', 'subnet', 'id'],
          value: subnet,
        },
      ],
    },
  ];
}

function hasSubnetRule({ service }: Dependency): boolean {
  return (service.fact.door?.subnets.length ?? 0) > 0;
}

/** A network and those that it is peered with, both sides open. */
function neighbours(model: Model, vnet: string): ReadonlySet<string> {
  const { vnets } = model.network;
  const opens = (from: string, to: string): boolean =>
    vnets.get(keyOf(from))?.peerings.some((p) => isOpen(p) && keyOf(p.remote) === keyOf(to)) === true;
  const others = [...vnets.values()].map(({ fact }) => fact.id);
  return new Set([vnet, ...others.filter((other) => opens(vnet, other) && opens(other, vnet))].map(keyOf));
}
