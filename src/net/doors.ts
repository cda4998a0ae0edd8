/**
 * Doors: how a service decides about a connection before it looks at a token (docs/semantics/doors.md). The same table answers `why`, the proof, and every request at the running front.
 *
 * @module
 */

import { union } from '../lib/intervals.ts';
import { type Ip, intervalOf } from '../lib/ip.ts';
import { type IdKey, keyOf, nameOf } from '../lib/key.ts';
import { seesPrivately } from './azure.ts';
import type { DoorFact, ServiceFact } from './facts.ts';
import { heldByPolicies } from './held.ts';
import type { Network, Service } from './model.ts';
import type { Row, Table } from './table.ts';
import { type Blocker, Recorder } from './trace.ts';

/** What a door does with a connection, and which setting says so. */
export type DoorAction = 'open' | 'shut';

/** A door's answer. `missing` names what would have to be known. */
export interface DoorDecision {
  readonly action: DoorAction | 'unknown';
  readonly resource: string;
  readonly rule: string;
  readonly says: string;
  readonly blockers: readonly Blocker[];
}

const compiled = new WeakMap<DoorFact, Table<DoorAction>>();

/** Returns the door of a service: its own, or that of the service it stands behind. */
export function doorOf(
  network: Network,
  service: Service,
): { owner: ServiceFact; door: DoorFact } | undefined {
  const { fact } = service;
  if (fact.door) return { owner: fact, door: fact.door };
  const front = fact.behind === undefined ? undefined : network.services.get(keyOf(fact.behind));
  return front?.fact.door && { owner: front.fact, door: front.fact.door };
}

/** What a door knows of who comes. A source that is undefined is one that Azure picks. */
export type Comer = { readonly source: Ip | undefined } & (
  | { readonly via: 'private-endpoint' }
  | { readonly via: 'service-endpoint'; readonly subnet: string }
  | { readonly via: 'public'; readonly region?: string | undefined }
);

/** Decides about a connection that came a certain way. */
export function askDoor(
  network: Network,
  service: Service,
  comer: Comer,
  rec = new Recorder(),
): DoorDecision {
  const found = doorOf(network, service);
  const name = nameOf(service.fact.id);
  if (!found) {
    const says = `${name} stands behind ${nameOf(service.fact.behind ?? '')}, which is not in the estate`;
    return { action: 'unknown', resource: service.fact.id, rule: 'door', says, blockers: [] };
  }
  const { owner, door } = found;
  if (comer.via === 'service-endpoint' && owner.service === 'storage') {
    const held = heldByPolicies(network, comer.subnet, owner.id);
    if (held) return held;
  }
  const decision = rec.decide(
    tableOf(owner.id, door),
    {
      source: comer.source,
      destination: service.address,
      protocol: 6,
      port: 443,
      sourcePort: 49152,
      via: comer.via === 'public' && seesPrivately(owner, comer.region) ? 'within-region' : comer.via,
      ...(comer.via === 'service-endpoint' ? { subnet: keyOf(comer.subnet) } : {}),
    },
    (a, b) => a === b,
  );
  if (decision.kind === 'none') throw new Error('a door table ends with a row that matches everything');
  const { by } = decision.row;
  if (decision.kind === 'unknown') {
    const says = `cannot say whether ${name} lets it in without ${decision.missing}`;
    return { action: 'unknown', ...by, says, blockers: [] };
  }
  const { action } = decision.row;
  const says = action === 'open' ? `${name} lets it in: ${by.rule}` : `${name} refuses it: ${by.rule}`;
  return { action, ...by, says, blockers: action === 'open' ? [] : [blocker(owner, door, by.rule)] };
}

/** The rows in the order in which every service asks them. */
function tableOf(id: string, door: DoorFact): Table<DoorAction> {
  const before = compiled.get(door);
  if (before) return before;
  const row = (rule: string, action: DoorAction, match: Row<DoorAction>['match'] = {}): Row<DoorAction> => ({
    match,
    action,
    by: { resource: id, rule },
  });
  const table: Table<DoorAction> = [
    row('private endpoint connection', 'open', { via: 'private-endpoint' }),
    ...(door.publicAccess ? [] : [row(`${door.flag} is Disabled`, 'shut')]),
    ...(door.defaultAllow
      ? [row(`${door.defaultFlag || door.flag || 'public service'} allows`, 'open')]
      : []),
    ...(door.addresses.length === 0
      ? []
      : [
          row(door.addressesFlag, 'open', { via: 'public', source: union(door.addresses.map(intervalOf)) }),
          row(notAsked(door), 'shut', { via: 'within-region' }),
        ]),
    ...(door.subnets.length === 0
      ? []
      : [
          row('networkAcls.virtualNetworkRules', 'open', {
            via: 'service-endpoint',
            subnets: new Set<IdKey>(door.subnets.map(keyOf)),
          }),
        ]),
    row(listsOnly(door) ? `${door.defaultFlag} has no such address` : `${door.defaultFlag} is Deny`, 'shut'),
  ];
  compiled.set(door, table);
  return table;
}

/** The rule that shuts storage to who is near, whatever its address rules list. */
export function notAsked({ addressesFlag }: DoorFact): string {
  return `${addressesFlag} is not asked within a region`;
}

/** The list of addresses is itself what shuts the door to others: a workspace has no default action. */
function listsOnly(door: DoorFact): boolean {
  return door.defaultFlag === door.addressesFlag;
}

function blocker(owner: ServiceFact, door: DoorFact, rule: string): Blocker {
  return rule === `${door.flag} is Disabled`
    ? {
        resource: owner.id,
        property: `properties.${door.flag}`,
        is: 'Disabled',
        needs: 'Enabled, or a private endpoint',
      }
    : {
        resource: owner.id,
        property: `properties.${door.defaultFlag}`,
        ...(listsOnly(door)
          ? { is: 'a list without the source', needs: 'the source in it, or a private endpoint' }
          : { is: 'Deny', needs: 'Allow, a rule for the source, or a private endpoint' }),
      };
}
