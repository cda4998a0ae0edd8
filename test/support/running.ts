/**
 * A running Cloister to test: in this process with the example deployed, or the real `bin/cloister` as a child.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlClient, type Session } from '../../src/api/control.ts';
import { type Answer, PlaceClient } from '../../src/api/proxied.ts';
import { open } from '../../src/app/files.ts';
import type { OpenOptions } from '../../src/app/open.ts';
import { deployAll } from '../../src/cli/up.ts';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { Instance, type InstanceOptions } from '../../src/server/instance.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const example = join(root, 'examples', 'secure-workspace');
export const group = '/subscriptions/0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f/resourceGroups/cloister';
export const workspace = `${group}/providers/Microsoft.MachineLearningServices/workspaces/mlw-clinic`;
export const endpoint = `${workspace}/onlineEndpoints/length-of-stay`;
export const scoringHost = 'length-of-stay.eastus.inference.ml.azure.com';
export const rows = readFileSync(join(example, 'model', 'score-request.json'), 'utf8');

/** A folder that is gone when the test is. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'cloister-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** An instance in this process, and clients of it. */
export class Running {
  readonly instance: Instance;
  readonly control: ControlClient;
  readonly errors: unknown[];
  readonly folder: string;
  readonly #remove: () => void;
  readonly #clients = new Map<string, { session: Session; http: PlaceClient }>();
  #token: string | undefined;

  constructor(instance: Instance, folder: string, errors: unknown[], remove: () => void) {
    this.instance = instance;
    this.control = new ControlClient(instance.file);
    this.folder = folder;
    this.errors = errors;
    this.#remove = remove;
  }

  /** Starts one in a temporary folder, in memory unless told. */
  static async start(options: Partial<InstanceOptions> = {}): Promise<Running> {
    const made = options.folder === undefined ? temporaryFolder() : undefined;
    const folder = options.folder ?? made?.path ?? '';
    const errors: unknown[] = [];
    try {
      const log = (error: unknown): void => void errors.push(error);
      const instance = await Instance.start({
        memory: options.folder === undefined,
        log,
        ...options,
        folder,
      });
      return new Running(instance, folder, errors, made?.remove ?? (() => {}));
    } catch (error) {
      made?.remove();
      throw error;
    }
  }

  /** Starts one with the example deployed. */
  static async example(options: Partial<InstanceOptions> = {}, given: OpenOptions = {}): Promise<Running> {
    const running = await Running.start(options);
    try {
      const { sources } = await open([example], given);
      await deployAll(running.control, sources, given, () => {});
      return running;
    } catch (error) {
      await running.close();
      throw error;
    }
  }

  session(place: string): Session {
    return this.#at(place).session;
  }

  /** A request from a place. */
  send(place: string, address: string, ask: Parameters<PlaceClient['send']>[1] = {}): Promise<Answer> {
    return this.#at(place).http.send(address, ask);
  }

