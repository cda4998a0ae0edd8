/**
 * The contract that a resource type implements. Everything in it is pure: a request and a view of the estate go
 * in, a plan comes out, and the whole plan is one transaction.
 *
 * `F` is what a provider says about a resource to whoever compiles a network from it. This layer never looks
 * inside.
 *
 * @module
 */

import type { Brand } from '../lib/brand.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { Caller } from './caller.ts';
import type { IdParts, ResourceId, ResourceType } from './id.ts';
import type { Read, Resource } from './resource.ts';
import type { Of, Shape } from './shape.ts';

/** How far a type is understood. README's table of limits is generated from this. */
export type Level = 'modelled' | 'stored';

/** What is the same for every request. Nothing here is read from a clock or a random source. */
export interface Settings {
  readonly subscription: string;
  readonly subscriptionName: string;
  readonly tenant: string;
  /** Location of a resource group that a deployment has to invent. */
  readonly location: string;
  /** A secret of this installation for a purpose; the same for the same purpose. */
  readonly secret: (purpose: string) => string;
}

/** A data plane that writes resources: version 1 of the machine-learning SDK registers models at the workspace. */
export type Surface = 'workspace';

/** A write that passed the shape, before it is planned. */
export interface Put<P extends JsonObject = JsonObject> {
  readonly id: IdParts;
  readonly envelope: Envelope;
  readonly properties: P;
  readonly before: Resource | undefined;
  readonly apiVersion: string;
  readonly caller: Caller;
  readonly settings: Settings;
  /** ISO 8601. */
  readonly now: string;
  /** What a rehearsal of the same deployment wrote here: addresses that it gave out are asked for again. */
  readonly rehearsed: Read | undefined;
  /** Undefined at the control plane itself. */
  readonly surface: Surface | undefined;
}

/** Everything of a body but its properties. */
export type Envelope = Pick<Resource, 'location' | 'tags' | 'identity' | 'sku' | 'kind' | 'zones' | 'plan'>;

/** A resource without what the engine fills in. */
export type Draft = Omit<Resource, 'etag'>;

/** What is to be done. */
export interface Plan {
  readonly writes: readonly Draft[];
  readonly deletes?: readonly ResourceId[];
  /** Work that begins after the commit; until it is done the resource is not ready. */
  readonly then?: readonly Effect[];
}

/** Work outside the estate that makes a resource real. It is idempotent: it brings about what is stored. */
export interface Effect {
  /**
   * `serve`: run replicas as stored. `furnish`: make the containers that a workspace counts on. `forget`: drop the
   * content of a storage account that is gone. `analyse`: work out what a run of a network verifier finds. `run`: queue a
   * job, or end one that is to be cancelled or is gone.
   */
  readonly kind: 'serve' | 'furnish' | 'forget' | 'analyse' | 'run';
  readonly resource: ResourceId;
}

/** Effects that take so long that a client is answered before they are done. */
export const lengthy: ReadonlySet<Effect['kind']> = new Set(['serve']);

/** A right on another resource that an operation needs (`subnets/join/action`). */
export interface LinkedRight {
  readonly action: string;
  readonly scope: string;
}

/** A POST on a resource. */
export interface Action {
  /** Right that the caller needs, below the type (`listKeys/action`). */
  readonly right: string;
  /** It may be asked of what is not there yet, below something that is (where to upload a version to). */
  readonly ahead?: true;
  readonly run: (call: ActionCall, read: Read) => ActionResult;
}

/** What an action is called with. */
export interface ActionCall {
  readonly resource: Resource;
  readonly body: JsonObject;
  readonly settings: Settings;
  readonly now: string;
}

/** What an action answers; writes are committed before the answer is given. */
export type ActionResult =
  | {
      readonly body: JsonObject | undefined;
      readonly writes?: readonly Draft[];
      readonly then?: readonly Effect[];
    }
  | {
      readonly ask: Question;
      /** The body that the answer is told in; the answer itself where this is absent. */
      readonly as?: (answer: Json) => JsonObject;
    };

/** What the facts of all providers come to together. This layer carries it to the provider that asks, and never looks inside. */
export type Meaning = Brand<object, 'Meaning'>;

