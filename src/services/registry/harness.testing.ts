/**
 * A registry with people in it, and clients that push to it, for the tests of this folder.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import type { Store } from '../../arm/store.ts';
import type { JsonObject } from '../../lib/json.ts';
import {
  assign,
  now,
  person,
  requestOf,
  resource,
  tenant,
  textOf,
  worldOf,
} from '../blob/harness.testing.ts';
import type { DataPlane, DataRequest, DataResponse, World } from '../data-plane.ts';
import type { Identify } from './exchange.ts';
import { Images } from './images.ts';
import { digestOfBytes } from './names.ts';
import { registryPlane } from './plane.ts';
import { signToken } from './tokens.ts';

export { now, requestId, tenant, textOf } from '../blob/harness.testing.ts';

export const host = 'reg1.azurecr.io';
export const registryType = 'Microsoft.ContainerRegistry/registries';
export const imageType = 'application/vnd.oci.image.manifest.v1+json';
export const indexType = 'application/vnd.oci.image.index.v1+json';
export const configType = 'application/vnd.oci.image.config.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** Knows tokens that are written `entra-<object id>`. */
export const identify: Identify = async (token) =>
  token.startsWith('entra-') ? person(token.slice(6)) : { kind: 'invalid', problem: 'malformed' };

/** Makes a registry, and the estate it is in: `puller`, `pusher`, `owner` and `reader` have a role at it. */
export function registryOf(
  properties: JsonObject = {},
  more: readonly Resource[] = [],
): { registry: Resource; world: World } {
  const registry = resource(registryType, 'Reg1', properties);
  const people = [
    assign('puller', 'acrPull', registry.id),
    assign('pusher', 'acrPush', registry.id),
    assign('owner', 'owner', registry.id),
    assign('reader', 'reader', registry.id),
  ];
  return { registry, world: worldOf(registry, ...people, ...more) };
}

/** What a request may bring beside its line. */
export type More = Partial<DataRequest> & {
  readonly bytes?: string | Uint8Array;
  /** The admin user unless told. */
  readonly as?: string | null;
};

/** A registry that answers. */
export class Bench {
  readonly images: Images;
  readonly plane: DataPlane;
  readonly registry: Resource;
  readonly world: World;
  time = now;

  constructor(store: Store, folder?: string, properties: JsonObject = {}, more: readonly Resource[] = []) {
    this.images = new Images(store, folder, () => this.time);
    this.plane = registryPlane(this.images, identify);
    const { registry, world } = registryOf({ adminUserEnabled: true, ...properties }, more);
    this.registry = registry;
    this.world = world;
  }

  /** Asks as somebody with an access token for all of the repositories `app` and `other` and the catalog. */
  ask(line: string, more: More = {}): Promise<DataResponse> {
    const { as = this.token(), headers = {}, ...rest } = more;
    const sent = as === null ? headers : { authorization: as, ...headers };
    const request = requestOf(this.registry, host, line, { now: this.time, ...rest, headers: sent });
    return this.plane.handle(request, this.world);
  }

  /** Makes a token for everything. */
  token(): string {
    const actions = ['pull', 'push', 'delete', 'metadata_read', 'metadata_write'];
    const repositories = ['app', 'other', 'team/app'].map((name) => ({ type: 'repository', name, actions }));
    const access = [...repositories, { type: 'registry', name: 'catalog', actions: ['*'] }];
    const token = { kind: 'access', subject: { kind: 'admin' }, access } as const;
    return `Bearer ${signToken(token, { registry: this.registry, settings: this.world.settings, now: this.time })}`;
  }

  /** Pushes a layer whole, and returns what a manifest says of it. */
  async layer(content: string, repository = 'app', mediaType = layerType): Promise<JsonObject> {
    const bytes = new TextEncoder().encode(content);
    const digest = digestOfBytes(bytes);
    const answer = await this.ask(`POST /v2/${repository}/blobs/uploads/?digest=${digest}`, { bytes });
    if (answer.status !== 201) throw new Error(`pushing a layer: ${told(answer)}`);
    return { mediaType, digest, size: bytes.length };
  }

  /** Pushes an image of layers, and returns its digest. */
  async image(
    reference: string,
    layers: readonly string[] = ['layer'],
    more: JsonObject = {},
    repository = 'app',
  ): Promise<string> {
    const config = await this.layer('{"architecture":"amd64","os":"linux"}', repository, configType);
    const pushed: JsonObject[] = [];
    for (const each of layers) pushed.push(await this.layer(each, repository));
    const body = { schemaVersion: 2, mediaType: imageType, config, layers: pushed, ...more };
    return this.manifest(reference, body, repository);
  }

  /** Pushes a manifest, and returns its digest. Under `@`, its digest is what it is pushed under. */
  async manifest(reference: string, body: JsonObject, repository = 'app'): Promise<string> {
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    const digest = digestOfBytes(bytes);
    const at = reference === '@' ? digest : reference;
    const headers = { 'content-type': String(body['mediaType']) };
    const answer = await this.ask(`PUT /v2/${repository}/manifests/${at}`, { bytes, headers });
    if (answer.status !== 201) throw new Error(`pushing a manifest: ${told(answer)}`);
    return digest;
  }
}

/** Writes credentials as clients do. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Returns status and code of an answer. */
export function told({ status, body }: DataResponse): string {
  if (status < 400 || body === undefined) return String(status);
  const { errors } = jsonOf({ status, headers: {}, body }) as { errors: { code: string }[] };
  return `${status} ${errors[0]?.code}`;
}

/** Reads an answer's body. */
export function jsonOf({ body }: DataResponse): unknown {
  return JSON.parse(textOf(body));
}

/** Reads the claims of a token without asking whether they hold. */
export function claimsOf(token: string): JsonObject {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

/** Signs in as Azure's command line does, and answers the refresh token. */
export async function exchanged(bench: Bench, objectId: string): Promise<string> {
  const bytes = new URLSearchParams({
    grant_type: 'access_token',
    service: host,
    tenant,
    access_token: `entra-${objectId}`,
  }).toString();
  const answer = await bench.ask('POST /oauth2/exchange', { as: null, bytes });
  const { refresh_token } = jsonOf(answer) as { refresh_token: string };
  return refresh_token;
}
