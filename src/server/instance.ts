/**
 * The composition root: a state folder becomes a running instance. It wires and holds no rule.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import type { Beside, InstanceFile, Session, StatusAnswer, WhyRequest } from '../api/control.ts';
import { readConfig } from '../app/config.ts';
import {
  defaultDeployer,
  defaultLocation,
  defaultSubscription,
  defaultTenant,
  firstResources,
} from '../app/defaults.ts';
import { besideOf } from '../app/open.ts';
import { InputError } from '../app/problem.ts';
import { why } from '../app/why.ts';
import type { Settings } from '../arm/provider.ts';
import { type Store, StoreError } from '../arm/store.ts';
import { Gateway } from '../enforce/userspace/gateway.ts';
import { keyOf } from '../lib/key.ts';
import { deploymentType } from '../providers/ml/online-endpoints.ts';
import { Blobs } from '../services/blob/blobs.ts';
import { otherStoragePlane } from '../services/blob/other-planes.ts';
import { blobPlane } from '../services/blob/plane.ts';
import { registryPlane } from '../services/registry/plane.ts';
import { hashSecret } from '../services/sign-in/secret.ts';
import { SignIn } from '../services/sign-in/sign-in.ts';
import { vaultPlane } from '../services/vault/plane.ts';
import { workspacePlane } from '../services/workspace/plane.ts';
import { hostsEntries } from '../ship/hosts.ts';
import { lockFolder } from '../store/lock.ts';
import { MemoryStore } from '../store/memory.ts';
import { SqliteStore } from '../store/sqlite.ts';
import { answerer } from './answer.ts';
import { type Controlled, controlApi } from './control.ts';
import { Engine } from './engine.ts';
import { environmentOf } from './environment.ts';
import { writeBundles } from './front/bundle.ts';
import { Front } from './front/front.ts';
import { decide } from './front/passage.ts';
import { Scoring } from './front/scoring.ts';
import { type Keys, loadKeys } from './keys.ts';
import { probePlaces } from './probe.ts';
import { Serving } from './serving.ts';

/** How an instance is started. */
export interface InstanceOptions {
  /** Folder of the state; it also says where the instance is found. */
  readonly folder: string;
  /** Keep nothing: the estate is gone when the instance is. */
  readonly memory?: boolean;
  /** Port of the control API; any free one by default. */
  readonly port?: number;
  readonly subscription?: string;
  readonly log?: (error: unknown) => void;
}

/** A running Cloister. */
export class Instance implements Controlled {
  readonly file: InstanceFile;
  readonly engine: Engine;
  readonly #options: InstanceOptions;
  readonly #work: string;
  readonly #gateway: Gateway;
  readonly #gatewayPort: number;
  readonly #bundles: { readonly ca: string; readonly bundle: string };
  readonly #keys: Keys;
  readonly #serving: Serving;
  readonly #blobs: Blobs;
  readonly #closers: readonly (() => Promise<void> | void)[];
  readonly #sessions = new Map<string, string>();
  #stopped: (() => void) | undefined;
  /** Resolves when somebody asked the instance to stop. */
  readonly stopping: Promise<void>;

  private constructor(parts: {
    file: InstanceFile;
    engine: Engine;
    options: InstanceOptions;
    work: string;
    gateway: Gateway;
    gatewayPort: number;
    bundles: { ca: string; bundle: string };
    keys: Keys;
    serving: Serving;
    blobs: Blobs;
    closers: readonly (() => Promise<void> | void)[];
  }) {
    this.file = parts.file;
    this.engine = parts.engine;
    this.#options = parts.options;
    this.#work = parts.work;
    this.#gateway = parts.gateway;
    this.#gatewayPort = parts.gatewayPort;
    this.#bundles = parts.bundles;
    this.#keys = parts.keys;
    this.#serving = parts.serving;
    this.#blobs = parts.blobs;
    this.#closers = parts.closers;
    this.stopping = new Promise((resolve) => {
      this.#stopped = resolve;
    });
  }

