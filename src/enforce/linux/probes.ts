/**
 * Status of places, from packets: each sends what must get there and what must not, and the kernel's records tell what
 * became of it. Nothing is concluded from configuration, and from silence only that nobody has seen a packet.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { formatIp } from '../../lib/ip.ts';
import { keyOf, nameOf } from '../../lib/key.ts';
import type { Network } from '../../net/model.ts';
import { keyOfPlace, type Place } from '../../net/position.ts';
import {
  type Allowed,
  type Asked,
  type Denied,
  type Probe,
  type ProbeFlow,
  printFlow,
  probesOf,
} from '../plan/probes.ts';
import type { Word } from '../plan/words.ts';
import type { LinuxFabric } from './fabric.ts';
import { KernelRefused } from './holder.ts';
import type { FlowRecord } from './records.ts';
import { type Order, type Report, Sender } from './sender.ts';

/** What a probe found. `problem` undefined: the place is active. */
export interface Probed {
  readonly place: Place;
  readonly problem: string | undefined;
}

/** Time for packets to be seen, in milliseconds. Only silence takes it. */
const usualPatience = 5_000;
/** Time before the first look at the records, in milliseconds; each further one waits twice as long. */
const firstLook = 50;

type Records = ReadonlyMap<Word, readonly FlowRecord[] | KernelRefused>;
type Sending = Allowed | Denied | Asked;

/** What does not hold. `open`: it may hold in a moment. */
interface Doubt {
  readonly says: string;
  readonly open: boolean;
}

/** Probes places, all at once. `network`: what the plan that holds was made of. */
export async function probePlaces(
  fabric: LinuxFabric,
  network: Network,
  places: readonly Place[],
  patience = usualPatience,
): Promise<readonly Probed[]> {
  const { plan } = fabric;
  const probes = probesOf(network, plan, places);
  const problems = await probeAll(fabric, [...probes.values()], patience).catch((error: unknown) => {
    if (error instanceof KernelRefused) return error;
    throw error;
  });
  return places.map((place): Probed => {
    const probe = probes.get(keyOfPlace(place));
    if (!probe) return { place, problem: 'not probed: it stands nowhere in the kernel' };
    return { place, problem: problems instanceof KernelRefused ? problems.message : problems.get(probe) };
  });
}

/** Sends all there is to send, and looks until each probe is decided or patience ends. */
async function probeAll(
  fabric: LinuxFabric,
  probes: readonly Probe[],
  patience: number,
): Promise<ReadonlyMap<Probe, string | undefined>> {
  const before = await fabric.recordsOf(routersOf(probes));
  const sender = new Sender(fabric.holder, probes.flatMap(ordersOf), patience);
  const problems = new Map<Probe, string | undefined>();
  try {
    const start = performance.now();
    let undecided = probes;
    for (let pause = firstLook; undecided.length > 0; pause *= 2) {
      await sleep(pause);
      const after = await fabric.recordsOf(routersOf(undecided));
      undecided = undecided.filter((probe) => {
        const doubts = doubtsOf(probe, before, after, sender);
        const [first] = doubts.toSorted((a, b) => Number(a.open) - Number(b.open));
        problems.set(probe, first?.says);
        return first?.open ?? false;
      });
      if (performance.now() - start > patience) break;
    }
  } finally {
    await sender.end();
  }
  return problems;
}

function routersOf(probes: readonly Probe[]): ReadonlySet<Word> {
  return new Set(probes.map(({ router }) => router));
}

function ordersOf({ namespace, allowed, denied, asked }: Probe): Order<Sending>[] {
  const connections = [allowed, denied].filter((flow) => flow !== undefined);
  return [
    ...connections.map(
      (about): Order<Sending> => ({
        kind: 'connect',
        namespace,
        about,
        destination: about.destination,
        port: about.port,
      }),
    ),
    ...(asked ? [{ kind: 'ask', namespace, about: asked, server: asked.server } as const] : []),
  ];
}

