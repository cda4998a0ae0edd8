/**
 * One HTTP request to a replica over its unix socket, bounded in time and size.
 *
 * Each request has a connection of its own: on a unix socket that costs some tens of microseconds, and no request
 * can ever meet a connection that the replica is just closing.
 *
 * @module
 */

import { request as httpRequest } from 'node:http';
import { ReplicaError } from './replica-error.ts';

/** A request for a replica. The path starts with `/` and may hold a query. */
export interface ReplicaRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A replica's answer. Header names are in lower case. */
export interface ReplicaAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** Answers beyond this many bytes are refused: they would be held in the server's memory. */
const maxAnswer = 64 * 2 ** 20;

/** Headers that concern a single connection (RFC 9110 section 7.6.1), or that we set ourselves. */
const perConnection = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Sends the request and returns the whole answer.
 *
 * @param milliseconds Time for all of it.
 * @throws ReplicaError `timeout`, `not-ready` where nothing listens on the socket (the replica has seen nothing of the
 *   request then), or `crashed` where the connection broke.
 */
export function exchange(
  socketPath: string,
  request: ReplicaRequest,
  milliseconds: number,
): Promise<ReplicaAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      socketPath,
      method: request.method,
      path: request.path,
      headers: {
        ...kept(Object.entries(request.headers)),
        host: 'localhost',
        connection: 'close',
        'content-length': String(request.body.byteLength),
      },
      agent: false,
    });
    const timer = setTimeout(
      () => end(new ReplicaError('timeout', `no answer within ${seconds(milliseconds)}`)),
      milliseconds,
    );
    const end = (outcome: ReplicaAnswer | ReplicaError): void => {
      clearTimeout(timer);
      if (outcome instanceof ReplicaError) reject(outcome);
      else resolve(outcome);
      outgoing.destroy();
    };
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // EAGAIN: Linux's word for a unix socket whose queue of connections is full.
      const unheard = ['ECONNREFUSED', 'ENOENT', 'EAGAIN'].includes(error.code ?? '');
      end(
        unheard
          ? new ReplicaError('not-ready', 'the replica takes no connection')
          : new ReplicaError('crashed', `the replica broke the connection (${error.code ?? error.message})`),
      );
    });
    outgoing.once('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > maxAnswer) end(new ReplicaError('crashed', `the answer is over ${maxAnswer} bytes`));
      });
      response.once('error', () => end(new ReplicaError('crashed', 'the replica broke off its answer')));
      response.once('end', () => {
        const headers = Object.entries(response.headers).map(
          ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')] as const,
        );
        end({ status: response.statusCode ?? 0, headers: kept(headers), body: Buffer.concat(chunks) });
      });
    });
    outgoing.end(request.body);
  });
}

/** Returns a time as people read it. */
export function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds) / 1000} s`;
}

/** Returns the headers that pass from one connection to another, by lower-case name. */
function kept(headers: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(
    headers
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !perConnection.has(name)),
  );
}
