/**
 * Outbound rules of a workspace's managed network (docs/semantics/managed-networks.md). A workspace may bring them, or
 * they are written by themselves; the service makes some of its own.
 *
 * @module
 */

import { mayDo } from '../../../arm/caller.ts';
import { ArmError } from '../../../arm/error.ts';
import { ancestorId, childId, partsOf, type ResourceId, type ResourceType, sameId } from '../../../arm/id.ts';
import { type Draft, store } from '../../../arm/provider.ts';
import type { Read, Resource } from '../../../arm/resource.ts';
import * as shape from '../../../arm/shape.ts';
import { parseFqdn } from '../../../lib/fqdn.ts';
import { type Interval, union } from '../../../lib/intervals.ts';
import { parsePrefix } from '../../../lib/ip.ts';
import { asText, isObject, type JsonObject, member } from '../../../lib/json.ts';
import { anyPort, parsePorts } from '../../../lib/ports.ts';
import type { ManagedDestination } from '../../../net/facts.ts';
import { protocolSet } from '../../../net/gates.ts';
import { define } from '../../define.ts';
import { groupsOf } from '../../private-link/target.ts';
import { linkTarget } from '../../private-link/targets.ts';
import { inventedId, workspaceType } from '../link.ts';
import { outboundRule } from '../managed-network.ts';
import { approved, connectionTo } from './connection.ts';
import { modeOf } from './mode.ts';
import { isRequiredEndpoint, isRequiredTag, systemPrefix } from './required-rules.ts';

export const outboundRuleType = `${workspaceType}/outboundRules` as ResourceType;

const common = {
  category: shape.oneOf('Required', 'Recommended', 'UserDefined', 'Dependency'),
  ...shape.served('status', 'errorInformation', 'parentRuleNames'),
};

/** Source: Azure's REST specifications, `OutboundRule`. */
export const ruleProperties = shape.byWord('type', {
  PrivateEndpoint: shape.object({
    type: shape.text,
    ...common,
    destination: shape.required(
      shape.object({
        serviceResourceId: shape.required(shape.resourceId),
        subresourceTarget: shape.required(shape.text),
        sparkEnabled: shape.bool,
        ...shape.served('sparkStatus'),
      }),
    ),
    fqdns: shape.list(shape.text),
  }),
  ServiceTag: shape.object({
    type: shape.text,
    ...common,
    destination: shape.required(
      shape.object({
        serviceTag: shape.orEmpty(shape.text),
        protocol: shape.required(shape.oneOf('TCP', 'UDP', 'ICMP', '*')),
        portRanges: shape.required(shape.text),
        action: shape.oneOf('Allow', 'Deny'),
        addressPrefixes: shape.list(shape.text),
      }),
    ),
  }),
  FQDN: shape.object({ type: shape.text, ...common, destination: shape.required(shape.text) }),
});

/** Says that a workspace brought the rule: the workspace tells the proof of it. Not shown to clients. */
export const broughtBy = 'x-cloister-brought-by-workspace';

export const outboundRules = define(outboundRuleType, {
  level: 'modelled',
  located: false,
  // The SDK takes nothing else.
  created: 200,
  properties: ruleProperties,
  put: (put, read) => {
    const workspace = read.get(ancestorId(put.id.id, 1));
    if (!workspace) throw new ArmError('ParentResourceNotFound', `There is no workspace for ${put.id.name}.`);
    checkRule(workspace, put.id.name, put.properties, read);
    refuseSystem(put.id.name, put.before);
    const { writes } = planRule(workspace, { name: put.id.name, properties: put.properties }, read);
    const [rule, ...others] = writes;
    const unlisted = withoutBrought(workspace, put.id.name);
    return { writes: [{ ...store(put), ...rule } as Draft, ...others, ...(unlisted ? [unlisted] : [])] };
  },
  remove: (rule, read) => {
    const workspace = read.get(ancestorId(rule.id, 1));
    if (!workspace) return { writes: [] };
    refuseSystem(rule.name, rule);
    const unlisted = withoutBrought(workspace, rule.name);
    return { writes: unlisted ? [unlisted] : [] };
  },
  show: (rule, read) => shownRule(rule, read),
  facts: (rule) => {
    const to = destinationOf(rule);
    const told = rule.properties[broughtBy] === true || rule.properties['category'] === 'Required';
    return [
      ...(told ? [] : outboundRule(rule)),
      ...(to
        ? [{ kind: 'managed-rule' as const, id: rule.id, of: ancestorId(rule.id, 1), name: rule.name, to }]
        : []),
    ];
  },
});

