/**
 * What the gateway asks of the network, and what it hears back.
 *
 * @module
 */

import type { Duplex } from 'node:stream';
import type { Credentials } from './grants.ts';

/** Where a connection that came through the gateway wants to go. */
export interface Destination {
  /** The place that the credentials name: where the flow starts. */
  readonly place: string;
  /** A name in lower case without the dot at its end, or an IPv4 address in dotted-quad notation. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** The connection is handed to a server in this process. The gateway itself dials nothing, ever. */
interface Connect {
  readonly verdict: 'connect';
  /**
   * Takes the socket over. `head` is what the client has sent beyond the gateway's own protocol; it comes
   * before everything that the socket yields, so a server gets it back with `socket.unshift(head)`.
   * The socket ends when the client has finished, as any that a Node server accepts; a relay that is to
   * answer after that sets `socket.allowHalfOpen`.
   */
  readonly deliver: (socket: Duplex, head: Buffer) => void;
}

/** The connection is not made. */
export interface Refuse {
  readonly verdict: 'refuse';
  /** One of the charter's dispositions (docs: design.md, Words). */
  readonly disposition: string;
  /** The rule that decided. */
  readonly rule?: string;
  /** Id of the resource that the rule belongs to. */
  readonly resource?: string;
  /** One sentence for people. */
  readonly says: string;
  /** Whether a client on the real network would wait in vain instead of being told. */
  readonly timeout: boolean;
}

/** What becomes of a connection. */
export type Decision = Connect | Refuse;

/** What the readers of both protocols ask of the gateway. */
export interface Warden {
  /** Whether it speaks SOCKS5 beside HTTP. */
  readonly socks: boolean;
  /** Returns the place that a client stands at: by its credentials, where it has any. Nothing: it has to have better ones. */
  readonly admit: (given: Credentials | undefined) => string | undefined;
  /** Asks the network. */
  readonly decide: (destination: Destination) => Decision;
}

/** How reading a client's request ended. */
export type Outcome =
  | {
      readonly kind: 'end';
      /** What the client is told before the connection is closed. */
      readonly answer: Buffer;
    }
  | {
      readonly kind: 'connect';
      /** What the client is told before the socket is handed over. */
      readonly answer: Buffer;
      /** What the server reads before anything that the client sends from now on. */
      readonly first: Buffer;
      readonly deliver: Connect['deliver'];
    };
