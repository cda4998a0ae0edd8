/**
 * Writing and removing: uploads, layers and manifests.
 *
 * @module
 */

import type { DataResponse } from '../data-plane.ts';
import { answer, RegistryError } from './error.ts';
import { parseManifest } from './manifest.ts';
import { digestOfBytes, isDigest, isRepository, parseDigest, parseReference } from './names.ts';
import { type Call, largestLayer } from './operation.ts';
import { placeOf } from './range.ts';
import type { Upload } from './rows.ts';
import { type Piece, rangeOf } from './uploads.ts';

const largestManifest = 4 * 1024 * 1024;

/** Begins an upload, takes a layer that comes whole, or mounts one of another repository. */
export async function startUpload(call: Call): Promise<DataResponse> {
  const { request, images, at, query } = call;
  const digest = query.get('digest');
  if (digest !== null) {
    const right = parseDigest(digest);
    await images.uploads.whole(at, request.pieces(largestLayer), right);
    return created(call, right);
  }
  const mount = query.get('mount') ?? '';
  const from = query.get('from') ?? '';
  // Whatever is in the way of mounting, the client may still upload.
  if (isDigest(mount) && isRepository(from) && call.may(from, 'pull')) {
    if (await images.layers.mount(at, from, mount)) return created(call, mount);
  }
  return accepted(call, await images.uploads.begin(at));
}

/** Says how much of an upload has arrived. */
export async function checkUpload(call: Call): Promise<DataResponse> {
  const upload = await call.images.uploads.find(call.at, call.reference);
  if (!upload) throw new RegistryError('BLOB_UPLOAD_UNKNOWN');
  return accepted(call, upload, 204);
}

/** Adds a piece to an upload. */
export async function continueUpload(call: Call): Promise<DataResponse> {
  return accepted(call, await call.images.uploads.append(call.at, call.reference, pieceOf(call)));
}

/** Ends an upload with the last piece, or none: now it is a layer. */
export async function finishUpload(call: Call): Promise<DataResponse> {
  const digest = parseDigest(call.query.get('digest') ?? '');
  await call.images.uploads.finish(call.at, call.reference, pieceOf(call), digest);
  return created(call, digest);
}

/** Gives an upload up. */
export async function cancelUpload(call: Call): Promise<DataResponse> {
  await call.images.uploads.cancel(call.at, call.reference);
  return answer(call.request, 204);
}

/** Takes a layer out of a repository. */
export async function deleteLayer({ request, images, at, reference }: Call): Promise<DataResponse> {
  const digest = parseDigest(reference);
  if (!(await images.layers.remove(at, digest))) throw new RegistryError('BLOB_UNKNOWN');
  return answer(request, 202, { 'docker-content-digest': digest });
}

/** Writes a manifest under a tag or its digest. */
export async function pushManifest({ request, images, at, reference }: Call): Promise<DataResponse> {
  const parsed = parseReference(reference);
  const bytes = await request.body(largestManifest);
  const manifest = parseManifest(bytes, request.headers['content-type']);
  const digest = digestOfBytes(bytes);
  if (parsed.kind === 'digest' && parsed.digest !== digest) throw new RegistryError('DIGEST_INVALID');
  await images.manifests.put(at, digest, bytes, manifest, parsed.kind === 'tag' ? parsed.tag : undefined);
  return answer(request, 201, {
    location: `/v2/${at.repository}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(manifest.subject ? { 'oci-subject': manifest.subject.digest } : {}),
  });
}

/** Removes a manifest with all its tags, or one tag. */
export async function deleteManifest(call: Call): Promise<DataResponse> {
  const { request, images, at, reference } = call;
  const parsed = parseReference(reference);
  if (parsed.kind === 'tag') return deleteTag({ ...call, reference: parsed.tag });
  if (!(await images.manifests.remove(at, parsed.digest))) throw new RegistryError('MANIFEST_UNKNOWN');
  return answer(request, 202);
}

/** Removes a tag and leaves its manifest. */
export async function deleteTag({ request, images, at, reference }: Call): Promise<DataResponse> {
  const digest = await images.manifests.untag(at, reference);
  if (digest === undefined) throw new RegistryError('TAG_UNKNOWN');
  return answer(request, 202, { 'x-ms-int-docker-content-digest': digest });
}

function pieceOf({ request }: Call): Piece {
  const place = placeOf(request.headers['content-range']);
  // What only ends an upload brings nothing, and is nothing to be written.
  const empty = request.headers['content-length'] === '0';
  const bytes = empty ? new Uint8Array() : request.pieces(largestLayer);
  return { bytes, ...(place && { place }) };
}

function created({ request, at }: Call, digest: string): DataResponse {
  return answer(request, 201, {
    location: `/v2/${at.repository}/blobs/${digest}`,
    'docker-content-digest': digest,
  });
}

function accepted({ request, at }: Call, upload: Upload, status = 202): DataResponse {
  return answer(request, status, {
    // With a query, as a registry's has: who adds `?digest=` to it would fail there, too.
    location: `/v2/${at.repository}/blobs/uploads/${upload.id}?_nouploadcache=false`,
    'docker-upload-uuid': upload.id,
    range: rangeOf(upload),
  });
}
