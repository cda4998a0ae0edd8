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
import { askDoor } from '../../net/doors.ts';
import type { Network, Service } from '../../net/model.ts';
import { BodyTooLarge, type DataResponse, type DoorRefusal } from '../../services/data-plane.ts';
import { Body, BodyBroken } from './body.ts';
import type { Authority } from './ca.ts';
import { Connection, type Limits, limits } from './connection.ts';
import { type Passage, servedOver } from './passage.ts';

/** A request that found its service; the door has been asked. */
export interface FrontRequest {
  readonly incoming: IncomingMessage;
  /** Path and query, in origin form. */
  readonly target: string;
  readonly host: string;
  readonly service: Service;
  readonly arrival: Arrival;
  readonly requestId: string;
  /** Absent: the door is open. */
  readonly refusal: DoorRefusal | undefined;
  /** Reads the body; rejects with BodyTooLarge over the limit, in bytes. */
  readonly body: (limit: number) => Promise<Uint8Array>;
}

/** What answers. */
export type Answerer = (request: FrontRequest) => Promise<DataResponse>;

/** Serves connections that gateways hand over. It listens nowhere. */
export class Front {
  readonly #authority: Authority;
  readonly #network: () => Network;
  readonly #answer: Answerer;
  readonly #log: (error: unknown) => void;
  readonly #server: Server;
  readonly #connections = new WeakMap<Duplex, Connection>();
  readonly #sockets = new Set<Duplex>();

  readonly #limits: Limits;

  constructor(
    authority: Authority,
    network: () => Network,
    answer: Answerer,
    log: (error: unknown) => void,
    times = limits,
  ) {
    this.#limits = times;
    this.#authority = authority;
    this.#network = network;
    this.#answer = answer;
    this.#log = log;
    this.#server = createServer({ keepAliveTimeout: times.keepAlive, maxHeaderSize: 32 * 1024 });
    this.#server.on('request', (incoming, outgoing) => void this.#onRequest(incoming, outgoing));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const busy = this.#connections.get(socket)?.busy === true;
      if (busy || !socket.writable) socket.destroy();
      else socket.end(refusalOf(error.code));
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
    const late = setTimeout(() => secure.destroy(), this.#limits.header);
    secure.once('close', () => clearTimeout(late));
    secure.on('error', () => secure.destroy());
    secure.once('secure', () => {
      clearTimeout(late);
      this.#connections.set(secure, new Connection(secure, passage, name, this.#limits));
      this.#server.emit('connection', secure);
    });
  }

  /** Ends every connection. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #onRequest(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    const connection = this.#connections.get(incoming.socket);
    connection?.begin();
    outgoing.on('error', () => outgoing.destroy());
    outgoing.once('close', () => connection?.end());
    const body = new Body(incoming, this.#limits.body);
    try {
      if (!connection) throw new Error('a request came over a connection that no gateway handed over');
      const response = await this.#respond(connection, incoming, body, requestId);
      if (response === undefined) {
        incoming.socket.destroy();
        return;
      }
      if (body.exceeded) await body.drain();
      send(outgoing, response, requestId, body.exceeded || response.status === 421);
    } catch (error) {
      if (error instanceof BodyBroken && error.how === 'left') return;
      if (error instanceof BodyTooLarge) await body.drain();
      else if (!(error instanceof BodyBroken)) this.#log(error);
      if (outgoing.headersSent) outgoing.destroy();
      else send(outgoing, failure(error), requestId, true);
    }
  }

  /** Undefined: the way is gone since the connection was made, and nobody is left to answer. */
  async #respond(
    { passage, name }: Connection,
    incoming: IncomingMessage,
    body: Body,
    requestId: string,
  ): Promise<DataResponse | undefined> {
    const asked = askedOf(incoming, name);
    if (asked === undefined) return text(400, 'The request does not name one host.');
    const { host, target } = asked;
    const misdirected = text(421, `This connection is for ${name ?? passage.place}, not for ${host}.`);
    const network = this.#network();
    const fqdn = parseFqdn(host);
    if (fqdn === undefined || (name !== undefined && name !== host)) return misdirected;
    const service = servedOver(network, passage, fqdn);
    if ('gone' in service) return service.gone === 'nothing-listening' ? misdirected : undefined;
    const { arrival } = passage;
    const door = askDoor(network, service, {
      via: arrival.via,
      source: arrival.source,
      ...(arrival.via === 'service-endpoint' ? { subnet: arrival.subnet } : {}),
    });
    const refusal =
      door.action === 'open'
        ? undefined
        : { rule: door.rule, flag: door.rule.startsWith('publicNetworkAccess') };
    const read = (limit: number): Promise<Uint8Array> => body.read(limit);
    return this.#answer({ incoming, target, host, service, arrival, requestId, refusal, body: read });
  }
}

/** Host and target of a request; undefined where the host is not named exactly once (RFC 9112 section 3.2). */
function askedOf(
  incoming: IncomingMessage,
  name: string | undefined,
): { readonly host: string; readonly target: string } | undefined {
  const hosts = incoming.headersDistinct['host'] ?? [];
  // A client of HTTP/1.0 names its host in the greeting alone.
  const [given = incoming.httpVersion === '1.0' ? name : undefined] = hosts;
  if (given === undefined || hosts.length > 1) return undefined;
  const target = incoming.url ?? '/';
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? [];
  const host = (authority ?? given).toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
  if (authority === undefined) return { host, target };
  return { host, target: rest.startsWith('/') ? rest : `/${rest}` };
}

/** What a client hears whose bytes are not HTTP, or too many. */
function refusalOf(code: string | undefined): string {
  const status = code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

function failure(error: unknown): DataResponse {
  if (error instanceof BodyTooLarge) return text(413, error.message);
  if (error instanceof BodyBroken) return text(408, error.message);
  return text(500, 'The request failed inside Cloister. The server log has the cause.');
}

function text(status: number, says: string): DataResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${says}\n` };
}

function send(outgoing: ServerResponse, response: DataResponse, requestId: string, close: boolean): void {
  const body = response.body === undefined ? Buffer.alloc(0) : Buffer.from(response.body);
  const headers: Record<string, string> = { 'x-ms-request-id': requestId, ...response.headers };
  if (close) headers['connection'] = 'close';
  const head = outgoing.req.method === 'HEAD';
  const bodyless = head || response.status === 204 || response.status === 304;
  if (!bodyless || (head && response.body !== undefined)) headers['content-length'] ??= String(body.length);
  if (response.status === 204 || response.status === 304) delete headers['content-length'];
  outgoing.writeHead(response.status, headers);
  outgoing.end(bodyless ? undefined : body);
}
