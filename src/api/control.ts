/**
 * The local control API: what the command line asks of a running instance. Wire types and client.
 *
 * It listens on loopback only and wants a token that only the user can read.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

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

/** What makes the network real on this machine. */
export interface FabricAnswer {
  readonly fabric: 'userspace' | 'linux';
  /** Why it is not the kernel's, although that was asked for if it can be had. */
  readonly lost?: string;
}

/** Answer of `status`. */
export interface StatusAnswer extends FabricAnswer {
  /** Of the kernel's part as a whole. */
  readonly kernel?: {
    /** `active`, or `degraded: <why>`. */
    readonly state: string;
    /** What of the estate it does not carry. */
    readonly lacks: readonly { readonly resource: string; readonly says: string }[];
  };
  /** What model code is held in, as a run has shown, and what that means. */
  readonly sandbox: { readonly kind: 'bubblewrap' | 'none'; readonly says: string };
  /** Writes that break intents are refused. */
  readonly guard: boolean;
  readonly places: readonly PlaceStatus[];
  readonly deployments: readonly {
    readonly deployment: string;
    readonly wanted: number;
    readonly ready: number;
    readonly restarts: number;
    readonly state: string;
  }[];
  readonly resources: number;
  /** Resources that are stored and mean nothing to the network yet; `place`: where nothing can be probed. */
  readonly unmodelled: readonly {
    readonly id: string;
    readonly type: string;
    readonly place?: string;
  }[];
}

/** One decision about a new flow. */
export interface FlowLine {
  /** ISO 8601. The kernel tells whole seconds. */
  readonly time: string;
  /** Where it was decided: `gateway`, `internet`, or the id of the network or firewall whose router decided. */
  readonly at: string;
  /** Who sends, as people write it; null where nobody of the estate has that address there. */
  readonly place: string | null;
  readonly protocol: 'tcp' | 'udp';
  /** Address and port of the sender; null at a gateway, which picks none. */
  readonly source: string | null;
  readonly sourcePort: number | null;
  /** An address; at a gateway the name that was asked for. */
  readonly destination: string;
  readonly port: number;
  /** The name on the connection, where a firewall denied it by that; null where it had none. */
  readonly name?: string | null;
  /** `passed`: it was handed on. `outside`: it left the estate. Otherwise how it ended there. */
  readonly decision: string;
  /** The resource whose rule ended it, and the rule; null where it passed. */
  readonly gate: string | null;
  readonly rule: string | null;
}

/** Answer of `flows`. */
export interface FlowsAnswer {
  /** The last ones, the oldest first. */
  readonly flows: readonly FlowLine[];
  /** Why some may be missing, or are not on disk. */
  readonly problem?: string;
}

/** A line of a hosts file, and the private endpoint behind its address. */
export interface HostsLine {
  readonly address: string;
  readonly name: string;
  readonly endpoint: string;
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
  /** Where the kernel makes the place: how to get there. */
  readonly entry?: Entry;
}

/** The way to a place that the kernel makes. */
export interface Entry {
  /** A command line, which goes on with a folder and the program's own. */
  readonly command: readonly [string, ...string[]];
  /** What the program needs in its environment; it asks no gateway. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What is not in any template: sites, DNS servers and files for storage accounts. */
export interface Beside {
  /** Text of a cloister.yaml. */
  readonly config: string;
  readonly file: string;
}

/** Every resource as it is stored, and what stands beside the templates. */
export interface SnapshotAnswer {
  readonly subscription: string;
  readonly resources: readonly object[];
  readonly beside: readonly Beside[];
}

/** Bytes that are not held. */
export interface Stream {
  readonly size: number;
  readonly stream: Readable;
}

/** An error that the instance answered with; status 0 where it did not answer. */
export class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
  }
}

/** Time for an instance to say that it is there, in milliseconds. */
const greeting = 5_000;

