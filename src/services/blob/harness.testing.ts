/**
 * An estate, people and requests for the tests of data planes.
 *
 * @module
 */

import type { ResourceId, ResourceType } from '../../arm/id.ts';
import { Estate, type Resource } from '../../arm/resource.ts';
import { ip } from '../../lib/ip.ts';
import type { JsonObject } from '../../lib/json.ts';
import { type Bytes, piecesOf } from '../bytes.ts';
import { BodyTooLarge, type Caller, type DataRequest, type World } from '../data-plane.ts';

export const tenant = '11111111-2222-3333-4444-555555555555';
export const group = '/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg1';
export const now = Date.parse('2026-11-22T10:00:00.250Z');
export const requestId = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';

/** Built-in roles that tests give. */
export const roles = {
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  dataScientist: 'f6c7c914-8db3-469d-8ca1-694a8f32e121',
  blobReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  blobOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6',
  secretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  acrPush: '8311e382-0749-4cb8-b61a-304f252e45ec',
} as const;

/** Makes a resource of the group. */
export function resource(type: string, name: string, properties: JsonObject = {}): Resource {
  const id = `${group}/providers/${type}/${name}` as ResourceId;
  return { id, name, type: type as ResourceType, location: 'eastus', etag: '1', properties };
}

let assigned = 0;

/** Gives somebody a role. */
export function assign(principalId: string, role: keyof typeof roles, scope: string): Resource {
  assigned += 1;
  const name = `00000000-0000-0000-0000-${String(assigned).padStart(12, '0')}`;
  const roleDefinitionId = `/providers/Microsoft.Authorization/roleDefinitions/${roles[role]}`;
  return {
    id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}` as ResourceId,
    name,
    type: 'Microsoft.Authorization/roleAssignments' as ResourceType,
    etag: '1',
    properties: { principalId, roleDefinitionId, scope },
  };
}

/** Makes what a data plane looks at. */
export function worldOf(...resources: readonly Resource[]): World {
  return {
    read: new Estate(resources),
    settings: {
      subscription: '00000000-0000-0000-0000-00000000000a',
      subscriptionName: 'test',
      tenant,
      location: 'eastus',
      secret: (purpose) => purpose,
    },
  };
}

/** Makes somebody. */
export function person(objectId: string): Caller {
  return { kind: 'principal', objectId, appId: `app-of-${objectId}` };
}

export const anonymous: Caller = { kind: 'anonymous' };
export const invalid: Caller = { kind: 'invalid', problem: 'expired' };

/** Makes a request that came over the internet; `bytes` is its body. */
export function requestOf(
  resource: Resource,
  host: string,
  line: string,
  more: Partial<DataRequest> & { readonly bytes?: string | Uint8Array } = {},
): DataRequest {
  const { bytes = '', ...given } = more;
  const body = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  const [method = '', target = ''] = line.split(' ');
  return {
    method,
    target,
    host,
    headers: {},
    body: async (limit) => {
      if (body.length > limit) throw new BodyTooLarge(limit);
      return body;
    },
    pieces: (limit) => piecesOf(body.length > limit ? tooLarge(limit) : body),
    caller: anonymous,
    arrival: { via: 'public', address: ip('20.0.0.4'), source: ip('203.0.113.7') },
    resource,
    requestId,
    now,
    ...given,
  };
}

/** Returns bytes that are few enough to have come whole. */
export function held(bytes: Bytes | undefined): Uint8Array {
  if (bytes === undefined || bytes instanceof Uint8Array) return bytes ?? new Uint8Array();
  throw new Error('the bytes come in pieces');
}

/** Returns a body as text. */
export function textOf(body: string | Bytes | undefined): string {
  return typeof body === 'string' ? body : Buffer.from(held(body)).toString('utf8');
}

/** A body that turns out to be larger than anybody said. */
export async function* tooLarge(limit: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
  throw new BodyTooLarge(limit);
}
