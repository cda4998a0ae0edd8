/**
 * The composition root: a state folder becomes a running instance. It wires and holds no rule.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import type {
  Beside,
  FabricAnswer,
  FlowsAnswer,
  InstanceFile,
  Session,
  SnapshotAnswer,
  StatusAnswer,
  WhyRequest,
} from '../api/control.ts';
import { readCertificate } from '../app/certificates.ts';
import { type Config, readConfig } from '../app/config.ts';
import {
  defaultDeployer,
  defaultLocation,
  defaultSubscription,
  defaultTenant,
  firstResources,
} from '../app/defaults.ts';
import { Guard } from '../app/guard.ts';
import { besideOf } from '../app/open.ts';
import { InputError } from '../app/problem.ts';
import { verifyRunning } from '../app/verify.ts';
import { naming, why } from '../app/why.ts';
import { type Directory, joined } from '../arm/directory.ts';
import type { ResourceId } from '../arm/id.ts';
import type { Settings } from '../arm/provider.ts';
import { type Store, StoreError } from '../arm/store.ts';
import type { Standing } from '../compute/sandbox/sandbox.ts';
import { Gateway } from '../enforce/userspace/gateway.ts';
import { formatIp } from '../lib/ip.ts';
import { instanceMetadata } from '../net/azure.ts';
import type { Fact } from '../net/facts.ts';
import type { Place } from '../net/position.ts';
import { Blobs } from '../services/blob/blobs.ts';
import type { Bytes } from '../services/bytes.ts';
import { Files } from '../services/file/files.ts';
import { Images } from '../services/registry/images.ts';
import { Vaults } from '../services/vault/vaults.ts';
import { Records } from '../services/workspace/records.ts';
import { hostsEntries } from '../ship/hosts.ts';
import { lockFolder } from '../store/lock.ts';
import { Accounts } from './accounts.ts';
import { resumeAnalyses } from './analysis.ts';
import { ownCertificate } from './certificate.ts';
import type { Controlled } from './control.ts';
import { Engine } from './engine.ts';
import { FlowLog } from './flow-log.ts';
import { Flows } from './flows.ts';
import { writeBundles } from './front/bundle.ts';
import { Front } from './front/front.ts';
import { decide, type Passage } from './front/passage.ts';
import { PlainFront } from './front/plain.ts';
import { Jobs } from './jobs/jobs.ts';
import type { Entry } from './kernel/entry.ts';
import { markOf } from './kernel/leftovers.ts';
import { standingOf } from './kernel/standing.ts';
import { type Enforced, enforce, entryTo, type FabricKind, fabricOf } from './kernel/start.ts';
import { loadKeys } from './keys.ts';
import { listen } from './listen.ts';
import { metadataOf, workloadEnvironment } from './machine.ts';
import { Resolvers } from './resolvers.ts';
import { servicesOf } from './services.ts';
import { Serving } from './serving.ts';
import { Sessions } from './sessions.ts';
import { openStore, type StateOptions } from './state.ts';
import { statusOf } from './status.ts';
import { subscriptionOf } from './subscription.ts';
import type { Courier } from './supply/courier.ts';
import { courierFrom } from './supply/departure.ts';

/** How an instance is started. */
export interface InstanceOptions extends StateOptions {
  /** Folder of the state; it also says where the instance is found. */
  readonly folder: string;
  /** Port of the control API; any free one by default. */
  readonly port?: number;
  readonly subscription?: string;
  /** Refuse writes that break intents. */
  readonly guard?: boolean;
  /** What makes the network real; `auto`: the kernel where it can. Userspace unless told. */
  readonly fabric?: FabricKind;
  readonly log?: (error: unknown) => void;
}

type Closer = () => Promise<void> | void;

/** What an instance is made of, from the inside out. */
interface Parts {
  readonly engine: Engine;
  readonly serving: Serving;
  readonly blobs: Blobs;
  readonly sessions: Sessions;
  readonly resolvers: Resolvers;
  readonly enforced: Enforced;
  readonly flows: Flows;
  readonly log: (error: unknown) => void;
  readonly beside: readonly Beside[];
}

