/**
 * The local control API: what the command line asks of a running instance. Wire types and client.
 *
 * It listens on loopback only and wants a token that only the user can read.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running instance writes into its state folder, for the user's own commands. */
export interface InstanceFile {
  readonly pid: number;
  /** Port of the control API. */
  readonly port: number;
  readonly token: string;
}

/** State of one place or service, from a probe. */
export interface PlaceStatus {
  readonly place: string;
  /** `active`, or `degraded: <why>`. */
  readonly state: string;
}

/** Answer of `status`. */
export interface StatusAnswer {
  readonly fabric: 'userspace';
  readonly places: readonly PlaceStatus[];
  readonly deployments: readonly {
    readonly deployment: string;
    readonly wanted: number;
    readonly ready: number;
    readonly restarts: number;
    readonly state: string;
  }[];
  readonly resources: number;
  /** Resources that are stored and mean nothing to the network yet. */
  readonly unmodelled: readonly { readonly id: string; readonly type: string }[];
}

/** A question to `why`. */
export interface WhyRequest {
  readonly from: string;
  readonly to: string;
  readonly protocol?: string;
  readonly as?: string;
}

/** A place entered: the gateway's credentials and everything a program needs in its environment. */
export interface Session {
  readonly username: string;
  readonly password: string;
  readonly gateway: number;
  /** Our root alone, as a file. */
  readonly ca: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What is not in any template: sites, DNS servers and files for storage accounts. */
export interface Beside {
  /** Text of a cloister.yaml. */
  readonly config: string;
  readonly file: string;
}

/** An error that the instance answered with. */
export class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
  }
}

/** Returns what a running instance wrote, or undefined where none runs on this folder. */
export function findInstance(folder: string): InstanceFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, 'instance.json'), 'utf8');
  } catch {
    return undefined;
  }
  const file = JSON.parse(text) as InstanceFile;
  return isAlive(file.pid) ? file : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Talks to a running instance. */
export class ControlClient {
  readonly #instance: InstanceFile;

  constructor(instance: InstanceFile) {
    this.#instance = instance;
  }

  status(): Promise<StatusAnswer> {
    return this.#json('GET', '/status');
  }

  places(): Promise<readonly string[]> {
    return this.#json('GET', '/places');
  }

  /** The trace, as the same bytes that an offline answer has. */
  why(question: WhyRequest): Promise<string> {
    return this.#text('POST', '/why', question);
  }

  hosts(): Promise<readonly { address: string; name: string; endpoint: string }[]> {
    return this.#json('GET', '/hosts');
  }

  enter(place: string): Promise<Session> {
    return this.#json('POST', '/sessions', { place });
  }

  async leave(username: string): Promise<void> {
    await this.#text('DELETE', `/sessions/${encodeURIComponent(username)}`);
  }

  async describe(configs: readonly Beside[]): Promise<void> {
    await this.#text('PUT', '/beside', configs);
  }

  /** Puts a file into a storage account: `account/container/path`. */
  async seed(to: string, bytes: Uint8Array): Promise<void> {
    await this.#send(
      'PUT',
      `/content/${to.split('/').map(encodeURIComponent).join('/')}`,
      bytes,
      'application/octet-stream',
    );
  }

  async stop(): Promise<void> {
    await this.#text('POST', '/stop');
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return JSON.parse(await this.#text(method, path, body)) as T;
  }

  async #text(method: string, path: string, body?: unknown): Promise<string> {
    const response = await this.#send(
      method,
      path,
      body === undefined ? undefined : JSON.stringify(body),
      'application/json',
    );
    return response.text();
  }

  async #send(
    method: string,
    path: string,
    body: string | Uint8Array | undefined,
    type: string,
  ): Promise<Response> {
    const { port, token } = this.#instance;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: body as string }),
    });
    if (!response.ok) throw new ControlError(response.status, (await response.text()).trim());
    return response;
  }
}
