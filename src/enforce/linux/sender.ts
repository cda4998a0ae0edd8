/**
 * Sends packets from places: connections and questions, all at once, by one shell. Programs that every Linux has do it,
 * because only a process that is in a namespace can send from there.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Ip } from '../../lib/ip.ts';
import { address, type Line, line, type Word } from '../plan/words.ts';
import { endGroup, type Holder } from './holder.ts';

/** A connection to a port, or a question (`askedName` of `plan/probes.ts`) to a server. */
export type Order<T> = { readonly namespace: Word; readonly about: T } & (
  | { readonly kind: 'connect'; readonly destination: Ip; readonly port: number }
  | { readonly kind: 'ask'; readonly server: Ip }
);

/** What the sender knows of an order by itself. */
export type Report =
  | { readonly kind: 'connected' }
  | { readonly kind: 'answered'; readonly rcode: number }
  | { readonly kind: 'failed'; readonly says: string };

/** The question: an address of `askedName` is wanted. No byte is a line feed: bash would send what is behind it by itself. */
const question = line`\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\x05login\\x0fmicrosoftonline\\x03com\\0\\0\\x01\\0\\x01`;

const functions = line`
in_place() { nsenter --net=/run/netns/$1 bash -c "$2" 2>&1; }
connect() {
  if said=$(in_place $2 "exec 3<>/dev/tcp/$3/$4"); then echo "$1 connected"; else echo "$1 failed \${said##*$'\\n'}"; fi
}
ask() {
  if said=$(in_place $2 "exec 3<>/dev/udp/$3/53 && printf '${question}' >&3 && od -An -tx1 -N12 <&3")
  then echo "$1 answered $said"; else echo "$1 failed \${said##*$'\\n'}"; fi
}`;

/** Sends orders. `about` of each is what its report is asked by. */
export class Sender<T> {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #reports = new Map<T, Report>();

  /** `patience`: milliseconds after which all is ended twice over, also where whoever started it ended without a word. */
  constructor(holder: Holder, orders: readonly Order<T>[], patience: number) {
    const longest = String((2 * patience) / 1000);
    const [program, ...args] = holder.entering(['timeout', '-s', 'KILL', longest, 'bash', '-s']);
    // A group of its own: it is ended with all that it has started.
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    this.#child = child;
    this.#ended = once(child, 'close');
    child.stdin.on('error', () => {});
    child.stdin.end([functions, ...orders.map(printOrder), line`wait`, ''].join('\n'));
    createInterface(child.stdout).on('line', (text) => {
      const [index, ...words] = text.split(' ');
      const order = orders[Number(index)];
      if (order) this.#reports.set(order.about, reportOf(words));
    });
  }

  /** What is known of an order so far. */
  reportOf(about: T): Report | undefined {
    return this.#reports.get(about);
  }

  /** Ends what still waits for an answer. */
  async end(): Promise<void> {
    endGroup(this.#child);
    await this.#ended;
  }
}

function printOrder(order: Order<unknown>, at: number): Line {
  const { namespace } = order;
  return order.kind === 'connect'
    ? line`connect ${at} ${namespace} ${address(order.destination)} ${order.port} &`
    : line`ask ${at} ${namespace} ${address(order.server)} &`;
}

function reportOf([kind = '', ...words]: readonly string[]): Report {
  if (kind === 'connected') return { kind };
  // The fourth byte of an answer ends with the response code.
  if (kind === 'answered') return { kind, rcode: Number.parseInt(words.filter(Boolean)[3] ?? '', 16) & 15 };
  return { kind: 'failed', says: words.join(' ') };
}
