/**
 * The front: TLS under Azure's own host names, the token parsed once, the door asked at every request, then the
 * service. It holds no rule: the network decides, the service words.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import { StoreError, statusOf } from '../../arm/store.ts';
import type { Arrival } from '../../lib/arrival.ts';
import { parseFqdn } from '../../lib/fqdn.ts';
import { askDoor } from '../../net/doors.ts';
import type { Network, Service } from '../../net/model.ts';
import { letGo, type Pieces } from '../../services/bytes.ts';
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
  /** Where there are several, all of them: that proves nobody. */
  readonly authorization: string | undefined;
  readonly service: Service;
  readonly arrival: Arrival;
  readonly requestId: string;
  /** Absent: the door is open. */
  readonly refusal: DoorRefusal | undefined;
  /** Reads the body whole; rejects with BodyTooLarge over the limit, in bytes. */
  readonly body: (limit: number) => Promise<Uint8Array>;
  /** The body as it arrives; throws BodyTooLarge. */
  readonly pieces: (limit: number) => Pieces;
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
    this.#server.maxRequestsPerSocket = times.requests;
    // A client that has said all it had to say still waits for its answer; @types/node does not know the member.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on('request', (incoming, outgoing) => void this.#onRequest(incoming, outgoing, false));
    this.#server.on('checkContinue', (incoming, outgoing) => void this.#onRequest(incoming, outgoing, true));
    this.#server.on('connect', (_, socket) => socket.end(emptyAnswer('405 Method Not Allowed')));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const connection = this.#connections.get(socket);
      if (connection?.busy || !socket.writable) socket.destroy();
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
    // What is half-open here is so on top of it: the HTTP server ends it when all is answered.
    socket.allowHalfOpen = true;
    // @types/node does not know the last one.
    const options = {
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
      highWaterMark: 64 * 1024,
    } satisfies TLSSocketOptions & { highWaterMark: number };
    // TLSSocket takes any duplex stream at run time; its type only names net.Socket.
    const secure = new TLSSocket(socket as ConstructorParameters<typeof TLSSocket>[0], options);
    const late = setTimeout(() => secure.destroy(), this.#limits.header);
    const leave = (): void => void secure.destroy();
    secure.once('close', () => clearTimeout(late)).once('end', leave);
    secure.on('error', () => secure.destroy());
    secure.once('secure', () => {
      clearTimeout(late);
      secure.off('end', leave);
      this.#connections.set(secure, new Connection(secure, passage, name, this.#limits));
      this.#server.emit('connection', secure);
      // With a listener Node reads the socket here and not below: there it gives TLS's next record to a parser that it
      // has paused, because a client does not wait for answers, and takes that for a malformed request.
      secure.on('data', () => {});
    });
  }

  /** Ends every connection. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** `waits`: the client sends its body when it is told that it is wanted (RFC 9110 section 10.1.1). */
  async #onRequest(incoming: IncomingMessage, outgoing: ServerResponse, waits: boolean): Promise<void> {
    const requestId = randomUUID();
    const connection = this.#connections.get(incoming.socket);
    connection?.begin();
    outgoing.on('error', () => outgoing.destroy());
    outgoing.once('close', () => connection?.end());
    let invited = !waits;
    const body = new Body(incoming, this.#limits.body, () => {
      if (!invited) outgoing.writeContinue();
      invited = true;
    });
    const answer = (response: DataResponse, close: boolean): Promise<void> =>
      this.#send(outgoing, response, requestId, body, close || body.exceeded || !invited);
    try {
      if (!connection) throw new Error('a request came over a connection that no gateway handed over');
      const response = await this.#respond(connection, incoming, body, requestId);
      if (response === undefined) {
        incoming.socket.destroy();
        return;
      }
      await answer(response, response.status === 421);
    } catch (error) {
      if (error instanceof BodyBroken && error.how === 'left') return;
      if (!(error instanceof BodyTooLarge || error instanceof BodyBroken)) this.#log(error);
      if (outgoing.headersSent) incoming.socket.destroy();
      else await answer(failure(error), true);
    }
  }

  /** Sends an answer, as fast as the client takes it. Rejects where its pieces fail. */
  async #send(
    outgoing: ServerResponse,
    response: DataResponse,
    requestId: string,
    unread: Body,
    close: boolean,
  ): Promise<void> {
    const { status, body } = response;
    const head = outgoing.req.method === 'HEAD';
    const bodyless = head || status === 204 || status === 304;
    const headers = headersOf(response, requestId, head);
    if (status === 204 || status === 304) delete headers['content-length'];
    if (close) headers['connection'] = 'close';
    if (bodyless || outgoing.destroyed) await letGo(body);
    if (outgoing.destroyed) return;
    const stuck = setTimeout(() => outgoing.destroy(), this.#limits.body);
    outgoing.once('close', () => clearTimeout(stuck));
    outgoing.writeHead(status, headers);
    if (!bodyless && typeof body === 'object' && !(body instanceof Uint8Array)) {
      for await (const piece of body) {
        if (!outgoing.write(piece)) await taken(outgoing);
        if (outgoing.destroyed) return;
        stuck.refresh();
      }
    } else if (!bodyless && body !== undefined) outgoing.write(body);
    else if (unread.exceeded) outgoing.flushHeaders();
    if (unread.exceeded) await unread.drain();
    outgoing.end();
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
    const door = askDoor(network, service, arrival);
    const refusal =
      door.action === 'open'
        ? undefined
        : { rule: door.rule, flag: door.rule.startsWith('publicNetworkAccess') };
    return this.#answer({
      incoming,
      target,
      host,
      authorization: incoming.headersDistinct['authorization']?.join(', '),
      service,
      arrival,
      requestId,
      refusal,
      body: (limit) => body.read(limit),
      pieces: (limit) => body.pieces(limit),
    });
  }
}

/** Host and target of a request; undefined where the host is not named exactly once (RFC 9112 section 3.2). */
export function askedOf(
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
  return emptyAnswer(
    code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request',
  );
}

function emptyAnswer(status: string): string {
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

function failure(error: unknown): DataResponse {
  if (error instanceof BodyTooLarge) return text(413, error.message);
  if (error instanceof BodyBroken) return text(408, error.message);
  if (error instanceof StoreError) return text(statusOf(error), error.message);
  return text(500, 'The request failed inside Cloister. The server log has the cause.');
}

function text(status: number, says: string): DataResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${says}\n` };
}

/** Pieces, and what is only described, come with a length of their own. */
function headersOf(
  { headers, body }: DataResponse,
  requestId: string,
  head: boolean,
): Record<string, string> {
  const bytes = body ?? (head ? undefined : '');
  const known = typeof bytes === 'string' || bytes instanceof Uint8Array;
  const length = known ? { 'content-length': String(Buffer.byteLength(bytes)) } : {};
  return { 'x-ms-request-id': requestId, ...length, ...headers };
}

/** Resolves when what was written has been taken, or never will be. */
function taken(outgoing: ServerResponse): Promise<void> {
  if (outgoing.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done).off('close', done);
      resolve();
    };
    outgoing.on('drain', done).on('close', done);
  });
}
