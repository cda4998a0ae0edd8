/**
 * The control plane as functions: a request and an estate in, a change to commit out. Nothing is changed here.
 *
 * @module
 */

import { equalJson, isObject, type Json, type JsonObject, omit } from '../lib/json.ts';
import { actionOn, authorize, authorizeLinked, type Caller } from './caller.ts';
import { ArmError } from './error.ts';
import {
  composeId,
  groupId,
  type IdParts,
  partsOf,
  type ResourceId,
  resourceGroupType,
  sameId,
  subscriptionType,
} from './id.ts';
import {
  type AnyProvider,
  type Draft,
  type Effect,
  type Envelope,
  type Plan,
  type Put,
  type Registry,
  type Settings,
  type Surface,
  store,
} from './provider.ts';
import type { Change, Estate, Read, Resource } from './resource.ts';
import * as shape from './shape.ts';

/** What requests are planned against. */
export interface Plane<F> {
  readonly registry: Registry<F>;
  readonly estate: Estate;
  readonly settings: Settings;
}

/** A write as it was asked for. */
export interface WriteRequest {
  readonly id: IdParts;
  readonly body: Json;
  readonly apiVersion: string;
  readonly caller: Caller;
  readonly now: string;
  /** Members that are absent stay as they are (PATCH). */
  readonly merge?: boolean;
  readonly rehearsed?: Read;
  readonly surface?: Surface;
}

/** A change that was found right, ready to be committed. */
export interface Planned {
  readonly change: Change;
  readonly then: readonly Effect[];
  /** The resource that was asked for; undefined after a deletion. */
  readonly resource: Resource | undefined;
  readonly created: boolean;
}

/** Marks what is only stored. Clients send it back with the rest of what they got. */
const unmodelled = 'x-cloister-unmodelled';

const envelope = shape.object({
  location: shape.text,
  tags: shape.mapOf(shape.text),
  identity: shape.freeForm,
  sku: shape.freeForm,
  kind: shape.text,
  zones: shape.list(shape.text),
  plan: shape.freeForm,
  properties: shape.any,
  ...shape.opaque('extendedLocation', 'managedBy', 'scale', 'comments', 'apiVersion'),
  ...shape.served('id', 'name', 'type', 'etag', 'systemData', unmodelled),
});

/** Returns the provider of a type, or refuses the type by name. */
export function providerOf<F>(plane: Plane<F>, type: string): AnyProvider<F> {
  const provider = plane.registry.find(type);
  if (provider) return provider;
  const message = `The resource type '${type}' is not supported by Cloister. README.md lists the types that are.`;
  throw new ArmError('InvalidResourceType', message, { target: type });
}

/** Plans a PUT or a PATCH. */
export function planWrite<F>(plane: Plane<F>, request: WriteRequest): Planned {
  const { estate, settings } = plane;
  checkSubscription(plane, request.id);
  const provider = providerOf(plane, request.id.type);
  authorize(estate, request.caller, actionOn(provider.type, 'write'), request.id.id);
  const id = canonical(plane, provider, request.id);
  const before = estate.get(id.id);
  if (request.merge && !before) throw notFound(id.id);
  const given = request.merge && before ? merged(before, request.body) : request.body;
  const { properties, ...checked } = envelope.check(given, '$');
  const outer: Envelope = omit(checked, 'extendedLocation', 'managedBy', 'scale', 'comments', 'apiVersion');
  if (provider.located && outer.location === undefined) {
    const message = `The location property is required for '${id.id}'.`;
    throw new ArmError('LocationRequired', message, { target: 'location' });
  }
  const envelopeOfPut = located(outer);
  checkLocation(envelopeOfPut, before);
  const put: Put = {
    id,
    envelope: envelopeOfPut,
    properties: provider.properties.check(properties ?? {}, 'properties'),
    before,
    apiVersion: request.apiVersion,
    caller: request.caller,
    settings,
    now: request.now,
    rehearsed: request.rehearsed,
    surface: request.surface,
  };
  const on = { action: actionOn(provider.type, 'write'), scope: id.id };
  for (const right of provider.linked?.(put, estate) ?? [])
    authorizeLinked(estate, request.caller, on, right);
  const plan = provider.put?.(put, estate) ?? { writes: [store(put)] };
  const above = provider.impliedParent ? impliedParent(plane, id) : [];
  const change = finish(estate, { ...plan, writes: [...above, ...plan.writes] });
  const resource = change.writes.find((write) => sameId(write.id, id.id)) ?? estate.get(id.id);
  return { change, then: plan.then ?? [], resource, created: before === undefined };
}

/** The body that a client sees. */
export function show<F>(plane: Plane<F>, resource: Resource): JsonObject {
  const provider = providerOf(plane, resource.type);
  const properties = provider.show?.(resource, plane.estate, plane.settings) ?? resource.properties;
  const mark = provider.level === 'stored' ? { [unmodelled]: true } : {};
  return { ...omit(resource, 'owner'), properties, ...mark } as JsonObject;
}

