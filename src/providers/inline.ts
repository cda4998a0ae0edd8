/**
 * Children that a body brings along (`subnets` of a virtual network, `securityRules` of a group): each becomes a
 * resource of its own, by its own provider, in the same transaction.
 *
 * @module
 */

import { ArmError } from '../arm/error.ts';
import { childId, keyOf, parseId, partsOf, type ResourceId } from '../arm/id.ts';
import type { Draft, LinkedRight, Plan, Provider, Put, Settings } from '../arm/provider.ts';
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
 * the whole list: what it lacks goes first, and each child is checked against what the others become.
 */
export function planInline(put: Put, read: Read, parent: Draft, kinds: readonly InlineKind[]): Plan {
  const pending = new Pending(read, [parent]);
  const writes: Draft[] = [parent];
  const deletes: ResourceId[] = [];
  const write = (drafts: readonly Draft[] = []): void => {
    pending.add(drafts);
    writes.push(...drafts);
  };
  for (const kind of kinds) {
    const wanted = childrenOf(put, parent.id, kind, read);
    if (!wanted) continue;
    const kept = new Set(wanted.map((child) => keyOf(child.id.id)));
    const gone = read.children(parent.id, kind.provider.type).filter((old) => !kept.has(keyOf(old.id)));
    for (const old of gone) pending.delete(old.id);
    for (const old of gone) {
      const plan = kind.provider.remove?.(old, pending, put.now);
      write(plan?.writes);
      deletes.push(old.id, ...(plan?.deletes ?? []), ...read.below(old.id).map((item) => item.id));
    }
    pending.add(
      wanted.map(({ id, properties }) => ({ id: id.id, name: id.name, type: id.type, properties })),
    );
    for (const child of wanted) write(kind.provider.put?.(child, pending).writes);
  }
  return { writes, deletes };
}

/** Rights that the children of a body need elsewhere: the same as if each were written by itself. */
export function inlineRights(put: Put, read: Read, kinds: readonly InlineKind[]): LinkedRight[] {
  return kinds.flatMap((kind) =>
    (childrenOf(put, put.id.id, kind, read) ?? []).flatMap((child) => [
      ...(kind.provider.linked?.(child, read) ?? []),
    ]),
  );
}

/** The writes of children that a body lists; undefined where it says nothing of them. */
function childrenOf(put: Put, parent: ResourceId, kind: InlineKind, read: Read): Put[] | undefined {
  const listed = put.properties[kind.member];
  if (listed === undefined) return undefined;
  const at = `properties.${kind.member}`;
  const seen = new Set<string>();
  return inlineChildren.check(listed, at).map((child, index): Put => {
    const target = `${at}[${index}].name`;
    const parsed = parseId(childId(parent, kind.member, child.name));
    if (!parsed.ok || child.name.includes('/')) {
      throw new ArmError('InvalidResourceName', `${target} is '${child.name}', which is not a name.`, {
        target,
      });
    }
    if (seen.has(child.name.toLowerCase())) {
      const message = `${target}: '${child.name}' is listed twice.`;
      throw new ArmError('InvalidRequestContent', message, { target });
    }
    seen.add(child.name.toLowerCase());
    const before = read.get(parsed.value.id);
    return {
      ...put,
      id: { ...(before ? partsOf(before.id) : parsed.value), type: kind.provider.type },
      envelope: {},
      before,
      properties: kind.provider.properties.check(child.properties ?? {}, `${at}[${index}].properties`),
    };
  });
}

/** The children of a resource as its own GET embeds them: each as its own GET shows it. */
export function embed(
  read: Read,
  settings: Settings,
  parent: string,
  { type, show }: InlineKind['provider'],
): JsonObject[] {
  return read.children(parent, type).map((child) => {
    const { id, name, etag, properties } = child;
    return { id, name, etag, type, properties: show?.(child, read, settings) ?? properties };
  });
}
