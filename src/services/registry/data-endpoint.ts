/**
 * The data endpoint: a host of its own from which layers come, to who has an address that the login server signed.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import type { DataRequest, DataResponse, World } from '../data-plane.ts';
import { tokenContext } from './credentials.ts';
import { answer, RegistryError } from './error.ts';
import type { Images } from './images.ts';
import { rangeOf } from './range.ts';
import type { Layer } from './rows.ts';
import { sameText, signatureOf, type TokenContext } from './tokens.ts';

/** Milliseconds for which an address is good. */
const lifetime = 20 * 60_000;
const path = /^\/blobs\/(sha256:[0-9a-f]{64})$/;

/** Returns the host of the data endpoint. */
export function dataHost(registry: Resource): string {
  return `${registry.name}.${registry.location ?? ''}.data.azurecr.io`.toLowerCase();
}

/** Returns the host, where the registry has a dedicated one: by its setting, or because of a private endpoint. */
export function dataEndpoint(registry: Resource, { read }: World): string | undefined {
  const connections = read.children(registry.id, `${registry.type}/privateEndpointConnections`);
  const dedicated = registry.properties['dataEndpointEnabled'] === true || connections.length > 0;
  return dedicated ? dataHost(registry) : undefined;
}

/** Returns an address from which a layer can be had for a while. */
export function signedAddress(host: string, digest: string, context: TokenContext): string {
  const se = new Date(context.now + lifetime).toISOString().replace(/\.\d+Z$/, 'Z');
  const query = new URLSearchParams({ se, sig: sign(digest, se, context), sp: 'r', spr: 'https', sr: 'b' });
  return `https://${host}/blobs/${digest}?${query}`;
}

/** Answers at the data endpoint. */
export async function answerData(images: Images, request: DataRequest, world: World): Promise<DataResponse> {
  const { method, target, resource, now } = request;
  const [at = '', search = ''] = target.split('?');
  const digest = path.exec(at)?.[1];
  if (digest === undefined || (method !== 'GET' && method !== 'HEAD')) {
    throw new RegistryError('NAME_UNKNOWN', { message: `A data endpoint has no ${method} at '${at}'.` });
  }
  const query = new URLSearchParams(search);
  const se = query.get('se') ?? '';
  const right = sameText(query.get('sig') ?? '', sign(digest, se, tokenContext(resource, world, now)));
  if (!right || !(now < Date.parse(se))) {
    throw new RegistryError('DENIED', {
      detail: 'The address was not signed by the registry, or it has ended.',
    });
  }
  return layerAnswer(request, images, () => images.layers.any(resource.name.toLowerCase(), digest));
}

/** Answers a layer's bytes, or what is known about them. */
export async function layerAnswer(
  request: DataRequest,
  images: Images,
  find: () => Promise<Layer | undefined>,
): Promise<DataResponse> {
  const { method, headers } = request;
  if (method === 'HEAD') {
    const layer = await find();
    if (!layer) throw new RegistryError('BLOB_UNKNOWN');
    return answer(request, 200, { ...described(layer), 'content-length': String(layer.size) });
  }
  const found = await images.layers.get(find, (layer) => rangeOf(headers['range'], layer.size));
  if (!found) throw new RegistryError('BLOB_UNKNOWN');
  const { layer, range, bytes } = found;
  const size = range ? range.to - range.from + 1 : layer.size;
  const own = { ...described(layer), 'content-length': String(size) };
  if (!range) return answer(request, 200, own, bytes);
  const partial = { ...own, 'content-range': `bytes ${range.from}-${range.to}/${layer.size}` };
  return answer(request, 206, partial, bytes);
}

function described({ digest }: Layer): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    'cache-control': 'max-age=31536000',
    etag: `"${digest}"`,
  };
}

function sign(digest: string, ends: string, context: TokenContext): string {
  return signatureOf(`data endpoint\n${digest}\n${ends}`, context);
}
