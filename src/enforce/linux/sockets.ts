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
import { endOf, type Holder, KernelRefused } from './holder.ts';

/** A listening socket; for datagrams, a bound one. */
export type Opened =
  | { readonly protocol: 'tcp'; readonly at: string; readonly server: Server }
  | { readonly protocol: 'udp'; readonly at: string; readonly socket: Datagrams };

const opener = fileURLToPath(new URL('opener.mjs', import.meta.url));

/**
 * Opens sockets in a namespace, in the order given. `take` is given each at once, for connections come from then on, and
 * it is its to close. Throws `KernelRefused` with what the helper said where not all could be opened.
 */
export async function openSockets(
  holder: Holder,
  namespace: Word,
  sockets: readonly Line[],
  take: (opened: Opened) => void,
): Promise<void> {
  const words = sockets.map((socket) => socket.split(' '));
  const [program, ...args] = holder.entering([process.execPath, opener, ...words.flat()], namespace);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true });
  let opened = 0;
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  child.on('message', (index, handle) => {
    const at = words[Number(index)]?.[1] ?? '';
    if (!handle) return;
    opened++;
    if (handle instanceof Server) take({ protocol: 'tcp', at, server: handle });
    else take({ protocol: 'udp', at, socket: handle as unknown as Datagrams });
  });
  const code = await endOf(child, `what opens the sockets of ${namespace}`);
  if (code === 0 && opened === sockets.length) return;
  throw new KernelRefused(said.trim() || `the sockets of ${namespace} were not opened: ${code}`);
}
