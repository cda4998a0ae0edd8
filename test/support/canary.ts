/**
 * A canary: hears of every connection that this process opens and every name that it looks up.
 */

import dns from 'node:dns';
import { Socket } from 'node:net';

/** What left the machine, or tried to. */
export interface Canary {
  readonly outside: readonly string[];
  /** Connections seen in all: a canary that hears nothing proves nothing. */
  readonly seen: () => number;
  stop(): void;
}

const inside = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/;

/** Begins to listen. */
export function canary(): Canary {
  const outside: string[] = [];
  let seen = 0;
  const connect = Socket.prototype.connect;
  const lookup = dns.lookup;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    const [first] = (Array.isArray(args[0]) ? args[0] : args) as readonly unknown[];
    const options = typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : {};
    const host = typeof first === 'object' ? options['host'] : args[1];
    seen += 1;
    if (options['path'] === undefined && !inside.test(String(host ?? 'localhost')))
      outside.push(String(host));
    return Reflect.apply(connect, this, args) as Socket;
  } as typeof connect;
  dns.lookup = ((name: string, ...rest: unknown[]) => {
    if (!inside.test(name)) outside.push(`lookup ${name}`);
    return Reflect.apply(lookup, dns, [name, ...rest]) as unknown;
  }) as typeof lookup;
  return {
    outside,
    seen: () => seen,
    stop: () => {
      Socket.prototype.connect = connect;
      dns.lookup = lookup;
    },
  };
}
