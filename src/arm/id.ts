/**
 * Resource ids: the names of everything in Azure Resource Manager.
 *
 * Matching ignores case and keeps the case given, because one client mixes `/resourcegroups/` and
 * `/resourceGroups/` (recorded from real clients).
 *
 * @module
 */

import type { Brand } from '../lib/brand.ts';
import { fail, ok, type Result } from '../lib/result.ts';

export { type IdKey, keyOf } from '../lib/key.ts';

/** An absolute resource id, spelled as it was first written. */
export type ResourceId = Brand<string, 'ResourceId'>;

/** A resource type such as `Microsoft.Network/virtualNetworks/subnets`. */
export type ResourceType = Brand<string, 'ResourceType'>;

/** A resource id taken apart. */
export interface IdParts {
  readonly id: ResourceId;
  readonly type: ResourceType;
  /** Last name. */
  readonly name: string;
  /** All names below the provider, outermost first. */
  readonly names: readonly string[];
  readonly subscription: string;
  readonly resourceGroup: string | undefined;
  /** The id without its last type and name (or, for an extension resource, what it extends). */
  readonly parent: ResourceId | undefined;
}

export const subscriptionType = 'Microsoft.Resources/subscriptions' as ResourceType;
export const resourceGroupType = 'Microsoft.Resources/resourceGroups' as ResourceType;
export const deploymentType = 'Microsoft.Resources/deployments' as ResourceType;

/** Names with these characters would make ids that cannot be taken apart again. Blanks inside are real names. */
const badName = /[/?#%\\]|[^\x20-\x7e]|^ | $/;

/** Reports whether two ids or types are the same, ignoring case. */
export function sameId(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());
}

/** Takes an id apart. The error says which part is wrong. */
export function parseId(text: string): Result<IdParts> {
  if (!text.startsWith('/')) return fail(`'${text}' does not start with '/'`);
  const parts = text.slice(1).split('/');
  if (parts.at(-1) === '') parts.pop();
  const bad = parts.find((part) => part === '' || badName.test(part));
  if (bad !== undefined) return fail(`'${text}' has an empty or malformed segment`);
  const root = parts[0]?.toLowerCase();
  if (root !== 'subscriptions' || parts[1] === undefined) {
    return fail(`'${text}' does not start with /subscriptions/<id>`);
  }
  const subscription = parts[1];
  const grouped = parts[2]?.toLowerCase() === 'resourcegroups';
  const resourceGroup = grouped ? parts[3] : undefined;
  if (grouped && resourceGroup === undefined) return fail(`'${text}' lacks the name of the resource group`);
  const provider = parts.map((part) => part.toLowerCase()).lastIndexOf('providers');
  const scope = grouped ? 4 : 2;
  if (provider < 0) {
    if (parts.length !== scope) return fail(`'${text}' has segments that no provider follows`);
    return ok({
      id: `/${parts.join('/')}` as ResourceId,
      type: grouped ? resourceGroupType : subscriptionType,
      name: parts.at(-1) as string,
      names: [parts.at(-1) as string],
      subscription,
      resourceGroup,
      parent: grouped ? (`/${parts.slice(0, 2).join('/')}` as ResourceId) : undefined,
    });
  }
  if (provider !== scope) {
    const above = `/${parts.slice(0, provider).join('/')}`;
    if (!parseId(above).ok)
      return fail(
        `'${above}' is not a scope: write /subscriptions/<id>, /subscriptions/<id>/resourceGroups/<name> or a resource id`,
      );
  }
  const tail = parts.slice(provider + 2);
  if (tail.length === 0 || tail.length % 2 !== 0) {
    return fail(`'${text}' does not alternate types and names after its provider`);
  }
  const names = tail.filter((_, at) => at % 2 === 1);
  const types = tail.filter((_, at) => at % 2 === 0);
  const parent = tail.length > 2 ? parts.slice(0, -2) : parts.slice(0, provider);
  return ok({
    id: `/${parts.join('/')}` as ResourceId,
    type: `${parts[provider + 1]}/${types.join('/')}` as ResourceType,
    name: names.at(-1) as string,
    names,
    subscription,
    resourceGroup,
    parent: `/${parent.join('/')}` as ResourceId,
  });
}

/** Takes an id apart that was already checked; throws where that is not so. */
export function partsOf(id: string): IdParts {
  const parsed = parseId(id);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** Composes the id of a resource in a scope: `childId(vnetId, 'subnets', 'training')`. */
export function childId(parent: string, type: string, name: string): ResourceId {
  return `${parent}/${type}/${name}` as ResourceId;
}

/** Composes an id from a scope, a full type and as many names as the type has segments. */
export function composeId(scope: string, type: string, names: readonly string[]): ResourceId {
  const [namespace, ...types] = type.split('/');
  const tail = types.map((segment, at) => `${segment}/${names[at] ?? ''}`).join('/');
  return `${scope === '/' ? '' : scope}/providers/${namespace}/${tail}` as ResourceId;
}

/** Returns the id of a resource group. */
export function groupId(subscription: string, name: string): ResourceId {
  return `/subscriptions/${subscription}/resourceGroups/${name}` as ResourceId;
}

/** Returns the resource group (or the subscription) that an id lies in. */
export function groupOf(id: string): ResourceId {
  const { subscription, resourceGroup } = partsOf(id);
  return resourceGroup === undefined
    ? (`/subscriptions/${subscription}` as ResourceId)
    : groupId(subscription, resourceGroup);
}

/** Returns the id of the resource that an id is a child of, however deep. */
export function ancestorId(id: ResourceId, levels: number): ResourceId {
  return id
    .split('/')
    .slice(0, -2 * levels)
    .join('/') as ResourceId;
}
