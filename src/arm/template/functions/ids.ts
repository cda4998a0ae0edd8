/**
 * Functions that compose resource ids.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource
 *
 * @module
 */

import type { Json } from '../../../lib/json.ts';
import { composeId, groupId, resourceGroupType, sameId } from '../../id.ts';
import type { Scope } from '../scope.ts';
import { type Arguments, any, type TemplateFunction } from './contract.ts';

/** Functions that compose resource ids, by name. */
export const idFunctions = {
  extensionResourceId: { takes: [3, any], call: extensionResourceId },
  resourceId: { takes: [2, any], call: resourceId },
  subscriptionResourceId: { takes: [2, any], call: subscriptionResourceId },
  tenantResourceId: { takes: [2, any], call: (args) => composed(args, '/', 0) },
} satisfies Record<string, TemplateFunction>;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `[subscription], [group], type, names...`: the type is the first argument with a slash. */
function resourceId(args: Arguments, scope: Scope): Json {
  const type = typeAt(args, 2);
  const { subscriptionId } = scope.context.subscription;
  const group = scope.context.resourceGroup;
  if (type === 2) return composed(args, groupId(leading(args, 0), leading(args, 1)), type);
  if (type === 1) {
    const first = leading(args, 0);
    // Where no group is deployed to, a lone GUID can only be a subscription.
    const scopeId = !group && uuid.test(first) ? `/subscriptions/${first}` : groupId(subscriptionId, first);
    return composed(args, scopeId, type);
  }
  return composed(args, group?.id ?? `/subscriptions/${subscriptionId}`, type);
}

function subscriptionResourceId(args: Arguments, scope: Scope): Json {
  const type = typeAt(args, 1);
  const subscription = type === 1 ? leading(args, 0) : scope.context.subscription.subscriptionId;
  return composed(args, `/subscriptions/${subscription}`, type);
}

function extensionResourceId(args: Arguments): Json {
  const base = args.text(0);
  if (!base.startsWith('/')) throw args.wrong(0, "the id of what is extended, starting with '/'");
  return composed(args, base.replace(/\/+$/, ''), 1);
}

function leading(args: Arguments, index: number): string {
  const text = args.text(index);
  if (text === '')
    throw args.wrong(
      index,
      index === 0 && args.count > 3 ? 'a subscription or a group' : 'the name of a group',
    );
  return text;
}

/** Position of the type, after at most that many leading arguments. */
function typeAt(args: Arguments, most: number): number {
  for (let index = 0; index <= most && index < args.count; index++) {
    if (args.text(index).includes('/')) return index;
  }
  throw args.problem(
    `expects a type such as 'Microsoft.Storage/storageAccounts' among its first ${most + 1} arguments`,
    0,
  );
}

function composed(args: Arguments, scopeId: string, at: number): Json {
  // Azure overlooks a slash at the end, and many templates have one.
  const type = args.text(at).replace(/\/$/, '');
  if (!/^[^/\s]+(\/[^/\s]+)+$/.test(type))
    throw args.wrong(at, 'a type such as Microsoft.Storage/storageAccounts');
  const names = args
    .values()
    .slice(at + 1)
    .map((value, index) => (typeof value === 'number' ? String(value) : args.text(at + 1 + index)));
  const wanted = type.split('/').length - 1;
  if (names.length !== wanted) {
    throw args.problem(
      `needs ${wanted} name${wanted === 1 ? '' : 's'} after the type '${type}', one for each of its segments, but got ${names.length}`,
      at,
    );
  }
  const wrong = names.findIndex((name) => name === '' || name.includes('/'));
  if (wrong >= 0) throw args.wrong(at + 1 + wrong, 'a name that is not empty and has no slash');
  return scopedId(scopeId, type, names);
}

/** Composes an id; a resource group has one of its own form. */
export function scopedId(scopeId: string, type: string, names: readonly string[]): string {
  const subscription = /^\/subscriptions\/([^/]+)/i.exec(scopeId)?.[1];
  if (subscription !== undefined && sameId(type, resourceGroupType))
    return groupId(subscription, names[0] ?? '');
  return composeId(scopeId, type, names);
}
