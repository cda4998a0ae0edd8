/**
 * One job, from its files to its end: fetches what it is given, runs its command where its compute stands, and keeps
 * what it prints and leaves.
 *
 * @module
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ancestorId, type ResourceId } from '../../arm/id.ts';
import { propertiesOf } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import { entriesOf } from '../../compute/image/tar.ts';
import { Running, type Task, taskFolders } from '../../compute/process/task.ts';
import { usualLimits } from '../../compute/sandbox/limits.ts';
import type { FindRoom, Standing } from '../../compute/sandbox/sandbox.ts';
import { asText } from '../../lib/json.ts';
import { bound } from '../../providers/ml/jobs/command.ts';
import { computeOf, jobProperties } from '../../providers/ml/jobs/jobs.ts';
import { artifactStoreOf } from '../../services/workspace/artifacts.ts';
import type { Contents } from '../contents.ts';
import type { Engine } from '../engine.ts';
import type { FileAddress } from '../supply/file-address.ts';
import { apiOf, unreachable } from '../ways.ts';
import { checkWay, fetchInto, placeOf } from './files.ts';
import { LogFile } from './log-file.ts';

/** Where logs are, for clients that stream them. */
export const logPath = 'user_logs/std_log.txt';

/** Milliseconds between two looks whether a log has grown. */
const logEvery = 1000;

/** What jobs run on. */
export interface Workshop {
  readonly engine: Engine;
  readonly contents: Contents;
  /** What their programs are run in. */
  readonly room: FindRoom;
  /** How a program gets to a place; undefined: nowhere, and it reaches nobody. */
  readonly wayTo: (workload: ResourceId) => Promise<Standing | undefined>;
  /** A folder for what jobs are given. */
  readonly folder: string;
}

/** A job that has all that it needs. */
export interface Prepared {
  readonly job: Resource;
  readonly task: Task;
  /** Where its artifacts go. */
  readonly artifacts: FileAddress;
  /** Where its outputs go, by name. */
  readonly outputs: ReadonlyMap<string, FileAddress>;
}

/** Fetches what a job is given into a folder. Throws an error that says what is in the way. */
export async function prepare(shop: Workshop, job: Resource, folder: string): Promise<Prepared> {
  const { engine, contents } = shop;
  const given = propertiesOf(jobProperties, job);
  const workspace = ancestorId(job.id, 1);
  const compute = computeOf(job, engine.plane.estate) as ResourceId | undefined;
  if (compute === undefined) throw new Error(`job ${job.name} has no compute any more`);
  const api = apiOf(engine.network, workspace);
  const cut = api === undefined ? undefined : unreachable(engine.network, compute, api, 'compute');
  if (cut !== undefined) throw new Error(cut);
  const store = artifactStoreOf(workspace, engine.plane.estate);
  if (!store)
    throw new Error('the storage account of the datastore workspaceartifactstore is not in this estate');
  checkWay(job, store.account.name, engine);
  const reads = new Map<string, string>();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fetched = async (
    uri: string,
    name: string,
    at: string,
    use: 'code' | 'read' = 'read',
  ): Promise<string> => {
    const target = join(folder, name);
    const file = await fetchInto(contents.blobs, placeOf(job, uri, use, engine), target);
    reads.set(at, target);
    return file === undefined ? at : `${at}/${file}`;
  };
  if (given.codeId !== undefined) {
    const code = engine.plane.estate.get(given.codeId);
    await fetched(asText(code?.properties['codeUri']) ?? given.codeId, 'code', taskFolders.code, 'code');
  }
  const values = new Map<string, string>();
  for (const [name, input] of Object.entries(given.inputs ?? {})) {
    const value =
      input.jobInputType === 'literal'
        ? input.value
        : input.mode === 'Direct'
          ? input.uri
          : await fetched(input.uri, `input-${name}`, `${taskFolders.inputs}/${name}`);
    values.set(`inputs.${name}`, value);
  }
  const outputs = new Map<string, FileAddress>();
  for (const [name, { uri = defaultOutput(job, name) }] of Object.entries(given.outputs ?? {})) {
    outputs.set(name, placeOf(job, uri, 'write', engine));
    values.set(`outputs.${name}`, `${taskFolders.outputs}/${name}`);
  }
  const command = bound(given.command, (part) => {
    return typeof part === 'string' ? '' : (values.get(`${part.of}.${part.name}`) ?? '');
  });
  const task: Task = {
    command,
    environment: { ...identityOf(job), ...given.environmentVariables },
    reads,
    outputs: [...outputs.keys()],
  };
  const path = `ExperimentRun/dcid.${job.name}`;
  const artifacts = { account: store.account.name, container: store.container, path };
  return { job, task, artifacts, outputs };
}

