/**
 * Real packets in an applied plan: sends flows, hears who answers, and reads in the routers' records what ended the
 * others. Nothing is concluded from silence alone.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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
 * What became of it. `mute`: the server was asked, and has no answer to give. `silent`: nobody answered, and nobody
 * says that he dropped it.
 */
export type Outcome =
  | { readonly kind: 'answered'; readonly by: string }
  | { readonly kind: 'mute' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'outside' }
  | { readonly kind: 'ended'; readonly ending: Ending; readonly reply: boolean }
  | { readonly kind: 'silent' };

/** Long enough for every retransmission that matters; only what is wrong takes it. */
const patience = 20_000;
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

interface Listening {
  readonly namespace: string;
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** Where the probe listens: all that the plan has but for names, which our own resolvers answer. */
function listeners({ namespaces }: LinuxPlan): Listening[] {
  return namespaces.flatMap(({ id: namespace, role, sockets }) => {
    if (role === 'machine' || role === 'appliance') {
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
        : namespace.sockets.filter((socket) => socket.endsWith(':53'));
    if (sockets.length === 0) return [];
    const found = await openSockets(holder, id, sockets);
    const nic = network.nics.get(keyOf(places.get(id) ?? ''));
    const home = nic?.configurations[0] && network.subnets.get(keyOf(nic.configurations[0].subnet))?.vnet;
    const vnet = home ?? network.vnets.get(keyOf(about));
    const streams = found.find((each) => each.protocol === 'tcp');
    const datagrams = found.find((each) => each.protocol === 'udp');
    const server = parseIp(datagrams?.at.split(':')[0] ?? '');
    if (!vnet || !streams || !datagrams || server === undefined) throw new Error(`no resolver in ${id}`);
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

/** Sends flows at once and waits until it is known of each what became of it. */
export async function send(
  fabric: LinuxFabric,
  network: Network,
  flows: readonly Sent[],
): Promise<readonly Outcome[]> {
  const { holder, plan } = fabric;
  const machines = plan.namespaces.filter(({ role }) => role === 'machine' || role === 'appliance');
  const prepared = await holder.run(['sh', '-eu'], machines.map(everyPort).join(''));
  if (prepared.code !== 0) throw new Error(prepared.stderr);
  const mute = new Set<string>();
  const resolvers = await openResolvers(fabric, network, mute);
  const [program, ...args] = holder.entering(['python3', '-c', probe]);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const answers = new Map<number, string | null>();
  createInterface(child.stdout).on('line', (text) => {
    const { flow, answer } = JSON.parse(text) as { flow: number; answer: string | null };
    answers.set(flow, answer);
  });
  const orders = flows.map((flow, at) => ({
    ...flow,
    flow: at,
    source: formatIp(flow.source),
    destination: formatIp(flow.destination),
    query: flow.query !== undefined,
    payload: payloadOf(flow, at).toString('hex'),
  }));
  child.stdin.write(`${JSON.stringify({ listen: listeners(plan), flows: orders })}\n`);
  const start = Date.now();
  let outcomes: readonly Outcome[];
  do {
    await sleep(100);
    if (child.exitCode !== null) throw new Error('the probe ended');
    const records = await fabric.records();
    outcomes = flows.map((flow, at) => outcomeOf(flow, answers.get(at), records, mute));
  } while (outcomes.some(({ kind }) => kind === 'silent') && Date.now() - start < patience);
  child.stdin.end();
  await ended;
  await Promise.all(resolvers.map((resolver) => resolver.close()));
  return outcomes;
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
  if (answer !== undefined) return { kind: 'answered', by: answer };
  const own = records.filter(
    (record) =>
      record.protocol === flow.protocol && record.sourcePort === flow.sourcePort && record.port === flow.port,
  );
  const replies = records.filter(
    (record) =>
      record.protocol === flow.protocol && record.sourcePort === flow.port && record.port === flow.sourcePort,
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
