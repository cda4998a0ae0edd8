/**
 * Where a declared resource lies: its id, from its type, name and scope.
 *
 * @module
 */

import type { JsonObject } from '../../lib/json.ts';
import {
  deploymentType,
  groupId,
  parseId,
  type ResourceId,
  type ResourceType,
  resourceGroupType,
  sameId,
} from '../id.ts';
import { evaluateToText } from './evaluate.ts';
import { scopedId } from './functions/ids.ts';
import { memberNamed } from './members.ts';
import { invalid, unsupported } from './refuse.ts';
import type { DeploymentContext, Path, Scope } from './scope.ts';

/** A resource's place in Azure. */
export interface Placement {
  readonly id: ResourceId;
  readonly type: ResourceType;
}

/** ARM's own sentence; people search for it. */
const segmentRule =
  'A nested resource type must have identical number of segments as its resource name. ' +
  'A root resource type must have segment length one greater than its resource name.';

/** Refuses a type and a name that do not have the same depth. `nested`: declared inside its parent. */
export function checkSegments(type: string, name: string, nested: boolean, path: Path): void {
  const types = type.split('/').length;
  const names = name.split('/').length;
  // `parent/type/providers/Namespace/type`: the extension's namespace is no segment with a name of its own.
  const extension = /\/providers\/[^/]*\./i.test(type);
  if (extension ? types === names + 3 : types === names + (nested ? 0 : 1)) return;
  const wanted = nested ? types : types - 1;
  const example = Array.from({ length: Math.max(1, wanted) }, (_, index) => `name${index + 1}`).join('/');
  throw invalid(
    [...path, 'name'],
    `The template resource '${name}' for type '${type}' has incorrect segment lengths. ${segmentRule} ` +
      `The type '${type}' needs a name of ${wanted} segment${wanted === 1 ? '' : 's'}, such as '${example}'.`,
  );
}

/** Composes the id of a resource. Throws ArmError. */
export function place(
  source: JsonObject,
  type: string,
  name: string,
  existing: boolean,
  path: Path,
  scope: Scope,
  context: DeploymentContext,
): Placement {
  const base = scopeOf(source, type, existing, path, scope, context);
  const extension = /^(?<parent>.+)\/providers\/(?<type>[^/]*\..+)$/i.exec(type)?.groups;
  const names = name.split('/');
  const own = extension?.parent === undefined ? names : names.slice(extension.parent.split('/').length - 1);
  const id =
    extension?.parent === undefined
      ? scopedId(base, type, names)
      : scopedId(
          scopedId(base, extension.parent, names.slice(0, extension.parent.split('/').length - 1)),
          extension.type as string,
          own,
        );
  return placement(id, type, name, path);
}

/** Composes the id of a resource that is declared inside another. Throws ArmError. */
export function placeChild(
  parent: ResourceId | undefined,
  type: string,
  name: string,
  path: Path,
): Placement {
  const names = name.split('/');
  const tail = type.split('/').map((segment, index) => `${segment}/${names[index]}`);
  return placement(`${parent ?? ''}/${tail.join('/')}`, type, name, path);
}

function placement(id: string, type: string, name: string, path: Path): Placement {
  const parsed = parseId(id);
  if (parsed.ok) return { id: id as ResourceId, type: parsed.value.type };
  throw invalid(
    [...path, 'name'],
    `The resource '${name}' of type '${type}' has no sound id: ${parsed.error}.`,
  );
}

/** Returns the id of the scope that a resource lies in. */
function scopeOf(
  source: JsonObject,
  type: string,
  existing: boolean,
  path: Path,
  scope: Scope,
  context: DeploymentContext,
): string {
  const text = (name: string): string | undefined =>
    (memberNamed(source, name) ?? null) === null
      ? undefined
      : evaluateToText(memberNamed(source, name), [...path, name], scope);
  const given = text('scope');
  const group = text('resourceGroup');
  const subscription = text('subscriptionId');
  const own = context.subscription.subscriptionId;
  if (given !== undefined) {
    if (
      given === '/' ||
      /^(\/?providers\/)?Microsoft\.Management\/managementGroups\//i.test(given.replace(/^\//, ''))
    ) {
      throw unsupported(
        [...path, 'scope'],
        `The scope '${given}'`,
        'deploy to a subscription or to a resource group',
      );
    }
    return given.startsWith('/') ? given.replace(/\/+$/, '') : relativeScope(given, context, path);
  }
  if (group !== undefined || subscription !== undefined) {
    if (!existing && !sameId(type, deploymentType)) {
      const member = group === undefined ? 'subscriptionId' : 'resourceGroup';
      throw invalid(
        [...path, member],
        `Only a nested deployment can lie in another group or subscription, not '${type}'; put the resource into a nested deployment that has the '${member}'.`,
      );
    }
    return group === undefined ? `/subscriptions/${subscription}` : groupId(subscription ?? own, group);
  }
  if (!context.resourceGroup) return `/subscriptions/${own}`;
  if (sameId(type, resourceGroupType) && !existing) {
    throw invalid(
      [...path, 'type'],
      'A resource group cannot be made by a deployment to a resource group; deploy to the subscription, or use a nested deployment with a subscriptionId.',
    );
  }
  return context.resourceGroup.id;
}

/** `Microsoft.Storage/storageAccounts/name`, with further types and names in turn. */
function relativeScope(text: string, context: DeploymentContext, path: Path): string {
  const base = context.resourceGroup?.id ?? `/subscriptions/${context.subscription.subscriptionId}`;
  const segments = text.split('/');
  if (segments.length < 3 || segments.length % 2 === 0 || segments.includes('')) {
    throw invalid(
      [...path, 'scope'],
      `The scope '${text}' must be an id, or a type and name such as 'Microsoft.Storage/storageAccounts/name'.`,
    );
  }
  return `${base}/providers/${text}`;
}