/** The error for something that is not there. */
export function notFound(id: string): ArmError {
  const { type, name, resourceGroup } = partsOf(id);
  if (sameId(type, resourceGroupType)) {
    return new ArmError('ResourceGroupNotFound', `Resource group '${name}' could not be found.`);
  }
  return new ArmError(
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${resourceGroup ?? '<null>'}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

/** The draft of a parent that comes into being with its first child. */
function impliedParent<F>(plane: Plane<F>, { parent }: IdParts): Draft[] {
  if (parent === undefined || plane.estate.get(parent)) return [];
  const { name, type } = partsOf(parent);
  return [{ id: parent, name, type, properties: { provisioningState: 'Succeeded' } }];
}

/** The id in the registry's spelling, or in that of the resource itself, below parents that exist. */
function canonical<F>(plane: Plane<F>, provider: AnyProvider<F>, id: IdParts): IdParts {
  const { estate, settings } = plane;
  const stored = estate.get(id.id);
  if (stored) return { ...id, ...partsOf(stored.id), type: provider.type };
  if (sameId(id.type, resourceGroupType)) {
    return { ...id, type: provider.type, id: groupId(settings.subscription, id.name) };
  }
  const parent = id.parent ?? (`/subscriptions/${settings.subscription}` as ResourceId);
  const above = partsOf(parent);
  const isChild = provider.type.split('/').length > 2;
  const found = estate.get(parent) ?? (provider.impliedParent ? impliedIn(estate, parent) : undefined);
  const isSubscription = sameId(above.type, subscriptionType);
  if (!found && !isSubscription) {
    checkGroup(plane, above);
    throw new ArmError(
      'ParentResourceNotFound',
      `Failed to perform 'write' on resource(s) of type '${provider.type}', because the parent resource '${parent}' could not be found.`,
    );
  }
  const isExtension = provider.scope !== undefined;
  if (!isExtension && !isChild && !sameId(above.type, resourceGroupType)) {
    const message = `'${provider.type}' must be in a resource group.`;
    throw new ArmError('InvalidRequestContent', message, { target: id.id });
  }
  const base = found?.id ?? parent;
  const segments = provider.type.split('/');
  const full = isChild ? `${base}/${segments.at(-1)}/${id.name}` : composeId(base, provider.type, [id.name]);
  return { ...id, type: provider.type, id: full as ResourceId, parent: base };
}

/** Refuses what lies in another subscription. */
export function checkSubscription<F>(plane: Plane<F>, id: IdParts): void {
  if (sameId(id.subscription, plane.settings.subscription)) return;
  throw new ArmError('SubscriptionNotFound', `The subscription '${id.subscription}' could not be found.`);
}

/** Refuses what lies in a resource group that is not there. */
export function checkGroup<F>(plane: Plane<F>, id: IdParts): void {
  if (id.resourceGroup === undefined) return;
  const group = groupId(id.subscription, id.resourceGroup);
  if (!plane.estate.get(group)) throw notFound(group);
}

/** A parent that is not there yet stands in for itself, if what is above it is there. */
function impliedIn(estate: Estate, parent: ResourceId): { readonly id: ResourceId } | undefined {
  const above = partsOf(parent).parent;
  const found = above === undefined ? undefined : estate.get(above);
  const [type, name] = parent.split('/').slice(-2);
  return found && { id: `${found.id}/${type}/${name}` as ResourceId };
}

function located(outer: Envelope): Envelope {
  if (outer.location === undefined) return outer;
  return { ...outer, location: outer.location.toLowerCase().replaceAll(' ', '') };
}

/** A resource stays where it was made. */
function checkLocation({ location }: Envelope, before: Resource | undefined): void {
  if (before?.location === undefined || location === undefined || before.location === location) return;
  const isGroup = sameId(before.type, resourceGroupType);
  throw new ArmError(
    isGroup ? 'InvalidResourceGroupLocation' : 'InvalidResourceLocation',
    isGroup
      ? `Invalid resource group location '${location}'. The Resource group already exists in location '${before.location}'.`
      : `The resource '${before.name}' already exists in location '${before.location}' in resource group '${partsOf(before.id).resourceGroup}'. A resource with the same name cannot be created in location '${location}'. Please select a new resource name.`,
    { target: 'location' },
  );
}

/** Gives drafts their etags; a draft that changes nothing is the resource that was there. */
export function finish(read: Read, plan: Plan): Change {
  const writes = plan.writes.map((draft): Resource => {
    const before = read.get(draft.id);
    if (
      before &&
      equalJson({ ...before, etag: '' } as unknown as Json, { ...draft, etag: '' } as unknown as Json)
    ) {
      return before;
    }
    return Object.freeze({ ...draft, etag: etagOf(draft) });
  });
  return { writes: writes.filter((write) => read.get(write.id) !== write), deletes: plan.deletes ?? [] };
}

/** A weak validator from the content, so that equal states have equal tags on every machine. */
function etagOf(draft: Draft): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  const text = JSON.stringify(draft);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  return `W/"${(a >>> 0).toString(16).padStart(8, '0')}${(b >>> 0).toString(16).padStart(8, '0')}"`;
}

/** JSON merge patch (RFC 7396) of the members that a client may write. */
function merged(before: Resource, patch: Json): Json {
  if (!isObject(patch)) throw new ArmError('InvalidRequestContent', 'The body of a PATCH must be an object.');
  // What a provider keeps for itself it takes over from the resource as it was.
  const own = Object.entries(before.properties).filter(([name]) => !name.startsWith('x-cloister-'));
  const target = {
    ...omit(before, 'id', 'name', 'type', 'etag', 'owner'),
    properties: Object.fromEntries(own),
  };
  return mergePatch(target as unknown as JsonObject, patch);
}

function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const out: Record<string, Json | undefined> = { ...target };
  const spelled = new Map(Object.keys(target).map((name) => [name.toLowerCase(), name]));
  for (const [given, value] of Object.entries(patch)) {
    const name = spelled.get(given.toLowerCase()) ?? given;
    const old = out[name];
    if (value === null) delete out[name];
    else out[name] = isObject(value) ? mergePatch(isObject(old) ? old : {}, value) : value;
  }
  return out;
}
