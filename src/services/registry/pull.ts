/**
 * Reading: the version check, layers, manifests, and what refers to them.
 *
 * @module
 */

import type { JsonObject } from '../../lib/json.ts';
import type { DataResponse } from '../data-plane.ts';
import { dataEndpoint, layerAnswer, signedAddress } from './data-endpoint.ts';
import { answer, jsonAnswer, RegistryError } from './error.ts';
import { ociIndex } from './manifest.ts';
import { parseDigest } from './names.ts';
import type { Call } from './operation.ts';
import type { Manifest } from './rows.ts';

/** Says that there is a registry, to who has a token. */
export async function checkVersion({ request }: Call): Promise<DataResponse> {
  return jsonAnswer(request, 200, {});
}

/** Answers a layer, or sends its reader to the data endpoint. */
export async function pullLayer(call: Call): Promise<DataResponse> {
  const { request, world, images, at, reference } = call;
  const digest = parseDigest(reference);
  const find = () => images.layers.find(at, digest);
  const host = dataEndpoint(request.resource, world);
  // Who only asks whether it is there may be pushing, and pushing needs the login server alone.
  if (request.method === 'HEAD' || host === undefined) {
    return layerAnswer(request, images, find);
  }
  if (!(await find())) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
  const location = signedAddress(host, digest, call.context);
  const headers = { location, 'docker-content-digest': digest, 'content-type': 'text/html; charset=utf-8' };
  const link = `<a href="${location.replaceAll('&', '&amp;')}">Temporary Redirect</a>.\n\n`;
  return answer(request, 307, headers, link);
}

/** Answers a manifest by tag or digest. */
export async function pullManifest(call: Call): Promise<DataResponse> {
  const { request, images, at, reference } = call;
  const manifest = await images.manifests.find(at, reference);
  if (!manifest) throw await unknown(call);
  requireAccepted(request.headers['accept'], manifest);
  const etag = `"${manifest.digest}"`;
  const headers = { 'docker-content-digest': manifest.digest, etag };
  if (request.headers['if-none-match'] === etag) return answer(request, 304, headers);
  const described = {
    ...headers,
    'content-type': manifest.mediaType,
    'content-length': String(manifest.size),
  };
  if (request.method === 'HEAD') return answer(request, 200, described);
  const bytes = await images.manifests.bytes(manifest);
  if (!bytes) throw await unknown(call);
  return answer(request, 200, described, bytes);
}

/** Lists the manifests that are about another one, which need not be there. */
export async function listReferrers({ request, images, at, reference, query }: Call): Promise<DataResponse> {
  const digest = parseDigest(reference);
  const wanted = query.get('artifactType');
  const manifests = (await images.manifests.all(at))
    .filter((each) => each.subject === digest && (!wanted || artifactTypeOf(each) === wanted))
    .map(referrer);
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests };
  return jsonAnswer(request, 200, index, {
    'content-type': ociIndex,
    ...(wanted ? { 'oci-filters-applied': 'artifactType' } : {}),
  });
}

/** An image that does not say what it is, is what its configuration is. */
function artifactTypeOf({ artifactType, configMediaType }: Manifest): string | undefined {
  return artifactType ?? configMediaType;
}

function referrer(manifest: Manifest): JsonObject {
  const { mediaType, digest, size, annotations } = manifest;
  return { mediaType, digest, size, artifactType: artifactTypeOf(manifest), annotations };
}

/** A client that says what it reads is not given anything else. */
function requireAccepted(accept: string | undefined, { mediaType }: Manifest): void {
  if (accept === undefined) return;
  const types = accept.split(',').map((each) => each.split(';')[0]?.trim().toLowerCase());
  const fits = [mediaType, 'application/*', '*/*'].some((type) => types.includes(type));
  // One of JSON alone is a program that looks, and not a client of images.
  if (fits || types.includes('application/json')) return;
  throw new RegistryError('MANIFEST_UNKNOWN', {
    message: `the manifest is of type ${mediaType}, but the Accept header does not have it`,
  });
}

/** Returns why there is no manifest. */
async function unknown({ images, at, reference }: Call): Promise<RegistryError> {
  if (!(await images.manifests.repository(at))) {
    return new RegistryError('NAME_UNKNOWN', { detail: { name: at.repository } });
  }
  return new RegistryError('MANIFEST_UNKNOWN', {
    message: `manifest ${reference.includes(':') ? '' : 'tagged by '}"${reference}" is not found`,
  });
}
