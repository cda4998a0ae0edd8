/**
 * The sockets of this process in the namespaces of a plan: opened and closed as it says, each served by who answers
 * there. A connection's way is known by the router that its socket stands in and by the address it comes from.
 *
 * @module
 */

import type { Socket } from 'node:net';
import { Resolver } from '../../enforce/dns/resolver.ts';
import type { LinuxFabric } from '../../enforce/linux/fabric.ts';
import { type Opened, openSockets } from '../../enforce/linux/sockets.ts';
import type { LinuxPlan, Namespace } from '../../enforce/plan/model.ts';
import { sendersAt } from '../../enforce/plan/senders.ts';
import type { Line, Word } from '../../enforce/plan/words.ts';
import type { Question } from '../../lib/dns.ts';
import type { Fqdn } from '../../lib/fqdn.ts';
import { type Ip, ip, parseIp } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
import { answer, answerAt, type Reply } from '../../net/answer.ts';
import type { SiteFact } from '../../net/facts.ts';
import { type Denial, type Ground, type Incoming, type Passage, receive } from '../front/passage.ts';
import { readAsked } from './asked.ts';

/** What sockets are served with. */
export interface Served {
  /** The estate as it is at that moment. */
  readonly ground: Ground;
  /** Takes over a connection that arrived. */
  readonly deliver: (socket: Socket, head: Buffer, passage: Passage) => void;
  /** Takes over a connection that arrived at the proxy of a site. `open`: it asks nobody who they are. */
  readonly proxy: (site: string, open: boolean, socket: Socket) => void;
  /** Hears what a firewall denied by the name that was asked for. */
  readonly denied: (flow: NamedFlow) => void;
  readonly log: (error: unknown) => void;
}

/** A connection that a firewall denied. */
export interface NamedFlow extends Denial {
  /** Id of the firewall. */
  readonly at: string;
  readonly source: Ip;
  readonly sourcePort: number;
  readonly destination: Ip;
  readonly port: number;
  /** Undefined: it named nobody. */
  readonly name: Fqdn | undefined;
}

const dnsPort = 53;
const loopback = ip('127.0.0.1');

/** Helpers that open sockets at a time: each is a process of Node's. */
const atOnce = 4;

/** An open socket, and what goes with it when it is closed. */
interface Listener {
  readonly namespace: Word;
  close(): void;
  /** Ends what came in by it, too. */
  cut(): void;
}

/** The open sockets of a fabric. */
export class Listeners {
  readonly #fabric: LinuxFabric;
  readonly #served: Served;
  /** By namespace and line. */
  readonly #open = new Map<string, Listener>();

  constructor(fabric: LinuxFabric, served: Served) {
    this.#fabric = fabric;
    this.#served = served;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Opens and closes what the plan in force has more and less. Throws `KernelRefused`. */
  async follow(): Promise<void> {
    const { plan, holder } = this.#fabric;
    const wanted = new Map(
      plan.namespaces.flatMap((at) => at.sockets.map((line) => [keyAt(at.id, line), at])),
    );
    const standing = new Set(plan.namespaces.map(({ id }) => id));
    for (const [key, listener] of this.#open) {
      if (wanted.has(key)) continue;
      this.#open.delete(key);
      if (standing.has(listener.namespace)) listener.close();
      else listener.cut();
    }
    const missing = plan.namespaces.flatMap((at) => {
      const lines = at.sockets.filter((line) => !this.#open.has(keyAt(at.id, line)));
      return lines.length === 0 ? [] : [{ at, lines }];
    });
    for (let next = 0; next < missing.length; next += atOnce) {
      const some = missing.slice(next, next + atOnce).map(({ at, lines }) =>
        openSockets(holder, at.id, lines, (opened) => {
          this.#open.set(`${at.id} ${opened.protocol} ${opened.at}`, this.#serve(at, opened));
        }),
      );
      // Those that are still at it are waited for, so that who tries again does not meet them.
      const refused = (await Promise.allSettled(some)).find(({ status }) => status === 'rejected');
      if (refused?.status === 'rejected') throw refused.reason;
    }
  }

  /** Closes those of namespaces that are gone, and ends what came in by them. */
  cut(gone: ReadonlySet<Word>): void {
    for (const [key, listener] of this.#open) {
      if (!gone.has(listener.namespace)) continue;
      this.#open.delete(key);
      listener.cut();
    }
  }

  /** Closes all, and ends every connection that came in by one. */
  close(): void {
    for (const listener of this.#open.values()) listener.cut();
    this.#open.clear();
  }

  #serve(at: Namespace, opened: Opened): Listener {
    const [address = '', port] = opened.at.split(':');
    const { log } = this.#served;
    const resolver = new Resolver({
      era: () => this.#served.ground.network,
      ask: (question) => replyAt(this.#served.ground, at, parseIp(address), question),
      onError: log,
    });
    if (opened.protocol === 'udp') {
      resolver.hear(opened.socket);
      const close = (): void => void opened.socket.close();
      return { namespace: at.id, close, cut: close };
    }
    const sockets = new Set<Socket>();
    const { server } = opened;
    server.on('error', log);
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // Resets are the client's affair.
      socket.on('error', () => {});
      const site = at.role === 'site' ? this.#siteOf(at) : undefined;
      if (Number(port) === dnsPort) resolver.serve(socket);
      else if (site?.proxy) this.#served.proxy(`site/${site.name}`, !site.proxy.credentials, socket);
      else if (at.role === 'firewall') void this.#ask(at, socket);
      else this.#receive(at, socket);
    });
    const close = (): void => void server.close();
    const cut = (): void => {
      close();
      for (const socket of sockets) socket.destroy();
    };
    return { namespace: at.id, close, cut };
  }

  /** The site of a namespace, as it is described now. */
  #siteOf({ about }: Namespace): SiteFact | undefined {
    return [...this.#served.ground.network.sites.values()].find(({ name }) => about === `site/${name}`);
  }

  /** At a firewall, whose application rules decide by the name that is asked for. */
  async #ask(at: Namespace, socket: Socket): Promise<void> {
    const asked = await readAsked(socket);
    if (asked) this.#receive(at, socket, { head: asked.head, name: asked.name ?? 'nobody' });
    else socket.resetAndDestroy();
  }