/** What an action asks that is not in the estate itself. */
export type Question =
  | {
      readonly kind: 'meaning';
      /** Throws ArmError where the answer is a refusal. */
      readonly of: (meaning: Meaning) => JsonObject;
    }
  | RunningQuestion;

/** What only the running side knows. */
export type RunningQuestion =
  | {
      readonly kind: 'logs';
      readonly resource: ResourceId;
      /** How many lines at most. */
      readonly tail: number;
    }
  | {
      /** A text that lets in to a container for an hour, as a query; the container is made if need be. */
      readonly kind: 'pass';
      /** The workspace that hands it out. */
      readonly workspace: ResourceId;
      /** The storage account. */
      readonly account: ResourceId;
      readonly container: string;
    };

/** Reads a member of a query. */
export type ListQuery = (name: string) => string | null;

/** How one resource type behaves. */
export interface Provider<F, P extends JsonObject = JsonObject> {
  readonly type: ResourceType;
  readonly level: Level;
  /** The envelope needs a location. */
  readonly located: boolean;
  readonly properties: Shape<P>;
  /** Status of a first PUT where it is not 201 (a storage account: 200). */
  readonly created?: 200 | 201;
  /** Status of a PUT over what is there where it is not 200: clients of roles take 201 alone. */
  readonly updated?: 200 | 201;
  /** A DELETE answers with what was there: clients of roles read it. */
  readonly removedIsShown?: true;
  /** Where the type may stand; a child's parent must exist. Default: a resource group, or below its parent type. */
  readonly scope?: 'subscription' | 'any';
  /** The parent comes into being with its first child (a model with its first version). */
  readonly impliedParent?: true;
  readonly put?: (put: Put<P>, read: Read) => Plan;
  /** Refuses (by throwing) or names what goes along beyond children and owned resources. */
  readonly remove?: (resource: Resource, read: Read, now: string) => Plan;
  /** Properties as a GET shows them, where they are more than what is stored. */
  readonly show?: (resource: Resource, read: Read, settings: Settings) => JsonObject;
  /** Which of a collection a query asks for, and in which order. Default: all. */
  readonly list?: (found: readonly Resource[], query: ListQuery) => readonly Resource[];
  readonly actions?: Readonly<Record<string, Action>>;
  /** Says what is wrong with a name; for types whose names are host names, and so one space all over Azure. */
  readonly hostName?: (name: string) => string | undefined;
  readonly linked?: (put: Put<P>, read: Read) => readonly LinkedRight[];
  /** Read-only collections or singletons below the resource (`privateLinkResources`). */
  readonly views?: Readonly<Record<string, (resource: Resource, read: Read) => readonly JsonObject[]>>;
  readonly facts?: (resource: Resource) => readonly F[];
}

/** A provider of any properties, as the registry holds it. */
export type AnyProvider<F> = Provider<F>;

/** Properties of a stored resource, typed by the shape that they went through when they were written. */
export function propertiesOf<S extends Shape<JsonObject>>(_shape: S, resource: Resource): Of<S> {
  return resource.properties as Of<S>;
}

/** The plan that stores a resource as it was asked for. */
export function store(put: Put, properties: JsonObject = put.properties): Draft {
  return {
    id: put.before?.id ?? put.id.id,
    name: put.before?.name ?? put.id.name,
    type: put.id.type,
    ...put.envelope,
    properties: { provisioningState: 'Succeeded', ...properties },
  };
}

/** The types that an estate may hold, found without case. */
export class Registry<F> {
  readonly #providers: ReadonlyMap<string, AnyProvider<F>>;

  constructor(providers: readonly AnyProvider<F>[]) {
    this.#providers = new Map(providers.map((provider) => [provider.type.toLowerCase(), provider]));
    if (this.#providers.size !== providers.length) throw new Error('a resource type is registered twice');
  }

  find(type: string): AnyProvider<F> | undefined {
    return this.#providers.get(type.toLowerCase());
  }

  all(): readonly AnyProvider<F>[] {
    return [...this.#providers.values()];
  }
}
