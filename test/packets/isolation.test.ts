/**
 * The tables of isolation by packets: from the place of every deployment and compute each destination's name is asked,
 * and what was answered is connected to; and each scoring name from outside and from inside. All rows stand side by
 * side, in one estate and one fabric. What model code means by `pip install` is among them: a name without an address.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Resolver } from '../../src/enforce/dns/resolver.ts';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import { type Opened, openSockets } from '../../src/enforce/linux/sockets.ts';
import { planOf } from '../../src/enforce/plan.ts';
import type { Fqdn } from '../../src/lib/fqdn.ts';
import { contains, formatIp, type Ip, prefix } from '../../src/lib/ip.ts';
import { answer } from '../../src/net/answer.ts';
import { azureDns } from '../../src/net/azure.ts';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import type { Disposition } from '../../src/net/trace.ts';
import { type Flow, walk } from '../../src/net/walk.ts';
import {
  destinations,
  egressTable,
  haveIsolated,
  type IsolationRow,
  previewTable,
  privatelyIn,
  rowIds,
  rowLabel,
  shutIn,
  targetIn,
} from '../support/isolation.ts';
import {
  approveTheirs,
  haveManaged,
  haveManagedGround,
  managedDestinations,
  managedTable,
  placeOf,
} from '../support/isolation-managed.ts';
import { noPackets } from '../support/kernel.ts';
import { TestPlane } from '../support/plane.ts';
import { compareFlow, print } from './comparing.ts';
import { addressAt, namespaceOf } from './drawing.ts';
import { addressesHeard } from './names.ts';
import { type Outcome, type Sent, Traffic } from './packets.ts';

/** One flow of a row, as its table has it. */
interface Cell {
  readonly row: string;
  readonly from: string;
  readonly to: string;
  readonly ends: Disposition;
  readonly privately: boolean;
}

/** What became of it. */
interface Seen {
  readonly cell: Cell;
  readonly walked: Disposition;
  /** Undefined: it was asked for by its address. */
  readonly heard: readonly Ip[] | undefined;
  /** Undefined: there was no address to go to. */
  readonly outcome: Outcome | undefined;
  readonly wrong: string | undefined;
}

const isolated: readonly IsolationRow[] = [...previewTable, ...egressTable];
/** Where Azure manages networks. */
const managedSpace = prefix('100.127.0.0/16');

function cells(): readonly Cell[] {
  const ofRow = (
    row: string,
    from: string,
    home: string,
    to: Readonly<Record<string, string>>,
    reach: Readonly<Record<string, Disposition>>,
    privately: readonly string[],
  ): Cell[] =>
    Object.entries(to).map(([name, text]) => {
      const ends = reach[name] ?? 'unknown';
      return { row, from, to: targetIn(text, home), ends, privately: privately.includes(name) };
    });
  return [
    ...isolated.flatMap((row, at) => {
      const scoring = { row: rowLabel(row), to: `endpoint/mlw${at}/score-me${at}` } as const;
      return [
        ...ofRow(
          rowLabel(row),
          `deployment/score-me${at}/blue`,
          `mlw${at}`,
          destinations,
          row.reach,
          privatelyIn(row),
        ),
        { ...scoring, from: 'internet', ends: row.outside, privately: false },
        { ...scoring, from: 'vm/box', ends: 'delivered', privately: true } as const,
      ];
    }),
    ...managedTable.flatMap((row, at) =>
      ofRow(row.title, placeOf(at), `net${at}`, managedDestinations, row.reach, row.privately),
    ),
  ];
}

/** Answers who is in Azure's own network. */
async function openOutside({ holder, plan }: LinuxFabric, network: Network): Promise<() => Promise<void>> {
  const backbone = plan.namespaces.find(({ role }) => role === 'internet');
  if (!backbone) throw new Error('there is no internet');
  const sockets = backbone.sockets.filter((socket) => socket.endsWith(':53'));
  const opened: Opened[] = [];
  await openSockets(holder, backbone.id, sockets, (each) => opened.push(each));
  const resolver = new Resolver({
    era: () => network,
    ask: (question) => answer(network, { kind: 'internet', label: 'internet' }, question),
  });
  for (const one of opened) if (one.protocol === 'udp') resolver.hear(one.socket);
  return async () => {
    for (const one of opened) (one.protocol === 'udp' ? one.socket : one.server).close();
    await resolver.close();
  };
}

