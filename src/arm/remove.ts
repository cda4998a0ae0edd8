/**
 * Planning deletions: the resource, what is below it, what it owns, and what goes along because of it. All of that,
 * or, where one part refuses, nothing.
 *
 * @module
 */

import { isInScope } from '../lib/rights.ts';
import { actionOn, authorize, type Caller } from './caller.ts';
import { ArmError } from './error.ts';
import { type IdParts, keyOf, resourceGroupType, sameId } from './id.ts';
import {
  checkGroup,
  checkSubscription,
  finish,
  notFound,
  type Plane,
  type Planned,
  providerOf,
} from './plane.ts';
import type { Effect } from './provider.ts';
import { Pending, type Resource } from './resource.ts';

/** Plans a deletion. Undefined: there was nothing to delete. */
export function planRemoval<F>(
  plane: Plane<F>,
  id: IdParts,
  caller: Caller,
  now: string,
): Planned | undefined {
  const { estate } = plane;
  checkSubscription(plane, id);
  const provider = providerOf(plane, id.type);
  authorize(estate, caller, actionOn(provider.type, 'delete'), id.id);
  checkGroup(plane, id);
  const resource = estate.get(id.id);
  if (!resource) {
    if (sameId(id.type, resourceGroupType)) throw notFound(id.id);
    return undefined;
  }
  const removal = new Removal(plane, now);
  if (sameId(id.type, resourceGroupType)) removal.takeAll(contentsOf(plane, resource));
  removal.take(resource);
  return removal.planned();
}

/** Everything in a resource group, however deep. */
function contentsOf<F>(plane: Plane<F>, group: Resource): readonly Resource[] {
  return [...plane.estate.all()].filter((item) => item !== group && isInScope(item.id, group.id));
}

function together(errors: readonly ArmError[]): ArmError {
  const said = errors.map((error) => error.message).join(' ');
  return new ArmError('CannotDeleteResource', `${errors.length} resources cannot be deleted. ${said}`, {
    details: errors,
  });
}

class Removal<F> {
  readonly #plane: Plane<F>;
  readonly #now: string;
  readonly #work: Pending;
  readonly #effects = new Map<string, readonly Effect[]>();

  constructor(plane: Plane<F>, now: string) {
    this.#plane = plane;
    this.#now = now;
    this.#work = new Pending(plane.estate);
  }

  /** Takes a resource with everything that goes along. Throws, and takes nothing, where one part refuses. */
  take(target: Resource): void {
    this.#work.attempt(() => this.#take(target.id));
  }

  /** Takes resources in whatever order their refusals allow. */
  takeAll(targets: readonly Resource[]): void {
    let left = targets;
    while (left.length > 0) {
      const errors: ArmError[] = [];
      const refused = left.filter((target) => {
        try {
          this.take(target);
          return false;
        } catch (error) {
          if (!(error instanceof ArmError)) throw error;
          errors.push(error);
          return true;
        }
      });
      const [only, ...more] = errors;
      if (only && refused.length === left.length) throw more.length === 0 ? only : together(errors);
      left = refused;
    }
  }

  planned(): Planned {
    const { drafts, deleted } = this.#work.changes();
    const change = finish(this.#plane.estate, { writes: drafts.map(({ etag: _, ...draft }) => draft) });
    return {
      change: { writes: change.writes, deletes: deleted.map((gone) => gone.id) },
      then: deleted.flatMap((gone) => this.#effects.get(keyOf(gone.id)) ?? []),
      resource: undefined,
      created: false,
    };
  }

  #take(id: string): void {
    const target = this.#work.get(id);
    if (!target) return;
    const plan = providerOf(this.#plane, target.type).remove?.(target, this.#work, this.#now);
    this.#work.delete(target.id);
    this.#work.add(plan?.writes ?? []);
    this.#effects.set(keyOf(target.id), plan?.then ?? []);
    const { estate } = this.#plane;
    const along = [...estate.ownedBy(target.id), ...estate.below(target.id)].map((item) => item.id);
    for (const next of [...(plan?.deletes ?? []), ...along]) this.#take(next);
  }
}