/** All that is doubtful about a place; nothing where it is active. */
function doubtsOf(probe: Probe, before: Records, after: Records, sender: Sender<Sending>): readonly Doubt[] {
  const { router, allowed, denied, asked } = probe;
  const [old, now] = [before.get(router), after.get(router)];
  if (now === undefined) return [sure('its network is gone')];
  if (now instanceof KernelRefused)
    return [sure(`the records of its network cannot be read: ${now.message}`)];
  const seen = (flow: ProbeFlow): FlowRecord['ended'] | undefined =>
    freshOf(probe, flow, old instanceof KernelRefused ? [] : (old ?? []), now)?.ended;
  const doubts = [
    allowed && doubtOfAllowed(allowed, seen(allowed), sender.reportOf(allowed)),
    denied && doubtOfDenied(denied, seen(denied), sender.reportOf(denied)),
    asked && doubtOfAsked(asked, sender.reportOf(asked)),
    allowed || asked ? undefined : sure('not probed: nothing that answers is open to it'),
    denied ? undefined : sure('not probed: nothing is closed to it'),
  ];
  return doubts.filter((doubt) => doubt !== undefined);
}

/** The record that a probe's packet made: it was not there before, or has been made anew. */
function freshOf(
  { source }: Probe,
  { destination, port }: ProbeFlow,
  before: readonly FlowRecord[],
  after: readonly FlowRecord[],
): FlowRecord | undefined {
  const same = (record: FlowRecord): boolean =>
    record.protocol === 'tcp' &&
    record.source === source &&
    record.destination === destination &&
    record.port === port;
  const old = new Map(before.filter(same).map(({ sourcePort, age }) => [sourcePort, age]));
  return after
    .filter(same)
    .find(({ sourcePort, age }) => age < (old.get(sourcePort) ?? Number.POSITIVE_INFINITY));
}

function doubtOfAllowed(
  flow: Allowed,
  seen: FlowRecord['ended'] | undefined,
  report: Report | undefined,
): Doubt | undefined {
  const to = printFlow(flow);
  const unsent = unsentOf(report);
  if (unsent) return unsent;
  if (typeof seen === 'object') return sure(`${to} is ${printEnded(seen)}, and must get through`);
  if (seen === undefined) return open(`no router has seen what was sent to ${to}`);
  if (report?.kind === 'connected') return undefined;
  if (!report) return open(`${to} does not answer`);
  return flow.front ? sure(`nobody listens at ${to}`) : undefined;
}

function doubtOfDenied(
  flow: Denied,
  seen: FlowRecord['ended'] | undefined,
  report: Report | undefined,
): Doubt | undefined {
  const to = printFlow(flow);
  const unsent = unsentOf(report);
  if (unsent) return unsent;
  const must = `must be ${printEnded(flow)}`;
  if (seen === undefined) return open(`no router has seen what was sent to ${to}`);
  if (typeof seen === 'string') {
    // Without an answer, it may be an appliance that has passed it on, and the next router has not seen it yet.
    return { says: `${to} was let through, and ${must}`, open: report === undefined };
  }
  const byGate = flow.disposition === 'dropped-by-gate';
  const same =
    seen.disposition === flow.disposition &&
    (!byGate || (keyOf(seen.by.resource) === keyOf(flow.by.resource) && seen.by.rule === flow.by.rule));
  return same ? undefined : sure(`${to} is ${printEnded(seen)}, and ${must}`);
}

function doubtOfAsked({ server, rcode }: Asked, report: Report | undefined): Doubt | undefined {
  const at = formatIp(server);
  if (!report) return open(`the resolver at ${at} does not answer`);
  if (report.kind !== 'answered') return unsentOf(report) ?? sure(`nobody answers questions at ${at}`);
  return report.rcode === rcode
    ? undefined
    : sure(`the resolver at ${at} answers with code ${report.rcode}, and must with ${rcode}`);
}

/** Refusals are answers: what could not be sent at all is told by everything else. */
function unsentOf(report: Report | undefined): Doubt | undefined {
  if (report?.kind !== 'failed' || report.says.endsWith('Connection refused')) return undefined;
  const why = report.says.slice(report.says.lastIndexOf(': ') + 1).trim();
  return sure(
    report.says.startsWith('nsenter: ')
      ? `its namespace cannot be entered: ${why}`
      : `nothing can be sent from it: ${why}`,
  );
}

function printEnded({ disposition, by }: Pick<Denied, 'disposition' | 'by'>): string {
  return `${disposition} (by ${[nameOf(by.resource), by.rule].filter((word) => word !== '').join('/')})`;
}

function sure(says: string): Doubt {
  return { says, open: false };
}

function open(says: string): Doubt {
  return { says, open: true };
}
