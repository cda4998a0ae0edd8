/**
 * Bytes through a gateway, below any client library: one CONNECT, one TLS connection, requests as they are written.
 */

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as secureConnect, type TLSSocket } from 'node:tls';
import type { Session } from '../../src/api/control.ts';

/** What the gateway said to a CONNECT. */
export interface Connected {
  readonly status: number;
  readonly proxyStatus: string;
  readonly socket: Socket;
}

/** An HTTP answer. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Asks the gateway for a connection. */
export function connectAt(session: Session, host: string, port = 443): Promise<Connected> {
  const basic = Buffer.from(`${session.username}:${session.password}`).toString('base64');
  const socket = connect({ host: '127.0.0.1', port: session.gateway });
  socket.write(
    `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`,
  );
  return new Promise((resolve, reject) => {
    let head = '';
    const onData = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onData).off('error', reject);
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
      resolve({ status, proxyStatus: /^proxy-status: (.*)$/im.exec(head)?.[1] ?? '', socket });
    };
    socket.on('data', onData).once('error', reject);
  });
}

/** Connects from a place and makes TLS over it; `name` is what the client asks for in its greeting, '' for nothing. */
export async function secureAt(session: Session, host: string, name = host): Promise<TLSSocket> {
  const { status, proxyStatus, socket } = await connectAt(session, host);
  if (status !== 200) throw new Error(`${status} ${proxyStatus}`);
  const secure = secureConnect({
    socket,
    ca: readFileSync(session.ca),
    ...(name === '' ? { checkServerIdentity: () => undefined } : { servername: name }),
  });
  await new Promise<void>((resolve, reject) => {
    secure.once('secureConnect', resolve).once('error', reject);
  });
  return secure;
}

/** One TLS connection from a place, and what is written and read on it. */
export class Wire {
  readonly socket: TLSSocket;
  /** Resolves when the other side has ended the connection. */
  readonly ended: Promise<void>;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};
  #over = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      const over = (): void => {
        this.#over = true;
        this.#wake();
        resolve();
      };
      socket.once('end', over).once('close', over).on('error', over);
    });
  }

  static async open(session: Session, host: string, name = host): Promise<Wire> {
    return new Wire(await secureAt(session, host, name));
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** Sends a request as it is written and reads one answer; undefined where the connection ends instead. */
  async ask(text: string | Buffer): Promise<WireAnswer | undefined> {
    this.write(text);
    return this.read();
  }

  /** Reads one answer. */
  async read(): Promise<WireAnswer | undefined> {
    for (;;) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end >= 0) {
        const [line = '', ...fields] = this.#bytes.toString('latin1', 0, end).split('\r\n');
        const headers = Object.fromEntries(
          fields.map((field) => {
            const colon = field.indexOf(':');
            return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
          }),
        );
        const status = Number(line.split(' ')[1]);
        const length = Number(headers['content-length'] ?? 0);
        if (status === 100) this.#bytes = this.#bytes.subarray(end + 4);
        else if (this.#bytes.length >= end + 4 + length) {
          const body = this.#bytes.toString('utf8', end + 4, end + 4 + length);
          this.#bytes = this.#bytes.subarray(end + 4 + length);
          return { status, headers, body };
        }
      }
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }
}
