/**
 * Roles: places that nothing tells apart but their addresses.
 *
 * Two subnets of one network with the same routes and gates, or two interfaces in one subnet, take the same ways. They
 * are asked about once, with the addresses of all of them as sources; what each may do is the part of the answer with
 * its own sources. Only an interface that is found on its own way (it is the target, or the DNS server) is a case apart.
 *
 * @module
 */

import { has, type Intervals, intersect, union } from '../../lib/intervals.ts';
import { keyOf } from '../../lib/key.ts';
import type { Member } from '../../net/balancers.ts';
import type { NicFact, SubnetFact } from '../../net/facts.ts';
import type { CompiledGate } from '../../net/gates.ts';
import type { Network, Subnet, Vnet } from '../../net/model.ts';
import { addressesOf, type Place, positionOf, subnetOf, workloadAt } from '../../net/position.ts';
import { internetClient } from '../../net/tags.ts';
import { type Preferences, usual } from '../sets/boxes.ts';
import { BudgetExceeded } from '../sets/store.ts';
import type { Tables } from './tables.ts';

/** Places that are asked about together. */
export interface Role {
  readonly places: readonly Place[];
  /** The addresses of all of them; undefined where the walk does not ask for one. */
  readonly sources: Intervals | undefined;
  /** The addresses have nothing in common but the place: an interface with several, each in a subnet of its own. */
  readonly apart: boolean;
  /** What examples are to look like: from the address that `walk` itself would pick. */
  readonly preferred: Preferences;
  /** The place that has an address. */
  placeAt(source: number): Place;
}

/** Makes a role of places. */
export function roleOf(network: Network, places: readonly [Place, ...Place[]], within?: Intervals): Role {
  const [first] = places;
  const owners = new Map<number, Place>();
  const own = places.map((place) => {
    const sources = sourcesOf(network, place, within);
    if (place.kind === 'nic') for (const [at] of sources ?? []) owners.set(at, place);
    return { place, sources };
  });
  const known = own.flatMap(({ sources }) => (sources ? [sources] : []));
  const usualSource = first.kind === 'internet' ? internetClient : positionOf(network, first)?.address;
  return {
    places,
    sources: known.length === 0 ? undefined : union(...known),
    apart: first.kind === 'nic' && (network.nics.get(keyOf(first.nic))?.configurations.length ?? 0) > 1,
    preferred: usualSource === undefined ? usual : { ...usual, source: [usualSource] },
    placeAt: (source) =>
      owners.get(source) ?? own.find(({ sources }) => sources && has(sources, source))?.place ?? first,
  };
}

/** The addresses that flows of a place may come from. None at all: `walk` says what is wrong with it. */
export function sourcesOf(network: Network, place: Place, within?: Intervals): Intervals | undefined {
  const own = addressesOf(network, place);
  if (!own || own.length === 0) return undefined;
  return within ? intersect(own, within) : own;
}

/** Divides places into roles. Key: what they have in common; where the budget ends before that is known, the place. */
export function rolesOf(
  network: Network,
  tables: Tables,
  places: readonly Place[],
): ReadonlyMap<string, readonly [Place, ...Place[]]> {
  const roles = new Map<string, [Place, ...Place[]]>();
  for (const place of places) {
    const key = keyWithin(network, tables, place);
    const role = roles.get(key);
    if (role) role.push(place);
    else roles.set(key, [place]);
  }
  return roles;
}

function keyWithin(network: Network, tables: Tables, place: Place): string {
  try {
    return roleKeyOf(network, tables, place);
  } catch (error) {
    if (error instanceof BudgetExceeded) return `alone|${place.label}`;
    throw error;
  }
}

function roleKeyOf(network: Network, tables: Tables, place: Place): string {
  switch (place.kind) {
    case 'internet':
      return 'internet';
    case 'site':
      return `site/${place.site.name}`;
    case 'client':
      return `client/${keyOf(place.gateway)}`;
    case 'opaque':
      return `opaque/${keyOf(place.resource)}`;
    case 'subnet':
      return keyInSubnet(network, tables, place.subnet) ?? keyOf(place.subnet);
    case 'workload': {
      const workload = workloadAt(network, place);
      const subnet = workload && subnetOf(network, workload);
      if (subnet === undefined) return `azure/${workload?.location}`;
      const key = keyInSubnet(network, tables, subnet);
      return key === undefined ? keyOf(place.workload) : `${key}${workload?.shownBy ?? ''}`;
    }
    case 'nic': {
      const nic = network.nics.get(keyOf(place.nic));
      const [only] = nic?.configurations ?? [];
      const found = only && network.subnets.get(keyOf(only.subnet));
      const plain =
        nic?.configurations.length === 1 &&
        !nic.forwarding &&
        only?.publicAddress === undefined &&
        !isBalanced(network, nic);
      if (!plain || !found) return keyOf(place.nic);
      const gate = nic.gate === undefined ? undefined : found.subnet.nicGates.get(keyOf(nic.gate));
      const own = [keyOfGate(tables, gate), nic.dnsServers.join(',')];
      return ['nic', keyOfSubnet(tables, found.vnet, found.subnet), ...own].join('|');
    }
  }
}

/** Any machine of a subnet that has nothing of its own. */
function keyInSubnet(network: Network, tables: Tables, subnet: string): string | undefined {
  const found = network.subnets.get(keyOf(subnet));
  return found && `subnet|${keyOfSubnet(tables, found.vnet, found.subnet)}|`;
}

/** Behind a load balancer an interface has ways of its own: out by a frontend, and never to itself. */
function isBalanced({ balancers }: Network, nic: NicFact): boolean {
  const has = (members: readonly Member[]): boolean => members.some((member) => member.nic === nic);
  return (
    nic.configurations.some(({ balanced }) => balanced !== undefined) ||
    [...balancers.values()].some(({ pools }) => [...pools.values()].some(has))
  );
}

function keyOfSubnet(tables: Tables, vnet: Vnet, { fact, routes, admin, gate }: Subnet): string {
  const first = admin ? tables.of(admin.egress, {}) : '';
  const parts = [
    keyOf(vnet.fact.id),
    tables.of(routes, {}),
    first,
    keyOfGate(tables, gate),
    ...outbound(fact),
  ];
  return parts.join('|');
}

/** How a subnet gets out. With service endpoints it shows its own identity. */
function outbound(fact: SubnetFact): readonly string[] {
  const shown = fact.serviceEndpoints.length > 0 ? keyOf(fact.id) : '';
  return [fact.natGateway ?? '', String(fact.defaultOutbound), shown];
}

/** What a gate does to packets on their way out. What it lets in does not matter to where they come from. */
function keyOfGate(tables: Tables, gate: CompiledGate | undefined): string {
  return gate ? `${tables.of(gate.egress, {})},${tables.of(gate.platform, {})}` : '';
}
