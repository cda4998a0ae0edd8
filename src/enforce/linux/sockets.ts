/**
 * Sockets of this process in namespaces of places: opened there by a short-lived helper, and handed over.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import type { Socket as Datagrams } from 'node:dgram';
import { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Line, Word } from '../plan/words.ts';
import { type Holder, KernelRefused } from './holder.ts';

/** A listening socket; for datagrams, a bound one. */
export type Opened =
  | { readonly protocol: 'tcp'; readonly at: string; readonly server: Server }
  | { readonly protocol: 'udp'; readonly at: string; readonly socket: Datagrams };

const opener = fileURLToPath(new URL('opener.mjs', import.meta.url));

/**
 * Opens sockets in a namespace, in the order given. `take` is told of each at once: connections come from then on.
 * Throws `KernelRefused` with what the helper said, and all are closed.
 */
export async function openSockets(
  holder: Holder,
  namespace: Word,
  sockets: readonly Line[],
  take: (opened: Opened) => void = () => {},
): Promise<readonly Opened[]> {
  const words = sockets.map((socket) => socket.split(' '));
  const [program, ...args] = holder.entering([process.execPath, opener, ...words.flat()], namespace);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const opened: Opened[] = [];
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  child.on('message', (index, handle) => {
    const at = words[Number(index)]?.[1] ?? '';
    if (!handle) return;
    const one: Opened =
      handle instanceof Server
        ? { protocol: 'tcp', at, server: handle }
        : { protocol: 'udp', at, socket: handle as unknown as Datagrams };
    opened.push(one);
    take(one);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0 && opened.length === sockets.length) return opened;
  for (const each of opened) {
    if (each.protocol === 'tcp') each.server.close();
    else each.socket.close();
  }
  throw new KernelRefused(said.trim() || `the sockets of ${namespace} were not opened: ${code}`);
}
