/**
 * Brings online deployments about: fetches the model as the endpoint's own identity may, and keeps the replicas as
 * they are stored. Idempotent, so that a restart only has to ask for everything again.
 *
 * @module
 */

import { createHash, type Hash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { settle } from '../arm/apply.ts';
import { ArmError } from '../arm/error.ts';
import { partsOf, type ResourceId, sameId } from '../arm/id.ts';
import { type Effect, propertiesOf, type RunningQuestion } from '../arm/provider.ts';
import type { Resource } from '../arm/resource.ts';
import type { Recipe } from '../compute/image/config.ts';
import { type ReplicaSpec, Replicas } from '../compute/process/replicas.ts';
import { leftGroups, removeGroups } from '../compute/sandbox/groups.ts';
import { findSandbox } from '../compute/sandbox/probe.ts';
import type { Standing } from '../compute/sandbox/sandbox.ts';
import { milliseconds } from '../lib/duration.ts';
import { asText, type Json } from '../lib/json.ts';
import { keyOf } from '../lib/key.ts';
import { vaultType } from '../providers/keyvault/link.ts';
import { defaultParts } from '../providers/ml/datastores.ts';
import { workspaceType } from '../providers/ml/link.ts';
import { deploymentProperties, isManaged } from '../providers/ml/online-deployments.ts';
import { deploymentType } from '../providers/ml/online-endpoints.ts';
import { registryType } from '../providers/registry/link.ts';
import { storageAccountType } from '../providers/storage/link.ts';
import type { Blobs } from '../services/blob/blobs.ts';
import { containerOf, modelAt } from './container.ts';
import type { Contents } from './contents.ts';
import type { Engine, Performer } from './engine.ts';
import { passTo } from './pass.ts';
import { limitsOf } from './sizes.ts';
import { BlobClient } from './supply/blob-client.ts';
import type { Courier } from './supply/courier.ts';
import { addressOf, copyFiles, openFolders } from './supply/files.ts';
import { pullImage } from './supply/image.ts';
import { cutOff } from './ways.ts';

/** Milliseconds that a replica may take to be ready, and a request to be answered, unless the deployment says. */
const readiness = 60_000;
const patience = 5_000;

/** Runs what the estate says should serve. */
export class Serving implements Performer {
  readonly replicas: Replicas;
  readonly #engine: Engine;
  readonly #contents: Contents;
  readonly #blobs: Blobs;
  readonly #folder: string;
  /** The folder that each deployment's files are in, by what the files are. */
  readonly #places = new Map<string, string>();
  /** The last effect of each deployment that is being brought about. */
  readonly #turns = new Map<string, Promise<void>>();
  #fetched = 0;
  #wayTo: (deployment: ResourceId) => Promise<Standing | undefined> = async () => undefined;
  #sendFrom: (deployment: ResourceId) => Promise<Courier> = async () => {
    throw new Error('nobody is there who fetches');
  };

  /** `work` is where models are put for replicas to read, and where their own folders are. */
  constructor(engine: Engine, contents: Contents, work: string) {
    this.replicas = new Replicas(async () => {
      const sandbox = await findSandbox();
      return sandbox.kind === 'none' ? sandbox : { ...sandbox, folder: join(work, 'replicas') };
    });
    this.#engine = engine;
    this.#contents = contents;
    this.#blobs = contents.blobs;
    this.#folder = join(work, 'models');
  }

  /** Tells how replicas of a deployment get to the place that it is, and who fetches from there what they need. */
  standAt(
    wayTo: (deployment: ResourceId) => Promise<Standing | undefined>,
    sendFrom: (deployment: ResourceId) => Promise<Courier>,
  ): void {
    this.#wayTo = wayTo;
    this.#sendFrom = sendFrom;
  }

  /** Starts what was served before a restart; what fails is written to the log and the resource. */
  resume(): void {
    this.#engine.background(() => removeGroups(leftGroups()));
    for (const deployment of this.#plane.estate.ofType(deploymentType).filter(isManaged)) {
      this.#engine.background(() => settle(this.#engine, [{ kind: 'serve', resource: deployment.id }]));
    }
    for (const workspace of this.#plane.estate.ofType(workspaceType)) {
      this.#engine.background(() => this.#furnish(workspace.id));
    }
  }

  /** One after the other for each deployment, but a deletion at once: it ends what is still starting. */
  perform({ kind, resource }: Effect): Promise<void> {
    if (kind === 'furnish') return this.#furnish(resource);
    if (kind === 'forget') return this.#forget(resource);
    const key = keyOf(resource);
    const before = this.#plane.estate.get(resource) ? this.#turns.get(key) : undefined;
    const work = (before ?? Promise.resolve()).then(() => this.#perform(resource));
    const turn = work
      .catch(() => {})
      .finally(() => {
        if (this.#turns.get(key) === turn) this.#turns.delete(key);
      });
    this.#turns.set(key, turn);
    return work;
  }

  async #perform(resource: string): Promise<void> {
    const key = keyOf(resource);
    const deployment = this.#plane.estate.get(resource);
    if (!deployment) {
      await this.replicas.stop(key);
      await this.#settleIn(key, undefined);
      return;
    }
    const cut = cutOff(this.#engine.network, deployment.id);
    if (cut !== undefined) throw new Error(cut);
    const container = containerOf(deployment, this.#plane.estate);
    if (container && instancesOf(deployment) > 1 && (await this.#wayTo(deployment.id))) {
      throw new Error(
        `containers of ${deployment.name} would listen on the same ports: at a place of the linux fabric there is one, so sku.capacity 1`,
      );
    }
    const { place, recipe } = await this.#place(deployment, container?.image);
    try {
      if (!this.#plane.estate.get(resource)) throw new Error(`${deployment.name} was deleted meanwhile`);
      await this.replicas.ensure({
        ...specOf(deployment, place),
        ...(container && recipe
          ? { kind: { runtime: 'container', root: join(place, 'root'), recipe, routes: container.routes } }
          : {}),
        stand: () => this.#wayTo(deployment.id),
      });
    } catch (error) {
      if (this.#places.get(key) !== place) await rm(place, { recursive: true, force: true });
      throw error;
    }
    await this.#settleIn(key, place);
  }

  async answer(question: RunningQuestion): Promise<Json> {
    if (question.kind === 'logs')
      return { content: this.replicas.logs(keyOf(question.resource), question.tail) };
    const { estate, settings } = this.#plane;
    const account = estate.get(question.account);
    const workspace = estate.get(question.workspace);
    if (!account || !workspace) throw new Error(`${question.account} is gone`);
    const pass = passTo(account, { container: question.container }, workspace, settings, Date.now());
    await this.#blobs.createContainer(account.name, question.container);
    return pass;
  }

  /** Drops the content of a data plane that is gone, unless another resource has taken its name. */
  async #forget(id: ResourceId): Promise<void> {
    const { name, type } = partsOf(id);
    if (sameId(type, workspaceType)) {
      // What it kept is told apart by its id, and only the same one would find it again.
      if (!this.#plane.estate.get(id)) await this.#contents.records.clear(id);
      return;
    }
    if (this.#plane.estate.ofType(type).some((other) => sameId(other.name, name))) return;
    const keepers: readonly [string, { clear(name: string): Promise<void> }][] = [
      [storageAccountType, this.#contents.blobs],
      [storageAccountType, this.#contents.files],
      [vaultType, this.#contents.vaults],
      [registryType, this.#contents.images],
    ];
    for (const [kept, keeper] of keepers) if (sameId(kept, type)) await keeper.clear(name);
  }

  /** Makes the containers and shares that a workspace's own datastores stand for. */
  async #furnish(id: string): Promise<void> {
    const { estate } = this.#plane;
    const account = estate.get(asText(estate.get(id)?.properties['storageAccount']) ?? '');
    if (!account) return;
    const { containers, shares } = defaultParts(id);
    for (const container of containers) await this.#blobs.createContainer(account.name, container);
    for (const share of shares) await this.#contents.files.createShare(account.name, share);
  }

  async close(): Promise<void> {
    await this.replicas.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #plane(): Engine['plane'] {
    return this.#engine.plane;
  }

  /** Remembers where the files of a deployment are now, and removes those that it had before. */
  async #settleIn(key: string, place: string | undefined): Promise<void> {
    const before = this.#places.get(key);
    if (place === undefined) this.#places.delete(key);
    else this.#places.set(key, place);
    if (before !== undefined && before !== place) await rm(before, { recursive: true, force: true });
  }

  /**
   * Puts the files of a deployment into a folder that is named by what they are: where they are the same as before,
   * so is the folder, and replicas go on as they are.
   */
  async #place(deployment: Resource, image: string | undefined): Promise<Placed> {
    const draft = join(this.#folder, `draft-${++this.#fetched}`);
    const hash = createHash('sha256').update(keyOf(deployment.id));
    const courier = await this.#sendFrom(deployment.id);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const recipe = await this.#fetch(deployment, courier, image, draft, hash);
      const place = join(this.#folder, hash.digest('hex').slice(0, 32));
      if (this.#places.get(keyOf(deployment.id)) === place) return { place, recipe };
      await rm(place, { recursive: true, force: true });
      await rename(draft, place);
      return { place, recipe };
    } catch (error) {
      const { message } = error as Error;
      if (this.#plane.estate.get(deployment.id))
        this.replicas.tell(keyOf(deployment.id), `cloister: ${message}`);
      throw error;
    } finally {
      await courier.close();
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** Fetches model, code and image into a folder, and returns how the image is run. */
  async #fetch(
    deployment: Resource,
    courier: Courier,
    image: string | undefined,
    draft: string,
    hash: Hash,
  ): Promise<Recipe | undefined> {
    const { estate } = this.#plane;
    const { model, codeConfiguration } = propertiesOf(deploymentProperties, deployment);
    const code = codeConfiguration?.codeId;
    const copy = async (uri: string, name: string): Promise<void> => {
      await mkdir(join(draft, name));
      await downloading(`user ${name}`, async () => {
        const { account, container, path } = addressOf(uri, deployment.id, estate);
        await copyFiles(new BlobClient(courier, account, container), path, join(draft, name), hash);
      });
    };
    await mkdir(draft);
    if (model === undefined) await mkdir(join(draft, 'model'));
    else await copy(this.#uriOf(model, 'modelUri'), 'model');
    if (code !== undefined) await copy(this.#uriOf(code, 'codeUri'), 'code');
    await openFolders(draft);
    if (image === undefined) return undefined;
    const root = join(draft, 'root');
    await mkdir(root);
    return downloading(`user container image ${image}`, () => pullImage(courier, estate, image, root, hash));
  }

  /** The address of an asset's files: of a registered version, or written out. */
  #uriOf(reference: string, member: 'modelUri' | 'codeUri'): string {
    if (!reference.startsWith('/')) return reference;
    const asset = this.#plane.estate.get(reference);
    return asText(asset?.properties[member]) ?? reference;
  }
}

/** Where the files of a deployment are, and how its image is run, if it has one. */
interface Placed {
  readonly place: string;
  readonly recipe: Recipe | undefined;
}

/** Words what goes wrong as Azure does (https://aka.ms/oe-tsg#error-badargument). */
async function downloading<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ECONNRESET' ? 'the connection broke before all was there' : message;
    throw new ArmError('BadArgument', `Unable to download ${what}: ${why}`, { cause: error });
  }
}

function specOf(deployment: Resource, place: string): ReplicaSpec {
  const stored = propertiesOf(deploymentProperties, deployment);
  const code = stored.codeConfiguration;
  const concurrency = stored.requestSettings?.maxConcurrentRequestsPerInstance;
  return {
    key: keyOf(deployment.id),
    kind: code
      ? { runtime: 'script', code: join(place, 'code'), entry: code.scoringScript }
      : { runtime: 'onnx' },
    model: join(place, 'model'),
    ...modelAt(stored),
    environment: stored.environmentVariables ?? {},
    limits: limitsOf(stored.instanceType),
    instances: instancesOf(deployment),
    readinessTimeout: readiness,
    requestTimeout: milliseconds(stored.requestSettings?.requestTimeout) ?? patience,
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

function instancesOf({ sku }: Resource): number {
  const capacity = sku?.['capacity'];
  return typeof capacity === 'number' ? capacity : 1;
}
