/**
 * The front: TLS under Azure's own host names, the token parsed once, the door asked at every request, then the
 * service. It holds no rule: the network decides, the service words.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Arrival } from '../../lib/arrival.ts';
import { parseFqdn } from '../../lib/fqdn.ts';
import { keyOf } from '../../lib/key.ts';
import { askDoor } from '../../net/doors.ts';
import type { Network, Service } from '../../net/model.ts';
import type { DataResponse } from '../../services/data-plane.ts';
import type { Authority } from './ca.ts';
import type { Passage } from './passage.ts';

/** A request that found its service; the door has been asked. */
export interface FrontRequest {
  readonly incoming: IncomingMessage;
  readonly host: string;
  readonly service: Service;
  readonly arrival: Arrival;
  readonly requestId: string;
  /** Absent: the door is open. */
  readonly refusal: { readonly rule: string; readonly flag: boolean } | undefined;
  /** Reads the body, at most `limit` bytes. */
  readonly body: (limit: number) => Promise<Uint8Array>;
}

/** What answers. */
export type Answerer = (request: FrontRequest) => Promise<DataResponse>;

/** Raised by `body` where the client sends more than is taken. */
export class TooLarge extends Error {
  readonly limit: number;

  constructor(limit: number) {
    super(`the body is larger than ${limit} bytes`);
    this.limit = limit;
  }
}

/** Milliseconds for a TLS handshake, and for a request's header. */
const patience = 20_000;

/** Serves connections that gateways hand over. It listens nowhere. */
export class Front {
  readonly #authority: Authority;
  readonly #network: () => Network;
  readonly #answer: Answerer;
  readonly #log: (error: unknown) => void;
  readonly #server: Server;
  readonly #passages = new WeakMap<Duplex, Passage & { readonly name: string | undefined }>();
  readonly #sockets = new Set<Duplex>();

  constructor(authority: Authority, network: () => Network, answer: Answerer, log: (error: unknown) => void) {
    this.#authority = authority;
    this.#network = network;
    this.#answer = answer;
    this.#log = log;
    this.#server = createServer({
      headersTimeout: patience,
      requestTimeout: 300_000,
      maxHeaderSize: 32 * 1024,
    });
    this.#server.on('request', (incoming, outgoing) => void this.#onRequest(incoming, outgoing));
    this.#server.on('clientError', (_error, socket) => {
      if (socket.writable)
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      else socket.destroy();
    });
  }

  /** Takes a connection over, with the way it came. */
  async accept(socket: Duplex, head: Buffer, passage: Passage): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (head.length > 0) socket.unshift(head);
    const secureContext = await this.#authority.secureContextFor('management.azure.com');
    let name: string | undefined;
    // TLSSocket takes any duplex stream at run time; its type only names net.Socket.
    const secure = new TLSSocket(socket as ConstructorParameters<typeof TLSSocket>[0], {
      isServer: true,
      ALPNProtocols: ['http/1.1'],
      secureContext,
      SNICallback: (asked, done) => {
        name = asked.toLowerCase();
        this.#authority.secureContextFor(asked).then(
          (context) => done(null, context),
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        );
      },
    });
    const late = setTimeout(() => secure.destroy(), patience);
    secure.once('close', () => clearTimeout(late));
    secure.on('error', () => secure.destroy());
    secure.once('secure', () => {
      clearTimeout(late);
      this.#passages.set(secure, { ...passage, name });
      this.#server.emit('connection', secure);
    });
  }

  /** Ends every connection. */
  close(): void {
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #onRequest(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    outgoing.on('error', () => outgoing.destroy());
    try {
      const passage = this.#passages.get(incoming.socket);
      if (!passage) throw new Error('a request came over a connection that no gateway handed over');
      const host = hostOf(incoming);
      if (host === undefined || (passage.name !== undefined && passage.name !== host)) {
        return send(
          outgoing,
          { status: 421, headers: {}, body: `This connection is for ${passage.name ?? 'no name'}.\n` },
          requestId,
          true,
        );
      }
      const network = this.#network();
      const name = parseFqdn(host);
      const service = name === undefined ? undefined : network.servedNames.get(name);
      if (!service || !stillThere(network, service, passage.arrival)) {
        // The way is gone: rejected, disconnected or deleted since the connection was made.
        incoming.socket.destroy();
        return;
      }
      const door = askDoor(network, service, {
        via: passage.arrival.via,
        source: passage.arrival.source,
        ...(passage.arrival.via === 'service-endpoint' ? { subnet: passage.arrival.subnet } : {}),
      });
      const refusal =
        door.action === 'open'
          ? undefined
          : { rule: door.rule, flag: door.rule.startsWith('publicNetworkAccess') };
      const response = await this.#answer({
        incoming,
        host,
        service,
        arrival: passage.arrival,
        requestId,
        refusal,
        body: (limit) => readBody(incoming, limit),
      });
      send(outgoing, response, requestId, false);
    } catch (error) {
      if (error instanceof TooLarge) {
        return send(
          outgoing,
          { status: 413, headers: { 'content-type': 'text/plain' }, body: `${error.message}\n` },
          requestId,
          true,
        );
      }
      this.#log(error);
      if (outgoing.headersSent) outgoing.destroy();
      else
        send(
          outgoing,
          {
            status: 500,
            headers: {},
            body: 'The request failed inside Cloister. The server log has the cause.\n',
          },
          requestId,
          true,
        );
    }
  }
}

/** Approval may be taken back, and the service may be gone, while a connection lives. */
function stillThere(network: Network, service: Service, arrival: Arrival): boolean {
  if (arrival.via !== 'private-endpoint') return true;
  const connection = network.connections.get(keyOf(arrival.endpoint));
  const owner = service.fact.behind ?? service.fact.id;
  return connection?.status === 'Approved' && keyOf(connection.target) === keyOf(owner);
}

function hostOf(incoming: IncomingMessage): string | undefined {
  const given = incoming.headers.host?.toLowerCase();
  return given === undefined ? undefined : given.replace(/:\d+$/, '').replace(/\.$/, '');
}

async function readBody(incoming: IncomingMessage, limit: number): Promise<Uint8Array> {
  const announced = Number(incoming.headers['content-length'] ?? 0);
  if (announced > limit) throw new TooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new TooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(outgoing: ServerResponse, response: DataResponse, requestId: string, close: boolean): void {
  const body = response.body === undefined ? Buffer.alloc(0) : Buffer.from(response.body);
  const headers: Record<string, string> = { 'x-ms-request-id': requestId, ...response.headers };
  if (close) headers['connection'] = 'close';
  const bodyless = outgoing.req.method === 'HEAD' || response.status === 204 || response.status === 304;
  if (!bodyless || outgoing.req.method !== 'HEAD') headers['content-length'] ??= String(body.length);
  if (response.status === 204 || response.status === 304) delete headers['content-length'];
  outgoing.writeHead(response.status, headers);
  outgoing.end(bodyless ? undefined : body);
}
