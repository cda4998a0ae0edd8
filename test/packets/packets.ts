/**
 * Real packets in an applied plan: sends flows, hears who answers, and reads in the routers' records what ended the
 * others. Nothing is concluded from silence alone.
 *
 * @module
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { encode } from 'dns-packet';
import { Resolver } from '../../src/enforce/dns/resolver.ts';
import type { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import type { FlowRecord } from '../../src/enforce/linux/records.ts';
import { type Opened, openSockets } from '../../src/enforce/linux/sockets.ts';
import type { LinuxPlan, Namespace } from '../../src/enforce/plan/model.ts';
import type { Ending } from '../../src/enforce/plan/ruleset.ts';
import type { Fqdn } from '../../src/lib/fqdn.ts';
import { formatIp, type Ip, parseIp } from '../../src/lib/ip.ts';
import { keyOf } from '../../src/lib/key.ts';
import { answerAt } from '../../src/net/answer.ts';
import { platformPorts } from '../../src/net/azure.ts';
import type { Network } from '../../src/net/model.ts';
import { root } from '../support/running.ts';

/** A flow to send. Source ports tell flows apart. */
export interface Sent {
  readonly namespace: string;
  readonly source: Ip;
  readonly sourcePort: number;
  readonly protocol: 'tcp' | 'udp';
  readonly destination: Ip;
  readonly port: number;
  /** A name to ask for. */
  readonly query?: Fqdn;
}

/**
 * What became of it. `heardFrom`: the address that whoever answered saw. `mute`: the server was asked, and has no answer to give. `silent`: nobody answered, and nobody
 * says that he dropped it.
 */
export type Outcome =
  | { readonly kind: 'answered'; readonly by: string; readonly heardFrom: Ip | undefined }
  | { readonly kind: 'mute' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'outside' }
  | { readonly kind: 'ended'; readonly ending: Ending; readonly reply: boolean }
  | { readonly kind: 'silent' };

/** Long enough for every retransmission that matters, on a busy machine too; only what is wrong takes it. */
const patience = 30_000;
const anyPort = 7;

const probe = readFileSync(join(root, 'test', 'packets', 'probe.py'), 'utf8');

/** Machines take every port, by sending all of them to one; where there is a DNS server, all but its own. */
function everyPort({ id, sockets }: Namespace): string {
  const but = sockets.length > 0 ? 'th dport != 53' : '';
  const rule = `fib daddr type local meta l4proto { tcp, udp } ${but} redirect to :${anyPort}`;
  return `nsenter --net=/run/netns/${id} nft -f - <<'RULES'
table ip probe {
  chain ports {
    type nat hook prerouting priority dstnat
    ${rule}
  }
}
RULES
`;
}

/** Where programs run. */
const hosts: ReadonlySet<Namespace['role']> = new Set(['machine', 'appliance', 'site']);

