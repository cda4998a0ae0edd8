/**
 * The name that a client asks for, read from the first bytes of its connection: SNI in TLS (RFC 6066 section 3), `Host`
 * in HTTP. Firewalls decide by it.
 *
 * @module
 */

import type { Socket } from 'node:net';
import { type Fqdn, parseFqdn } from '../../lib/fqdn.ts';

/** What was read. */
export interface Asked {
  /** Undefined: it names nobody. */
  readonly name: Fqdn | undefined;
  /** All that was read, for who goes on from there. */
  readonly head: Buffer;
}

/** More is sent by nobody who means well. */
const mostBytes = 16 * 1024;
/** How long a client may be silent, in milliseconds. */
const patience = 10_000;

/** Reads it. Undefined: the client went away, was silent for too long, or sent neither TLS nor HTTP. */
export function readAsked(socket: Socket): Promise<Asked | undefined> {
  return new Promise((resolve) => {
    let head = Buffer.alloc(0);
    const end = (asked: Asked | undefined): void => {
      socket.off('data', take).off('close', leave).off('end', leave).off('timeout', leave).setTimeout(0);
      socket.pause();
      resolve(asked);
    };
    const leave = (): void => end(undefined);
    const take = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes]);
      const found = askedIn(head);
      if (found === 'more' && head.length < mostBytes) return;
      end(typeof found === 'string' ? undefined : { name: found.name, head });
    };
    socket.on('data', take).once('close', leave).once('end', leave).setTimeout(patience, leave);
    socket.resume();
  });
}

/** Reads the name in what has come so far; `more`: it is not all there; `neither`: it is no TLS and no HTTP. */
export function askedIn(head: Buffer): { readonly name: Fqdn | undefined } | 'more' | 'neither' {
  if (head.length === 0) return 'more';
  return head[0] === handshake ? inHello(head) : inRequest(head);
}

const handshake = 22;
const clientHello = 1;
const serverName = 0;

function inHello(record: Buffer): { readonly name: Fqdn | undefined } | 'more' | 'neither' {
  if (record.length < 6) return 'more';
  if (record[5] !== clientHello) return 'neither';
  const end = 5 + record.readUInt16BE(3);
  if (record.length < end) return 'more';
  try {
    return { name: nameIn(record.subarray(0, end)) };
  } catch (error) {
    if (error instanceof RangeError) return 'neither';
    throw error;
  }
}

/** Goes through a hello: record and handshake headers, version, random, session, ciphers, compressions, extensions. */
function nameIn(hello: Buffer): Fqdn | undefined {
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  const end = at + 2 + hello.readUInt16BE(at);
  for (at += 2; at < end; at += 4 + hello.readUInt16BE(at + 2)) {
    if (hello.readUInt16BE(at) !== serverName) continue;
    const length = hello.readUInt16BE(at + 7);
    return parseFqdn(hello.toString('latin1', at + 9, at + 9 + length));
  }
  return undefined;
}

const method = /^[A-Z]{1,16} /;

function inRequest(head: Buffer): { readonly name: Fqdn | undefined } | 'more' | 'neither' {
  const text = head.toString('latin1');
  if (!method.test(text) && text.length > 16) return 'neither';
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return /^[A-Z]{0,16}(?: |$)/.test(text) ? 'more' : 'neither';
  const host = /\r\nhost:[ \t]*([^\s:]+)/i.exec(text.slice(0, end))?.[1];
  return { name: host === undefined ? undefined : parseFqdn(host) };
}
