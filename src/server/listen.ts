/**
 * The control API's listener.
 *
 * @module
 */

import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { InputError } from '../app/problem.ts';
import { type Controlled, controlApi } from './control.ts';

/** Time for answers under way when it is closed, in milliseconds. */
const farewell = 500;

/** A listener on loopback. */
export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens the control API. A port that cannot be had is said by name. */
export async function listen(controlled: Controlled, token: string, port: number): Promise<Listener> {
  const { fetch } = controlApi(controlled, token);
  const server = createAdaptorServer({ fetch, hostname: '127.0.0.1' });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(nameProblem(error, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const end = (): void => {
    if ('closeAllConnections' in server) server.closeAllConnections();
  };
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        const late = setTimeout(end, farewell);
        server.close(() => {
          clearTimeout(late);
          resolve();
        });
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      }),
  };
}

function nameProblem(error: NodeJS.ErrnoException, port: number): Error {
  const why = { EADDRINUSE: 'is in use', EACCES: 'is not for this user' }[error.code ?? ''];
  if (why === undefined) return error;
  return new InputError({ message: `port ${port} ${why}: choose another with --port, or leave it out` });
}
