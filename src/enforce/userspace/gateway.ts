/**
 * The way out of a place, without privileges: one listener on loopback that speaks HTTP proxy and SOCKS5.
 *
 * It decides nothing (`decide` is injected) and dials nothing: a connection is handed to a server in this
 * process or refused. It enforces only what goes through it; true timeouts and resets are the linux fabric's.
 *
 * @module
 */

import { createServer, type Server, type Socket } from 'node:net';
import { never } from '../../lib/result.ts';
import type { Decision, Destination, Outcome, Warden } from './decision.ts';
import { type Credentials, Grants } from './grants.ts';
import { readHttp } from './http-proxy.ts';
import { Intake, IntakeStopped, type Stop } from './intake.ts';
import { ownAnswer, printAnswer, reply } from './refusal.ts';
import { readSocks5, replied, socksVersion } from './socks5.ts';

/** What a gateway is made of. */
export interface GatewayOptions {
  /** Asks the network about one connection. Called once for each, after the credentials were checked. */
  readonly decide: (destination: Destination) => Decision;
  /** Most connections at a time, delivered ones included. 2 000 unless told. */
  readonly maxConnections?: number;
  /** Time for a client's whole header, in milliseconds. 10 000 unless told. */
  readonly patience?: number;
  /** Hears what `decide` or `deliver` throw; the connection is ended. A process warning unless told. */
  readonly onError?: (error: Error) => void;
}

/** Time for a client to take in the last answer before the connection is cut, in milliseconds. */
const farewell = 1_000;

const busy = printAnswer(
  ownAnswer(503, 'Service Unavailable', 'connection_limit_reached', 'The gateway has too many connections.'),
);
const broken = printAnswer(
  ownAnswer(
    500,
    'Internal Server Error',
    'proxy_internal_error',
    'The gateway failed. The server log has the cause.',
  ),
);
/** Who leaves early is told nothing. */
const stopAnswers: Readonly<Record<Stop, Buffer>> = {
  ended: Buffer.alloc(0),
  late: printAnswer(
    ownAnswer(408, 'Request Timeout', 'http_request_error', 'The header did not arrive in time.'),
  ),
  long: printAnswer(
    ownAnswer(431, 'Request Header Fields Too Large', 'http_request_error', 'The header exceeds 16 KiB.'),
  ),
};

/** The gateway of all places on this machine. The credentials say which place a connection starts from. */
export class Gateway {
  readonly #decide: (destination: Destination) => Decision;
  readonly #maxConnections: number;
  readonly #patience: number;
  readonly #onError: (error: Error) => void;
  readonly #grants = new Grants();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(options: GatewayOptions) {
    this.#decide = options.decide;
    this.#maxConnections = options.maxConnections ?? 2_000;
    this.#patience = options.patience ?? 10_000;
    this.#onError = options.onError ?? ((error) => process.emitWarning(error));
    // Half-open: a client that has sent all it had still waits for its answer.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Starts listening on 127.0.0.1 and returns the port that the system chose. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0 }, () => {
        this.#server.off('error', reject);
        // Failing to accept one connection (say, out of file descriptors) must not end the process.
        this.#server.on('error', this.#onError);
        const address = this.#server.address();
        if (address === null || typeof address === 'string') reject(new Error('the gateway has no port'));
        else resolve(address.port);
      });
    });
  }

  /** Makes credentials for one `exec` that stands at the place. */
  grant(place: string): Credentials {
    return this.#grants.grant(place);
  }

  /** Makes credentials void and ends the connections made with them. */
  revoke(username: string): void {
    this.#grants.revoke(username);
  }

  /** Stops listening and ends every connection, delivered ones included. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    return closed;
  }

  /**
   * Serves a connection that came to the HTTP proxy of a place itself. `open`: it asks nobody who they are; otherwise
   * nobody is known to it. The gateway's own credentials are worth nothing there.
   */
  serveAt(place: string, open: boolean, socket: Socket): void {
    socket.allowHalfOpen = true;
    this.#take(socket, { socks: false, admit: () => (open ? place : undefined), decide: this.#decide });
  }

  #accept(socket: Socket): void {
    this.#take(socket, this.#wardenFor(socket));
  }

  #take(socket: Socket, warden: Warden): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // Resets are the client's affair; `close` follows and does what is to be done.
    socket.on('error', () => {});
    if (this.#sockets.size > 2 * this.#maxConnections) socket.destroy();
    else if (this.#sockets.size > this.#maxConnections) part(socket, busy);
    else void this.#serve(socket, warden);
  }

  /** Serves one connection. Never rejects. */
  async #serve(socket: Socket, warden: Warden): Promise<void> {
    const intake = new Intake(socket, this.#patience);
    let socks = false;
    try {
      socks = (await intake.peek()) === socksVersion && warden.socks;
      const outcome = await (socks ? readSocks5(intake, warden) : readHttp(intake, warden));
      this.#conclude(intake, outcome);
    } catch (error) {
      intake.release();
      if (error instanceof IntakeStopped) {
        part(socket, socks ? Buffer.alloc(0) : stopAnswers[error.stop]);
        return;
      }
      part(socket, socks ? replied(reply.generalFailure) : broken);
      this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #conclude(intake: Intake, outcome: Outcome): void {
    const { socket } = intake;
    const rest = intake.release();
    if (socket.destroyed) return;
    switch (outcome.kind) {
      case 'end':
        part(socket, outcome.answer);
        return;
      case 'connect':
        // A TLS server that inherited half-open sockets would keep those of clients that left early.
        socket.allowHalfOpen = false;
        if (outcome.answer.length > 0) socket.write(outcome.answer);
        try {
          outcome.deliver(socket, Buffer.concat([outcome.first, rest]));
        } catch (error) {
          // The client believes that it is connected: an HTTP answer would be read as the server's bytes.
          socket.destroy();
          throw error;
        }
        return;
      default:
        never(outcome);
    }
  }

  #wardenFor(socket: Socket): Warden {
    return {
      socks: true,
      admit: (given) => {
        const grant = given && this.#grants.find(given.username, given.password);
        if (grant === undefined || socket.destroyed) return undefined;
        grant.sockets.add(socket);
        socket.once('close', () => grant.sockets.delete(socket));
        return grant.place;
      },
      decide: this.#decide,
    };
  }
}

/**
 * Ends a connection with a last answer.
 *
 * What the client still sends is read and dropped for a moment: closing with unread bytes would reset the
 * connection, and the client would lose the answer.
 */
function part(socket: Socket, answer: Buffer): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), farewell);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
  socket.end(answer);
}