/** A running Cloister. */
export class Instance implements Controlled {
  readonly engine: Engine;
  readonly #parts: Parts;
  readonly #closers: readonly Closer[];
  #file: InstanceFile | undefined;
  /** What cloister.yaml files said, by file. */
  #beside: readonly Beside[];
  #stop: () => void = () => {};
  #closing: Promise<void> | undefined;
  /** Resolves when somebody asked the instance to stop. */
  readonly stopping: Promise<void>;

  private constructor(parts: Parts, closers: readonly Closer[]) {
    this.engine = parts.engine;
    this.#parts = parts;
    this.#closers = closers;
    this.#beside = parts.beside;
    this.stopping = new Promise((done) => {
      this.#stop = done;
    });
  }

  /** Where the control API is. */
  get file(): InstanceFile {
    if (!this.#file) throw new Error('the instance has not been started');
    return this.#file;
  }

  /** Starts an instance. Rejects with InputError; nothing is left running then. */
  static async start(options: InstanceOptions): Promise<Instance> {
    // In the order in which they are to be called: what was opened last is closed first.
    const closers: Closer[] = [];
    const log = options.log ?? ((error: unknown) => console.error(error));
    try {
      return await begin(options, closers, log, (parts) => new Instance(parts, closers));
    } catch (error) {
      await closeAll(closers, log);
      throw asInputError(error);
    }
  }

  status(): Promise<StatusAnswer> {
    const { engine, serving, sessions, enforced } = this.#parts;
    return statusOf(engine, serving, sessions, enforced);
  }

  /** The last decisions about flows. */
  flows(): Promise<FlowsAnswer> {
    return this.#parts.flows.answer();
  }

  fabric(): FabricAnswer {
    return fabricOf(this.#parts.enforced);
  }

  async entry(text: string): Promise<Entry | undefined> {
    const place = this.engine.names.place(text);
    if (!place.ok) throw naming('--from', place.error);
    return entryTo(this.#parts.enforced, place.value);
  }

  places(): readonly string[] {
    return this.engine.names.places().map((place) => place.label);
  }

  why(question: WhyRequest): string {
    return `${JSON.stringify(why(this.engine.network, question, this.engine.names), undefined, 2)}\n`;
  }

  /** What is wrong with the estate as it is. */
  async verify(): Promise<string> {
    const verdict = await verifyRunning(this.engine.network, this.#configs(), defaultDeployer.objectId);
    return `${JSON.stringify(verdict, undefined, 2)}\n`;
  }

  /** Turns the guard on, with what is described now, or off. */
  guard(on: boolean): void {
    const { engine } = this;
    engine.guard = on ? new Guard(engine.beside, this.#configs(), defaultDeployer.objectId) : undefined;
  }

  #configs(): readonly Config[] {
    return this.#beside.map(({ config, file }) => readConfig(config, file, readCertificate));
  }

  hosts(): ReturnType<typeof hostsEntries> {
    return hostsEntries(this.engine.network);
  }

  snapshot(): SnapshotAnswer {
    const { estate, settings } = this.engine.plane;
    return { subscription: settings.subscription, resources: [...estate.all()], beside: this.#beside };
  }

  /** Enters a place: credentials that only reach what it reaches. */
  enter(text: string, as?: string): Session {
    const place = this.engine.names.place(text);
    if (!place.ok) throw naming('--from', place.error);
    return this.#parts.sessions.enter(place.value, as);
  }

  /** Where the resolver of a place listens. */
  resolver(text: string): Promise<string> {
    const place = this.engine.names.place(text);
    if (!place.ok) throw naming('--from', place.error);
    return this.#parts.resolvers.at(place.value.label);
  }

  leave(username: string): void {
    this.#parts.sessions.leave(username);
  }

  async describe(configs: readonly Beside[]): Promise<void> {
    const described = configs.map((config) => descriptionOf(config, this.engine));
    // Another folder's description stays: it goes with what was deployed from there.
    const others = this.#beside.filter(({ file }) => !configs.some((config) => config.file === file));
    const all = [...others, ...configs].filter(({ config }) => config.trim() !== '');
    await this.engine.remember(
      'beside',
      all.map(({ config, file }) => ({ config, file })),
    );
    this.#beside = all;
    tell(this.engine, [...standing(others, this.engine, this.#parts.log), ...described]);
    if (this.engine.guard) this.guard(true);
  }

  async seed(to: string, bytes: Bytes): Promise<void> {
    const [account = '', container = '', ...path] = to.split('/');
    if (account === '' || container === '' || path.join('') === '')
      throw new InputError({ message: `'${to}' must be <account>/<container>/<path>` });
    await this.#parts.blobs.seed(account, container, path.join('/'), bytes);
  }

  stop(): void {
    this.#stop();
  }

  /** Opens the control API and lets the user's own commands find it. */
  async publish(folder: string, port: number): Promise<Closer> {
    const token = randomBytes(32).toString('base64url');
    const listener = await listen(this, token, port);
    this.#file = { pid: process.pid, port: listener.port, token };
    const path = join(folder, 'instance.json');
    const partial = `${path}.${process.pid}`;
    writeFileSync(partial, JSON.stringify(this.#file), { mode: 0o600 });
    renameSync(partial, path);
    return listener.close;
  }

  /** Stops everything; the state stays. */
  close(): Promise<void> {
    this.#closing ??= closeAll(this.#closers, this.#parts.log);
    return this.#closing;
  }
}

async function begin(
  options: InstanceOptions,
  closers: Closer[],
  log: (error: unknown) => void,
  make: (parts: Parts) => Instance,
): Promise<Instance> {
  const folder = resolve(options.folder);
  const lock = await lockFolder(folder);
  closers.unshift(() => lock.release());
  closers.unshift(() => rmSync(join(folder, 'instance.json'), { force: true }));
  const store = await openStore(folder, options);
  closers.unshift(() => store.close());
  // Whatever a killed instance left there is of no use to anybody.
  const work = join(folder, 'run');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { mode: 0o700 });
  closers.unshift(() => rmSync(work, { recursive: true, force: true }));
  // Made while the state is read: an RSA key takes its time.
  const making = ownCertificate('deployer');
  const keys = await loadKeys(store);
  const settings: Settings = {
    subscription: await subscriptionOf(store, options.subscription, defaultSubscription),
    subscriptionName: 'Cloister',
    tenant: defaultTenant,
    location: defaultLocation,
    secret: keys.secret,
  };
  const engine = await Engine.open(store, settings, firstResources(settings, defaultDeployer), log);
  closers.unshift(() => engine.idle());
  const blobs = new Blobs(store, options.memory ? undefined : join(folder, 'blobs'));
  await blobs.open();
  const files = new Files(store, options.memory ? undefined : join(folder, 'files'));
  await files.open();
  const images = new Images(store, options.memory ? undefined : join(folder, 'images'));
  await images.open();
  const vaults = new Vaults(store);
  await vaults.open();
  const contents = { blobs, files, vaults, images, records: new Records(store) };
  const serving = new Serving(engine, contents, work);
  closers.unshift(() => serving.close());
  const own = await making;
  const certificate = { pem: own.certificatePem, file: join(work, 'deployer.pem') };
  writeFileSync(certificate.file, `${own.keyPem}${own.certificatePem}`, { mode: 0o600 });
  const accounts = new Accounts(keys, certificate, () => engine.directory);
  const answer = servicesOf(engine, keys, accounts, contents, serving);
  const front = new Front(keys.authority, () => engine.network, answer, log);
  closers.unshift(() => front.close());
  const metadata = new PlainFront(formatIp(instanceMetadata), metadataOf(engine, keys), log);
  closers.unshift(() => metadata.close());
  const deliver = (socket: Duplex, head: Buffer, passage: Passage): void => {
    if (passage.arrival.address === instanceMetadata) metadata.accept(socket, head, passage);
    else void front.accept(socket, head, passage).catch(log);
  };
  const flows = new Flows(
    await FlowLog.open({ file: options.memory ? undefined : join(folder, 'flows.jsonl') }),
    engine,
  );
  const gateway = new Gateway({
    decide: (wanted) => {
      const decision = decide(engine, wanted, deliver);
      flows.decided(wanted, decision);
      return decision;
    },
    onError: log,
  });
  const port = await gateway.listen();
  closers.unshift(() => gateway.close());
  const ca = keys.authority.certificatePem;
  const bundles = await writeBundles(work, ca);
  for (const file of [bundles.ca, bundles.bundle]) chmodSync(file, 0o600);
  const shared = {
    gateway: port,
    ...bundles,
    tenant: settings.tenant,
    subscription: settings.subscription,
  };
  const around = (place: Place): Readonly<Record<string, string>> => workloadEnvironment(engine, keys, place);
  const sessions = new Sessions(gateway, accounts, shared, work, around);
  const beside = await recall(store, engine, log);
  const resolvers = new Resolvers(engine, log);
  closers.unshift(() => resolvers.close());
  const enforced = await enforce(options.fabric ?? 'userspace', {
    ground: engine,
    deliver,
    proxy: (site, open, socket) => gateway.serveAt(site, open, socket),
    denied: (flow) => flows.denied(flow),
    log,
    bundles,
    folder: join(work, markOf(folder)),
  });
  engine.followWith(enforced.kernel);
  closers.unshift(() => enforced.kernel?.close());
  const wayTo = (workload: ResourceId): Promise<Standing | undefined> =>
    standingOf(enforced, engine.names, workload, bundles, around);
  const sendFrom = (workload: ResourceId): Promise<Courier> =>
    courierFrom(engine, workload, { enforced, gateway, port, ca, around });
  serving.standAt(wayTo, sendFrom);
  const jobs = new Jobs({
    engine,
    records: contents.records,
    room: serving.replicas.room,
    wayTo,
    sendFrom,
    folder: join(work, 'jobs'),
  });
  engine.serveWith({
    perform: (effect) => (effect.kind === 'run' ? jobs.perform(effect.resource) : serving.perform(effect)),
    answer: (question) => serving.answer(question),
  });
  closers.unshift(() => jobs.close());
  flows.watch(enforced.kernel);
  closers.unshift(() => flows.close());
  const instance = make({ engine, serving, blobs, sessions, resolvers, enforced, flows, log, beside });
  if (options.guard) instance.guard(true);
  closers.unshift(await instance.publish(folder, options.port ?? 0));
  serving.resume();
  engine.background(() => jobs.resume());
  engine.background(() => resumeAnalyses(engine));
  return instance;
}

/** Closes one after the other. What fails is logged: the rest is to be closed all the same. */
async function closeAll(closers: readonly Closer[], log: (error: unknown) => void): Promise<void> {
  for (const close of closers) {
    try {
      await close();
    } catch (error) {
      log(error);
    }
  }
}

/** Sites and DNS servers that were described before a restart. */
async function recall(
  store: Store,
  engine: Engine,
  log: (error: unknown) => void,
): Promise<readonly Beside[]> {
  const kept = await store.document('instance', 'beside');
  const beside = Array.isArray(kept) ? (kept as unknown as Beside[]) : [];
  tell(engine, standing(beside, engine, log));
  return beside;
}

/** What a cloister.yaml says, against the estate as it is. */
interface Description {
  readonly facts: readonly Fact[];
  readonly directory: Directory;
}

function tell(engine: Engine, all: readonly Description[]): void {
  engine.describe(
    all.flatMap(({ facts }) => facts),
    joined(all.map(({ directory }) => directory)),
  );
}

/** What descriptions say now. A machine that one names may be gone since: that is logged, and the rest holds. */
function standing(
  configs: readonly Beside[],
  engine: Engine,
  log: (error: unknown) => void,
): readonly Description[] {
  return configs.flatMap((config) => {
    try {
      return [descriptionOf(config, engine)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      log(error);
      return [];
    }
  });
}

function descriptionOf({ config, file }: Beside, engine: Engine): Description {
  const read = readConfig(config, file, readCertificate);
  return { facts: besideOf([{ config: read }], engine.plane.estate), directory: read.directory };
}

/** What the user can mend is told in a sentence: a folder that cannot be used, a full disk. */
function asInputError(error: unknown): unknown {
  if (error instanceof StoreError) return new InputError({ message: error.message });
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  const system = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR'].includes(code);
  return system ? new InputError({ message: (error as Error).message }) : error;
}
