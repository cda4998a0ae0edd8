/**
 * What a router asks about a packet, as chains: of what a station sends and receives, what comes over a peering, and
 * what a private endpoint takes. Each is a reading of the Network's tables, and none of Azure's rules.
 *
 * @module
 */

import { type Intervals, union } from '../../lib/intervals.ts';
import { formatIp, type Ip, intervalOf } from '../../lib/ip.ts';
import { type IdKey, keyOf, nameOf } from '../../lib/key.ts';
import type { AdminVerdict } from '../../net/admin-rules.ts';
import { arrive } from '../../net/arrive.ts';
import type { EndpointFact, NicFact } from '../../net/facts.ts';
import { egressGates, ingressGates } from '../../net/filter.ts';
import { barrierTo, familiarTo } from '../../net/forward.ts';
import type { CompiledGate, Verdict } from '../../net/gates.ts';
import { approvalOf } from '../../net/listeners.ts';
import type { Network, Vnet } from '../../net/model.ts';
import type { Position } from '../../net/position.ts';
import { answersQuestions } from '../../net/servers.ts';
import type { Table } from '../../net/table.ts';
import { Recorder } from '../../net/trace.ts';
import { endpointPorts } from './listening.ts';
import type { Far, Station } from './model.ts';
import { outboundOf } from './outbound.ts';
import type { DeadEnd, SubnetRoutes } from './routes.ts';
import type { Ending, Reading, Rules } from './ruleset.ts';
import { passesOn } from './stations.ts';
import { address, type Line, line, numbers, type Word } from './words.ts';

/** What stations of one subnet share. */
export interface SubnetPlan {
  readonly table: number;
  readonly routes: SubnetRoutes;
}

/** What a station sends: from its own address only, through its gates in order, and out if there is a way out. */
export function leavingOf(
  station: Station,
  network: Network,
  subnets: ReadonlyMap<IdKey, SubnetPlan>,
  rules: Rules,
): Line {
  const { about, position } = station;
  const home = keyOf(position.subnet.fact.id);
  const { ends = [], internet = [] } = subnets.get(home)?.routes ?? {};
  const by = { resource: about, rule: 'source address' };
  const foreign = rules.end({ stage: 'egress', disposition: 'dropped-by-gate', by });
  return guard(station, 'leaving', rules, [
    ...(passesOn(position) ? [] : [line`ip saddr != ${address(position.address)} ${foreign}`]),
    ...throughGates(station, 'egress', rules),
    ...ends.map((end) => endOf(end, rules)),
    ...(internet.length > 0 ? barsOf(network, position, internet, rules) : []),
  ]);
}

/** What comes through a gateway: from addresses that are there, and through the gates of the gateway's subnet. */
export function fromOutside(far: Far, subnets: ReadonlyMap<IdKey, SubnetPlan>, rules: Rules): Line {
  const { ends = [] } = subnets.get(keyOf(far.position.subnet.fact.id))?.routes ?? {};
  const by = { resource: far.about, rule: 'source address' };
  const foreign = rules.end({ stage: 'egress', disposition: 'dropped-by-gate', by });
  return guard(far, 'leaving', rules, [
    line`ip saddr != ${rules.addresses(union(far.prefixes.map(intervalOf)))} ${foreign}`,
    ...throughGates(far, 'egress', rules),
    ...ends.map((end) => endOf(end, rules)),
  ]);
}

/** Where nobody knows the route of what a station sends, replies among it. */
export function unsureOf(station: Station, subnets: ReadonlyMap<IdKey, SubnetPlan>, rules: Rules): Line[] {
  const { unknown = [] } = subnets.get(keyOf(station.position.subnet.fact.id))?.routes ?? {};
  if (unknown.length === 0) return [];
  const ends = unknown.map((end) => endOf(end, rules));
  return [guard(station, 'unsure', rules, ends)];
}

