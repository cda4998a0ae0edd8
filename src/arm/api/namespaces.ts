/**
 * Resource providers as clients see them: the types of a namespace, registered from the start.
 *
 * @module
 */

import type { JsonObject } from '../../lib/json.ts';
import { ArmError } from '../error.ts';
import { sameId } from '../id.ts';
import type { Plane } from '../plane.ts';
import { regions } from '../regions.ts';
import type { ArmAnswer, ArmRequest } from './request.ts';

/** Every version is taken; clients that look one up must find one. */
const anyVersion = '2024-04-01';

/** Answers for one namespace, or for all; undefined where the path is about something else. */
export function namespaces<F>(plane: Plane<F>, request: ArmRequest, path: string): ArmAnswer | undefined {
  const root = `/subscriptions/${plane.settings.subscription}/providers`;
  if (!sameId(path.slice(0, root.length), root)) return undefined;
  const [, name, verb, ...more] = path.slice(root.length).split('/');
  if (more.length > 0) return undefined;
  switch (`${request.method} ${verb?.toLowerCase() ?? ''}`.trim()) {
    case 'GET':
      if (verb !== undefined) return undefined;
      return { status: 200, body: name === undefined ? { value: all(plane) } : one(plane, name) };
    case 'POST register':
      return { status: 200, body: one(plane, name ?? '') };
    case 'POST unregister':
      throw new ArmError('NotSupported', 'To unregister a namespace is not supported by Cloister.');
    default:
      return undefined;
  }
}

function one<F>(plane: Plane<F>, name: string): JsonObject {
  const found = all(plane).find(({ namespace }) => sameId(String(namespace), name));
  if (!found) throw new ArmError('InvalidResourceNamespace', `The resource namespace '${name}' is invalid.`);
  return found;
}

function all<F>(plane: Plane<F>): readonly JsonObject[] {
  const every = plane.registry.all();
  const names = [...new Set(every.map(({ type }) => type.split('/')[0] ?? ''))];
  return names.map((namespace) => ({
    id: `/subscriptions/${plane.settings.subscription}/providers/${namespace}`,
    namespace,
    registrationPolicy: 'RegistrationRequired',
    registrationState: 'Registered',
    resourceTypes: every
      .filter(({ type }) => type.startsWith(`${namespace}/`))
      .map(({ type, located }) => ({
        resourceType: type.slice(namespace.length + 1),
        locations: located ? regions : [],
        apiVersions: [anyVersion],
      })),
  }));
}
