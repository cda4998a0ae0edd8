/**
 * Network security groups as tables (docs/semantics/security-groups.md).
 *
 * A group is compiled for a place: `VirtualNetwork` is what that place's network knows, so the same group means
 * different things on two subnets.
 *
 * @module
 */

import { type Intervals, subtract, union } from '../lib/intervals.ts';
import { intervalOf } from '../lib/ip.ts';
import { type IdKey, keyOf, nameOf } from '../lib/key.ts';
import { anyPort, isProtocol, protocolNumbers } from '../lib/ports.ts';
import { anyAddress, azureDns, platformTags, publicAddresses } from './azure.ts';
import type { AddressSpec, SecurityRule } from './facts.ts';
import type { Gap, Match, Row, Table } from './table.ts';
import { tagAddresses } from './tags.ts';

/** What a gate does with a packet. */
export type Verdict = 'allow' | 'deny';

/** A group and its own rules, before it is compiled. */
export interface Gate {
  readonly id: string;
  readonly rules: readonly SecurityRule[];
}

/** Both directions of a group, compiled. Egress and ingress are separate tables, and separate questions. */
export interface CompiledGate {
  readonly id: string;
  readonly egress: Table<Verdict>;
  readonly ingress: Table<Verdict>;
  /** The egress rows that name platform traffic, which no other row stops (N-8). */
  readonly platform: Table<Verdict>;
}

/** What symbolic addresses mean at a place. */
export interface AddressContext {
  /** The `VirtualNetwork` tag there. */
  readonly virtualNetwork: Intervals;
  /** Addresses of each application security group in the network. */
  readonly groups: ReadonlyMap<IdKey, Intervals>;
}

const balancer: Intervals = [[azureDns, azureDns]];

/** The rules that every group ends with and nobody can delete. */
export const defaultRules: readonly SecurityRule[] = [
  rule('AllowVnetInBound', 65000, 'Inbound', 'Allow', tag('VirtualNetwork'), tag('VirtualNetwork')),
  rule('AllowAzureLoadBalancerInBound', 65001, 'Inbound', 'Allow', tag('AzureLoadBalancer'), any()),
  rule('DenyAllInBound', 65500, 'Inbound', 'Deny', any(), any()),
  rule('AllowVnetOutBound', 65000, 'Outbound', 'Allow', tag('VirtualNetwork'), tag('VirtualNetwork')),
  rule('AllowInternetOutBound', 65001, 'Outbound', 'Allow', any(), tag('Internet')),
  rule('DenyAllOutBound', 65500, 'Outbound', 'Deny', any(), any()),
];

const builtIn: ReadonlySet<object> = new Set(defaultRules);

/** Rows of one group at one place, by the rule that each is of. */
export type GateRows = WeakMap<SecurityRule, Row<Verdict>>;

/**
 * Compiles a group for a place: its own rules by priority, then the default rules. `known`: rows that it had there
 * before; those that are new are added.
 */
export function compileGate(
  gate: Gate,
  context: AddressContext,
  known: GateRows = new WeakMap(),
): CompiledGate {
  const rules = [...gate.rules, ...defaultRules].sort((a, b) => a.priority - b.priority);
  const rowOf = (r: SecurityRule): Row<Verdict> => {
    const row = known.get(r) ?? gateRow(gate.id, r, r.access === 'Allow' ? 'allow' : 'deny', context);
    known.set(r, row);
    return row;
  };
  const rows = (direction: SecurityRule['direction']): Table<Verdict> =>
    rules.filter((r) => r.direction === direction).map(rowOf);
  const egress = rows('Outbound');
  return { id: gate.id, egress, ingress: rows('Inbound'), platform: egress.filter((row) => row.platform) };
}

/** A group that something refers to and the estate does not have: what it lets through is not known. */
export function missingGate(id: string): CompiledGate {
  const gap: Gap = { missing: `the rules of ${nameOf(id)}, which is not in the estate`, within: anyAddress };
  const row: Row<Verdict> = {
    match: { destination: [] },
    action: 'deny',
    by: { resource: id, rule: 'securityRules' },
    unknown: { destination: gap },
  };
  return { id, egress: [row], ingress: [row], platform: [] };
}

