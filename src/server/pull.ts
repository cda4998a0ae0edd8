/**
 * Pulls the image of a deployment: over the deployment's own way, as its endpoint's identity, from a registry of the
 * estate. Every byte is checked against the digest that names it.
 *
 * @module
 */

import type { Hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { mayDo } from '../arm/caller.ts';
import { ancestorId, type ResourceId } from '../arm/id.ts';
import type { Resource } from '../arm/resource.ts';
import { type Recipe, recipeOf } from '../compute/image/config.ts';
import { ImageError } from '../compute/image/image-error.ts';
import { Unpacker } from '../compute/image/unpack.ts';
import { fqdn } from '../lib/fqdn.ts';
import type { Json } from '../lib/json.ts';
import { principalOf } from '../providers/identity.ts';
import { registryType } from '../providers/registry/link.ts';
import { piecesOf, Tally, wholeUpTo } from '../services/bytes.ts';
import { dataEndpoint } from '../services/registry/data-endpoint.ts';
import type { Images } from '../services/registry/images.ts';
import { type Descriptor, type Parsed, parseManifest } from '../services/registry/manifest.ts';
import { digestOfBytes } from '../services/registry/names.ts';
import type { Place } from '../services/registry/rows.ts';
import { loginServer } from '../services/registry/tokens.ts';
import type { Engine } from './engine.ts';
import { unreachable } from './ways.ts';

const pullRight = 'Microsoft.ContainerRegistry/registries/pull/read';
const largestConfig = 2 ** 20;

/** Machines as Go, and so images, call them. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Unpacks an image into a folder, and returns how it is run. Throws an error that says what is in the way. */
export async function pull(
  engine: Engine,
  images: Images,
  deployment: Resource,
  image: string,
  folder: string,
  hash: Hash,
): Promise<Recipe> {
  const { registry, at, reference } = whereIs(engine, image);
  requireWay(engine, deployment, registry);
  try {
    const manifest = await manifestOf(images, at, reference);
    const { config, layers } = manifest;
    if (!config) throw new ImageError('it has no configuration');
    const recipe = recipeOf(await configurationOf(images, at, config));
    hash.update(`\0image ${config.digest}\0`);
    const unpacker = new Unpacker(folder);
    for (const layer of layers) {
      hash.update(`${layer.digest}\0`);
      await unpacker.add(unzipped(layer, await layerOf(images, at, layer)));
    }
    return recipe;
  } catch (error) {
    throw new Error(`the image ${image} cannot be run: ${(error as Error).message}`, { cause: error });
  }
}

/** Finds the registry. Only those of the estate can be reached. */
function whereIs(engine: Engine, image: string): { registry: Resource; at: Place; reference: string } {
  const [, host = '', repository = '', tag, digest] =
    /^([^/]+)\/([^:@]+)(?::([^:@]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image) ?? [];
  const registries = engine.plane.estate.ofType(registryType);
  const registry = registries.find((each) => loginServer(each) === host.toLowerCase());
  if (!registry) {
    throw new Error(
      `the image ${image} is in no registry of this estate: push it to one, and write <registry>.azurecr.io/<name>:<tag>`,
    );
  }
  const at = { registry: registry.name.toLowerCase(), repository };
  return { registry, at, reference: digest ?? tag ?? 'latest' };
}

/** Throws where the deployment does not come there, or its identity may not pull. */
function requireWay(engine: Engine, deployment: Resource, registry: Resource): void {
  const { estate, settings } = engine.plane;
  const endpoint = estate.get(ancestorId(deployment.id as ResourceId, 1));
  const principal = endpoint && principalOf(endpoint);
  const anonymous = registry.properties['anonymousPullEnabled'] === true;
  if (
    !anonymous &&
    (principal === undefined || !mayDo(estate, principal, pullRight, registry.id, 'control'))
  ) {
    throw new Error(
      `the identity of endpoint ${endpoint?.name ?? '?'} may not pull images of ${registry.name}: give it the role AcrPull`,
    );
  }
  const layers = dataEndpoint(registry, { read: estate, settings });
  for (const host of [loginServer(registry), ...(layers === undefined ? [] : [layers])]) {
    const cut = unreachable(engine.network, deployment.id, fqdn(host));
    if (cut !== undefined) throw new Error(cut);
  }
}

/** The manifest of the image for this machine. */
async function manifestOf(images: Images, at: Place, reference: string): Promise<Parsed> {
  const found = await images.manifests.find(at, reference);
  const bytes = found && (await images.manifests.bytes(found));
  if (!found || !bytes) throw new ImageError(`${at.repository} has no ${reference}: push it first`);
  requireDigest(digestOfBytes(bytes), found.digest);
  const parsed = parseManifest(bytes, found.mediaType);
  if (parsed.manifests.length === 0) return parsed;
  const wanted = architectures[process.arch];
  for (const { digest } of parsed.manifests) {
    const each = await images.manifests.find(at, digest);
    if (each && each.os === 'linux' && each.architecture === wanted) return manifestOf(images, at, digest);
  }
  throw new ImageError(`it has nothing for linux/${wanted ?? process.arch}`);
}

async function configurationOf(images: Images, at: Place, config: Descriptor): Promise<Json> {
  const bytes = await wholeUpTo(await layerOf(images, at, config), largestConfig);
  if (!(bytes instanceof Uint8Array)) throw new ImageError('its configuration is too large');
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Json;
  } catch {
    throw new ImageError('its configuration is no JSON');
  }
}

/** The bytes of a layer, which fail at their end where they are not those that its digest names. */
async function layerOf(images: Images, at: Place, { digest, foreign }: Descriptor): Promise<Tally> {
  if (foreign) throw new ImageError(`its layer ${digest} is kept elsewhere`);
  const found = await images.layers.get(() => images.layers.find(at, digest));
  if (!found) throw new ImageError(`its layer ${digest} is missing`);
  return new Tally(found.bytes, 'sha256', (tally) => requireDigest(`sha256:${tally.digest('hex')}`, digest));
}

function requireDigest(is: string, wanted: string): void {
  if (is !== wanted) throw new ImageError(`what is kept as ${wanted} is ${is}`);
}

/** A layer's archive. All of the layer is read, also what comes after the archive's end. */
async function* unzipped({ mediaType }: Descriptor, bytes: Tally): AsyncGenerator<Uint8Array, void, void> {
  if (/[+.]tar$|\.tar$/.test(mediaType)) {
    yield* piecesOf(bytes);
    return;
  }
  if (!/[+.]gzip$/.test(mediaType)) throw new ImageError(`it has a layer of the type ${mediaType}`);
  const unzip = createGunzip();
  const fed = pipeline(bytes, unzip);
  // What is wrong breaks the stream, too, and is told there first.
  fed.catch(() => {});
  yield* unzip as AsyncIterable<Uint8Array>;
  await fed;
}