/** Returns what an instance wrote into the folder, whether it still runs or not. */
export function readInstance(folder: string): InstanceFile | undefined {
  try {
    const file = JSON.parse(readFileSync(join(folder, 'instance.json'), 'utf8')) as Partial<InstanceFile>;
    const { pid, port, token } = file;
    const whole = typeof pid === 'number' && typeof port === 'number' && typeof token === 'string';
    return whole ? { pid, port, token } : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the instance that runs on this folder: one that answers, not merely one that wrote its name. */
export async function findInstance(folder: string): Promise<InstanceFile | undefined> {
  const file = readInstance(folder);
  if (!file || !isAlive(file.pid)) return undefined;
  return (await new ControlClient(file).isThere()) ? file : undefined;
}

/** Reports whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Talks to a running instance. */
export class ControlClient {
  readonly #instance: InstanceFile;

  constructor(instance: InstanceFile) {
    this.#instance = instance;
  }

  /** Reports whether the instance answers. */
  async isThere(): Promise<boolean> {
    return this.#send('GET', '/alive', undefined, '', greeting).then(
      () => true,
      () => false,
    );
  }

  status(): Promise<StatusAnswer> {
    return this.#json('GET', '/status');
  }

  /** The last lines of the flow log. */
  flows(): Promise<FlowsAnswer> {
    return this.#json('GET', '/flows');
  }

  places(): Promise<readonly string[]> {
    return this.#json('GET', '/places');
  }

  /** The trace, as the same bytes that an offline answer has. */
  why(question: WhyRequest): Promise<string> {
    return this.#text('POST', '/why', question);
  }

  /** What is wrong with the estate as it is: a JSON document. */
  verify(): Promise<string> {
    return this.#text('POST', '/verify');
  }

  /** Turns the guard on or off. */
  async guard(on: boolean): Promise<void> {
    await this.#text('PUT', '/guard', { on });
  }

  /** The whole estate, as the instance holds it. */
  snapshot(): Promise<SnapshotAnswer> {
    return this.#json('GET', '/snapshot');
  }

  hosts(): Promise<readonly HostsLine[]> {
    return this.#json('GET', '/hosts');
  }

  fabric(): Promise<FabricAnswer> {
    return this.#json('GET', '/fabric');
  }

  /** `inside`: to run a program there. Rejects where the kernel makes the network, and not this place. */
  enter(place: string, as?: string, inside = false): Promise<Session> {
    return this.#json('POST', '/sessions', { place, inside, ...(as === undefined ? {} : { as }) });
  }

  async leave(username: string): Promise<void> {
    await this.#text('DELETE', `/sessions/${encodeURIComponent(username)}`);
  }

  async describe(configs: readonly Beside[]): Promise<void> {
    await this.#text('PUT', '/beside', configs);
  }

  /** Puts a file into a storage account: `account/container/path`. */
  async seed(to: string, bytes: Uint8Array | Stream): Promise<void> {
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

  #text(method: string, path: string, body?: unknown): Promise<string> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.#send(method, path, text, 'application/json');
  }

  /** Not `fetch`: inside `cloister exec` that goes through the gateway of the place, which does not lead here. */
  #send(
    method: string,
    path: string,
    body: string | Uint8Array | Stream | undefined,
    type: string,
    timeout?: number,
  ): Promise<string> {
    const { port, token } = this.#instance;
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': type, 'content-length': lengthOf(body) }),
    };
    return new Promise((resolve, reject) => {
      const lost = (error: Error): void =>
        reject(new ControlError(0, `the instance does not answer (${error.message})`));
      const outgoing = request(
        { host: '127.0.0.1', port, method, path, headers, agent: false },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.once('error', lost);
          incoming.once('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const { statusCode = 0 } = incoming;
            if (statusCode < 300) resolve(text);
            else reject(new ControlError(statusCode, text.trim()));
          });
        },
      );
      if (timeout !== undefined) outgoing.setTimeout(timeout, () => outgoing.destroy(new Error('timeout')));
      outgoing.once('error', lost);
      if (typeof body === 'object' && 'stream' in body) pipeline(body.stream, outgoing).catch(lost);
      else outgoing.end(body);
    });
  }
}

function lengthOf(body: string | Uint8Array | Stream): number {
  return typeof body === 'object' && 'stream' in body ? body.size : Buffer.byteLength(body);
}
