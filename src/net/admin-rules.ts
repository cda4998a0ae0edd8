/**
 * Security admin rules of Virtual Network Manager as tables that are asked before security groups
 * (docs/semantics/admin-rules.md).
 *
 * @module
 */

import { type Intervals, union } from '../lib/intervals.ts';
import { intervalOf } from '../lib/ip.ts';
import { type IdKey, keyOf, nameOf } from '../lib/key.ts';
import { anyAddress, reservedSubnets } from './azure.ts';
import type { AdminRuleFact, SubnetFact } from './facts.ts';
import { type AddressContext, gateRow, type Verdict } from './gates.ts';
import { type Gathered, grouped, sameItems } from './gather.ts';
import type { Row, Table } from './table.ts';
import { regionOf } from './tags.ts';

/** What an admin rule does with a packet: `allow` leaves it to the groups, `always-allow` does not ask them. */
export type AdminVerdict = Verdict | 'always-allow';

/** Both directions of the admin rules of a network. */
export interface AdminGate {
  readonly egress: Table<AdminVerdict>;
  readonly ingress: Table<AdminVerdict>;
}

/** The rules that were committed for one network. */
export interface AdminRules {
  /** In the order in which they are asked. `unsure`: a group that the estate does not have, so this may not be for here. */
  readonly rules: readonly { readonly fact: AdminRuleFact; readonly unsure: string | undefined }[];
  /** Addresses of network groups. */
  readonly groups: ReadonlyMap<IdKey, Intervals>;
  /** All that they are made of, flat: equal items mean equal rules. */
  readonly inputs: readonly unknown[];
}

const actions = { Allow: 'allow', AlwaysAllow: 'always-allow', Deny: 'deny' } as const;

/** Finds the committed rules of each network. Those that are as they were in `before` are the very same objects. */
export function adminRulesOf(
  all: Gathered,
  before?: ReadonlyMap<IdKey, AdminRules>,
): ReadonlyMap<IdKey, AdminRules> {
  const { lists } = all;
  const committed = new Map<IdKey, AdminRules>();
  if (lists['admin-commit'].length === 0) return committed;
  const upper = new Set(lists.manager.filter((fact) => fact.upper).map(({ id }) => keyOf(id)));
  const groups = new Set(lists['network-group'].map(({ id }) => keyOf(id)));
  const members = grouped(lists['group-member'], ({ group }) => [keyOf(group)], undefined);
  const rules = grouped(lists['admin-rule'], ({ collection }) => [keyOf(collection)], undefined);
  const addresses = new Map(
    [...members].map(([group, list]) => {
      const prefixes = list.flatMap(({ vnet }) => all.vnets.get(keyOf(vnet))?.prefixes ?? []);
      return [group, union(prefixes.map(intervalOf))] as const;
    }),
  );
  const spaces = [...addresses].flat(3);
  for (const [key, vnet] of all.vnets) {
    const here = lists['admin-commit'].filter(
      ({ regions }) => regions?.some((region) => regionOf(region) === regionOf(vnet.location)) ?? true,
    );
    const configurations = new Set(here.map(({ configuration }) => keyOf(configuration)));
    const found = lists['admin-collection']
      .filter(({ configuration }) => configurations.has(keyOf(configuration)))
      .flatMap((collection) => {
        const owns = collection.groups.some((group) =>
          members.get(keyOf(group))?.some((member) => keyOf(member.vnet) === key),
        );
        const lost = collection.groups.find((group) => !groups.has(keyOf(group)));
        if (!owns && lost === undefined) return [];
        const own = rules.get(keyOf(collection.id)) ?? [];
        return own.map((fact) => ({ fact, unsure: owns ? undefined : lost }));
      })
      .sort((a, b) => rank(a.fact, upper) - rank(b.fact, upper));
    if (found.length === 0) continue;
    const inputs = [...found.flatMap(({ fact, unsure }) => [fact, unsure]), ...spaces];
    const old = before?.get(key);
    committed.set(
      key,
      old && sameItems(old.inputs, inputs) ? old : { rules: found, groups: addresses, inputs },
    );
  }
  return committed;
}

/** Managers of management groups come first, then priority; of two alike, the one that denies. */
function rank({ id, rule }: AdminRuleFact, upper: ReadonlySet<IdKey>): number {
  const manager = keyOf(id.split('/').slice(0, 9).join('/'));
  return (upper.has(manager) ? 0 : 1e6) + rule.priority * 2 + (rule.access === 'Deny' ? 0 : 1);
}

/** Reports whether admin rules apply to a subnet: not where Azure runs something of its own. */
export function isAdministered({ id }: SubnetFact): boolean {
  return !reservedSubnets.has(nameOf(id).toLowerCase());
}

/** Compiles the rules of a network, for subnets where `VirtualNetwork` means the same. */
export function compileAdmin(
  rules: AdminRules | undefined,
  virtualNetwork: Intervals,
): AdminGate | undefined {
  if (!rules) return undefined;
  const context: AddressContext = { virtualNetwork, groups: rules.groups };
  const rows = (direction: string): Table<AdminVerdict> =>
    rules.rules
      .filter(({ fact }) => fact.rule.direction === direction)
      .map(({ fact, unsure }) => rowOf(fact, unsure, context));
  return { egress: rows('Outbound'), ingress: rows('Inbound') };
}

function rowOf(
  { collection, rule }: AdminRuleFact,
  unsure: string | undefined,
  context: AddressContext,
): Row<AdminVerdict> {
  const row = gateRow(collection, rule, actions[rule.access], context);
  if (unsure === undefined) return row;
  const missing = `the members of ${nameOf(unsure)}, which is not in the estate`;
  const within = row.match.destination ?? anyAddress;
  return {
    ...row,
    match: { ...row.match, destination: [] },
    unknown: { ...row.unknown, destination: { missing, within } },
  };
}
