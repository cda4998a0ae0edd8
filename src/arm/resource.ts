/**
 * A resource as the control plane stores it, and the estate that holds them all.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Memberships } from './directory.ts';
import { type IdKey, keyOf, partsOf, type ResourceId, type ResourceType, sameId } from './id.ts';

/** One resource. Never changed in place: a write replaces it, so identity of the object is identity of the state. */
export interface Resource {
  readonly id: ResourceId;
  readonly name: string;
  readonly type: ResourceType;
  readonly location?: string;
  readonly tags?: JsonObject;
  readonly identity?: JsonObject;
  readonly sku?: JsonObject;
  readonly kind?: string;
  readonly zones?: readonly string[];
  readonly plan?: JsonObject;
  readonly etag: string;
  readonly properties: JsonObject;
  /** The resource that made this one and takes it along when it is deleted. Not shown to clients. */
  readonly owner?: ResourceId;
}

/** A set of changes that becomes visible at once or not at all. */
export interface Change {
  readonly writes: readonly Resource[];
  readonly deletes: readonly ResourceId[];
}

/** Every resource as it will be after a change, in the order that an estate will have. */
export function* changed(before: Estate, { writes, deletes }: Change): Generator<Resource> {
  const gone = new Set(deletes.map(keyOf));
  const written = new Map(writes.map((resource) => [keyOf(resource.id), resource]));
  for (const resource of before.all()) {
    const key = keyOf(resource.id);
    const now = written.get(key);
    written.delete(key);
    if (now) yield now;
    else if (!gone.has(key)) yield resource;
  }
  yield* written.values();
}

/** What has to change of an estate to make it another one. */
export function changeBetween(before: Estate, after: Estate): Change {
  return {
    writes: [...after.all()].filter((resource) => before.get(resource.id) !== resource),
    deletes: [...before.all()].flatMap(({ id }) => (after.get(id) ? [] : [id])),
  };
}

/** What a plan may look at. */
export interface Read {
  get(id: string): Resource | undefined;
  /** Resources of a type directly below a parent. */
  children(parent: string, type: string): readonly Resource[];
  /** Resources of any type directly below a parent. */
  below(parent: string): readonly Resource[];
  /** Every resource of a type. */
  ofType(type: string): readonly Resource[];
  /** Resources that the given one owns. */
  ownedBy(id: string): readonly Resource[];
  /** Resources whose body names the given one, because they use it. */
  referencing(id: string): readonly Resource[];
  /** Groups that a principal is in, directly or through others: their rights are its rights. */
  groupsOf(objectId: string): readonly string[];
}

/** All resources of one or more subscriptions. */
export class Estate implements Read {
  readonly #resources: Map<IdKey, Resource>;
  readonly #byType = new Map<string, Map<IdKey, Resource>>();
  readonly #byParent = new Map<string, Map<IdKey, Resource>>();
  readonly #byOwner = new Map<string, Map<IdKey, Resource>>();
  readonly #byReference = new Map<string, Map<IdKey, Resource>>();
  #memberships: Memberships = new Map();

  constructor(resources: Iterable<Resource> = []) {
    this.#resources = new Map();
    for (const resource of resources) this.#put(resource);
  }

  get size(): number {
    return this.#resources.size;
  }

  get(id: string): Resource | undefined {
    return this.#resources.get(keyOf(id));
  }

  children(parent: string, type: string): readonly Resource[] {
    return this.below(parent).filter((resource) => sameId(resource.type, type));
  }