interface Listening {
  readonly namespace: string;
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** Where the probe listens: all that the plan has but for names, which our own resolvers answer. */
function listeners({ namespaces }: LinuxPlan): Listening[] {
  return namespaces.flatMap(({ id: namespace, role, sockets }) => {
    if (hosts.has(role)) {
      return ['tcp', 'udp'].map((protocol) => ({ namespace, protocol, address: '0.0.0.0', port: anyPort }));
    }
    const own = sockets.map((socket) => {
      const [protocol = '', at = ''] = socket.split(' ');
      const [address = '', port] = at.split(':');
      return { namespace, protocol, address, port: Number(port) };
    });
    // Azure's own addresses have ports that nobody of ours listens on.
    const taken = (protocol: string, port: number, address: string): boolean =>
      own.some(
        (other) =>
          other.protocol === protocol && other.port === port && ['0.0.0.0', address].includes(other.address),
      );
    const further = [...platformPorts].flatMap(([ip, ports]) =>
      ports.flatMap((port) =>
        ['tcp', 'udp'].map((protocol) => ({ namespace, protocol, address: formatIp(ip), port })),
      ),
    );
    const platform = role === 'network' || role === 'internet' ? further : [];
    return [
      ...own.filter(({ port }) => port !== 53),
      ...platform.filter(({ protocol, port, address }) => !taken(protocol, port, address)),
    ];
  });
}

/** Open sockets, and what answers on them. */
export interface Closable {
  close(): Promise<void>;
}

async function closeAll(resolver: Resolver, sockets: readonly Opened[]): Promise<void> {
  for (const opened of sockets) {
    if (opened.protocol === 'tcp') opened.server.close();
    else opened.socket.close();
  }
  await resolver.close();
}

/** Opens the resolvers of a plan. `mute` hears which questions, `server name`, have no answer. */
export async function openResolvers(
  { holder, plan }: LinuxFabric,
  network: Network,
  mute: Set<string>,
): Promise<readonly Closable[]> {
  const places = new Map([...plan.places].map(([key, namespace]) => [namespace, key]));
  const opened = plan.namespaces.map(async (namespace): Promise<readonly Closable[]> => {
    const { id, role, about } = namespace;
    const sockets =
      role === 'internet' || about === 'internet'
        ? []
        : namespace.sockets.filter((socket) => /(?<!127\.0\.0\.1):53$/.test(socket));
    if (sockets.length === 0) return [];
    const found: Opened[] = [];
    await openSockets(holder, id, sockets, (each) => found.push(each));
    const nic = network.nics.get(keyOf(places.get(id) ?? ''));
    const home = nic?.configurations[0] && network.subnets.get(keyOf(nic.configurations[0].subnet))?.vnet;
    const vnet = home ?? network.vnets.get(keyOf(about));
    const streams = found.find((each) => each.protocol === 'tcp');
    const datagrams = found.find((each) => each.protocol === 'udp');
    const server = parseIp(datagrams?.at.split(':')[0] ?? '');
    if ((!vnet && role !== 'site') || !streams || !datagrams || server === undefined)
      throw new Error(`no resolver in ${id}`);
    const resolver = new Resolver({
      era: () => network,
      ask: (question) => {
        const reply = answerAt(network, vnet, server, question);
        if (reply.kind === 'silent') mute.add(`${server} ${question.name}`);
        return reply;
      },
    });
    streams.server.on('connection', (client) => resolver.serve(client));
    resolver.hear(datagrams.socket);
    return [{ close: () => closeAll(resolver, found) }];
  });
  return (await Promise.all(opened)).flat();
}

/**
 * Packets in an applied plan: a probe that listens and sends in all of its namespaces, and resolvers that answer as the
 * Network says. Source ports tell flows apart, so a port is used once.
 */
export class Traffic {
  readonly #fabric: LinuxFabric;
  readonly #probe: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown>;
  readonly #resolvers: readonly Closable[];
  readonly #mute: ReadonlySet<string>;
  readonly #answers = new Map<number, string | null>();
  /** Answers to what was said again, by flow. */
  readonly #further = new Map<number, number>();
  #orders = 0;
  #done = 0;
  #flows = 0;

