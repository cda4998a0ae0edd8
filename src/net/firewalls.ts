/**
 * Azure Firewall as two tables: network rules first, and where none of them matches, application rules by name
 * (docs/semantics/firewalls.md). What neither allows is denied.
 *
 * @module
 */

import { type Intervals, union } from '../lib/intervals.ts';
import { intervalOf } from '../lib/ip.ts';
import { type IdKey, keyOf, nameOf } from '../lib/key.ts';
import { protocolNumbers } from '../lib/ports.ts';
import { anyAddress } from './azure.ts';
import type {
  FirewallApplicationRule,
  FirewallCollectionFact,
  FirewallDns,
  FirewallFact,
  FirewallNetworkRule,
  FirewallPolicyFact,
  FirewallSide,
} from './facts.ts';
import type { Verdict } from './gates.ts';
import { type Gathered, grouped } from './gather.ts';
import type { Gap, Match, Row, Table } from './table.ts';
import { tagAddresses } from './tags.ts';

/** A row that holds only for some names. */
export interface NamedRow extends Row<Verdict> {
  /** Absent: whatever the name. `tags`: names that nobody here knows. */
  readonly names?: { readonly patterns: readonly string[]; readonly tags: readonly string[] };
}

/** A firewall, compiled. */
export interface Firewall {
  readonly fact: FirewallFact;
  readonly dns: FirewallDns;
  /** Where its rules are written: its policy, or itself. */
  readonly rules: string;
  /** Its network rules, as they are written. */
  readonly network: readonly NamedRow[];
  /** The same, as packets are asked about: names are the addresses that it finds (`named-rules.ts`). */
  readonly packets: Table<Verdict>;
  readonly application: readonly NamedRow[];
  /** Groups of collections in its own policy, with the priorities that are taken in each. */
  readonly groups: readonly { readonly id: string; readonly priorities: readonly number[] }[];
}

const tcp: Intervals = [[protocolNumbers.tcp, protocolNumbers.tcp]];
const noDns: FirewallDns = { proxy: false, servers: [] };

/** Compiles every firewall with its policy and the policy's parents. */
export function linkFirewalls(all: Gathered): ReadonlyMap<IdKey, Firewall> {
  const { lists } = all;
  const policies = new Map(lists['firewall-policy'].map((fact) => [keyOf(fact.id), fact]));
  const collections = grouped(lists['firewall-collection'], ({ owner }) => [keyOf(owner)], undefined);
  return new Map(
    lists.firewall.map((fact) => {
      const line = fact.policy === undefined ? [] : ancestry(fact.policy, policies);
      const owners = fact.policy === undefined ? [fact.id] : line.map(({ id }) => id);
      const ordered = owners.flatMap((owner) => inOrder(collections.get(keyOf(owner)) ?? []));
      const missing = missingRules(fact, line);
      const network = [
        ...missing,
        ...ordered.flatMap((one) => one.network.map((rule) => networkRow(one, rule))),
      ];
      const firewall: Firewall = {
        fact,
        dns: (fact.policy === undefined ? fact.dns : line.findLast(({ dns }) => dns)?.dns) ?? noDns,
        rules: fact.policy ?? fact.id,
        network,
        packets: unnamed(network),
        application: ordered.flatMap((one) => one.application.map((rule) => applicationRow(one, rule))),
        groups: groupsOf(fact.policy === undefined ? [] : (collections.get(keyOf(fact.policy)) ?? [])),
      };
      return [keyOf(fact.id), firewall];
    }),
  );
}

/** The rows that are about addresses. */
export function unnamed(rows: readonly NamedRow[]): Table<Verdict> {
  return rows.some(({ names }) => names) ? rows.filter(({ names }) => !names) : rows;
}

/** A policy with its parents, the eldest first: its rules come before those of its children (F-12). */
function ancestry(
  id: string,
  policies: ReadonlyMap<IdKey, FirewallPolicyFact>,
): readonly FirewallPolicyFact[] {
  const line: FirewallPolicyFact[] = [];
  for (let next: string | undefined = id; next !== undefined; ) {
    const policy = policies.get(keyOf(next));
    if (!policy || line.includes(policy)) break;
    line.unshift(policy);
    next = policy.base;
  }
  return line;
}

/** A policy that the firewall obeys and the estate does not have: what it says is not known. */
function missingRules(fact: FirewallFact, line: readonly FirewallPolicyFact[]): readonly NamedRow[] {
  const absent = line.length === 0 ? fact.policy : line[0]?.base;
  if (absent === undefined) return [];
  const gap: Gap = {
    missing: `the rules of ${nameOf(absent)}, which is not in the estate`,
    within: anyAddress,
  };
  const by = { resource: absent, rule: 'ruleCollectionGroups' };
  return [{ match: { destination: [] }, action: 'allow', by, unknown: { destination: gap } }];
}

function inOrder(collections: readonly FirewallCollectionFact[]): readonly FirewallCollectionFact[] {
  return collections.toSorted((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1]);
}

function groupsOf(collections: readonly FirewallCollectionFact[]): Firewall['groups'] {
  const groups = new Map<string, number[]>();
  for (const { id, order } of collections) {
    const group = id.split('/').slice(0, -2).join('/');
    groups.set(group, [...(groups.get(group) ?? []), order[1]]);
  }
  return [...groups].map(([id, priorities]) => ({ id, priorities }));
}

function networkRow(collection: FirewallCollectionFact, rule: FirewallNetworkRule): NamedRow {
  const row = rowOf(collection, rule.name, rule.source, rule.names.length > 0 ? anywhere : rule.destination, {
    ...(rule.protocol ? { protocol: rule.protocol } : {}),
    port: rule.ports,
  });
  return rule.names.length > 0 ? { ...row, names: { patterns: rule.names, tags: [] } } : row;
}

const anywhere: FirewallSide = { any: true, prefixes: [], tags: [], groups: [] };

function applicationRow(collection: FirewallCollectionFact, rule: FirewallApplicationRule): NamedRow {
  const row = rowOf(collection, rule.name, rule.source, anywhere, { protocol: tcp, port: rule.ports });
  return { ...row, names: { patterns: rule.names, tags: rule.tags } };
}

function rowOf(
  { id, action }: FirewallCollectionFact,
  rule: string,
  from: FirewallSide,
  to: FirewallSide,
  more: Match,
): NamedRow {
  const source = sideOf(from);
  const destination = sideOf(to);
  return {
    match: {
      ...more,
      ...(source.set ? { source: source.set } : {}),
      ...(destination.set ? { destination: destination.set } : {}),
    },
    action,
    by: { resource: id, rule },
    ...(source.gap || destination.gap
      ? {
          unknown: {
            ...(source.gap ? { source: source.gap } : {}),
            ...(destination.gap ? { destination: destination.gap } : {}),
          },
        }
      : {}),
  };
}

/** One side as a set; no set means every address. */
function sideOf(side: FirewallSide): { readonly set?: Intervals; readonly gap?: Gap } {
  if (side.any) return {};
  const known = side.tags.map((tag) => ({ tag, set: tagAddresses(tag) }));
  const unknownTag = known.find(({ set }) => !set);
  const [group] = side.groups;
  const missing = unknownTag
    ? `the addresses of service tag '${unknownTag.tag}'`
    : group === undefined
      ? undefined
      : `the addresses of IP group ${nameOf(group)}`;
  const set = union(side.prefixes.map(intervalOf), ...known.map((one) => one.set ?? []));
  return { set, ...(missing === undefined ? {} : { gap: { missing, within: anyAddress } }) };
}