  below(parent: string): readonly Resource[] {
    return listed(this.#byParent.get(keyOf(parent)));
  }

  ofType(type: string): readonly Resource[] {
    return listed(this.#byType.get(type.toLowerCase()));
  }

  ownedBy(id: string): readonly Resource[] {
    return listed(this.#byOwner.get(keyOf(id)));
  }

  referencing(id: string): readonly Resource[] {
    return listed(this.#byReference.get(keyOf(id)));
  }

  groupsOf(objectId: string): readonly string[] {
    return this.#memberships.get(objectId.toLowerCase()) ?? [];
  }

  /** Takes over who is in which groups. Azure keeps that in the directory, not in the estate. */
  know(memberships: Memberships): void {
    this.#memberships = memberships;
  }

  /** Every resource, in the order of first writing. */
  all(): IterableIterator<Resource> {
    return this.#resources.values();
  }

  /** Takes a change in. The caller has checked it. */
  apply(change: Change): void {
    for (const id of change.deletes) this.#remove(id);
    for (const resource of change.writes) this.#put(resource);
  }

  /** Returns an independent copy; the resources themselves are shared. */
  fork(): Estate {
    const copy = new Estate(this.#resources.values());
    copy.know(this.#memberships);
    return copy;
  }

  #put(resource: Resource): void {
    const key = keyOf(resource.id);
    const before = this.#resources.get(key);
    this.#resources.set(key, resource);
    const entries = indexEntries(resource);
    if (before) {
      // Kept in place where it stays in the same index, so that lists keep the order of first writing.
      const kept = new Set(entries.map(([kind, at]) => `${kind} ${at}`));
      this.#unindex(before, (kind, at) => !kept.has(`${kind} ${at}`));
    }
    for (const [kind, at] of entries) {
      const index = this.#index(kind);
      const bucket = index.get(at) ?? new Map<IdKey, Resource>();
      bucket.set(key, resource);
      index.set(at, bucket);
    }
  }

  #remove(id: ResourceId): void {
    const before = this.#resources.get(keyOf(id));
    if (!before) return;
    this.#resources.delete(keyOf(id));
    this.#unindex(before);
  }

  #unindex(resource: Resource, which: (kind: IndexKind, at: string) => boolean = () => true): void {
    for (const [kind, at] of indexEntries(resource)) {
      if (!which(kind, at)) continue;
      const index = this.#index(kind);
      const bucket = index.get(at);
      bucket?.delete(keyOf(resource.id));
      if (bucket?.size === 0) index.delete(at);
    }
  }

  #index(kind: IndexKind): Map<string, Map<IdKey, Resource>> {
    switch (kind) {
      case 'type':
        return this.#byType;
      case 'parent':
        return this.#byParent;
      case 'owner':
        return this.#byOwner;
      case 'reference':
        return this.#byReference;
    }
  }
}

type IndexKind = 'type' | 'parent' | 'owner' | 'reference';

function indexEntries(resource: Resource): readonly (readonly [IndexKind, string])[] {
  const entries: [IndexKind, string][] = [
    ['type', resource.type.toLowerCase()],
    ['parent', keyOf(partsOf(resource.id).parent ?? '')],
  ];
  if (resource.owner !== undefined) entries.push(['owner', keyOf(resource.owner)]);
  const named = new Set<IdKey>();
  if (!isRecord(resource)) {
    collectIds(resource.properties, named);
    const users = resource.identity?.['userAssignedIdentities'];
    if (isObject(users)) collectIds(Object.keys(users), named);
  }
  for (const id of named) entries.push(['reference', id]);
  return entries;
}

/** Deployments and role assignments say something about resources; they do not use them. */
function isRecord({ type }: Resource): boolean {
  return /^microsoft\.(?:resources|authorization)\//i.test(type);
}

/** Collects every resource id that a body names. */
function collectIds(value: Json | undefined, into: Set<IdKey>): void {
  if (typeof value === 'string') {
    if (value.startsWith('/subscriptions/')) into.add(keyOf(value));
  } else if (Array.isArray(value)) {
    for (const item of value) collectIds(item, into);
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value as JsonObject)) collectIds(item, into);
  }
}

