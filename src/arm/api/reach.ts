/**
 * What a collection holds: most types what is below its scope, roles and assignments also what comes from above.
 *
 * @module
 */

import { asList, asText } from '../../lib/json.ts';
import { isInScope } from '../../lib/rights.ts';
import { partsOf, sameId } from '../id.ts';
import type { Resource } from '../resource.ts';

/** Reports whether a collection at a scope holds a resource. `filter` is the query's own. */
export function isListed(resource: Resource, scope: string, child: boolean, filter: string | null): boolean {
  if (sameId(resource.type, 'Microsoft.Authorization/roleDefinitions')) {
    return asList(resource.properties['assignableScopes']).some((at) => isInScope(scope, asText(at) ?? ' '));
  }
  if (sameId(resource.type, 'Microsoft.Authorization/roleAssignments')) {
    const at = partsOf(resource.id).parent ?? '';
    return isInScope(scope, at) || (!/atScope\(\)/i.test(filter ?? '') && isInScope(at, scope));
  }
  if (!isInScope(resource.id, scope)) return false;
  // A child stands directly below its parent; a top-level type anywhere in the scope.
  return !child || resource.id.split('/').length === scope.split('/').length + 2;
}
