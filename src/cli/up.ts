/**
 * `cloister up`: bring an instance up and deploy, over the same protocol as any client.
 *
 * @module
 */

import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { AzureClient, AzureError } from '../api/azure.ts';
import {
  ControlClient,
  type FabricAnswer,
  findInstance,
  type InstanceFile,
  type Stream,
} from '../api/control.ts';
import { defaultGroup, defaultLocation } from '../app/defaults.ts';
import { open, openFiles } from '../app/files.ts';
import { isSubscriptionTemplate, parametersOf } from '../app/open.ts';
import { InputError } from '../app/problem.ts';
import type { Snapshot } from '../app/snapshot.ts';
import type { Source } from '../app/source.ts';

import type { JsonObject } from '../lib/json.ts';
import { startDetached } from './detach.ts';
import { describeFabric, fabricOf } from './fabric.ts';
import {
  type DatabaseOptions,
  databaseOf,
  type FileOptions,
  type FormatOptions,
  type StateOptions,
  stateOf,
  wantsJson,
} from './flags.ts';
import { NothingToAsk } from './problem.ts';
import { untilSignal } from './until-stopped.ts';

/** Flags of `up`. */
export interface UpOptions extends FileOptions, StateOptions, DatabaseOptions, FormatOptions {
  readonly fabric?: string;
  readonly port?: string;
  readonly detach?: boolean;
  /** Undefined: as it is, and off where nothing runs. */
  readonly guard?: boolean;
}

/** What `up --json` prints. */
interface Report {
  readonly state: string;
  readonly fabric: FabricAnswer['fabric'];
  readonly pid: number;
  readonly tenant: string;
  readonly subscription: string;
  /** Application id of the service principal; its secret comes with `cloister env`. */
  readonly principal: string;
  readonly deployed: number;
}

/** Brings it up. Without `--detach` it stays until it is stopped. */
export async function up(files: readonly string[], options: UpOptions): Promise<number> {
  checkFlags(options);
  const json = wantsJson(options);
  // Opened before anything runs: a template that is wrong is told with file, line and column.
  const { folder, memory } = stateOf(options);
  const running = await findInstance(folder);
  const kept = !memory && ['estate.db', 'database.json'].some((name) => existsSync(join(folder, name)));
  const given = await check(files, options, running !== undefined || kept);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const deploy = async (instance: InstanceFile): Promise<void> => {
    const client = new ControlClient(instance);
    const fabric = await client.fabric();
    if (fabric.fabric === 'linux' || fabric.lost !== undefined) say(describeFabric(fabric).join('\n'));
    const report = { state: folder, ...(await deployTo(client, instance, given, options, say)) };
    if (json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  };
  const { port, subscription } = options;
  if (running) {
    if (port !== undefined && Number(port) !== running.port)
      throw new NothingToAsk(`--port ${port}: the instance that runs in ${folder} has ${running.port}.`);
    const client = new ControlClient(running);
    await checkFabric(client, options.fabric);
    if (options.guard !== undefined) await client.guard(options.guard);
    if (given.sources.length > 0) await showChange(client, given.sources, options, say);
    await deploy(running);
    say('updated');
    return 0;
  }
  if (options.detach) {
    await startDetached({
      folder,
      memory,
      guard: options.guard === true,
      fabric: fabricOf(options.fabric),
      port,
      subscription,
      ...databaseOf(options),
    });
    const started = await findInstance(folder);
    if (!started) throw new NothingToAsk(`the instance did not start; ${join(folder, 'log')} has its log`);
    try {
      await deploy(started);
    } catch (error) {
      // As without --detach: what does not deploy does not stay up. The state keeps what was done.
      await new ControlClient(started).stop();
      throw error;
    }
    return 0;
  }
  const signal = untilSignal();
  const { Instance } = await import('../server/instance.ts');
  const instance = await Instance.start({
    folder,
    memory,
    guard: options.guard === true,
    fabric: fabricOf(options.fabric),
    ...databaseOf(options),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(subscription === undefined ? {} : { subscription }),
  });
  const stopped = Promise.race([instance.stopping, signal]);
  try {
    const deployed = deploy(instance.file).then(() => say('up; end it with Ctrl-C'));
    // Who stops it while it deploys is not told of what failed for that.
    deployed.catch(() => {});
    await Promise.race([deployed, stopped]);
    await stopped;
  } finally {
    await instance.close();
  }
  return 0;
}

/** Says which flows an update changes, before it is made. What will not deploy is told by the deployment itself. */
async function showChange(
  client: ControlClient,
  sources: readonly Source[],
  options: FileOptions,
  say: (line: string) => void,
): Promise<void> {
  const { updateOf } = await import('../app/update.ts');
  const { flowsText } = await import('../app/report/diff.ts');
  try {
    say(flowsText(await updateOf((await client.snapshot()) as Snapshot, sources, options)).trimEnd());
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}

/** What runs keeps the fabric that it was started with. */
async function checkFabric(client: ControlClient, flag: string | undefined): Promise<void> {
  if (flag === undefined || flag === 'auto') return;
  const { fabric } = await client.fabric();
  if (fabric === flag) return;
  throw new NothingToAsk(`--fabric ${flag}: what runs has ${fabric}; end it first with: cloister down`);
}

function checkFlags({ fabric, port }: UpOptions): void {
  fabricOf(fabric);
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65535))
    throw new NothingToAsk(`--port ${port}: write a number from 0 to 65535.`);
}