/** A view of an estate as if changes had been made already: for the later parts of one plan. */
export class Pending implements Read {
  readonly #base: Read;
  /** Undefined: deleted. */
  readonly #changes = new Map<IdKey, Resource | undefined>();
  readonly #drafts = new Map<IdKey, Resource>();
  /** The same by their parent: a body may bring a thousand children, each of which is checked against all others. */
  readonly #draftsBelow = new Map<IdKey, Map<IdKey, Resource>>();
  #undo: (() => void)[] = [];

  constructor(base: Read, drafts: readonly Omit<Resource, 'etag'>[] = []) {
    this.#base = base;
    this.add(drafts);
  }

  add(drafts: readonly Omit<Resource, 'etag'>[]): void {
    for (const draft of drafts) this.#set(draft.id, { ...draft, etag: '' });
  }

  delete(id: string): void {
    this.#set(id, undefined);
  }

  /** What was added and is still there, and what was there and is not any more. */
  changes(): { readonly drafts: readonly Resource[]; readonly deleted: readonly Resource[] } {
    return {
      drafts: [...this.#drafts.values()],
      deleted: [...this.#changes].flatMap(([key, draft]) => (draft ? [] : (this.#base.get(key) ?? []))),
    };
  }

  /** Runs work. Where it throws, what it changed here is undone. */
  attempt(work: () => void): void {
    const outer = this.#undo;
    this.#undo = [];
    try {
      work();
      outer.push(...this.#undo);
    } catch (error) {
      for (const step of this.#undo.toReversed()) step();
      throw error;
    } finally {
      this.#undo = outer;
    }
  }

  get(id: string): Resource | undefined {
    const key = keyOf(id);
    return this.#changes.has(key) ? this.#changes.get(key) : this.#base.get(id);
  }

  children(parent: string, type: string): readonly Resource[] {
    return this.below(parent).filter((resource) => sameId(resource.type, type));
  }

  below(parent: string): readonly Resource[] {
    return [...this.#unchanged(this.#base.below(parent)), ...listed(this.#draftsBelow.get(keyOf(parent)))];
  }

  ofType(type: string): readonly Resource[] {
    return this.#both(this.#base.ofType(type), (r) => sameId(r.type, type));
  }

  ownedBy(id: string): readonly Resource[] {
    return this.#both(this.#base.ownedBy(id), (r) => r.owner !== undefined && sameId(r.owner, id));
  }

  referencing(id: string): readonly Resource[] {
    return this.#both(this.#base.referencing(id), (r) =>
      indexEntries(r).some(([kind, at]) => kind === 'reference' && at === keyOf(id)),
    );
  }

  groupsOf(objectId: string): readonly string[] {
    return this.#base.groupsOf(objectId);
  }

  #set(id: string, resource: Resource | undefined): void {
    const key = keyOf(id);
    const had = this.#changes.has(key);
    const before = this.#changes.get(key);
    this.#undo.push(() => {
      if (had) this.#changes.set(key, before);
      else this.#changes.delete(key);
      this.#remember(key, before);
    });
    this.#changes.set(key, resource);
    this.#remember(key, resource);
  }

  #remember(key: IdKey, draft: Resource | undefined): void {
    const parent = keyOf(partsOf(key).parent ?? '');
    const siblings = this.#draftsBelow.get(parent) ?? new Map<IdKey, Resource>();
    this.#draftsBelow.set(parent, siblings);
    for (const drafts of [this.#drafts, siblings]) {
      if (draft) drafts.set(key, draft);
      else drafts.delete(key);
    }
  }

  #both(base: readonly Resource[], belongs: (resource: Resource) => boolean): readonly Resource[] {
    return [...this.#unchanged(base), ...[...this.#drafts.values()].filter(belongs)];
  }

  #unchanged(base: readonly Resource[]): readonly Resource[] {
    return base.filter((resource) => !this.#changes.has(keyOf(resource.id)));
  }
}

function listed(bucket: Map<IdKey, Resource> | undefined): readonly Resource[] {
  return bucket ? [...bucket.values()] : [];
}