/** A rule as its own GET shows it, and as its workspace embeds it. */
export function shownRule({ id, properties }: Resource, read: Read): JsonObject {
  const { [broughtBy]: _, provisioningState: __, ...stored } = properties;
  const status = member(
    member(read.get(ancestorId(id, 1))?.properties['managedNetwork'], 'status'),
    'status',
  );
  return { category: 'UserDefined', ...stored, status: status === 'Active' ? 'Active' : 'Inactive' };
}

/** The writes of a rule: itself, and for a private endpoint the connection on its target. */
export function planRule(
  workspace: Omit<Resource, 'etag'>,
  { name, properties }: { readonly name: string; readonly properties: JsonObject },
  read: Read,
): { readonly writes: readonly Draft[] } {
  const id = childId(workspace.id, 'outboundRules', name);
  const before = read.get(id);
  const draft: Draft = {
    id: before?.id ?? id,
    name: before?.name ?? name,
    type: outboundRuleType,
    properties: { category: 'UserDefined', ...properties },
  };
  const connection = connectionDraft(workspace, draft, read);
  return { writes: connection ? [draft, connection] : [draft] };
}

/** Approved at once where the identity of the workspace may approve there, pending otherwise. */
function connectionDraft(workspace: Omit<Resource, 'etag'>, rule: Draft, read: Read): Draft | undefined {
  const to = destinationOf(rule);
  const id = to?.kind === 'endpoint' ? connectionId(rule.id, to.target) : undefined;
  if (to?.kind !== 'endpoint' || id === undefined || read.get(id)) return undefined;
  const target = read.get(to.target);
  const link = target && linkTarget(target.type);
  if (!target || !link) return undefined;
  const may = identitiesOf(workspace).some((one) => mayDo(read, one, link.approval, target.id, 'control'));
  const waiting = {
    status: 'Pending',
    description: `Managed network of ${workspace.name}`,
    actionsRequired: 'None',
  };
  const state = may ? approved : waiting;
  return connectionTo(link, { id, owner: rule.id, endpoint: rule.id, group: to.group, state });
}

function identitiesOf({ identity }: Pick<Resource, 'identity'>): readonly string[] {
  const users = identity?.['userAssignedIdentities'];
  const given = Object.values(isObject(users) ? users : {}).map((user) =>
    asText(member(user, 'principalId')),
  );
  return [asText(identity?.['principalId']), ...given].filter((id) => id !== undefined);
}

/** What a rule is about; undefined: nobody can say, because it was refused as it was written. */
export function destinationOf({
  id,
  properties,
}: Pick<Resource, 'id' | 'properties'>): ManagedDestination | undefined {
  const { destination } = properties;
  const text = (name: string): string | undefined => asText(member(destination, name));
  switch (asText(properties['type'])) {
    case 'PrivateEndpoint': {
      const [target, group] = [text('serviceResourceId'), text('subresourceTarget')];
      if (target === undefined || group === undefined) return undefined;
      return { kind: 'endpoint', target, group, connection: connectionId(id, target) };
    }
    case 'ServiceTag': {
      const prefixes = member(destination, 'addressPrefixes');
      return {
        kind: 'tag',
        tag: text('serviceTag') ?? '',
        prefixes: (Array.isArray(prefixes) ? prefixes : []).flatMap(
          (one) => parsePrefix(asText(one) ?? '') ?? [],
        ),
        protocol: protocolSet(text('protocol') ?? '*'),
        ports: portsOf(text('portRanges') ?? '*') ?? anyPort,
        access: text('action') === 'Deny' ? 'Deny' : 'Allow',
      };
    }
    case 'FQDN':
      return { kind: 'name', pattern: asText(destination) ?? '' };
    default:
      return undefined;
  }
}

/** The workspace itself, and what no private endpoint here can lead to, has nothing to approve. */
function connectionId(rule: ResourceId, target: string): ResourceId | undefined {
  if (sameId(ancestorId(rule, 1), target)) return undefined;
  const link = linkTarget(partsOf(target as ResourceId).type);
  if (!link) return undefined;
  const name = `${partsOf(rule).name}.${inventedId(rule, 'connection')}`;
  return childId(target, 'privateEndpointConnections', name);
}

