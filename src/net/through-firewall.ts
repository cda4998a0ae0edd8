/**
 * A packet at an Azure Firewall: network rules first, by address, then application rules by the name that the client asks for
 * (docs/semantics/firewalls.md).
 *
 * @module
 */

import { type Fqdn, isWithin, parseFqdn } from '../lib/fqdn.ts';
import { formatIp } from '../lib/ip.ts';
import { nameOf } from '../lib/key.ts';
import { anyAddress, privateAddresses } from './azure.ts';
import { pointOf } from './filter.ts';
import type { Firewall, NamedRow } from './firewalls.ts';
import type { Verdict } from './gates.ts';
import type { Position } from './position.ts';
import type { Gap, Row, Table } from './table.ts';
import type { Packet, Recorder } from './trace.ts';

/** How a firewall passes a packet on. */
export type Passed =
  /** As it came: the destination sees the client. */
  | 'kept'
  /** With the firewall's own address as its source: replies come back to it by themselves. */
  | 'translated';

/** Asks a firewall about a packet that a route hands to it. Undefined where the packet ends there. */
export function passFirewall(
  firewall: Firewall,
  at: Position,
  packet: Packet,
  rec: Recorder,
): Passed | undefined {
  const { name } = packet;
  const flow = `${packet.protocol} ${packet.port} to ${name ?? formatIp(packet.destination)}`;
  for (const stage of ['network', 'application'] as const) {
    const table = stage === 'network' ? firewall.packets : forName(firewall.application, name);
    const decision = rec.decide(table, pointOf(packet), (a, b) => a === b);
    if (decision.kind === 'none') continue;
    const { by, action } = decision.row;
    const rule = `${nameOf(firewall.fact.id)}: ${stage} rule ${by.rule}`;
    if (decision.kind === 'unknown') {
      rec.stop('unknown', 'forward', by, `cannot say whether ${rule} matches without ${decision.missing}`);
      return undefined;
    }
    if (action === 'deny') {
      rec.stop('dropped-by-firewall', 'forward', by, `${rule} denies ${flow}`, {
        resource: by.resource,
        property: `rules/${by.rule}`,
        is: 'Deny',
        needs: `a rule before it that allows ${flow}`,
      });
      return undefined;
    }
    rec.pass('forward', by, `${rule} allows ${flow}`);
    // Application rules are a proxy's (F-7); public destinations are never shown private sources (F-11).
    const translated = stage === 'application' || !rec.isIn(privateAddresses, packet.destination);
    return translated ? 'translated' : 'kept';
  }
  const by = { resource: firewall.rules, rule: 'default deny' };
  const from = packet.source === undefined ? formatIp(at.address) : formatIp(packet.source);
  rec.stop(
    'dropped-by-firewall',
    'forward',
    by,
    `${nameOf(firewall.fact.id)} has no rule that allows ${flow}`,
    {
      resource: firewall.rules,
      property: 'ruleCollectionGroups',
      is: 'no rule allows it',
      needs: `a rule that allows ${flow} from ${from}`,
    },
  );
  return undefined;
}

const tables = new WeakMap<readonly NamedRow[], Map<Fqdn | undefined, Table<Verdict>>>();

/** The rows that a flow of this name is asked about, one table for each name: proofs know tables by identity. */
function forName(rows: readonly NamedRow[], name: Fqdn | undefined): Table<Verdict> {
  const known = tables.get(rows) ?? new Map<Fqdn | undefined, Table<Verdict>>();
  tables.set(rows, known);
  let table = known.get(name);
  if (!table) {
    table = selected(rows, name);
    known.set(name, table);
  }
  return table;
}

/** A row whose names are not all known may match. */
function selected(rows: readonly NamedRow[], name: Fqdn | undefined): Table<Verdict> {
  return rows.flatMap((row): Row<Verdict>[] => {
    if (!row.names) return [row];
    if (name !== undefined && row.names.patterns.some((pattern) => matches(pattern, name))) return [row];
    const [tag] = row.names.tags;
    if (tag === undefined || name === undefined) return [];
    const gap: Gap = { missing: `the names of FQDN tag '${tag}'`, within: anyAddress };
    return [{ ...row, match: { ...row.match, destination: [] }, unknown: { destination: gap } }];
  });
}

/** `*` is every name, `*.example.org` every name below it, and anything else itself. */
function matches(pattern: string, name: Fqdn): boolean {
  if (pattern === '*') return true;
  if (!pattern.startsWith('*')) return parseFqdn(pattern) === name;
  const suffix = parseFqdn(pattern.replace(/^\*\.?/, ''));
  return suffix !== undefined && name !== suffix && isWithin(name, suffix);
}
