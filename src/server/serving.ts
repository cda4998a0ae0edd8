/**
 * Brings online deployments about: fetches the model as the endpoint's own identity may, and keeps the replicas as
 * they are stored. Idempotent, so that a restart only has to ask for everything again.
 *
 * @module
 */

import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { mayDo } from '../arm/caller.ts';
import { ancestorId, type ResourceId } from '../arm/id.ts';
import { type Effect, propertiesOf, type Question } from '../arm/provider.ts';
import type { Resource } from '../arm/resource.ts';
import { type ReplicaSpec, Replicas } from '../compute/process/replicas.ts';
import { asText, type Json } from '../lib/json.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { principalOf } from '../providers/identity.ts';
import { deploymentProperties } from '../providers/ml/online-deployments.ts';
import { deploymentType } from '../providers/ml/online-endpoints.ts';
import type { Blobs } from '../services/blob/blobs.ts';
import type { Engine, Performer } from './engine.ts';

const blobHost =
  /^https:\/\/(?<account>[a-z0-9]+)\.blob\.core\.windows\.net\/(?<container>[^/]+)\/(?<path>.+)$/;
const readBlobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read';

/** Milliseconds that a replica may take to be ready, and a request to be answered, unless the deployment says. */
const readiness = 60_000;
const patience = 5_000;

/** Runs what the estate says should serve. */
export class Serving implements Performer {
  readonly replicas = new Replicas();
  readonly #engine: Engine;
  readonly #blobs: Blobs;
  readonly #folder: string;
  #fetched = 0;

  /** `folder` is where models are put for replicas to read. */
  constructor(engine: Engine, blobs: Blobs, folder: string) {
    this.#engine = engine;
    this.#blobs = blobs;
    this.#folder = folder;
  }

  /** Starts what was served before a restart; what fails is written to the log and the resource. */
  resume(): void {
    for (const deployment of this.#engine.plane.estate.ofType(deploymentType)) {
      this.#engine.background(() => this.perform({ kind: 'serve', resource: deployment.id }));
    }
  }

  async perform(effect: Effect): Promise<void> {
    const deployment = this.#engine.plane.estate.get(effect.resource);
    if (!deployment) {
      await this.replicas.stop(keyOf(effect.resource));
      return;
    }
    const spec = await this.#specOf(deployment);
    await this.replicas.ensure(spec);
  }

  async answer(question: Question): Promise<Json> {
    return { content: this.replicas.logs(keyOf(question.resource), question.tail) };
  }

  async close(): Promise<void> {
    await this.replicas.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #specOf(deployment: Resource): Promise<ReplicaSpec> {
    const stored = propertiesOf(deploymentProperties, deployment);
    const place = join(this.#folder, `${nameOf(deployment.id)}-${++this.#fetched}`);
    const model = join(place, 'model');
    await mkdir(model, { recursive: true, mode: 0o700 });
    if (stored.model !== undefined)
      await this.#fetch(deployment, this.#uriOf(stored.model, 'modelUri'), model);
    const code = stored.codeConfiguration;
    const codeFolder = join(place, 'code');
    if (code?.codeId !== undefined) {
      await mkdir(codeFolder, { recursive: true, mode: 0o700 });
      await this.#fetch(deployment, this.#uriOf(code.codeId, 'codeUri'), codeFolder);
    }
    const capacity = deployment.sku?.['capacity'];
    const concurrency = stored.requestSettings?.maxConcurrentRequestsPerInstance;
    return {
      key: keyOf(deployment.id),
      kind: code ? { runtime: 'script', code: codeFolder, entry: code.scoringScript } : { runtime: 'onnx' },
      model,
      environment: stored.environmentVariables ?? {},
      instances: typeof capacity === 'number' ? capacity : 1,
      readinessTimeout: readiness,
      requestTimeout: milliseconds(stored.requestSettings?.requestTimeout) ?? patience,
      ...(concurrency === undefined ? {} : { concurrency }),
    };
  }

  /** The address of an asset's files: of a registered version, or written out. */
  #uriOf(reference: string, member: 'modelUri' | 'codeUri'): string {
    if (!reference.startsWith('/')) return reference;
    const asset = this.#engine.plane.estate.get(reference);
    return asText(asset?.properties[member]) ?? reference;
  }

  /** Copies the files below an address into a folder, if the endpoint's identity may read them. */
  async #fetch(deployment: Resource, uri: string, folder: string): Promise<void> {
    const parts = blobHost.exec(uri)?.groups;
    const { account = '', container = '', path = '' } = parts ?? {};
    const { estate } = this.#engine.plane;
    const storage = estate.ofType('Microsoft.Storage/storageAccounts').find((item) => item.name === account);
    if (!parts || !storage) {
      throw new Error(
        `'${uri}' is not in a storage account of this estate: write https://<account>.blob.core.windows.net/<container>/<path>`,
      );
    }
    const endpoint = estate.get(ancestorId(deployment.id as ResourceId, 1));
    const principal = endpoint && principalOf(endpoint);
    const scope = `${storage.id}/blobServices/default/containers/${container}`;
    if (principal === undefined || !mayDo(estate, principal, readBlobs, scope, 'data')) {
      throw new Error(
        `the identity of endpoint ${endpoint?.name ?? '?'} may not read blobs of ${account}: give it the role Storage Blob Data Reader`,
      );
    }
    const prefix = path.endsWith('/') ? path : `${path}/`;
    const [exact] = await this.#blobs.list(account, container, path);
    const rows = exact?.name === path ? [exact] : await this.#blobs.list(account, container, prefix);
    if (rows.length === 0) throw new Error(`there is no blob at ${uri}: upload the files first`);
    for (const { name } of rows) {
      const relative = name === path ? nameOf(name) : name.slice(prefix.length);
      const target = join(folder, ...relative.split('/'));
      if (!target.startsWith(folder + sep)) throw new Error(`blob ${name} leads outside of its folder`);
      const blob = await this.#blobs.get({ account, container, name });
      if (!blob) continue;
      await mkdir(dirname(target), { recursive: true });
      await writeFile(`${target}.part`, blob.bytes);
      await rename(`${target}.part`, target);
    }
  }
}

/** Parses an ISO 8601 duration of hours, minutes and seconds. */
function milliseconds(duration: string | undefined): number | undefined {
  const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(duration ?? '');
  if (!match) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}
