/**
 * One job, from its files to its end: fetches what it is given, runs its command where its compute stands, and keeps
 * what it prints and leaves.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ancestorId, type ResourceId } from '../../arm/id.ts';
import { propertiesOf } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { entriesOf } from '../../compute/image/tar.ts';
import { Running, type Task, taskFolders } from '../../compute/process/task.ts';
import { usualLimits } from '../../compute/sandbox/limits.ts';
import type { FindRoom, Standing } from '../../compute/sandbox/sandbox.ts';
import { asText } from '../../lib/json.ts';
import { bound } from '../../providers/ml/jobs/command.ts';
import { jobProperties } from '../../providers/ml/jobs/jobs.ts';
import { runtimeOf } from '../../providers/ml/jobs/runtime.ts';
import type { Bytes } from '../../services/bytes.ts';
import type { Records } from '../../services/workspace/records.ts';
import type { Engine } from '../engine.ts';
import type { Courier } from '../supply/courier.ts';
import { copyFiles, openFolders } from '../supply/files.ts';
import { pullImage } from '../supply/image.ts';
import { apiOf, unreachable } from '../ways.ts';
import { type Found, find, type Kind } from './files.ts';
import { LogFile } from './log-file.ts';

/** Where logs are, for clients that stream them. */
export const logPath = 'user_logs/std_log.txt';

const artifactStore = 'azureml://datastores/workspaceartifactstore/paths';

/** Milliseconds between two looks whether a log has grown. */
const logEvery = 1000;

/** What jobs run on. */
export interface Workshop {
  readonly engine: Engine;
  readonly records: Records;
  /** What their programs are run in. */
  readonly room: FindRoom;
  /** How a program gets to a place; undefined: nowhere, and it reaches nobody. */
  readonly wayTo: (workload: ResourceId) => Promise<Standing | undefined>;
  /** Somebody who fetches from a place, and brings there. */
  readonly sendFrom: (workload: ResourceId) => Promise<Courier>;
  /** A folder for what jobs are given. */
  readonly folder: string;
}

/** A job that has all that it needs. */
export interface Prepared {
  readonly compute: ResourceId;
  readonly task: Task;
  /** Where its artifacts go. */
  readonly artifacts: Found;
  /** Where its outputs go, by name. */
  readonly outputs: ReadonlyMap<string, Found>;
}

/** Fetches what a job is given into a folder. Throws an error that says what is in the way. */
export async function prepare(
  { engine }: Workshop,
  job: Resource,
  compute: ResourceId,
  courier: Courier,
  folder: string,
): Promise<Prepared> {
  const given = propertiesOf(jobProperties, job);
  const { estate } = engine.plane;
  checkWorkspace(engine, job, compute);
  const artifacts = find(engine, job, courier, `${artifactStore}/ExperimentRun/dcid.${job.name}`, 'data');
  const reads = new Map<string, string>();
  const hash = createHash('sha256');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fetched = async (uri: string, name: string, at: string, kind: Kind): Promise<string> => {
    const target = join(folder, name);
    await mkdir(target);
    const { blobs, path } = find(engine, job, courier, uri, kind);
    const file = await copyFiles(blobs, path, target, hash);
    reads.set(at, target);
    return file === undefined ? at : `${at}/${file}`;
  };
  if (given.codeId !== undefined) {
    const uri = asText(estate.get(given.codeId)?.properties['codeUri']) ?? given.codeId;
    await fetched(uri, 'code', taskFolders.code, 'code');
  }
  const values = new Map<string, string>();
  for (const [name, input] of Object.entries(given.inputs ?? {})) {
    const value =
      input.jobInputType === 'literal'
        ? input.value
        : input.mode === 'Direct'
          ? input.uri
          : await fetched(input.uri, `input-${name}`, `${taskFolders.inputs}/${name}`, 'data');
    values.set(`inputs.${name}`, value);
  }
  await openFolders(folder);
  const outputs = new Map<string, Found>();
  for (const [name, { uri = defaultOutput(job, name) }] of Object.entries(given.outputs ?? {})) {
    outputs.set(name, find(engine, job, courier, uri, 'data'));
    values.set(`outputs.${name}`, `${taskFolders.outputs}/${name}`);
  }
  const image = await imageOf(given.environmentId, estate, courier, join(folder, 'root'));
  const command = bound(given.command, (part) => {
    return typeof part === 'string' ? '' : (values.get(`${part.of}.${part.name}`) ?? '');
  });
  const environment = { ...identityOf(job), ...given.environmentVariables };
  const task = { command, environment, reads, outputs: [...outputs.keys()], ...image };
  return { compute, task, artifacts, outputs };
}

/** A node that its workspace cannot be reached from never gets to know of a job. */
function checkWorkspace({ network }: Engine, job: Resource, compute: ResourceId): void {
  const api = apiOf(network, ancestorId(job.id, 1));
  const cut = api === undefined ? undefined : unreachable(network, compute, api);
  if (cut !== undefined) throw new Error(cut);
}

/** The image of an environment, unpacked; nothing where the machine's own programs stand for it. */
async function imageOf(
  environment: string,
  estate: Read,
  courier: Courier,
  root: string,
): Promise<Pick<Task, 'image'>> {
  const runtime = runtimeOf(environment, estate);
  if (runtime.kind === 'machine') return {};
  await mkdir(root);
  try {
    const recipe = await pullImage(courier, estate, runtime.image, root, createHash('sha256'));
    return { image: { root, recipe } };
  } catch (error) {
    throw new Error(`the image ${runtime.image} cannot be pulled: ${(error as Error).message}`, {
      cause: error,
    });
  }
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
  readonly #log: LogFile;
  /** Paths of its artifacts. */
  readonly #files: string[] = [logPath];

  private constructor(prepared: Prepared, running: Running) {
    this.#prepared = prepared;
    this.#running = running;
    this.#log = new LogFile((bytes) => keep(prepared, logPath, bytes));
  }

  /** Starts a job's command. Throws where it cannot be. */
  static async start(shop: Workshop, prepared: Prepared): Promise<Attempt> {
    const room = await shop.room(() => shop.wayTo(prepared.compute));
    if (room.kind === 'none') throw new Error(`jobs need a sandbox, and there is none: ${room.why}`);
    // There from the beginning, for whoever streams it.
    await keep(prepared, logPath, new Uint8Array());
    return new Attempt(prepared, new Running(prepared.task, room));
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
      await keep(this.#prepared, path, body);
      this.#files.push(path);
      return;
    }
    const to = this.#prepared.outputs.get(second);
    if (first !== 'outputs' || !to) return;
    const name = [to.path.replace(/\/+$/, ''), ...rest].filter((part) => part !== '').join('/');
    await to.blobs.put(name, body);
  }
}

/** Keeps an artifact. */
function keep({ artifacts: { blobs, path: folder } }: Prepared, path: string, bytes: Bytes): Promise<void> {
  return blobs.put(`${folder}/${path}`, bytes);
}
