/**
 * `cloister up`: bring an instance up and deploy, over the same protocol as any client.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AzureClient } from '../api/azure.ts';
import { ControlClient, findInstance } from '../api/control.ts';
import { defaultGroup, defaultLocation } from '../app/defaults.ts';
import { isSubscriptionTemplate, open, parametersOf } from '../app/open.ts';
import type { Source } from '../app/source.ts';
import { type FileOptions, type StateOptions, stateOf } from './flags.ts';
import { NothingToAsk } from './report.ts';

/** Flags of `up`. */
export interface UpOptions extends FileOptions, StateOptions {
  readonly fabric?: string;
  readonly port?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

/** Brings it up. Without `--detach` it stays until it is stopped. */
export async function up(files: readonly string[], options: UpOptions): Promise<number> {
  if (options.fabric === 'linux')
    throw new NothingToAsk('--fabric linux is not supported yet; write userspace or auto.');
  if (options.fabric !== undefined && !['auto', 'userspace'].includes(options.fabric)) {
    throw new NothingToAsk(`--fabric ${options.fabric}: write auto or userspace.`);
  }
  if (options.port !== undefined && !/^\d{1,5}$/.test(options.port))
    throw new NothingToAsk(`--port ${options.port}: write a number.`);
  // Opened before anything runs: a template that is wrong is told with file, line and column.
  const sources = files.length > 0 ? (await open(files, options)).sources : [];
  const { folder, memory } = stateOf(options);
  const running = findInstance(folder);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (running) {
    await deployAll(new ControlClient(running), sources, options, say);
    say('updated');
    return 0;
  }
  if (options.detach) {
    await startDetached(folder, memory, options.port);
    const started = findInstance(folder);
    if (!started) throw new NothingToAsk(`the instance did not start; ${join(folder, 'log')} has its log`);
    await deployAll(new ControlClient(started), sources, options, say);
    return 0;
  }
  const { Instance } = await import('../server/instance.ts');
  const instance = await Instance.start({
    folder,
    memory,
    ...(options.port === undefined ? {} : { port: Number(options.port) }),
  });
  const stopped = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
  });
  let code = 0;
  try {
    await deployAll(new ControlClient(instance.file), sources, options, say);
    say('up; end it with Ctrl-C');
    await Promise.race([instance.stopping, stopped]);
  } catch (error) {
    code = (await import('./report.ts')).report(error);
  } finally {
    await instance.close();
  }
  return code;
}

/** Deploys sources in order, with progress a resource, and says who to sign in as. */
export async function deployAll(
  client: ControlClient,
  sources: readonly Source[],
  options: FileOptions,
  say: (line: string) => void,
): Promise<number> {
  const session = await client.enter('internet');
  const azure = new AzureClient(session);
  const {
    AZURE_SUBSCRIPTION_ID: subscription,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: principal,
  } = session.environment;
  let resources = 0;
  try {
    for (const source of sources) {
      const group = options.resourceGroup ?? defaultGroup;
      const location = options.location ?? defaultLocation;
      for (const { to, file } of source.config.content) await seed(client, to, join(source.folder, file));
      const root = `/subscriptions/${subscription}`;
      const scope = isSubscriptionTemplate(source) ? root : `${root}/resourceGroups/${group}`;
      if (scope !== root) await azure.put(scope, { location });
      const path = `${scope}/providers/Microsoft.Resources/deployments/${nameOf(source)}`;
      const properties = {
        mode: 'Incremental',
        template: source.document.value,
        parameters: parametersOf(source, options),
      };
      await azure.deploy(
        path,
        { properties, ...(scope === root ? { location } : {}) },
        ({ id, type, state }) => {
          if (state === 'Running') return;
          resources++;
          say(
            `  ${state === 'Succeeded' ? '✓' : '✗'} ${shortType(type)} ${id.slice(id.lastIndexOf('/') + 1)}`,
          );
        },
      );
    }
    const configs = sources.flatMap((source) => {
      const file = join(source.folder, 'cloister.yaml');
      return statSync(file, { throwIfNoEntry: false }) ? [{ file, config: readFileSync(file, 'utf8') }] : [];
    });
    if (sources.length > 0) await client.describe(configs);
    say(
      `tenant ${tenant}, subscription ${subscription}, service principal ${principal} (its secret: cloister env --from internet)`,
    );
    return resources;
  } finally {
    azure.close();
    await client.leave(session.username);
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
  if (found.isFile()) return client.seed(to, readFileSync(path));
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    await client.seed(`${to}/${relative(path, file).replaceAll('\\', '/')}`, readFileSync(file));
  }
}

/** Starts an instance that outlives this process, and waits until it answers. */
async function startDetached(folder: string, memory: boolean, port: string | undefined): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = openSync(join(folder, 'log'), 'a', 0o600);
  const args = [
    'serve',
    '--state',
    memory ? 'memory' : folder,
    ...(port === undefined ? [] : ['--port', port]),
  ];
  const child = spawn(process.execPath, [fileURLToPath(new URL('./entry.js', import.meta.url)), ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: memory ? { ...process.env, CLOISTER_STATE: 'memory' } : process.env,
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) =>
      reject(new NothingToAsk(`the instance ended with ${code}; ${join(folder, 'log')} has its log`)),
    );
  });
  child.disconnect();
  child.unref();
}