describe.skipIf(noPackets !== undefined)('isolation by packets', () => {
  const fabric = new LinuxFabric();
  let p: TestPlane;
  let seen: readonly Seen[] = [];

  /** Applies the estate as it is and tries cells; source ports are used once. */
  const tryAll = async (wanted: readonly Cell[], from: number): Promise<readonly Seen[]> => {
    const network = p.network();
    await fabric.apply(planOf(network));
    const closeOutside = await openOutside(fabric, network);
    const traffic = await Traffic.over(fabric, network);
    try {
      return await tried(network, fabric, traffic, wanted, from);
    } finally {
      await traffic.close();
      await closeOutside();
    }
  };

  beforeAll(async () => {
    p = await TestPlane.start();
    await haveManagedGround(p);
    for (const [at, row] of isolated.entries()) await haveIsolated(p, row, at);
    for (const [at, row] of managedTable.entries()) await haveManaged(p, row, at);
    seen = await tryAll(cells(), 0);
  }, 300_000);
  afterAll(() => fabric.close());

  it('tries every row of every table', () => {
    expect(new Set(seen.map(({ cell }) => cell.row)).size).toBe(isolated.length + managedTable.length);
    expect(seen).toHaveLength(18 * (10 + 2) + 15 * 12);
    const counts = new Map<string, number>();
    for (const { cell, outcome } of seen) {
      const key = `${cell.ends}: ${outcome?.kind ?? 'no address'}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    console.log(
      `isolation by packets: ${seen.length} flows, ${isolated.length} + ${managedTable.length} rows`,
    );
    expect(Object.fromEntries(counts)).toEqual({
      'delivered: answered': 201,
      // The internet: it got there, and nobody is there to answer.
      'delivered: outside': 15,
      'refused-by-door: answered': 75,
      'dropped-by-gate: ended': 60,
      // A firewall that approves by name hears the name first.
      'dropped-by-firewall: answered': 10,
      'endpoint-not-approved: ended': 2,
      'unknown: no address': 33,
    });
  });

  it('ends where the tables say, beside each other as by themselves', () => {
    const others = seen.filter(({ cell, walked }) => walked !== cell.ends);
    expect(others.map(({ cell, walked }) => `${cell.row}: ${cell.to} is ${walked}`)).toEqual([]);
  });

  it('hears private addresses of what has a private endpoint, public ones of what has none, and none of strangers', () => {
    const wrong = seen.filter(({ cell, heard }) => {
      if (heard === undefined) return cell.to !== destinations.address && cell.ends !== 'unknown';
      const inside = heard.filter((address) => spaces.some((space) => contains(space, address)));
      if (cell.ends === 'unknown') return heard.length > 0;
      return heard.length === 0 || inside.length !== (cell.privately ? heard.length : 0);
    });
    expect(wrong.map(told)).toEqual([]);
  });

  it('connects where it may, and nowhere else', () => {
    const wrong = seen.filter(({ cell: { ends, to }, outcome }) => {
      if (ends === 'unknown') return outcome !== undefined;
      switch (outcome?.kind) {
        case 'answered':
          // Who approves by name hears the name first.
          return !connected.includes(ends) && ends !== 'dropped-by-firewall';
        case 'outside':
          return to !== destinations.address || ends !== 'delivered';
        case 'ended':
          return outcome.reply || outcome.ending.disposition !== ends;
        default:
          return true;
      }
    });
    expect(wrong.map(told)).toEqual([]);
    expect(seen.flatMap(({ wrong: said }) => said ?? [])).toEqual([]);
  });

  it('reaches what waited once it is approved, and takes the network of a deployment away with it', async () => {
    const at = managedTable.findIndex(({ reach }) => reach.theirs === 'endpoint-not-approved');
    const waited = cells().find(({ from, to }) => from === placeOf(at) && to === managedDestinations.theirs);
    if (!waited) throw new Error('nothing waits');
    const standing = async (): Promise<string[]> =>
      (await fabric.holder.run(['ls', '/run/netns'])).stdout.trim().split('\n');
    const before = await standing();
    await approveTheirs(p, at);
    const { blue } = rowIds(previewTable.findIndex(({ reach }) => reach === shutIn));
    expect((await p.remove(blue)).status).toBeLessThan(300);
    const now = await tryAll([{ ...waited, ends: 'delivered' }], 1000);
    expect(now.map(({ walked, outcome }) => [walked, outcome?.kind])).toEqual([['delivered', 'answered']]);
    expect(now.flatMap(({ wrong }) => wrong ?? [])).toEqual([]);
    // Its place, and its network's router.
    const after = new Set(await standing());
    expect(before.filter((id) => !after.has(id))).toHaveLength(2);
  }, 120_000);
});

const connected: readonly Disposition[] = ['delivered', 'refused-by-door'];
const spaces = [managedSpace, prefix('10.0.0.0/16')];

function told({ cell, heard, outcome }: Seen): string {
  const addresses = heard?.map((address) => formatIp(address)).join() ?? 'no answer';
  return `${cell.row}: ${cell.from} -> ${cell.to} ${cell.ends}; heard ${addresses}; ${outcome ? print(outcome) : 'nothing sent'}`;
}

/** Asks for every name, then connects to what was answered. */
async function tried(
  network: Network,
  fabric: LinuxFabric,
  traffic: Traffic,
  wanted: readonly Cell[],
  first: number,
): Promise<readonly Seen[]> {
  const { plan } = fabric;
  const names = new Names(network);
  const all = wanted.map((cell, index) => {
    const at = first + index;
    const from = names.place(cell.from);
    const aim = names.target(cell.to);
    if (!from.ok || !aim.ok) throw new Error(`${cell.from} -> ${cell.to} is not in the estate`);
    const { target: to, port = 443 } = aim.value;
    const namespace = namespaceOf(plan, from.value);
    const source = addressAt(plan, from.value);
    if (namespace === undefined || source === undefined) throw new Error(`${cell.from} is in no namespace`);
    const sender = { namespace, source };
    const flow: Flow = { from: from.value, to, port, protocol: 'tcp', sourcePort: 30_000 + at };
    return { cell, at, sender, flow: cell.from === 'internet' ? flow : { ...flow, source } };
  });
  const asking = all.flatMap(({ at, sender, flow: { from, to } }) => {
    if (to.kind !== 'name') return [];
    // Who is on the internet has a resolver beside him.
    if (from.kind === 'internet') return [];
    const sent = { ...sender, sourcePort: 20_000 + at, protocol: 'udp', port: 53, query: to.name } as const;
    return [{ at, sent: { ...sent, destination: azureDns } satisfies Sent }];
  });
  const answers = await traffic.send(asking.map(({ sent }) => sent));
  const heardAt = new Map(
    asking.map(({ at }, index) => {
      const outcome = answers[index];
      return [at, outcome && addressesHeard([outcome])] as const;
    }),
  );
  const going = all.flatMap(({ at, sender, flow }) => {
    const { to } = flow;
    const heard =
      to.kind === 'address'
        ? [to.address]
        : flow.from.kind === 'internet'
          ? publicly(network, to.name)
          : heardAt.get(at);
    const [destination] = heard ?? [];
    if (destination === undefined) return [];
    const sourcePort = 30_000 + at;
    const sent: Sent = { ...sender, sourcePort, protocol: 'tcp', destination, port: flow.port };
    return [{ at, heard, sent }];
  });
  const outcomes = await traffic.send(going.map(({ sent }) => sent));
  const went = new Map(going.map(({ at, ...rest }, index) => [at, { ...rest, outcome: outcomes[index] }]));
  return all.map(({ cell, at, flow }): Seen => {
    const there = went.get(at);
    const compared =
      there?.outcome && compareFlow(network, { network, plan }, flow, there.sent, there.outcome);
    return {
      cell,
      walked: walk(network, flow).disposition,
      heard: flow.to.kind === 'address' ? undefined : (there?.heard ?? heardAt.get(at)),
      outcome: there?.outcome,
      wrong: compared?.wrong ? compared.says : undefined,
    };
  });
}

function publicly(network: Network, name: Fqdn): readonly Ip[] {
  const reply = answer(network, { kind: 'internet', label: 'internet' }, { name, type: 'A' });
  if (reply.kind !== 'found') return [];
  return reply.sets.flatMap(({ data }) => (data.type === 'A' ? data.addresses : []));
}
