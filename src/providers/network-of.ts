/**
 * From an estate to its Network. Facts are remembered for as long as their resource is the same object.
 *
 * @module
 */

import type { Estate, Resource } from '../arm/resource.ts';
import { builtInRoles } from '../arm/roles.ts';
import type { Fact } from '../net/facts.ts';
import { type Linked, link } from '../net/link.ts';
import { registry } from './registry.ts';

const remembered = new WeakMap<Resource, readonly Fact[]>();

const roleFacts: readonly Fact[] = builtInRoles.map(({ id, name, permission }) => ({
  kind: 'role',
  id,
  name,
  permissions: [permission],
}));

/** Compiles an estate, and what Azure's record does not have (sites, DNS servers), into a Network. */
export function networkOf(estate: Estate, beside: readonly Fact[] = [], previous?: Linked): Linked {
  return link(factsOf(estate, beside), previous);
}

function factsOf(estate: Estate, beside: readonly Fact[]): readonly Fact[] {
  const all = [...roleFacts, ...beside];
  for (const resource of estate.all()) {
    let facts = remembered.get(resource);
    if (!facts) {
      facts = registry.find(resource.type)?.facts?.(resource) ?? [];
      remembered.set(resource, facts);
    }
    for (const fact of facts) all.push(fact);
  }
  return all;
}
