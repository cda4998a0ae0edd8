/**
 * What holds at a network interface as lists: the routes of its subnet, the rules of a group there
 * (docs/semantics/network-watcher.md).
 *
 * @module
 */

import type { Intervals } from '../lib/intervals.ts';
import type { Prefix } from '../lib/ip.ts';
import { keyOf } from '../lib/key.ts';
import type { SecurityRule } from './facts.ts';
import { type CompiledGate, defaultRules } from './gates.ts';
import type { Network, Subnet } from './model.ts';
import { type NextHop, prefixesOf } from './routes.ts';
import type { Row } from './table.ts';

/** One route of a subnet, as a list shows it. */
export interface EffectiveRoute {
  readonly row: Row<NextHop>;
  readonly prefixes: readonly Prefix[];
  readonly origin: 'user' | 'gateway' | 'system';
  /** Another route to the same prefixes is preferred. */
  readonly overridden: boolean;
}

/** What keeps a list from being complete. */
export interface Incomplete {
  readonly missing: readonly string[];
}

/** Every route of a subnet. */
export function effectiveRoutes(
  network: Network,
  { routes }: Subnet,
): readonly EffectiveRoute[] | Incomplete {
  const missing = routes.flatMap(({ unknown }) => unknown?.destination?.missing ?? []);
  if (missing.length > 0) return { missing };
  const owners = new Map<string, string>();
  const found = new Map<string, EffectiveRoute>();
  for (const row of routes) {
    const name = `${row.by.resource} ${row.by.rule}`;
    for (const interval of row.match.destination ?? []) {
      const owner = owners.get(interval.join('-'));
      // Members of a private endpoint may share an address, and with it a route.
      if (owner === name) continue;
      if (owner === undefined) owners.set(interval.join('-'), name);
      const overridden = owner !== undefined;
      const key = `${name} ${overridden}`;
      const prefixes = [...(found.get(key)?.prefixes ?? []), ...prefixesOf(interval)];
      found.set(key, { row, prefixes, origin: originOf(network, row), overridden });
    }
  }
  return [...found.values()];
}

function originOf(network: Network, { by, action }: Row<NextHop>): EffectiveRoute['origin'] {
  if (network.routeTables.has(keyOf(by.resource))) return 'user';
  return action.kind === 'gateway' ? 'gateway' : 'system';
}

/** One rule of a group, with what its words mean at a place. */
export interface EffectiveRule {
  readonly rule: SecurityRule;
  readonly builtIn: boolean;
  readonly source: Meant;
  readonly destination: Meant;
}

/** What a side of a rule means at a place. */
export interface Meant {
  /** Undefined: every address. */
  readonly addresses: Intervals | undefined;
  /** There are more, and nobody knows which. */
  readonly incomplete: boolean;
}

/** Every rule of a group that was compiled for a place, inbound before outbound, in the order in which they are asked. */
export function effectiveRules(network: Network, gate: CompiledGate): readonly EffectiveRule[] | Incomplete {
  const own = new Map((network.gateRules.get(keyOf(gate.id)) ?? []).map(({ rule }) => [rule.name, rule]));
  const builtIn = new Map(defaultRules.map((rule) => [rule.name, rule]));
  const missing: string[] = [];
  const rules = [...gate.ingress, ...gate.egress].flatMap((row): EffectiveRule[] => {
    const rule = (row.builtIn ? builtIn : own).get(row.by.rule);
    if (!rule) {
      missing.push(row.unknown?.destination?.missing ?? row.by.rule);
      return [];
    }
    const side = (name: 'source' | 'destination'): Meant => ({
      addresses: row.match[name],
      incomplete: row.unknown?.[name] !== undefined,
    });
    return [
      { rule, builtIn: row.builtIn === true, source: side('source'), destination: side('destination') },
    ];
  });
  return missing.length > 0 ? { missing } : rules;
}