/** Compiles one rule for a place. */
export function gateRow<A>(
  resource: string,
  r: Omit<SecurityRule, 'access'>,
  action: A,
  context: AddressContext,
): Row<A> {
  const source = resolve(r.source, context);
  const destination = resolve(r.destination, context);
  const match: Match = {
    ...(source.set ? { source: source.set } : {}),
    ...(destination.set ? { destination: destination.set } : {}),
    ...(r.protocol ? { protocol: r.protocol } : {}),
    ...(isAny(r.ports) ? {} : { port: r.ports }),
    ...(isAny(r.sourcePorts) ? {} : { sourcePort: r.sourcePorts }),
  };
  const unknown = {
    ...(source.gap ? { source: source.gap } : {}),
    ...(destination.gap ? { destination: destination.gap } : {}),
  };
  const joined = joinedSet(r.destination, context);
  return {
    match,
    ...(joined ? { joined: { ...match, destination: joined } } : {}),
    action,
    by: { resource, rule: r.name },
    ...(Object.keys(unknown).length > 0 ? { unknown } : {}),
    ...(builtIn.has(r) ? { builtIn: true } : {}),
    ...([...r.source.tags, ...r.destination.tags].some((t) => platformTags.has(t.toLowerCase()))
      ? { platform: true }
      : {}),
  };
}

/** An address side as a set; no set means every address. A tag that the table lacks makes it partly unknown. */
function resolve(spec: AddressSpec, context: AddressContext): { set?: Intervals; gap?: Gap } {
  if (spec.any) return {};
  const parts: Intervals[] = [union(spec.prefixes.map(intervalOf))];
  let gap: Gap | undefined;
  for (const name of spec.tags) {
    const set = meaning(name, context);
    if (set) parts.push(set);
    else gap ??= { missing: `the addresses of service tag '${name}'`, within: anyAddress };
  }
  for (const group of spec.groups) parts.push(context.groups.get(keyOf(group)) ?? []);
  return { set: union(...parts), ...(gap ? { gap } : {}) };
}

/** What a destination means once the address asked about is in `VirtualNetwork`, and so not in `Internet`. */
function joinedSet(spec: AddressSpec, context: AddressContext): Intervals | undefined {
  const tags = spec.tags.map((name) => name.toLowerCase());
  if (tags.includes('virtualnetwork')) return anyAddress;
  if (!tags.includes('internet')) return undefined;
  const others = spec.tags.filter((_, at) => tags[at] !== 'internet');
  return resolve({ ...spec, tags: others }, context).set;
}

/** Returns the addresses of a tag at a place, or undefined where they are not known. */
function meaning(name: string, context: AddressContext): Intervals | undefined {
  switch (name.toLowerCase()) {
    case 'virtualnetwork':
      return context.virtualNetwork;
    case 'azureloadbalancer':
      return balancer;
    case 'internet':
      return subtract(publicAddresses, context.virtualNetwork);
    default:
      return platformTags.get(name.toLowerCase()) ?? tagAddresses(name);
  }
}

function isAny(ports: Intervals): boolean {
  const [first] = ports;
  return first?.[0] === 0 && first[1] === 65535;
}

function rule(
  name: string,
  priority: number,
  direction: SecurityRule['direction'],
  access: SecurityRule['access'],
  source: AddressSpec,
  destination: AddressSpec,
): SecurityRule {
  return {
    name,
    priority,
    direction,
    access,
    protocol: undefined,
    source,
    destination,
    ports: anyPort,
    sourcePorts: anyPort,
  };
}

function any(): AddressSpec {
  return { any: true, prefixes: [], tags: [], groups: [] };
}

function tag(name: string): AddressSpec {
  return { any: false, prefixes: [], tags: [name], groups: [] };
}

/** Returns the protocol numbers of a rule's protocol word, or undefined for any. */
export function protocolSet(word: string): Intervals | undefined {
  const name = word.toLowerCase();
  if (name === '*' || name === 'any') return undefined;
  return isProtocol(name) ? [[protocolNumbers[name], protocolNumbers[name]]] : [];
}
