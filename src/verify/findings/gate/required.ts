/**
 * Required traffic that a security group stops (docs/semantics/security-groups.md).
 *
 * @module
 */

import { has } from '../../../lib/intervals.ts';
import { formatIp, type Ip, parseIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import { privateAddresses, virtualNetworkTag } from '../../../net/azure.ts';
import type { GateRuleFact } from '../../../net/facts.ts';
import type { Place } from '../../../net/position.ts';
import { tagAddresses } from '../../../net/tags.ts';
import type { Stage, Trace } from '../../../net/trace.ts';
import type { Flow } from '../../../net/walk.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { linksTo } from '../../private-link.ts';
import type { Edit, Repair } from '../../repair.ts';
import { type Requirement, requirements } from '../../requirements.ts';

/** A row of required traffic: from a place to a service tag, or to an address that the tag holds. */
export interface RequiredRow {
  readonly from: Place;
  readonly tag: string;
  readonly to?: Ip;
  readonly ports: readonly number[];
  readonly protocol: 'tcp' | 'udp';
  readonly requirement: Requirement;
}

/** What a client of a workspace needs beyond the workspace itself. */
const clientRows = [
  { tag: 'AzureActiveDirectory', requirement: requirements['client/sign-in'] },
  { tag: 'AzureResourceManager', requirement: requirements['client/management'] },
] as const;

/** Rows for every machine that something private is for. */
export function clientsOf(model: Model): readonly RequiredRow[] {
  const clients = new Map(
    model.musts.flatMap(({ flow, requirement }) =>
      requirement?.id.startsWith('client/') && flow.from.kind === 'nic'
        ? [[flow.from.label, flow.from] as const]
        : [],
    ),
  );
  return [...clients.values()].flatMap((from) =>
    clientRows.map(({ tag, requirement }) => ({
      from,
      tag,
      ports: [443],
      protocol: 'tcp' as const,
      requirement,
    })),
  );
}

/** Faults of rows whose first obstacle is a group on the way out. */
export function* blockedRows(model: Model, rows: readonly RequiredRow[]): Generator<Fault> {
  for (const { from, tag, to, ports, protocol, requirement } of rows) {
    const address = to ?? (tagAddresses(tag)?.[0]?.[0] as Ip | undefined);
    if (address === undefined) continue;
    const label = to === undefined ? tag : formatIp(to);
    const stopped = ports
      .map((port): Flow => ({ from, to: { kind: 'address', label, address }, port, protocol }))
      .map((flow) => ({ flow, trace: model.trace(flow) }))
      .filter(({ trace }) => stoppedAt(trace, 'egress'));
    const [first] = stopped;
    if (!first) continue;
    const closed = stopped.map(({ flow }) => flow.port);
    yield blocked(model, first.flow, first.trace, tag, requirement, closed);
  }
}

/** Flows that must work and are stopped by a group on the way out (`egress`) or in (`ingress`). */
export function* blockedFlows(model: Model, stage: Stage): Generator<Fault> {
  for (const { flow, trace, requirement } of model.failing) {
    if (!stoppedAt(trace, stage) || strays(model, flow, trace)) continue;
    yield blocked(model, flow, trace, virtualNetworkTag, requirement);
  }
}

/** It was given a public address where there is a private endpoint: not the group is at fault, but the name. */
function strays(model: Model, { to }: Flow, { address }: Trace): boolean {
  const ip = parseIp(address ?? '');
  const service = to.kind === 'name' ? model.network.servedNames.get(to.name)?.fact : undefined;
  if (ip === undefined || !service || has(privateAddresses, ip)) return false;
  return linksTo(model, service.behind ?? service.id).length > 0;
}

function stoppedAt({ disposition, steps }: Trace, stage: Stage): boolean {
  return disposition === 'dropped-by-gate' && steps.at(-1)?.stage === stage;
}

function blocked(
  model: Model,
  flow: Flow,
  trace: Trace,
  tag: string,
  requirement: Requirement | undefined,
  ports: readonly number[] = [flow.port],
): Fault {
  const last = trace.steps.at(-1);
  const gate = last?.resource ?? '';
  const out = last?.stage === 'egress';
  const what = `${flow.protocol === 'tcp' ? 'TCP' : 'UDP'} ${ports.join(', ')} ${out ? 'to' : 'from'} ${tag}`;
  return {
    subject: gate,
    at: last?.rule ?? null,
    says: `${last?.rule} of ${nameOf(gate)} stops ${flow.from.label} on the way to ${flow.to.label}: ${what}`,
    flow,
    ...(requirement ? { requirement } : {}),
    concerns: [flow.to.label],
    nearMiss: almost(model, gate, tag, out)?.rule.name,
    repairs: passing(model, gate, [{ tag, out, ports, protocol: flow.protocol }], last?.rule ?? ''),
  };
}

/** What a group is to let pass. */
export interface Wanted {
  readonly tag: string;
  readonly out: boolean;
  readonly ports: readonly number[];
  readonly protocol: string;
}

function rulesOf(model: Model, gate: string, out: boolean): readonly GateRuleFact[] {
  const rules = model.network.gateRules.get(keyOf(gate)) ?? [];
  return rules.filter(({ rule }) => (rule.direction === 'Outbound') === out);
}

function names(tags: readonly string[], tag: string): boolean {
  return tags.some((name) => name.toLowerCase().split('.')[0] === tag.toLowerCase().split('.')[0]);
}

/** One fault for each rule, requirement, port and tag: who else it stops is no fault of its own. */
export function* oncePerRule(faults: Iterable<Fault>): Generator<Fault> {
  const seen = new Set<string>();
  for (const fault of faults) {
    const { requirement, flow } = fault;
    const tag = flow?.to.kind === 'address' ? flow.to.label : undefined;
    const key = JSON.stringify([keyOf(fault.subject), fault.at, requirement?.id, flow?.port, tag]);
    if (!seen.has(key)) yield fault;
    seen.add(key);
  }
}

/** A rule that names the tag, and does not let it pass as it is needed. */
export function almost(model: Model, gate: string, tag: string, out: boolean): GateRuleFact | undefined {
  return rulesOf(model, gate, out).find(({ rule }) =>
    names(out ? rule.destination.tags : rule.source.tags, tag),
  );
}

/** Lets the rule that stops it allow instead, or puts rules before it. */
export function passing(
  model: Model,
  gate: string,
  wanted: readonly Wanted[],
  rule: string,
): readonly Repair[] {
  const rules = rulesOf(model, gate, wanted[0]?.out ?? true);
  const stopper = rules.find((item) => item.rule.name === rule);
  const taken = new Set(rules.map((item) => item.rule.priority));
  const limit = stopper?.rule.priority ?? 4097;
  const free = [...Array(limit - 100).keys()].map((at) => limit - 1 - at).filter((at) => !taken.has(at));
  return [
    ...(stopper
      ? [
          {
            says: `let ${rule} allow`,
            edits: [
              {
                kind: 'set',
                resource: stopper.id,
                property: ['properties', 'access'],
                value: 'Allow',
              } as const,
            ],
          },
        ]
      : []),
    ...(free.length < wanted.length
      ? []
      : [
          {
            says: `allow ${wanted.map(sayWanted).join(', ')} before ${rule}`,
            edits: wanted.map((one, at) => allowing(gate, one, free[at] ?? 100)),
          },
        ]),
  ];
}

function sayWanted({ tag, out, ports, protocol }: Wanted): string {
  return `${protocol.toUpperCase()} ${ports.join(', ')} ${out ? 'to' : 'from'} ${tag}`;
}

function allowing(gate: string, { tag, out, ports, protocol }: Wanted, priority: number): Edit {
  return {
    kind: 'insert',
    resource: gate,
    property: ['properties', 'securityRules'],
    value: {
      name: `Allow${tag.replaceAll('.', '')}${out ? 'Out' : 'In'}${ports.join('And')}`,
      properties: {
        direction: out ? 'Outbound' : 'Inbound',
        priority,
        access: 'Allow',
        protocol: protocol === 'tcp' ? 'Tcp' : 'Udp',
        sourceAddressPrefix: out ? virtualNetworkTag : tag,
        sourcePortRange: '*',
        destinationAddressPrefix: out ? tag : virtualNetworkTag,
        ...(ports.length === 1
          ? { destinationPortRange: String(ports[0]) }
          : { destinationPortRanges: ports.map(String) }),
      },
    },
  };
}
