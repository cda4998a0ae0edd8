/**
 * HTTPS from a place: a request through its gateway, as any client would make it.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Session } from './control.ts';
import { DialedClient } from './dialed.ts';

export type { Answer } from './dialed.ts';

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

/** A client that stands at a place; connections are kept and used again. It rejects with Unreachable. */
export class PlaceClient extends DialedClient {
  constructor(session: Session) {
    super((host, port) => connectThrough(session, host, port), readFileSync(session.ca, 'utf8'));
  }
}

/** Connects by CONNECT at the gateway. Rejects with Unreachable. */
export function connectThrough(
  { username, password, gateway }: Pick<Session, 'username' | 'password' | 'gateway'>,
  host: string,
  port: number,
): Promise<Socket> {
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  return new Promise((resolve, reject) => {
    const asking = request({
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
        resolve(socket);
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
