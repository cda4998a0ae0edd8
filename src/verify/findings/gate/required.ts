/**
 * Required traffic that a security group stops (docs/semantics/security-groups.md).
 *
 * @module
 */

import { has } from '../../../lib/intervals.ts';
import { type Ip, parseIp } from '../../../lib/ip.ts';
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
import type { Repair } from '../../repair.ts';
import { type Requirement, requirements } from '../../requirements.ts';

/** A row of required traffic: from a place to a service tag. */
export interface RequiredRow {
  readonly from: Place;
  readonly tag: string;
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
  for (const { from, tag, ports, protocol, requirement } of rows) {
    const [block] = tagAddresses(tag) ?? [];
    if (!block) continue;
    for (const port of ports) {
      const flow: Flow = {
        from,
        to: { kind: 'address', label: tag, address: block[0] as Ip },
        port,
        protocol,
      };
      const trace = model.trace(flow);
      if (stoppedAt(trace, 'egress')) yield blocked(model, flow, trace, tag, requirement);
    }
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
): Fault {
  const last = trace.steps.at(-1);
  const gate = last?.resource ?? '';
  const out = last?.stage === 'egress';
  const what = `${flow.protocol === 'tcp' ? 'TCP' : 'UDP'} ${flow.port} ${out ? 'to' : 'from'} ${tag}`;
  return {
    subject: gate,
    at: last?.rule ?? null,
    says: `${last?.rule} of ${nameOf(gate)} stops ${flow.from.label} on the way to ${flow.to.label}: ${what}`,
    flow,
    ...(requirement ? { requirement } : {}),
    concerns: [flow.to.label],
    nearMiss: almost(model, gate, tag, out)?.rule.name,
    repairs: passing(model, gate, { tag, out, port: flow.port, protocol: flow.protocol }, last?.rule ?? ''),
  };
}

interface Wanted {
  readonly tag: string;
  readonly out: boolean;
  readonly port: number;
  readonly protocol: string;
}

function rulesOf(model: Model, gate: string, out: boolean): readonly GateRuleFact[] {
  const rules = model.network.gateRules.get(keyOf(gate)) ?? [];
  return rules.filter(({ rule }) => (rule.direction === 'Outbound') === out);
}

function names(tags: readonly string[], tag: string): boolean {
  return tags.some((name) => name.toLowerCase().split('.')[0] === tag.toLowerCase().split('.')[0]);
}

/** One fault for each rule, requirement and port: who else it stops is no fault of its own. */
export function* oncePerRule(faults: Iterable<Fault>): Generator<Fault> {
  const seen = new Set<string>();
  for (const fault of faults) {
    const key = JSON.stringify([keyOf(fault.subject), fault.at, fault.requirement?.id, fault.flow?.port]);
    if (!seen.has(key)) yield fault;
    seen.add(key);
  }
}

/** A rule that names the tag, and does not let it pass as it is needed. */
function almost(model: Model, gate: string, tag: string, out: boolean): GateRuleFact | undefined {
  return rulesOf(model, gate, out).find(({ rule }) =>
    names(out ? rule.destination.tags : rule.source.tags, tag),
  );
}

/** Lets the rule that stops it allow instead, or puts a rule before it. */
function passing(model: Model, gate: string, wanted: Wanted, rule: string): readonly Repair[] {
  const { tag, out, port, protocol } = wanted;
  const rules = rulesOf(model, gate, out);
  const stopper = rules.find((item) => item.rule.name === rule);
  const taken = new Set(rules.map((item) => item.rule.priority));
  const limit = stopper?.rule.priority ?? 4097;
  const priority = [...Array(limit - 100).keys()]
    .map((at) => limit - 1 - at)
    .find((free) => !taken.has(free));
  const name = `Allow${tag.replaceAll('.', '')}${out ? 'Out' : 'In'}${port}`;
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
    ...(priority === undefined || priority < 100
      ? []
      : [
          {
            says: `allow ${protocol.toUpperCase()} ${port} ${out ? 'to' : 'from'} ${tag} before ${rule}`,
            edits: [
              {
                kind: 'insert',
                resource: gate,
                property: ['properties', 'securityRules'],
                value: {
                  name,
                  properties: {
                    direction: out ? 'Outbound' : 'Inbound',
                    priority,
                    access: 'Allow',
                    protocol: protocol === 'tcp' ? 'Tcp' : 'Udp',
                    sourceAddressPrefix: out ? virtualNetworkTag : tag,
                    sourcePortRange: '*',
                    destinationAddressPrefix: out ? tag : virtualNetworkTag,
                    destinationPortRange: String(port),
                  },
                },
              } as const,
            ],
          },
        ]),
  ];
}