/** What is to be deployed. */
interface Given {
  readonly sources: readonly Source[];
  /** It does not stand on its own; it may with what the instance has already. */
  readonly doubt?: InputError;
}

/** Opens templates. What cannot be deployed onto nothing is refused, unless there is something that it may build on. */
async function check(files: readonly string[], options: FileOptions, founded: boolean): Promise<Given> {
  if (files.length === 0) return { sources: [] };
  try {
    return { sources: (await open(files, options)).sources };
  } catch (error) {
    if (!(error instanceof InputError) || !founded) throw error;
    // Where a file cannot even be read, this throws the same again.
    return { sources: [...openFiles(files, options)], doubt: error };
  }
}

/** Deploys sources in order, with progress a resource, and says who to sign in as. */
export async function deployAll(
  client: ControlClient,
  sources: readonly Source[],
  options: FileOptions,
  say: (line: string) => void,
): Promise<number> {
  return (await deployTo(client, undefined, { sources }, options, say)).deployed;
}

async function deployTo(
  client: ControlClient,
  instance: InstanceFile | undefined,
  { sources, doubt }: Given,
  options: FileOptions,
  say: (line: string) => void,
): Promise<Omit<Report, 'state'>> {
  const session = await client.enter('internet');
  const azure = new AzureClient(session);
  const {
    AZURE_SUBSCRIPTION_ID: subscription = '',
    AZURE_TENANT_ID: tenant = '',
    AZURE_CLIENT_ID: principal = '',
  } = session.environment;
  let deployed = 0;
  try {
    if (options.subscription !== undefined && options.subscription.toLowerCase() !== subscription)
      throw new InputError({
        message: `--subscription ${options.subscription}: the instance is of ${subscription}`,
      });
    const location = options.location ?? defaultLocation;
    const group = `/subscriptions/${subscription}/resourceGroups/${options.resourceGroup ?? defaultGroup}`;
    const works = sources.map((source) => workOf(source, group, location, options));
    // Told with file, line and column, which the instance does not know.
    if (doubt && !(await validates(azure, works))) throw doubt;
    for (const [at, { scope, path, body }] of works.entries()) {
      const source = sources[at] as Source;
      for (const { to, file } of source.config.content) await seed(client, to, join(source.folder, file));
      if (scope === group) await azure.put(scope, { location });
      await azure.deploy(path, body, ({ id, type, state }) => {
        if (state === 'Running') return;
        deployed++;
        say(`  ${state === 'Succeeded' ? '✓' : '✗'} ${shortType(type)} ${id.slice(id.lastIndexOf('/') + 1)}`);
      });
    }
    // A folder that has none says that it has none any more.
    const configs = [...new Set(sources.map(({ folder }) => join(folder, 'cloister.yaml')))].map((file) => ({
      file,
      config: existsSync(file) ? readFileSync(file, 'utf8') : '',
    }));
    if (sources.length > 0) await client.describe(configs);
    say(`tenant ${tenant}\nsubscription ${subscription}\nservice principal ${principal}`);
    say('(its secret: cloister env --from internet)');
    const { fabric } = await client.fabric();
    return { fabric, pid: instance?.pid ?? 0, tenant, subscription, principal, deployed };
  } finally {
    azure.close();
    await client.leave(session.username).catch(() => {});
  }
}

/** One deployment, as it is asked for. */
interface Work {
  readonly scope: string;
  readonly path: string;
  readonly body: JsonObject;
}

function workOf(source: Source, group: string, location: string, options: FileOptions): Work {
  const whole = isSubscriptionTemplate(source);
  const scope = whole ? group.replace(/\/resourceGroups\/.*$/, '') : group;
  const properties = {
    mode: 'Incremental',
    template: source.document.value,
    parameters: parametersOf(source, options),
  };
  return {
    scope,
    path: `${scope}/providers/Microsoft.Resources/deployments/${nameOf(source)}`,
    body: { properties, ...(whole ? { location } : {}) },
  };
}

/** Reports whether the instance, as it is, would take every deployment. */
async function validates(azure: AzureClient, works: readonly Work[]): Promise<boolean> {
  try {
    for (const { path, body } of works) await azure.post(`${path}/validate`, body);
    return true;
  } catch (error) {
    if (error instanceof AzureError) return false;
    throw error;
  }
}

function shortType(type: string): string {
  return type.replace(/^Microsoft\./i, '');
}

function nameOf(source: Source): string {
  const file = source.document.file.split(/[/\\]/).at(-1) ?? 'main';
  return file.replace(/\.[^.]*$/, '').replace(/[^\w.()-]/g, '-') || 'main';
}

/** Puts a file, or all files of a folder, into a storage account. */
async function seed(client: ControlClient, to: string, path: string): Promise<void> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new NothingToAsk(`cloister.yaml: content names ${path}, which does not exist`);
  if (found.isFile()) return client.seed(to, fileAt(path));
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    await client.seed(`${to}/${relative(path, file).replaceAll('\\', '/')}`, fileAt(file));
  }
}

function fileAt(path: string): Stream {
  return { size: statSync(path).size, stream: createReadStream(path) };
}