/** What does not leave for the internet: nothing that is asked about has a way, or nothing of one protocol. */
function barsOf(network: Network, at: Position, internet: Intervals, rules: Rules): Line[] {
  const [tcp, udp] = (['tcp', 'udp'] as const).map((protocol) => outboundOf(network, at, protocol).barred);
  const end = (ending: Ending): Line => endOf({ addresses: internet, ending }, rules);
  if (tcp && udp) return [end(tcp)];
  return [
    ...(tcp ? [line`meta l4proto tcp ${end(tcp)}`] : []),
    ...(udp ? [line`meta l4proto udp ${end(udp)}`] : []),
  ];
}

/**
 * What a station receives, through its gates in order; packets for others only where it passes those on. What has no
 * interface is given its address here, and nowhere else: a walk that is asked who has it says how the packet ends.
 */
export function enteringOf(station: Station, network: Network, rules: Rules): Line {
  const { about, position } = station;
  if (!position.nic) {
    const rec = new Recorder();
    const { vnet, address: destination } = position;
    const packet = { source: destination, destination, protocol: 'tcp', port: 443 } as const;
    arrive(network, position, vnet, packet, { appliances: [], public: false, source: undefined }, rec);
    return guard(station, 'entering', rules, endsOf(rec, rules));
  }
  const by = { resource: about, rule: 'enableIPForwarding' };
  const stranger = rules.end({ stage: 'forward', disposition: 'no-route', by });
  const own = address(position.address);
  const { runs, forwarding } = position.nic;
  // The groups of a firewall's subnet are not asked about what it is only to pass on.
  const others = runs === 'firewall' ? line`return` : forwarding ? undefined : stranger;
  return guard(station, 'entering', rules, [
    ...(others === undefined ? [] : [line`ip daddr != ${own} ${others}`]),
    ...throughGates(station, 'ingress', rules),
    ...(runs === undefined ? [] : answeringOf(network, position.nic, position.address, rules)),
  ]);
}

/** What Azure runs behind an interface answers questions, or nothing. */
function answeringOf(network: Network, { id }: NicFact, ip: Ip, rules: Rules): Line[] {
  const by = { resource: id, rule: 'listener' };
  return [
    ...(answersQuestions(network, ip) ? [line`meta l4proto @carriers th dport 53 return`] : []),
    rules.end({ stage: 'listener', disposition: 'nothing-listening', by }),
  ];
}

/** Admin rules come first: what they always allow is not shown to the groups. */
function throughGates(station: Station, stage: 'egress' | 'ingress', rules: Rules): Line[] {
  const { key, about, position } = station;
  const gates = stage === 'egress' ? egressGates(position) : ingressGates(position);
  const jumps = gates.map((gate) => jump(gate, gate[stage], stage, station, rules));
  const admin = position.subnet.admin?.[stage] ?? [];
  if (admin.length === 0) return jumps;
  const name = `${key} ${position.address} ${stage}`;
  const groups = rules.chain(rules.id(`${name} groups`), `groups, ${stage} of ${nameOf(about)}`, jumps);
  const reading: Reading<AdminVerdict> = {
    verdict: (action) => {
      if (action === 'deny') return undefined;
      return action === 'allow' ? line`goto ${groups}` : line`return`;
    },
    // No row of theirs matches everything: whoever may have been meant cannot be passed over.
    stopsInDoubt: () => true,
  };
  const asked = { stage, disposition: 'dropped-by-gate' } as const;
  const rows = rules.rows(admin, asked, reading, `${name} admin`);
  const first = rules.chain(rules.id(`${name} admin`), `admin rules, ${stage} of ${nameOf(about)}`, [
    ...rows,
    line`goto ${groups}`,
  ]);
  return [line`jump ${first}`];
}

/** What a station sends to Azure's own addresses: only a rule that names their tag stops it. */
export function platformOf(station: Station, rules: Rules): Line[] {
  const gates = egressGates(station.position).filter(({ platform }) => platform.length > 0);
  if (gates.length === 0) return [];
  const rows = gates.map((gate) => jump(gate, sureOf(gate.platform), 'egress', station, rules, 'platform '));
  return [guard(station, 'to the platform', rules, rows)];
}

