/**
 * Carrying plans out: commit, then the work that makes a resource real, then its final state. The same steps run
 * behind a PUT, behind a deployment, and offline where nothing has to be made real.
 *
 * @module
 */

import { type Json, type JsonObject, omit } from '../lib/json.ts';
import { ArmError, toArmError } from './error.ts';
import { partsOf, type ResourceId } from './id.ts';
import { type Plane, type Planned, planWrite, providerOf, show, type WriteRequest } from './plane.ts';
import type { Effect } from './provider.ts';
import type { Change, Estate, Resource } from './resource.ts';
import { openEndedOf } from './template/later.ts';
import type { Path, Runtime } from './template/prepare.ts';

/** Who makes changes durable and effects real. */
export interface Host<F> {
  readonly plane: Plane<F>;
  /**
   * Plans against the estate as it will be when everything before is done, makes the change durable, then visible.
   * One at a time: nobody else plans in between. A plan looks at nothing but the plane that it is given, and may be
   * made again. Rejects, and changes nothing, where the plan throws or the change cannot be kept.
   */
  transact<T extends { readonly change: Change }>(plan: (plane: Plane<F>) => T): Promise<T>;
  /** Brings an effect about. Rejects with the reason where it cannot. */
  perform(effect: Effect): Promise<void>;
  /** ISO 8601. */
  now(): string;
  /**
   * Is told of every resource that a template writes, once that was tried. Answers whether the deployment goes on
   * after a refusal. Absent: it does not.
   */
  readonly follow?: (written: WrittenResource) => boolean;
  /**
   * Reports whether a resource is declared of which nobody knows what it will answer: `reference()` and `list*()` then
   * tell that a value is known only after deployment. Absent: there is none, and what cannot be answered is refused.
   */
  readonly later?: (id: string) => boolean;
  /** Whoever has a say in what clients write. A deployment is judged once, by how it would end. */
  readonly guard?: Guard | undefined;
}

/** Judges changes before they are kept. */
export interface Guard {
  /** Throws ArmError where the change is not to be. */
  check(before: Estate, change: Change): void;
}

/** A resource of a template, as it was written. */
export interface WrittenResource {
  readonly request: WriteRequest;
  /** Where it is declared. */
  readonly path: Path;
  readonly refusal: ArmError | undefined;
}

/** A host that keeps nothing: changes go to its own copy of an estate, effects have no effect. */
export function rehearsalOf<F>(plane: Plane<F>, now: () => string): Host<F> {
  const copy: Plane<F> = { ...plane, estate: plane.estate.fork() };
  return {
    plane: copy,
    transact: async (plan) => {
      const planned = plan(copy);
      copy.estate.apply(planned.change);
      return planned;
    },
    perform: async () => {},
    now,
  };
}

/** Plans a write, commits it and sees its effects through. */
export async function write<F>(host: Host<F>, request: WriteRequest): Promise<Planned> {
  const planned = await host.transact((plane) => planWrite(plane, request));
  await settle(host, planned.then);
  return planned;
}

/** Performs effects and writes the state in which each leaves its resource. Throws the first failure. */
export async function settle<F>(host: Host<F>, effects: readonly Effect[]): Promise<void> {
  for (const effect of effects) {
    try {
      await host.perform(effect);
      await setState(host, effect.resource, 'Succeeded');
    } catch (error) {
      await setState(host, effect.resource, 'Failed');
      throw error instanceof ArmError
        ? error
        : new ArmError('UserError', messageOf(error), { target: effect.resource });
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : toArmError(error).message;
}

async function setState<F>(host: Host<F>, id: ResourceId, provisioningState: string): Promise<void> {
  await host.transact(({ estate }) => {
    const resource = estate.get(id);
    if (!resource || resource.properties['provisioningState'] === provisioningState)
      return { change: nothing };
    const properties = { ...resource.properties, provisioningState };
    return { change: { writes: [Object.freeze({ ...resource, properties })], deletes: [] } };
  });
}

const nothing: Change = { writes: [], deletes: [] };

/** What `reference()` and `list*()` of a template ask, answered from an estate. */
export function runtimeOf<F>({ plane, now, later }: Pick<Host<F>, 'plane' | 'now' | 'later'>): Runtime {
  const find = (id: string): Resource => {
    const resource = plane.estate.get(id);
    if (resource) return resource;
    const { type, name } = partsOf(id);
    throw new ArmError(
      'ResourceNotFound',
      `reference() asks for ${type} '${name}', which does not exist. Add it to the template, or to dependsOn if it is there.`,
      { target: id },
    );
  };
  const told = (id: string, full: boolean): JsonObject => {
    const shown = show(plane, find(id));
    if (!full) return (shown['properties'] ?? {}) as JsonObject;
    const { subscription, resourceGroup } = partsOf(id);
    return {
      ...omit(shown, 'etag'),
      resourceId: id,
      subscriptionId: subscription,
      ...(resourceGroup === undefined ? {} : { resourceGroupName: resourceGroup }),
    } as JsonObject;
  };
  return {
    reference: (id, full) => {
      if (!later?.(id)) return told(id, full);
      const known = plane.estate.get(id) ? told(id, full) : {};
      return openEndedOf(known, partsOf(id).name);
    },
    list: (action, id, body): Json => {
      if (later?.(id)) return openEndedOf({}, `${action}(${partsOf(id).name})`);
      const resource = find(id);
      const { actions = {} } = providerOf(plane, resource.type);
      const found = Object.entries(actions).find(
        ([name]) => name.toLowerCase() === action.toLowerCase(),
      )?.[1];
      if (!found)
        throw new ArmError('NotSupported', `${action}() of ${resource.type} is not supported by Cloister.`, {
          target: id,
        });
      const result = found.run(
        { resource, body: (body ?? {}) as JsonObject, settings: plane.settings, now: now() },
        plane.estate,
      );
      return 'body' in result ? (result.body ?? {}) : {};
    },
  };
}
