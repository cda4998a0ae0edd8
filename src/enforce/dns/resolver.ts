/**
 * A resolver on the wire: one UDP and one TCP socket of one port. It decides nothing; `ask` is injected.
 *
 * @module
 */

import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import type { Question } from '../../lib/dns.ts';
import type { Reply } from '../../net/answer.ts';
import { readQuery, type Transport } from './message.ts';

/** What a resolver is made of. */
export interface ResolverOptions {
  readonly ask: (question: Question) => Reply;
  /** What answers hold for: they are remembered while this is the same object. */
  readonly era: () => object;
  /** Time that a TCP client may be silent, in milliseconds. 10 000 unless told. */
  readonly patience?: number;
  /** Most TCP clients at a time. 256 unless told. */
  readonly maxConnections?: number;
  /** Hears what `ask` throws; the query stays unanswered. A process warning unless told. */
  readonly onError?: (error: Error) => void;
}

/** Answers that are remembered at a time. */
const mostRemembered = 10_000;
const longestRemembered = 512;
const attempts = 10;

/** A resolver of one place. */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #patience: number;
  readonly #clients = new Set<Socket>();
  readonly #server: Server;
  #datagrams: Datagrams | undefined;
  #era: object | undefined;
  /** Answers over UDP, by query without its id. */
  readonly #remembered = new Map<string, Buffer>();

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#patience = options.patience ?? 10_000;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = options.maxConnections ?? 256;
  }

  /** Starts listening on 127.0.0.1 and returns the port, which is the same for both transports. */
  async listen(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const port = await this.#listenTcp();
      try {
        this.#datagrams = await bindUdp(port);
        break;
      } catch (error) {
        // The system chose a port that is free for TCP and not for UDP: try another.
        await new Promise<void>((resolve) => this.#server.close(() => resolve()));
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === attempts) throw error;
      }
    }
    this.#hear(this.#datagrams);
    return this.#datagrams.address().port;
  }

  /** Serves a client that was accepted elsewhere. */
  serve(client: Socket): void {
    this.#accept(client);
  }

  /** Answers on a socket that was bound elsewhere, and is closed there. */
  hear(datagrams: Datagrams): void {
    this.#hear(datagrams);
  }

  #hear(datagrams: Datagrams): void {
    datagrams.on('error', (error) => this.#complain(error));
    datagrams.on('message', (bytes, from) => {
      const answer = this.#recall(bytes);
      // A client that has gone in the meantime is nobody's error: who asks for no report hears of none.
      if (answer) datagrams.send(answer, from.port, from.address);
    });
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    for (const socket of this.#clients) socket.destroy();
    const datagrams = this.#datagrams;
    await Promise.all([
      new Promise<void>((resolve) => this.#server.close(() => resolve())),
      datagrams && new Promise<void>((resolve) => datagrams.close(() => resolve())),
    ]);
  }

  #listenTcp(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0 }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#complain(error));
        const address = this.#server.address();
        if (address === null || typeof address === 'string') reject(new Error('the resolver has no port'));
        else resolve(address.port);
      });
    });
  }

  /** Messages over TCP have their length before them (RFC 7766), and a client may send several at once. */
  #accept(socket: Socket): void {
    this.#clients.add(socket);
    let pending: Buffer = Buffer.alloc(0);
    socket.setTimeout(this.#patience, () => socket.destroy());
    // Resets are the client's affair; `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => this.#clients.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      while (pending.length >= 2) {
        const end = 2 + pending.readUInt16BE(0);
        if (pending.length < end) break;
        const answer = this.#answer(pending.subarray(2, end), 'tcp');
        pending = pending.subarray(end);
        if (answer) this.#send(socket, answer);
      }
    });
  }

  /** A client that asks and does not read is not waited for without end. */
  #send(socket: Socket, answer: Buffer): void {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(answer.length);
    if (socket.write(Buffer.concat([length, answer]))) return;
    socket.pause();
    socket.once('drain', () => socket.resume());
  }

  /** Answers over UDP what was asked before as then, under its own id. */
  #recall(bytes: Buffer): Buffer | undefined {
    const era = this.#options.era();
    if (era !== this.#era || this.#remembered.size >= mostRemembered) this.#remembered.clear();
    this.#era = era;
    const key = bytes.toString('latin1', 2);
    const known = this.#remembered.get(key);
    if (known) {
      const answer = Buffer.from(known);
      answer.writeUInt16BE(bytes.readUInt16BE());
      return answer;
    }
    const answer = this.#answer(bytes, 'udp');
    if (answer && bytes.length <= longestRemembered) this.#remembered.set(key, answer);
    return answer;
  }

  #answer(bytes: Buffer, transport: Transport): Buffer | undefined {
    const query = readQuery(bytes, transport);
    if (query === undefined || Buffer.isBuffer(query)) return query;
    try {
      return query.respond(this.#options.ask(query.question));
    } catch (error) {
      this.#complain(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  #complain(error: Error): void {
    if (this.#options.onError) this.#options.onError(error);
    else process.emitWarning(error);
  }
}

function bindUdp(port: number): Promise<Datagrams> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