  private constructor(
    fabric: LinuxFabric,
    probe: ChildProcessByStdio<Writable, Readable, null>,
    resolvers: readonly Closable[],
    mute: ReadonlySet<string>,
  ) {
    this.#fabric = fabric;
    this.#probe = probe;
    this.#ended = once(probe, 'close');
    this.#resolvers = resolvers;
    this.#mute = mute;
    createInterface(probe.stdout).on('line', (text) => this.#hear(JSON.parse(text) as Heard));
  }

  /** Listens everywhere in what is applied. `network`: what resolvers answer from; `names`: whether they are asked. */
  static async over(fabric: LinuxFabric, network: Network, names = true): Promise<Traffic> {
    const { holder, plan } = fabric;
    const machines = plan.namespaces.filter(({ role }) => hosts.has(role));
    const mute = new Set<string>();
    const [program, ...args] = holder.entering(['python3', '-c', probe]);
    const [prepared, resolvers] = await Promise.all([
      holder.run(['sh', '-eu'], machines.map(everyPort).join('')),
      names ? openResolvers(fabric, network, mute) : [],
    ]);
    if (prepared.code !== 0) throw new Error(prepared.stderr);
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const traffic = new Traffic(fabric, child, resolvers, mute);
    traffic.#order({ listen: listeners(plan) });
    return traffic;
  }

  /**
   * Sends flows at once and waits until it is known of each what became of it. `keep`: connections that are answered
   * stay open. Returns their number too, for `again`.
   */
  async send(
    flows: readonly Sent[],
    keep = false,
  ): Promise<readonly (Outcome & { readonly flow: number })[]> {
    const first = this.#flows;
    this.#flows += flows.length;
    const orders = flows.map((flow, at) => ({
      ...flow,
      flow: first + at,
      source: formatIp(flow.source),
      destination: formatIp(flow.destination),
      query: flow.query !== undefined,
      payload: payloadOf(flow, first + at).toString('hex'),
      keep,
    }));
    await this.#obeyed(this.#order({ flows: orders }));
    let outcomes: readonly Outcome[] = [];
    // Reading all records is dear: what can be answered is by then.
    await sleep(50);
    await until(async () => {
      // What is in hand at once needs no record.
      const answered = flows.every((_, at) => this.#answers.has(first + at));
      const records = answered ? [] : await this.#fabric.records();
      outcomes = flows.map((flow, at) => outcomeOf(flow, this.#answers.get(first + at), records, this.#mute));
      return outcomes.every(({ kind }) => kind !== 'silent');
    });
    return outcomes.map((outcome, at) => ({ ...outcome, flow: first + at }));
  }

  /** Says something more on kept connections; returns how many of them answered. */
  async again(flows: readonly number[]): Promise<number> {
    const before = new Map(flows.map((flow) => [flow, this.#further.get(flow) ?? 0]));
    const heard = (): number[] =>
      flows.filter((flow) => (this.#further.get(flow) ?? 0) > (before.get(flow) ?? 0));
    await this.#obeyed(this.#order({ again: flows }));
    await until(() => heard().length === flows.length);
    return heard().length;
  }

  /** Ends the probe and the resolvers. */
  async close(): Promise<void> {
    this.#probe.stdin.end();
    await this.#ended;
    await Promise.all(this.#resolvers.map((resolver) => resolver.close()));
  }

  #order(order: object): number {
    this.#probe.stdin.write(`${JSON.stringify(order)}\n`);
    return this.#orders++;
  }

  async #obeyed(order: number): Promise<void> {
    await until(() => this.#done > order);
    if (this.#probe.exitCode !== null) throw new Error('the probe ended');
  }

  #hear({ done, flow, answer }: Heard): void {
    if (done !== undefined) this.#done = done + 1;
    if (flow === undefined || answer === undefined) return;
    if (this.#answers.has(flow)) this.#further.set(flow, (this.#further.get(flow) ?? 0) + 1);
    else this.#answers.set(flow, answer);
  }
}

interface Heard {
  readonly done?: number;
  readonly flow?: number;
  readonly answer?: string | null;
}

/** Waits until something holds, or patience ends. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const start = Date.now();
  for (let pause = 25; !(await holds()) && Date.now() - start < patience; pause = Math.min(2 * pause, 200)) {
    await sleep(pause);
  }
}

/** Sends flows at once and waits until it is known of each what became of it. */
export async function send(
  fabric: LinuxFabric,
  network: Network,
  flows: readonly Sent[],
): Promise<readonly Outcome[]> {
  const traffic = await Traffic.over(fabric, network);
  try {
    return await traffic.send(flows);
  } finally {
    await traffic.close();
  }
}

function payloadOf({ query }: Sent, id: number): Buffer {
  if (query === undefined) return Buffer.from('hello');
  return encode({ type: 'query', id, flags: 0x100, questions: [{ type: 'A', name: query }] });
}

function outcomeOf(
  flow: Sent,
  answer: string | null | undefined,
  records: readonly FlowRecord[],
  mute: ReadonlySet<string>,
): Outcome {
  if (answer === null) return { kind: 'refused' };
  if (answer !== undefined) {
    const [by = '', peer = ''] = answer.split(' ');
    return { kind: 'answered', by, heardFrom: parseIp(peer) };
  }
  const own = records.filter(
    (record) =>
      // Load balancers change the other port.
      record.protocol === flow.protocol && record.sourcePort === flow.sourcePort,
  );
  const replies = records.filter(
    (record) => record.protocol === flow.protocol && record.port === flow.sourcePort,
  );
  for (const [list, reply] of [
    [own, false],
    [replies, true],
  ] as const) {
    for (const { ended } of list)
      if (typeof ended === 'object') return { kind: 'ended', ending: ended, reply };
  }
  if (flow.query !== undefined && own.length > 0 && mute.has(`${flow.destination} ${flow.query}`))
    return { kind: 'mute' };
  return own.some(({ ended }) => ended === 'outside') ? { kind: 'outside' } : { kind: 'silent' };
}
