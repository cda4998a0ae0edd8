/**
 * The front of what answers without TLS: the instance metadata service. Like the other front it listens nowhere;
 * unlike it, there is one service, no door, and the place is the proof.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DataResponse } from '../../services/data-plane.ts';
import { Connection, type Limits, limits } from './connection.ts';
import { askedOf } from './front.ts';
import type { Passage } from './passage.ts';

/** What answers a request from a place. */
export type PlainAnswerer = (
  place: string,
  incoming: IncomingMessage,
  target: string,
) => Promise<DataResponse>;

/** Serves connections that gateways hand over. */
export class PlainFront {
  readonly #host: string;
  readonly #answer: PlainAnswerer;
  readonly #log: (error: unknown) => void;
  readonly #limits: Limits;
  readonly #connections = new WeakMap<Duplex, Connection>();
  readonly #sockets = new Set<Duplex>();
  readonly #server;

  /** `host` is what requests must be for. */
  constructor(host: string, answer: PlainAnswerer, log: (error: unknown) => void, times = limits) {
    this.#host = host;
    this.#answer = answer;
    this.#log = log;
    this.#limits = times;
    this.#server = createServer({ keepAliveTimeout: times.keepAlive, maxHeaderSize: 32 * 1024 });
    this.#server.on('request', (incoming, outgoing) => void this.#onRequest(incoming, outgoing));
    this.#server.on('clientError', (_, socket) => socket.destroy());
  }

  /** Takes a connection over, with the way it came. */
  accept(socket: Duplex, head: Buffer, passage: Passage): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (head.length > 0) socket.unshift(head);
    this.#connections.set(socket, new Connection(socket, passage, undefined, this.#limits));
    this.#server.emit('connection', socket);
  }

  /** Ends every connection. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #onRequest(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const connection = this.#connections.get(incoming.socket);
    connection?.begin();
    outgoing.on('error', () => outgoing.destroy());
    outgoing.once('close', () => connection?.end());
    // Nothing here reads a body.
    incoming.resume();
    try {
      if (!connection) throw new Error('a request came over a connection that no gateway handed over');
      const asked = askedOf(incoming, undefined);
      // A proxy's client may ask for anything over a connection that it keeps.
      const { status, headers, body } =
        asked?.host === this.#host
          ? await this.#answer(connection.passage.place, incoming, asked.target)
          : {
              status: 421,
              headers: { connection: 'close' },
              body: `This connection is for ${this.#host}.\n`,
            };
      outgoing.writeHead(status, { 'x-ms-request-id': randomUUID(), ...headers });
      outgoing.end(typeof body === 'string' ? body : undefined);
    } catch (error) {
      this.#log(error);
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end();
    }
  }
}
