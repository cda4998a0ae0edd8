/**
 * HTTP over connections that somebody else makes: by a gateway, or where a program stands. TLS is verified against the
 * installation's own root.
 *
 * @module
 */

import { type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent, type RequestOptions, request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as secureConnect } from 'node:tls';

/** Makes a connection to a port of a host. Rejects where there is none. */
export type Dial = (host: string, port: number) => Promise<Socket>;

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What is asked. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds without a byte after which it is given up; otherwise never. */
  readonly patience?: number;
}

/** A client; connections are kept and used again. */
export class DialedClient {
  readonly #dial: Dial;
  readonly #agent: DialedAgent;

  /** `ca` is the root to trust, as PEM. */
  constructor(dial: Dial, ca: string) {
    this.#dial = dial;
    this.#agent = new DialedAgent(dial, ca);
  }

  /** Sends a request, and answers when the head of its answer is there. Rejects as the dial does. */
  async open(
    address: string,
    { method = 'GET', headers, body, patience = 0 }: Ask = {},
  ): Promise<IncomingMessage> {
    const url = new URL(address);
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { method, headers: { ...headers, ...length }, timeout: patience };
    const socket =
      url.protocol === 'http:' ? await this.#dial(url.hostname, Number(url.port || 80)) : undefined;
    return new Promise((resolve, reject) => {
      const outgoing = socket
        ? plainRequest(url, { ...options, createConnection: () => socket, defaultPort: 80 })
        : secureRequest(url, { ...options, agent: this.#agent });
      outgoing.once('timeout', () => {
        outgoing.destroy(new Error(`${url.hostname} was silent for ${patience / 1000} s`));
      });
      outgoing.on('error', reject);
      outgoing.once('response', resolve);
      outgoing.end(body);
    });
  }

  /** Sends a request, and answers when all of its answer is there. Rejects as the dial does. */
  async send(address: string, ask: Ask = {}): Promise<Answer> {
    const incoming = await this.open(address, ask);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
  }

  close(): void {
    this.#agent.destroy();
  }
}

type Connected = (error: Error | null, stream: Duplex) => void;

/** Speaks TLS over connections that are dialled. */
class DialedAgent extends Agent {
  readonly #dial: Dial;
  readonly #ca: string;

  constructor(dial: Dial, ca: string) {
    super({ keepAlive: true, maxSockets: 8 });
    this.#dial = dial;
    this.#ca = ca;
  }

  override createConnection(options: RequestOptions, done?: Connected): undefined {
    this.#connect(options.host ?? '', Number(options.port ?? 443)).then(
      (socket) => done?.(null, socket),
      // The callback's type has no room for a failure without a socket.
      (error: Error) => (done as ((error: Error) => void) | undefined)?.(error),
    );
    return undefined;
  }

  async #connect(host: string, port: number): Promise<Socket> {
    const socket = await this.#dial(host, port);
    return new Promise((resolve, reject) => {
      const secure = secureConnect({ socket, servername: host, ca: this.#ca });
      secure.once('secureConnect', () => resolve(secure));
      secure.once('error', reject);
    });
  }
}