  /** Starts an instance. Rejects with InputError or StoreError; nothing is left running then. */
  static async start(options: InstanceOptions): Promise<Instance> {
    const closers: (() => Promise<void> | void)[] = [];
    const log = options.log ?? ((error: unknown) => console.error(error));
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
      const lock = await lockFolder(options.folder);
      closers.unshift(() => lock.release());
      const store: Store = options.memory ? new MemoryStore() : await SqliteStore.open(options.folder);
      closers.unshift(() => store.close());
      const work = mkdtempSync(join(tmpdir(), 'cloister-'));
      closers.unshift(() => rmSync(work, { recursive: true, force: true }));
      const keys = await loadKeys(store);
      const settings: Settings = {
        subscription: options.subscription ?? defaultSubscription,
        subscriptionName: 'Cloister',
        tenant: defaultTenant,
        location: defaultLocation,
        secret: keys.secret,
      };
      const engine = await Engine.open(store, settings, firstResources(settings, defaultDeployer), log);
      closers.unshift(() => engine.idle());
      const blobs = new Blobs(store, options.memory ? undefined : join(options.folder, 'blobs'));
      await blobs.open();
      const serving = new Serving(engine, blobs, join(work, 'models'));
      engine.serveWith(serving);
      closers.unshift(() => serving.close());
      const check = { keys: keys.signing, tenant: settings.tenant, now: () => Date.now() };
      const scoring = new Scoring(engine, serving.replicas, check);
      const secretHashes = [hashSecret(keys.clientSecret)];
      const signIn = new SignIn({
        tenant: settings.tenant,
        issuerHost: 'login.microsoftonline.com',
        keys: keys.signing,
        applications: (clientId) =>
          clientId.toLowerCase() === defaultDeployer.appId
            ? { objectId: defaultDeployer.objectId, secretHashes }
            : undefined,
        now: () => Date.now(),
      });
      const planes = {
        blob: blobPlane(blobs),
        file: otherStoragePlane('file'),
        queue: otherStoragePlane('queue'),
        table: otherStoragePlane('table'),
        dfs: otherStoragePlane('dfs'),
        web: otherStoragePlane('web'),
        vault: vaultPlane,
        registry: registryPlane,
        workspace: workspacePlane,
      };
      const front = new Front(
        keys.authority,
        () => engine.network,
        answerer({ engine, signIn, scoring, check, planes }),
        log,
      );
      closers.unshift(() => front.close());
      const gateway = new Gateway({
        decide: (destination) =>
          decide(
            engine,
            destination,
            (socket, head, passage) => void front.accept(socket, head, passage).catch(log),
          ),
        onError: log,
      });
      const gatewayPort = await gateway.listen();
      closers.unshift(() => gateway.close());
      const bundles = await writeBundles(work, keys.authority.certificatePem);
      const token = randomBytes(32).toString('base64url');
      const holder: { instance?: Instance } = {};
      const port = await listen(holder, token, options.port ?? 0, closers);
      const file: InstanceFile = { pid: process.pid, port, token };
      const instance = new Instance({
        file,
        engine,
        options,
        work,
        gateway,
        gatewayPort,
        bundles,
        keys,
        serving,
        blobs,
        closers,
      });
      holder.instance = instance;
      instance.#publish();
      await instance.#recall(store);
      serving.resume();
      return instance;
    } catch (error) {
      for (const close of closers) await close();
      if (error instanceof StoreError) throw new InputError({ message: error.message });
      throw error;
    }
  }

  async status(): Promise<StatusAnswer> {
    const { engine } = this;
    const { estate, registry } = engine.plane;
    const deployments = estate.ofType(deploymentType).map((deployment) => {
      const counts = this.#serving.replicas.status(keyOf(deployment.id));
      const state =
        counts.ready === counts.wanted && counts.wanted > 0
          ? 'active'
          : `degraded: ${counts.ready} of ${counts.wanted} replicas answer`;
      return { deployment: deployment.id, ...counts, state };
    });
    return {
      fabric: 'userspace',
      places: await probePlaces(
        this,
        engine.names.places().map((place) => place.label),
      ),
      deployments,
      resources: estate.size,
      unmodelled: [...estate.all()]
        .filter((resource) => registry.find(resource.type)?.level === 'stored')
        .map(({ id, type }) => ({ id, type })),
    };
  }

  places(): readonly string[] {
    return this.engine.names.places().map((place) => place.label);
  }

  why(question: WhyRequest): string {
    return `${JSON.stringify(why(this.engine.network, question, this.engine.names), undefined, 2)}\n`;
  }

  hosts(): ReturnType<typeof hostsEntries> {
    return hostsEntries(this.engine.network);
  }

  /** Enters a place: credentials that only reach what it reaches. */
  enter(text: string): Session {
    const place = this.engine.names.place(text);
    if (!place.ok) {
      const list = place.error.candidates.map((label) => `\n  ${label}`).join('');
      throw new InputError({ message: `--from: ${place.error.message}${list}` });
    }
    const { username, password } = this.#gateway.grant(place.value.label);
    const azureConfig = join(this.#work, `az-${username}`);
    mkdirSync(azureConfig, { mode: 0o700 });
    this.#sessions.set(username, azureConfig);
    const { ca, bundle } = this.#bundles;
    const { settings } = this.engine.plane;
    const environment = environmentOf({
      gateway: this.#gatewayPort,
      username,
      password,
      ca,
      bundle,
      tenant: settings.tenant,
      subscription: settings.subscription,
      clientId: defaultDeployer.appId,
      clientSecret: this.#keys.clientSecret,
      place: place.value.label,
      azureConfig,
    });
    return { username, password, gateway: this.#gatewayPort, ca, environment };
  }

  leave(username: string): void {
    this.#gateway.revoke(username);
    const folder = this.#sessions.get(username);
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    this.#sessions.delete(username);
  }

  describe(configs: readonly Beside[]): void {
    const sources = configs.map(({ config, file }) => ({ config: readConfig(config, file) }));
    this.engine.describe(besideOf(sources, this.engine.plane.estate));
    const kept = configs.map(({ config, file }) => ({ config, file }));
    void this.engine.remember('beside', kept).catch((error: unknown) => this.#options.log?.(error));
  }

  async seed(to: string, bytes: Uint8Array): Promise<void> {
    const [account = '', container = '', ...path] = to.split('/');
    await this.#blobs.seed(account, container, path.join('/'), bytes);
  }

  stop(): void {
    this.#stopped?.();
  }

  /** Stops everything; the state stays. */
  async close(): Promise<void> {
    rmSync(join(this.#options.folder, 'instance.json'), { force: true });
    for (const close of this.#closers) await close();
  }

  /** Lets the user's own commands find this instance. */
  #publish(): void {
    const path = join(this.#options.folder, 'instance.json');
    const partial = `${path}.${process.pid}`;
    writeFileSync(partial, JSON.stringify(this.file), { mode: 0o600 });
    chmodSync(partial, 0o600);
    renameSync(partial, path);
  }

  /** Sites and DNS servers that were described before a restart. */
  async #recall(store: Store): Promise<void> {
    const kept = await store.document('instance', 'beside');
    if (!Array.isArray(kept)) return;
    const sources = (kept as unknown as Beside[]).map(({ config, file }) => ({
      config: readConfig(config, file),
    }));
    this.engine.describe(besideOf(sources, this.engine.plane.estate));
  }
}

/** Opens the control API. A port that is taken is said by name. */
async function listen(
  holder: { instance?: Instance },
  token: string,
  port: number,
  closers: (() => Promise<void> | void)[],
): Promise<number> {
  const late = (): Instance => {
    if (!holder.instance) throw new Error('the instance is still starting');
    return holder.instance;
  };
  const api = controlApi(
    {
      status: () => late().status(),
      places: () => late().places(),
      why: (question) => late().why(question),
      hosts: () => late().hosts(),
      enter: (place) => late().enter(place),
      leave: (username) => late().leave(username),
      describe: (configs) => late().describe(configs),
      seed: (to, bytes) => late().seed(to, bytes),
      stop: () => late().stop(),
    },
    token,
  );
  const server = createAdaptorServer({ fetch: api.fetch, hostname: '127.0.0.1' });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new InputError({ message: `port ${port} is in use: choose another with --port, or leave it out` })
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  closers.unshift(
    () =>
      new Promise<void>((resolve) => {
        // The answer to the request that stopped us still has to go out.
        const late = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), 1000);
        server.close(() => {
          clearTimeout(late);
          resolve();
        });
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      }),
  );
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
