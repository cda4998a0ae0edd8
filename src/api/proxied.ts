/**
 * HTTPS from a place: a request through its gateway, as any client would make it. TLS is verified against the
 * installation's own root.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { Agent, type RequestOptions, request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as secureConnect } from 'node:tls';
import type { Session } from './control.ts';

/** The gateway did not make the connection: what it said of the way. */
export class Unreachable extends Error {
  readonly status: number;
  /** How the walk ended, from `Proxy-Status`. */
  readonly disposition: string;

  constructor(status: number, disposition: string, says: string) {
    super(says);
    this.name = 'Unreachable';
    this.status = status;
    this.disposition = disposition;
  }
}

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
  readonly body?: string;
}

/** A client that stands at a place; connections are kept and used again. */
export class PlaceClient {
  readonly #agent: GatewayAgent;

  constructor(session: Session) {
    this.#agent = new GatewayAgent(session, readFileSync(session.ca, 'utf8'));
  }

  /** Sends a request. Rejects with Unreachable where the place cannot connect. */
  async send(address: string, ask: Ask = {}): Promise<Answer> {
    const length = ask.body === undefined ? {} : { 'content-length': Buffer.byteLength(ask.body) };
    return new Promise((resolve, reject) => {
      const outgoing = secureRequest(
        new URL(address),
        { method: ask.method ?? 'GET', agent: this.#agent, headers: { ...ask.headers, ...length } },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const body = Buffer.concat(chunks).toString('utf8');
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(ask.body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

type Connected = (error: Error | null, stream: Duplex) => void;

/** Makes connections with CONNECT at the gateway, and TLS over them. */
class GatewayAgent extends Agent {
  readonly #session: Session;
  readonly #ca: string;

  constructor(session: Session, ca: string) {
    super({ keepAlive: true, maxSockets: 8 });
    this.#session = session;
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

  #connect(host: string, port: number): Promise<Socket> {
    const { username, password, gateway } = this.#session;
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    return new Promise((resolve, reject) => {
      const asking = plainRequest({
        host: '127.0.0.1',
        port: gateway,
        method: 'CONNECT',
        path: `${host}:${port}`,
        // Never the process's own agent: inside `cloister exec` that has a proxy of its own.
        agent: false,
        headers: { 'proxy-authorization': `Basic ${basic}` },
      });
      asking.on('error', reject);
      asking.on('connect', (response, socket, head) => {
        if (response.statusCode === 200) {
          if (head.length > 0) socket.unshift(head);
          const secure = secureConnect({ socket, servername: host, ca: this.#ca });
          secure.once('secureConnect', () => resolve(secure));
          secure.once('error', reject);
          return;
        }
        const says: Buffer[] = [head];
        socket.on('data', (chunk: Buffer) => says.push(chunk));
        socket.once('error', reject);
        socket.once('close', () => {
          const status = String(response.headers['proxy-status'] ?? '');
          const disposition = /disposition="([^"]*)"/.exec(status)?.[1] ?? 'unknown';
          const text = Buffer.concat(says).toString('utf8').trim();
          reject(new Unreachable(response.statusCode ?? 0, disposition, text));
        });
      });
      asking.end();
    });
  }
}
