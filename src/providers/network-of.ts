/**
 * From an estate to its Network. Facts are remembered for as long as their resource is the same object.
 *
 * @module
 */

import type { Change, Read, Resource } from '../arm/resource.ts';
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

const typesFact: Fact = { kind: 'resource-types', types: registry.all().map(({ type }) => type) };

/** Compiles an estate, and what Azure's record does not have (sites, DNS servers), into a Network. */
export function networkOf(
  estate: { all(): Iterable<Resource> },
  beside: readonly Fact[] = [],
  previous?: Linked,
): Linked {
  return link(allFacts(estate.all(), beside), previous);
}

/** Reports whether a change that an estate is about to take in says anything about the network. */
export function saysSomething(estate: Read, { writes, deletes }: Change): boolean {
  const says = (resource: Resource | undefined): boolean =>
    resource !== undefined && factsOf(resource).length > 0;
  return (
    deletes.some((id) => says(estate.get(id))) ||
    writes.some((resource) => says(resource) || says(estate.get(resource.id)))
  );
}

function allFacts(resources: Iterable<Resource>, beside: readonly Fact[]): readonly Fact[] {
  const all = [...roleFacts, typesFact, ...beside];
  for (const resource of resources) for (const fact of factsOf(resource)) all.push(fact);
  return all;
}

function factsOf(resource: Resource): readonly Fact[] {
  let facts = remembered.get(resource);
  if (!facts) {
    facts = registry.find(resource.type)?.facts?.(resource) ?? [];
    remembered.set(resource, facts);
  }
  return facts;
}