/** What a private endpoint takes: through the gate of its subnet where that obeys gates, and once it is approved. */
export function arrivingOf(network: Network, endpoint: EndpointFact, rules: Rules): Line[] {
  const found = network.subnets.get(keyOf(endpoint.subnet));
  if (!found) return [];
  const { gate } = found.subnet;
  const home = keyOf(endpoint.subnet);
  const about = `${gate ? nameOf(gate.id) : ''}, into ${nameOf(endpoint.subnet)}`;
  const { status, by } = approvalOf(network, endpoint);
  const ports = endpointPorts(network, endpoint);
  const closed = { resource: endpoint.target, rule: 'ports' };
  const name = rules.chain(rules.id(`${keyOf(endpoint.id)} arriving`), `to ${nameOf(endpoint.id)}`, [
    ...(gate && found.subnet.fact.endpointPolicies.gates
      ? [line`jump ${rules.gate(gate.ingress, 'ingress', `${home} ${keyOf(gate.id)}`, about, true)}`]
      : []),
    ...(status === 'Approved'
      ? [
          ...(ports.length > 0
            ? [line`tcp dport ${numbers(union(ports.map((port) => [port, port])))} goto deliver`]
            : []),
          rules.end({ stage: 'listener', disposition: 'nothing-listening', by: closed }),
        ]
      : [rules.end({ stage: 'endpoint', disposition: 'endpoint-not-approved', by })]),
  ]);
  // Several names may have one address; of a set, what was added twice cannot be taken out twice.
  const addresses = new Set(endpoint.members.map((member) => member.address));
  return [...addresses].map((each) => line`${address(each)} : jump ${name}`);
}

/** What this side of a peering holds against packets of the other: all of them, or those that are not its own. */
export function barrierOf(vnet: Vnet, from: Vnet, links: readonly Word[], rules: Rules): Line[] {
  const rec = new Recorder();
  const own = from.fact.prefixes[0]?.base;
  const shut = barrierTo(vnet, from, own, rec);
  const foreign = shut ?? barrierTo(vnet, from, undefined, rec);
  if (!foreign) return [];
  const end = rules.end({ stage: 'forward', disposition: 'no-route', by: foreign.by });
  const key = `${keyOf(vnet.fact.id)} ${keyOf(from.fact.id)} barrier`;
  const lines = shut ? [end] : [line`ip saddr != ${rules.addresses(familiarTo(vnet, from))} ${end}`];
  const name = rules.chain(rules.id(key), `over the peering with ${nameOf(from.fact.id)}`, lines);
  return links.map((link) => line`"${link}" : jump ${name}`);
}

function guard(
  { key, about, link, position }: Station,
  way: string,
  rules: Rules,
  lines: readonly Line[],
): Line {
  const at = `${nameOf(about)} ${formatIp(position.address)}`;
  const name = rules.chain(rules.id(`${key} ${position.address} ${way}`), `${at} ${way}`, lines);
  return line`"${link}" : jump ${name}`;
}

function jump(
  gate: CompiledGate,
  table: Table<Verdict>,
  stage: 'egress' | 'ingress',
  { position }: Station,
  rules: Rules,
  variant = '',
): Line {
  const home = position.subnet.fact.id;
  const about = `${nameOf(gate.id)}, ${variant}${stage} of ${nameOf(home)}`;
  return line`jump ${rules.gate(table, stage, `${keyOf(home)} ${keyOf(gate.id)} ${variant}`, about)}`;
}

/** How what was recorded ended, if it did. */
export function endsOf({ disposition, steps }: Recorder, rules: Rules): Line[] {
  const last = steps.at(-1);
  if (disposition === undefined || !last) return [];
  const { stage, resource, rule } = last;
  return [rules.end({ stage, disposition, by: { resource, rule } })];
}

function endOf({ addresses, ending }: DeadEnd, rules: Rules): Line {
  return line`ip daddr ${rules.addresses(addresses)} ${rules.end(ending)}`;
}

const sure = new WeakMap<Table<Verdict>, Table<Verdict>>();

/** To Azure's own addresses a rule that only may match does nothing. */
function sureOf(table: Table<Verdict>): Table<Verdict> {
  let made = sure.get(table);
  if (!made) {
    made = table.map(({ unknown: _, ...row }) => row);
    sure.set(table, made);
  }
  return made;
}
