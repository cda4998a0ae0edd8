/**
 * Collections: a type below a scope, all resources, subscriptions, and the read-only views of a resource.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';
import { isInScope } from '../../lib/rights.ts';
import { actionOn, authorize } from '../caller.ts';
import { ArmError } from '../error.ts';
import { parseId, partsOf, resourceGroupType, sameId } from '../id.ts';
import { checkGroup, checkSubscription, notFound, type Plane, providerOf, show } from '../plane.ts';
import { builtInRoles } from '../roles.ts';
import { roleBody, subscriptionBody } from './bodies.ts';
import { machineImages } from './images.ts';
import { isListed } from './reach.ts';
import type { ArmAnswer, ArmRequest } from './request.ts';

/** Answers a GET of a collection; undefined where the path names a single resource. */
export function listing<F>(plane: Plane<F>, request: ArmRequest, path: string): ArmAnswer | undefined {
  const lower = path.toLowerCase();
  const root = `/subscriptions/${plane.settings.subscription}`.toLowerCase();
  if (lower === '/subscriptions') return values([subscriptionBody(plane.settings)]);
  if (lower === '/tenants') {
    return values([
      { id: `/tenants/${plane.settings.tenant}`, tenantId: plane.settings.tenant, displayName: 'Cloister' },
    ]);
  }
  if (lower === `${root}/resourcegroups`) {
    authorize(plane.estate, request.caller, actionOn(resourceGroupType, 'read'), root);
    return values(plane.estate.ofType(resourceGroupType).map((group) => show(plane, group)));
  }
  const images = machineImages(path);
  if (images !== undefined && lower.startsWith(`${root}/`)) return { status: 200, body: images };
  const everything = /^(\/subscriptions\/[^/]+(?:\/resourcegroups\/[^/]+)?)\/resources$/.exec(lower);
  if (everything?.[1] !== undefined) return allResources(plane, request, everything[1]);
  const segments = path.split('/').slice(1);
  const provider = segments.map((part) => part.toLowerCase()).lastIndexOf('providers');
  if (provider < 0 || (segments.length - provider) % 2 === 0) return undefined;
  return collection(plane, request, segments, provider);
}

function values(value: readonly Json[]): ArmAnswer {
  return { status: 200, body: { value } };
}

/** `.../providers/{namespace}/{type}[/{name}/{type}...]` without a last name. */
function collection<F>(
  plane: Plane<F>,
  request: ArmRequest,
  segments: readonly string[],
  at: number,
): ArmAnswer {
  const tail = segments.slice(at + 2);
  const last = tail.at(-1) ?? '';
  const type = [segments[at + 1], ...tail.filter((_, index) => index % 2 === 0)].join('/');
  const parentPath = `/${(tail.length > 1 ? segments.slice(0, -1) : segments.slice(0, at)).join('/')}`;
  const parent = parseId(parentPath);
  if (!parent.ok) throw new ArmError('NotFound', `No collection at '${request.path}': ${parent.error}.`);
  if (tail.length > 1) {
    const above = providerOf(plane, parent.value.type);
    const view = Object.entries(above.views ?? {}).find(([name]) => sameId(name, last))?.[1];
    if (view) {
      authorize(plane.estate, request.caller, actionOn(above.type, 'read'), parentPath);
      const resource = plane.estate.get(parentPath);
      if (!resource) throw notFound(parentPath);
      return values(view(resource, plane.estate));
    }
  }
  const provider = providerOf(plane, type);
  authorize(plane.estate, request.caller, actionOn(provider.type, 'read'), parentPath);
  checkScope(plane, parentPath);
  // A parent that comes with its first child is a collection of none before.
  const above = provider.impliedParent ? parent.value.parent : parent.value.id;
  if (tail.length > 1 && above !== undefined && !plane.estate.get(above)) throw notFound(above);
  const filter = request.query.get('$filter');
  const found = plane.estate
    .ofType(provider.type)
    .filter((resource) => isListed(resource, parentPath, tail.length > 1, filter));
  const asked = provider.list?.(found, (name) => request.query.get(name)) ?? found;
  const shown = asked.map((resource) => show(plane, resource));
  const roles = sameId(provider.type, 'Microsoft.Authorization/roleDefinitions')
    ? builtInRoles.map((role) => roleBody(role, `${parentPath}/providers/${provider.type}/${role.id}`))
    : [];
  return values(filtered([...shown, ...roles], filter));
}

function checkScope<F>(plane: Plane<F>, path: string): void {
  const parsed = parseId(path);
  if (!parsed.ok) return;
  checkSubscription(plane, parsed.value);
  checkGroup(plane, parsed.value);
}

function allResources<F>(plane: Plane<F>, request: ArmRequest, scope: string): ArmAnswer {
  checkScope(plane, scope);
  authorize(plane.estate, request.caller, 'Microsoft.Resources/subscriptions/resources/read', scope);
  const shown = [...plane.estate.all()]
    .filter((resource) => isInScope(resource.id, scope) && resource.type.split('/').length === 2)
    .filter((resource) => !/^microsoft\.(resources|authorization)\//i.test(resource.type))
    .map(
      ({ id, name, type, location, tags, sku, kind }): JsonObject => ({
        id,
        name,
        type,
        location,
        tags,
        sku,
        kind,
      }),
    );
  return values(filtered(shown, request.query.get('$filter')));
}

/**
 * The filters that clients send: `resourceType eq '...'`, `name eq '...'`, `roleName eq '...'` and
 * `substringof('...', name)`, joined by `and`.
 */
function filtered(items: readonly JsonObject[], filter: string | null): readonly JsonObject[] {
  if (filter === null || filter.trim() === '') return items;
  const terms = filter.split(/\s+and\s+/i).filter((term) => !/^atScope\(\)$/i.test(term.trim()));
  const tests = terms.map(testOf);
  return items.filter((item) => tests.every((test) => test(item)));
}

function testOf(term: string): (item: JsonObject) => boolean {
  const text = term.trim();
  const value = (item: JsonObject, name: string): string => String(fieldOf(item, name) ?? '').toLowerCase();
  const same =
    /^\(?\s*(resourceType|resourceGroup|type|name|roleName|principalId|location)\s+eq\s+'([^']*)'\s*\)?$/i.exec(
      text,
    );
  const [, field, wanted] = same?.map((each) => each.toLowerCase()) ?? [];
  if (field !== undefined) return (item) => value(item, field) === wanted;
  const [, part, of] =
    /^substringof\('([^']*)',\s*(name)\)$/i.exec(text)?.map((each) => each.toLowerCase()) ?? [];
  if (part !== undefined && of !== undefined) return (item) => value(item, of).includes(part);
  throw new ArmError('InvalidParameter', `The filter '${term}' is not supported by Cloister.`, {
    target: '$filter',
  });
}

function fieldOf(item: JsonObject, name: string): Json | undefined {
  const properties = (item['properties'] ?? {}) as JsonObject;
  if (name === 'resourcetype' || name === 'type') return item['type'];
  if (name === 'resourcegroup') return partsOf(String(item['id'])).resourceGroup;
  if (name === 'rolename') return properties['roleName'];
  if (name === 'principalid') return properties['principalId'];
  return item[name];
}
