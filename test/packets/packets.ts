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
import type { FlowRecord, LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import type { Ending } from '../../src/enforce/plan/ruleset.ts';
import { formatIp, type Ip } from '../../src/lib/ip.ts';
import { platformPorts } from '../../src/net/azure.ts';
import { root } from '../support/running.ts';

/** A flow to send. Source ports tell flows apart. */
export interface Sent {
  readonly namespace: string;
  readonly source: Ip;
  readonly sourcePort: number;
  readonly protocol: 'tcp' | 'udp';
  readonly destination: Ip;
  readonly port: number;
}

/** What became of it. `silent`: nobody answered, and nobody says that he dropped it. */
export type Outcome =
  | { readonly kind: 'answered'; readonly by: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'outside' }
  | { readonly kind: 'ended'; readonly ending: Ending; readonly reply: boolean }
  | { readonly kind: 'silent' };

/** Long enough for every retransmission that matters; only what is wrong takes it. */
const patience = 20_000;
const anyPort = 7;

const probe = readFileSync(join(root, 'test', 'packets', 'probe.py'), 'utf8');

/** Machines take every port, by sending all of them to one. */
const everyPort = `
table ip probe {
  chain ports {
    type nat hook prerouting priority dstnat
    fib daddr type local meta l4proto { tcp, udp } redirect to :${anyPort}
  }
}`;

/** Sends flows at once and waits until it is known of each what became of it. */
export async function send(fabric: LinuxFabric, flows: readonly Sent[]): Promise<readonly Outcome[]> {
  const { holder, plan } = fabric;
  const listen = plan.namespaces.flatMap(({ id: namespace, role, sockets }) => {
    if (role === 'machine' || role === 'appliance') {
      return (['tcp', 'udp'] as const).map((protocol) => ({
        namespace,
        protocol,
        address: '0.0.0.0',
        port: anyPort,
      }));
    }
    const own = sockets.map((socket) => {
      const [protocol = '', at = ''] = socket.split(' ');
      const [address = '', port] = at.split(':');
      return { namespace, protocol, address, port: Number(port) };
    });
    if (role !== 'network') return own;
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
    return [...own, ...further.filter(({ protocol, port, address }) => !taken(protocol, port, address))];
  });
  const machines = listen.filter(({ port, protocol }) => port === anyPort && protocol === 'tcp');
  const each = machines.map(
    ({ namespace }) => `nsenter --net=/run/netns/${namespace} nft -f - <<'E'\n${everyPort}\nE\n`,
  );
  const prepared = await holder.run(['sh', '-eu'], each.join(''));
  if (prepared.code !== 0) throw new Error(prepared.stderr);
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
  }));
  child.stdin.write(`${JSON.stringify({ listen, flows: orders })}\n`);
  const start = Date.now();
  let outcomes: readonly Outcome[];
  do {
    await sleep(100);
    if (child.exitCode !== null) throw new Error('the probe ended');
    const records = await fabric.records();
    outcomes = flows.map((flow, at) => outcomeOf(flow, answers.get(at), records));
  } while (outcomes.some(({ kind }) => kind === 'silent') && Date.now() - start < patience);
  child.stdin.end();
  await ended;
  return outcomes;
}

function outcomeOf(flow: Sent, answer: string | null | undefined, records: readonly FlowRecord[]): Outcome {
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
  return own.some(({ ended }) => ended === 'outside') ? { kind: 'outside' } : { kind: 'silent' };
}