/** Where an output goes that names no place, as Azure has it. */
function defaultOutput(job: Resource, name: string): string {
  return `azureml://datastores/workspaceblobstore/paths/azureml/${job.name}/${name}/`;
}

/** What a job's program may know of it. */
function identityOf(job: Resource): Readonly<Record<string, string>> {
  const [, , subscription = '', , group = '', , , , workspace = ''] = job.id.split('/');
  const { experimentName = '' } = propertiesOf(jobProperties, job);
  return {
    AZUREML_RUN_ID: job.name,
    AZUREML_ARM_SUBSCRIPTION: subscription,
    AZUREML_ARM_RESOURCEGROUP: group,
    AZUREML_ARM_WORKSPACE_NAME: workspace,
    AZUREML_ARM_PROJECT_NAME: experimentName,
  };
}

/** A job that runs. */
export class Attempt {
  readonly #running: Running;
  readonly #prepared: Prepared;
  readonly #contents: Contents;
  readonly #log: LogFile;
  /** Paths of its artifacts. */
  readonly #files: string[] = [logPath];

  private constructor(prepared: Prepared, contents: Contents, running: Running) {
    this.#prepared = prepared;
    this.#contents = contents;
    this.#running = running;
    this.#log = new LogFile((bytes) => this.#keep(logPath, bytes));
  }

  /** Starts a job's command. Throws where it cannot be. */
  static async start(shop: Workshop, prepared: Prepared): Promise<Attempt> {
    const compute = computeOf(prepared.job, shop.engine.plane.estate) as ResourceId;
    const room = await shop.room(() => shop.wayTo(compute));
    if (room.kind === 'none') throw new Error(`jobs need a sandbox, and there is none: ${room.why}`);
    const attempt = new Attempt(prepared, shop.contents, new Running(prepared.task, room));
    // There from the beginning, for whoever streams it.
    await attempt.#keep(logPath, new Uint8Array());
    return attempt;
  }

  kill(): void {
    this.#running.kill();
  }

  /** Paths of the files that it left as artifacts. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** Sees it through. Answers its exit code; undefined where it was killed. */
  async ended(): Promise<number | undefined> {
    const timer = setInterval(() => void this.#log.flush().catch(() => {}), logEvery);
    try {
      const [code, heard, collected] = await Promise.allSettled([
        this.#running.ended,
        this.#listen(),
        this.#collect(),
      ]);
      if (code.status === 'rejected') throw code.reason;
      // Killed, it leaves nothing whole.
      if (code.value === undefined) return undefined;
      for (const each of [heard, collected]) if (each.status === 'rejected') throw each.reason;
      return code.value;
    } finally {
      clearInterval(timer);
      await this.#log.flush();
    }
  }

  async #listen(): Promise<void> {
    for await (const piece of this.#running.log) this.#log.add(piece);
  }

  /** Keeps what it left. What was killed leaves an archive that ends early, or none. */
  async #collect(): Promise<void> {
    let left = usualLimits.temporary;
    for await (const { kind, path, size, body } of entriesOf(this.#running.archive)) {
      if (kind !== 'file') continue;
      left -= size;
      if (left < 0) throw new Error(`what the job leaves is over ${usualLimits.temporary} bytes`);
      await this.#leave(path.split('/'), body);
    }
  }

  async #leave(parts: readonly string[], body: AsyncIterable<Uint8Array>): Promise<void> {
    if (parts.some((part) => part === '' || part === '.' || part === '..')) return;
    const [first, second = '', ...rest] = parts;
    if (first === 'work') {
      const path = [second, ...rest].join('/');
      await this.#keep(path, body);
      this.#files.push(path);
      return;
    }
    const to = this.#prepared.outputs.get(second);
    if (first !== 'outputs' || !to) return;
    const name = [to.path.replace(/\/+$/, ''), ...rest].filter((part) => part !== '').join('/');
    await this.#contents.blobs.put({ account: to.account, container: to.container, name }, body);
  }

  async #keep(path: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const { account, container, path: folder } = this.#prepared.artifacts;
    await this.#contents.blobs.put({ account, container, name: `${folder}/${path}` }, bytes);
  }
}
