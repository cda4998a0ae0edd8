/**
 * Opening files to see everything that is wrong with them: a write that the control plane refuses is taken in all the
 * same, as it was asked for, so that one fault does not hide the others.
 *
 * @module
 */

import type { WrittenResource } from '../arm/apply.ts';
import type { ArmError } from '../arm/error.ts';
import { keyOf, partsOf, type ResourceId } from '../arm/id.ts';
import type { Plane, WriteRequest } from '../arm/plane.ts';
import type { Resource } from '../arm/resource.ts';
import { hasLater } from '../arm/template/later.ts';
import { asText, isObject, type Json, type JsonObject, member } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';
import type { Linked } from '../net/link.ts';
import { networkOf } from '../providers/network-of.ts';
import { registry } from '../providers/registry.ts';
import { type Onlooker, type Opened, type OpenOptions, openSources } from './open.ts';
import type { Source } from './source.ts';

/** A resource and the place in a template that declares it last. */
export interface Declaration {
  readonly id: ResourceId;
  readonly apiVersion: string;
  readonly source: Source;
  /** `['resources', 3]`; the resources of a copy loop share one. */
  readonly path: readonly (string | number)[];
  readonly body: Json;
  readonly refusal: ArmError | undefined;
  /** The refusal is about what Cloister does not have, and not about the template. */
  readonly limit: boolean;
}

/** An estate with everything that its templates declare, and where. */
export interface Survey extends Opened {
  /** By `keyOf(id)`. */
  readonly declarations: ReadonlyMap<string, Declaration>;
}

/** Opens sources, refused resources included. Throws InputError only where a template itself cannot be used. */
export async function survey(sources: readonly Source[], options: OpenOptions = {}): Promise<Survey> {
  const declarations = new Map<string, Declaration>();
  const beyond = new Set<string>();
  const opaque: Fact[] = [];
  const follow: Onlooker['follow'] = ({ request, path, refusal }, source, plane) => {
    const { id } = request.id;
    const known = refusal ? declarations.get(keyOf(id)) : undefined;
    const { apiVersion, body } = request;
    const limit = refusal !== undefined && isLimit(request, refusal, beyond);
    if (limit) beyond.add(keyOf(id));
    const refused = refusal ?? known?.refusal;
    declarations.set(keyOf(id), { id, apiVersion, source, path, body, refusal: refused, limit });
    if (!refusal) return true;
    const taken = !limit && takeIn({ request, path, refusal }, plane);
    if (!taken) opaque.push({ kind: 'opaque', id, type: request.id.type, place: undefined });
    return true;
  };
  // What was refused is as it was asked for: whatever Azure would have added is missing.
  const later: Onlooker['later'] = (id, estate) =>
    declarations.get(keyOf(id))?.refusal !== undefined ||
    (estate.get(id) !== undefined && registry.find(partsOf(id).type)?.level === 'stored');
  const opened = await openSources(sources, options, { onlooker: { follow, later } });
  const written = [...declarations.values()].flatMap(writtenFacts);
  const linked: Linked = networkOf(opened.estate, [...opened.beside, ...opaque, ...written]);
  return { ...opened, linked, declarations };
}

/** What Cloister does not have: a type, or a case of one. */
const limits: ReadonlySet<string> = new Set(['InvalidResourceType', 'NotSupported']);

/**
 * Reports whether a refusal says nothing about the template: Cloister does not have the thing itself, or what it stands
 * below or needs, or a value of it is known only after deployment.
 */
function isLimit({ id, body }: WriteRequest, refusal: ArmError, beyond: ReadonlySet<string>): boolean {
  if (limits.has(refusal.code) || hasLater(refusal.message)) return true;
  if (id.parent !== undefined && beyond.has(keyOf(id.parent))) return true;
  const text = JSON.stringify(body).toLowerCase();
  return refusal.code === 'InvalidResourceReference' && [...beyond].some((key) => text.includes(`"${key}`));
}

/** Stores a refused resource as it was asked for. Answers whether its provider can make facts of it. */
function takeIn({ request }: WrittenResource, plane: Plane<Fact>): boolean {
  const provider = registry.find(request.id.type);
  if (!provider || !isObject(request.body)) return false;
  const { id, name } = request.id;
  const { properties, location, identity, sku, kind, tags } = request.body;
  const place = asText(location)?.toLowerCase().replaceAll(' ', '');
  const resource: Resource = Object.freeze({
    id,
    name,
    type: provider.type,
    etag: 'W/"refused"',
    ...(place === undefined ? {} : { location: place }),
    ...(isObject(identity) ? { identity } : {}),
    ...(isObject(sku) ? { sku } : {}),
    ...(isObject(tags) ? { tags } : {}),
    ...(asText(kind) === undefined ? {} : { kind: asText(kind) as string }),
    properties: isObject(properties) ? properties : {},
  });
  try {
    provider.facts?.(resource);
  } catch {
    // What the shape refused may be anything: a provider owes no answer about it, and it is told as it was refused.
    return false;
  }
  plane.estate.apply({ writes: [resource], deletes: [] });
  return true;
}

function writtenFacts({ id, apiVersion, body, refusal, limit }: Declaration): Fact[] {
  const { type } = partsOf(id);
  const given = pathsOf(member(body, 'properties'));
  const written: Fact = { kind: 'written', id, type, apiVersion, given };
  if (!refusal || limit) return [written];
  const { code, message, target } = refusal;
  return [written, { kind: 'refused', id, type, code, message, target }];
}

/** Paths of the members of an object, with dots; items of a list by their names (`subnets[training].properties`). */
function pathsOf(value: Json | undefined, above = ''): string[] {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).flatMap((item) => {
      const name = asText(member(item, 'name'));
      return name === undefined ? [] : pathsOf(item, `${above.slice(0, -1)}[${name}].`);
    });
  }
  if (!isObject(value)) return [];
  return Object.entries(value as JsonObject).flatMap(([name, inner]) => [
    `${above}${name}`,
    ...pathsOf(inner, `${above}${name}.`),
  ]);
}