function portsOf(text: string): readonly Interval[] | undefined {
  const parts = text.split(',').map((part) => parsePorts(part.trim()));
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? union(known) : undefined;
}

/** The workspace without a rule that it brought, and that is now written or removed by itself. */
function withoutBrought(workspace: Resource, name: string): Draft | undefined {
  const { managedNetwork } = workspace.properties;
  const rules = member(managedNetwork, 'outboundRules');
  if (!isObject(managedNetwork) || !isObject(rules) || !Object.hasOwn(rules, name)) return undefined;
  const { [name]: _, ...left } = rules;
  const { etag: __, ...draft } = workspace;
  return {
    ...draft,
    properties: { ...workspace.properties, managedNetwork: { ...managedNetwork, outboundRules: left } },
  };
}

function refuseSystem(name: string, before: Resource | undefined): void {
  if (before?.properties['category'] !== 'Required' && !name.startsWith(systemPrefix)) return;
  throw new ArmError(
    'BadRequest',
    `Outbound rule ${name} is required by the service: it can be neither changed nor removed.`,
  );
}

/** Refuses what a managed network does not take. */
export function checkRule(
  workspace: Omit<Resource, 'etag'>,
  name: string,
  rule: shape.Of<typeof ruleProperties>,
  read: Read,
  at = 'properties',
): void {
  const mode = modeOf(workspace);
  const refuse = (why: string, target = at): never => {
    throw new ArmError('BadRequest', `Outbound rule ${name} of workspace ${workspace.name}: ${why}`, {
      target,
    });
  };
  if (rule.category !== undefined && rule.category !== 'UserDefined') {
    refuse(`rules of category ${rule.category} are made by the service.`, `${at}.category`);
  }
  if (mode === 'Disabled') refuse('the workspace has no managed network.');
  const to = rule.destination;
  if (typeof to !== 'string' && 'serviceResourceId' in to) {
    checkEndpoint(
      workspace,
      { target: to.serviceResourceId, group: to.subresourceTarget, mode, at },
      read,
      refuse,
    );
    return;
  }
  if (mode !== 'AllowOnlyApprovedOutbound') {
    refuse(`rules of type ${rule.type} go with AllowOnlyApprovedOutbound, not with ${mode}.`);
  }
  if (typeof to === 'string') {
    if (!parseFqdn(to.replace(/^\*\./, ''))) refuse(`'${to}' is not a host name.`, `${at}.destination`);
    return;
  }
  if ((to.addressPrefixes ?? []).length === 0 && !to.serviceTag)
    refuse('it needs a serviceTag or addressPrefixes.');
  if (to.serviceTag && isRequiredTag(to.serviceTag))
    refuse(`there is a required rule for ${to.serviceTag} already.`);
  if (!portsOf(to.portRanges)) {
    refuse(`'${to.portRanges}' is no list of ports such as 80,1024-65535.`, `${at}.destination.portRanges`);
  }
  for (const text of to.addressPrefixes ?? []) {
    if (!parsePrefix(text)) refuse(`'${text}' is not an IPv4 prefix.`, `${at}.destination.addressPrefixes`);
  }
}

function checkEndpoint(
  workspace: Omit<Resource, 'etag'>,
  asked: { readonly target: string; readonly group: string; readonly mode: string; readonly at: string },
  read: Read,
  refuse: (why: string, target?: string) => never,
): void {
  const { target: id, group, mode, at } = asked;
  const target = sameId(id, workspace.id) ? workspace : read.get(id);
  if (!target) {
    throw new ArmError(
      'InvalidResourceReference',
      `Resource ${id} was not found. Create it first, or add it to dependsOn.`,
      {
        target: `${at}.destination.serviceResourceId`,
      },
    );
  }
  const link = linkTarget(target.type);
  const ids = link ? groupsOf(link, { ...target, etag: '' }).map((one) => one.id) : [];
  if (link && !ids.includes(group)) {
    refuse(
      `${target.name} has no sub-resource '${group}', but ${ids.join(', ')}.`,
      `${at}.destination.subresourceTarget`,
    );
  }
  if (mode === 'AllowOnlyApprovedOutbound' && isRequiredEndpoint(workspace, id, group)) {
    refuse(`the service makes the private endpoint for ${group} of ${target.name} itself.`);
  }
}