  #receive(
    at: Namespace,
    socket: Socket,
    read?: { readonly head: Buffer; readonly name: Fqdn | 'nobody' },
  ): void {
    const [destination, source] = [parseIp(socket.localAddress ?? ''), parseIp(socket.remoteAddress ?? '')];
    const { localPort: port, remotePort: sourcePort } = socket;
    // It was reset before it was looked at.
    if (destination === undefined || source === undefined) return void socket.destroy();
    if (port === undefined || sourcePort === undefined) return void socket.destroy();
    const came = { source, address: destination, port, ...(read ? { name: read.name } : {}) };
    const passage = passageOf(this.#fabric.plan, this.#served.ground, at.id, came);
    if (passage && 'disposition' in passage && read) {
      const name = read.name === 'nobody' ? undefined : read.name;
      this.#served.denied({ ...passage, at: at.about, source, sourcePort, destination, port, name });
      return void socket.resetAndDestroy();
    }
    if (!passage || 'disposition' in passage) {
      this.#served.log(
        new Error(
          `nobody is known to reach ${read?.name ?? ''} ${socket.localAddress}:${port} from ${socket.remoteAddress}`,
        ),
      );
      return void socket.resetAndDestroy();
    }
    socket.setNoDelay(true);
    this.#served.deliver(socket, read?.head ?? Buffer.alloc(0), passage);
  }
}

/** Of those who may have sent it, the nearest whose way leads there; otherwise how the first one's ends. */
function passageOf(
  plan: LinuxPlan,
  ground: Ground,
  router: Word,
  came: Omit<Incoming, 'place'>,
): Passage | Denial | undefined {
  const ways = sendersAt(plan, router, came.source).flatMap(
    (place) => receive(ground, { place, ...came }) ?? [],
  );
  return ways.find((way) => 'arrival' in way) ?? ways[0];
}

/** What a resolver answers that stands in a namespace: a network's own, a server on a machine, or the internet's. */
function replyAt(
  { network, names }: Ground,
  at: Namespace,
  server: Ip | undefined,
  question: Question,
): Reply {
  // On the internet, and beside each program that is outside.
  if (at.role === 'internet' || server === loopback) {
    const place = names.place(at.about);
    return place.ok ? answer(network, place.value, question) : { kind: 'silent', says: place.error.message };
  }
  const home = network.nics.get(keyOf(at.about))?.configurations[0]?.subnet;
  const vnet =
    home === undefined ? network.vnets.get(keyOf(at.about)) : network.subnets.get(keyOf(home))?.vnet;
  if ((!vnet && at.role !== 'site') || server === undefined) {
    return { kind: 'silent', says: `${at.about} is not there any more` };
  }
  return answerAt(network, vnet, server, question);
}

function keyAt(namespace: Word, line: Line): string {
  return `${namespace} ${line}`;
}
