/**
 * The image of a deployment: pulled from a registry of the estate as any client would, and unpacked.
 *
 * @module
 */

import type { Hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Read } from '../../arm/resource.ts';
import { type Recipe, recipeOf } from '../../compute/image/config.ts';
import { ImageError } from '../../compute/image/image-error.ts';
import { Unpacker } from '../../compute/image/unpack.ts';
import type { Json } from '../../lib/json.ts';
import { registryType } from '../../providers/registry/link.ts';
import { piecesOf, type Tally, wholeUpTo } from '../../services/bytes.ts';
import { type Descriptor, type Parsed, platformOf } from '../../services/registry/manifest.ts';
import { loginServer } from '../../services/registry/tokens.ts';
import type { Courier } from './courier.ts';
import { RegistryClient } from './registry-client.ts';

const largestConfig = 2 ** 20;

/** Machines as Go, and so images, call them. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Unpacks an image into a folder, and returns how it is run. Throws an error that says what is in the way. */
export async function pullImage(
  courier: Courier,
  read: Read,
  image: string,
  folder: string,
  hash: Hash,
): Promise<Recipe> {
  const { host, repository, reference } = whereIs(read, image);
  const registry = new RegistryClient(courier, host, repository);
  const { configuration, digest, layers } = await found(registry, reference);
  const recipe = recipeOf(jsonIn(configuration));
  hash.update(`\0image ${digest}\0`);
  const unpacker = new Unpacker(folder);
  for (const layer of layers) {
    hash.update(`${layer.digest}\0`);
    await unpacker.add(unzipped(layer, await registry.blob(layer)));
  }
  return recipe;
}

/** Finds the registry. Only those of the estate can be reached. */
function whereIs(
  read: Read,
  image: string,
): { readonly host: string; readonly repository: string; readonly reference: string } {
  const [, host = '', repository = '', tag, digest] =
    /^([^/]+)\/([^:@]+)(?::([^:@]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image) ?? [];
  const registry = read.ofType(registryType).find((each) => loginServer(each) === host.toLowerCase());
  if (!registry) {
    throw new Error(
      'it is in no registry of this estate: push it to one, and write <registry>.azurecr.io/<name>:<tag>',
    );
  }
  return { host: loginServer(registry), repository, reference: digest ?? tag ?? 'latest' };
}

/** An image for this machine: its configuration, by which it is known, and its layers. */
interface Found {
  readonly configuration: Uint8Array;
  readonly digest: string;
  readonly layers: readonly Descriptor[];
}

async function found(registry: RegistryClient, reference: string): Promise<Found> {
  const manifest = await registry.manifest(reference);
  if (manifest.manifests.length === 0) return configured(registry, manifest);
  const wanted = architectures[process.arch];
  for (const { digest } of manifest.manifests) {
    const each = await configured(registry, await registry.manifest(digest));
    const { os, architecture } = platformOf(each.configuration);
    if (os === 'linux' && architecture === wanted) return each;
  }
  throw new ImageError(`it has nothing for linux/${wanted ?? process.arch}`);
}

async function configured(registry: RegistryClient, { config, layers }: Parsed): Promise<Found> {
  if (!config) throw new ImageError('it has no configuration');
  const configuration = await wholeUpTo(await registry.blob(config), largestConfig);
  if (!(configuration instanceof Uint8Array)) throw new ImageError('its configuration is too large');
  return { configuration, digest: config.digest, layers };
}

function jsonIn(bytes: Uint8Array): Json {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Json;
  } catch {
    throw new ImageError('its configuration is no JSON');
  }
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
