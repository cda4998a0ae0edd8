/**
 * A resource as the control plane stores it, and the estate that holds them all.
 *
 * @module
 */

import type { JsonObject } from '../lib/json.ts';
import { type IdKey, keyOf, partsOf, type ResourceId, type ResourceType } from './id.ts';

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

/** What a plan may look at. */
export interface Read {
  get(id: string): Resource | undefined;
  /** Resources of a type directly below a parent, by name. */
  children(parent: string, type: string): readonly Resource[];
  /** Every resource of a type. */
  ofType(type: string): readonly Resource[];
  /** Resources that the given one owns. */
  ownedBy(id: string): readonly Resource[];
}

/** All resources of one or more subscriptions. */
export class Estate implements Read {
  readonly #resources: Map<IdKey, Resource>;
  readonly #byType = new Map<string, Map<IdKey, Resource>>();
  readonly #byParent = new Map<string, Map<IdKey, Resource>>();
  readonly #byOwner = new Map<string, Map<IdKey, Resource>>();

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
    return listed(this.#byParent.get(`${type} ${parent}`.toLowerCase()));
  }

  ofType(type: string): readonly Resource[] {
    return listed(this.#byType.get(type.toLowerCase()));
  }

  ownedBy(id: string): readonly Resource[] {
    return listed(this.#byOwner.get(keyOf(id)));
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
    return new Estate(this.#resources.values());
  }

  #put(resource: Resource): void {
    const key = keyOf(resource.id);
    const before = this.#resources.get(key);
    // Left in place where it stays in the same indexes, so that lists keep the order of first writing.
    if (before && before.owner !== resource.owner) this.#unindex(before);
    this.#resources.set(key, resource);
    for (const [index, at] of this.#indexes(resource)) {
      let bucket = index.get(at);
      if (!bucket) index.set(at, (bucket = new Map()));
      bucket.set(key, resource);
    }
  }

  #remove(id: ResourceId): void {
    const before = this.#resources.get(keyOf(id));
    if (!before) return;
    this.#resources.delete(keyOf(id));
    this.#unindex(before);
  }

  #unindex(resource: Resource): void {
    for (const [index, at] of this.#indexes(resource)) {
      const bucket = index.get(at);
      bucket?.delete(keyOf(resource.id));
      if (bucket?.size === 0) index.delete(at);
    }
  }

  #indexes(resource: Resource): [Map<string, Map<IdKey, Resource>>, string][] {
    const type = resource.type.toLowerCase();
    const parent = partsOf(resource.id).parent ?? '';
    return [
      [this.#byType, type],
      [this.#byParent, `${type} ${parent.toLowerCase()}`],
      ...(resource.owner === undefined
        ? []
        : [[this.#byOwner, keyOf(resource.owner)] as [Map<string, Map<IdKey, Resource>>, string]]),
    ];
  }
}

function listed(bucket: Map<IdKey, Resource> | undefined): readonly Resource[] {
  return bucket ? [...bucket.values()] : [];
}
