/**
 * Children that a body brings along (`subnets` of a virtual network, `securityRules` of a group): each becomes a
 * resource of its own, by its own provider, in the same transaction.
 *
 * @module
 */

import { childId, keyOf, partsOf, type ResourceId } from '../arm/id.ts';
import type { Draft, Plan, Provider, Put } from '../arm/provider.ts';
import { Pending, type Read } from '../arm/resource.ts';
import * as shape from '../arm/shape.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';

/** The shape of an inline child: a name, and properties that its own provider checks. */
export const inlineChildren = shape.list(
  shape.object({
    name: shape.required(shape.text),
    properties: shape.any,
    ...shape.served('id', 'type', 'etag'),
  }),
);

/** One kind of inline child. */
export interface InlineKind {
  /** Member of the parent's properties, and last segment of the child's type. */
  readonly member: string;
  readonly provider: Provider<Fact>;
}

/**
 * Plans the children that a body lists. A list that is absent leaves the children alone; a list that is given is
 * the whole list, so the provider of a child that it lacks is asked to remove it.
 */
export function planInline(put: Put, read: Read, parent: Draft, kinds: readonly InlineKind[]): Plan {
  const pending = new Pending(read, [parent]);
  const writes: Draft[] = [parent];
  const deletes: ResourceId[] = [];
  for (const { member, provider } of kinds) {
    const listed = put.properties[member];
    if (listed === undefined) continue;
    const wanted = inlineChildren.check(listed, `properties.${member}`);
    const names = new Set(wanted.map((child) => child.name.toLowerCase()));
    for (const old of read.children(parent.id, provider.type)) {
      if (names.has(old.name.toLowerCase())) continue;
      const plan = provider.remove?.(old, pending, put.now);
      deletes.push(old.id, ...(plan?.deletes ?? []));
    }
    for (const [at, child] of wanted.entries()) {
      const id = childId(parent.id, member, child.name);
      const plan = provider.put?.(
        {
          ...put,
          id: { ...partsOf(id), type: provider.type },
          envelope: {},
          before: read.get(id),
          properties: provider.properties.check(
            child.properties ?? {},
            `properties.${member}[${at}].properties`,
          ),
        },
        pending,
      );
      const drafts = plan?.writes ?? [];
      pending.add(drafts);
      writes.push(...drafts);
    }
  }
  const kept = deletes.filter((id) => !writes.some((draft) => keyOf(draft.id) === keyOf(id)));
  return { writes, deletes: kept };
}

/** The children of a resource as its own GET embeds them. */
export function embed(read: Read, parent: string, type: string): JsonObject[] {
  return read
    .children(parent, type)
    .map(({ id, name, etag, properties }) => ({ id, name, etag, type, properties }) as JsonObject);
}