  /** A token of the service principal, for Azure Resource Manager unless told. */
  async token(resource = 'https://management.azure.com'): Promise<string> {
    const { environment } = this.session('internet');
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: environment['AZURE_CLIENT_ID'] ?? '',
      client_secret: environment['AZURE_CLIENT_SECRET'] ?? '',
      scope: `${resource}/.default`,
    });
    const answer = await this.send(
      'internet',
      `https://login.microsoftonline.com/${environment['AZURE_TENANT_ID']}/oauth2/v2.0/token`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
      },
    );
    return String((JSON.parse(answer.body) as JsonObject)['access_token']);
  }

  /** A request to Azure Resource Manager; the answer's status and body. */
  async arm(
    method: string,
    path: string,
    body?: Json,
  ): Promise<{ readonly status: number; readonly body: JsonObject; readonly headers: Answer['headers'] }> {
    this.#token ??= await this.token();
    const query = path.includes('?') ? '&' : '?';
    const answer = await this.send(
      'internet',
      `https://management.azure.com${path}${query}api-version=2024-04-01`,
      {
        method,
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
    );
    const parsed: unknown = answer.body === '' ? {} : JSON.parse(answer.body);
    return { status: answer.status, body: isObject(parsed) ? parsed : {}, headers: answer.headers };
  }

  /** A write that is seen through: waits for the operation and answers how it ended. */
  async settle(method: string, path: string, body?: Json): Promise<{ status: string; error: JsonObject }> {
    const asked = await this.arm(method, path, body);
    const error = (asked.body['error'] ?? {}) as JsonObject;
    if (asked.status >= 400) return { status: String(asked.status), error };
    const polling = asked.headers['azure-asyncoperation'];
    if (typeof polling !== 'string') return { status: 'Succeeded', error: {} };
    const operation = new URL(polling).pathname;
    for (;;) {
      const { body: polled } = await this.arm('GET', operation);
      if (polled['status'] !== 'InProgress')
        return { status: String(polled['status']), error: (polled['error'] ?? {}) as JsonObject };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async key(which: 'primaryKey' | 'secondaryKey' = 'primaryKey'): Promise<string> {
    return String((await this.arm('POST', `${endpoint}/listKeys`)).body[which]);
  }

  /** Scores the example's rows, over a connection of its own: one that is kept is the way it was when it was made. */
  async score(
    place: string,
    key: string | undefined,
    headers: Readonly<Record<string, string>> = {},
    body = rows,
  ): Promise<Answer> {
    const client = new PlaceClient(this.session(place));
    try {
      return await client.send(`https://${scoringHost}/score`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...headers,
        },
        body,
      });
    } finally {
      client.close();
    }
  }

  async close(): Promise<void> {
    for (const { http } of this.#clients.values()) http.close();
    await this.instance.close();
    this.#remove();
  }

  #at(place: string): { session: Session; http: PlaceClient } {
    const known = this.#clients.get(place);
    if (known) return known;
    const session = this.instance.enter(place);
    const made = { session, http: new PlaceClient(session) };
    this.#clients.set(place, made);
    return made;
  }
}

/** What became of a program. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Runs it as somebody else; only root may. */
  readonly uid?: number;
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = start(command, args, options);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

/** Starts a program with pipes. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): ChildProcess {
  return spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env } as NodeJS.ProcessEnv,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
}

/** The real command line on a state folder of its own, with a temporary folder of its own. */
export class CommandLine {
  readonly folder = temporaryFolder();
  readonly state = join(this.folder.path, 'state');
  /** Where everything that it runs puts temporary files. */
  readonly tmp = mkdtempSync(join(this.folder.path, 'tmp-'));
  readonly #children: ChildProcess[] = [];

  env(more: RunOptions['env'] = {}): NonNullable<RunOptions['env']> {
    return { CLOISTER_STATE: this.state, TMPDIR: this.tmp, ...more };
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return run(join(root, 'bin', 'cloister'), args, { ...options, env: this.env(options.env) });
  }

  /** Starts a command that stays. */
  start(args: readonly string[], options: RunOptions = {}): ChildProcess {
    const child = start(join(root, 'bin', 'cloister'), args, { ...options, env: this.env(options.env) });
    this.#children.push(child);
    return child;
  }

  /** Processes that have something of this state in their command line. */
  processes(): readonly string[] {
    return execFileSync('ps', ['-Ao', 'pid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(this.folder.path) && !line.includes('ps -Ao'));
  }

  async close(): Promise<void> {
    await this.run(['down', '--purge']);
    for (const child of this.#children) child.kill('SIGKILL');
    // What a test that failed in the middle left: everything of this folder is ours.
    for (const left of this.processes()) {
      try {
        process.kill(Number.parseInt(left, 10), 'SIGKILL');
      } catch {
        // It ended by itself meanwhile.
      }
    }
    this.folder.remove();
  }
}

/** Returns the path of a program, or undefined; fails where nothing may be skipped. */
export function programOf(name: string): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(`${name} is not installed`);
    console.log(`skipped: ${name} is not installed`);
    return undefined;
  }
}

/** Waits until something holds. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  milliseconds = 30_000,
): Promise<void> {
  for (const end = Date.now() + milliseconds; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`did not hold within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
