/**
 * Effective routes and effective security rules of a network interface.
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import { sameId } from '../../../arm/id.ts';
import type { Action } from '../../../arm/provider.ts';
import type { Read, Resource } from '../../../arm/resource.ts';
import type { Intervals } from '../../../lib/intervals.ts';
import { formatPrefix } from '../../../lib/ip.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { keyOf } from '../../../lib/key.ts';
import { anyPort, protocolNumbers } from '../../../lib/ports.ts';
import {
  type EffectiveRoute,
  type EffectiveRule,
  effectiveRoutes,
  effectiveRules,
  type Meant,
} from '../../../net/effective.ts';
import type { AddressSpec } from '../../../net/facts.ts';
import type { CompiledGate } from '../../../net/gates.ts';
import type { Network } from '../../../net/model.ts';
import { type Position, positionAt } from '../../../net/position.ts';
import { prefixesOf } from '../../../net/routes.ts';
import { fromNetwork } from '../../define.ts';
import { undecided } from './subject.ts';
import { hopAddress, hopType, nameOfRule } from './words.ts';

export const effectiveRouteTable: Action = {
  right: 'effectiveRouteTable/action',
  run: ({ resource: nic }, read) => {
    checkAttached(nic, read);
    return fromNetwork((network) => {
      const { subnet } = spotOfInterface(network, nic.id);
      const routes = effectiveRoutes(network, subnet);
      if ('missing' in routes) throw undecided('the effective routes', routes.missing.join('; '));
      const table =
        subnet.fact.routes === undefined ? undefined : network.routeTables.get(keyOf(subnet.fact.routes));
      return { value: routes.map((route) => routeBody(route, table?.propagates === false)) };
    });
  },
};

export const effectiveNetworkSecurityGroups: Action = {
  right: 'effectiveNetworkSecurityGroups/action',
  run: ({ resource: nic }, read) => {
    checkAttached(nic, read);
    return fromNetwork((network) => ({
      value: groupsAt(spotOfInterface(network, nic.id)).map(({ gate, association }) => ({
        networkSecurityGroup: { id: gate.id },
        association,
        effectiveSecurityRules: rulesOf(network, gate),
      })),
    }));
  },
};

/** Azure answers for machines that run, and every machine here runs. */
function checkAttached(nic: Resource, read: Read): void {
  const users = read.referencing(nic.id);
  if (users.some(({ type }) => sameId(type, 'Microsoft.Compute/virtualMachines'))) return;
  throw new ArmError(
    'BadRequest',
    `Network interface ${nic.id} must be attached to a running virtual machine for this operation.`,
  );
}

/** Where an interface stands: at its first address. */
export function spotOfInterface(network: Network, id: string): Position {
  const nic = network.nics.get(keyOf(id));
  const spot = nic?.configurations[0] && positionAt(network, nic, nic.configurations[0]);
  if (spot) return spot;
  throw new ArmError('InvalidParameter', `Network interface ${id} has no address in a subnet of the estate.`);
}

/** The groups that apply at a spot, and why each of them does. */
export function groupsAt({ nic, subnet }: Position): { gate: CompiledGate; association: JsonObject }[] {
  const own = nic?.gate === undefined ? undefined : subnet.nicGates.get(keyOf(nic.gate));
  return [
    ...(own ? [{ gate: own, association: { networkInterface: { id: nic?.id } } }] : []),
    ...(subnet.gate ? [{ gate: subnet.gate, association: { subnet: { id: subnet.fact.id } } }] : []),
  ];
}

/** `effectiveSecurityRules` of one group. */
export function rulesOf(network: Network, gate: CompiledGate): JsonObject[] {
  const rules = effectiveRules(network, gate);
  if ('missing' in rules) throw undecided('the effective rules', rules.missing.join('; '));
  return rules.map(ruleBody);
}

const sources = { user: 'User', gateway: 'VirtualNetworkGateway', system: 'Default' } as const;

function routeBody(
  { row, prefixes, origin, overridden }: EffectiveRoute,
  propagationIsOff: boolean,
): JsonObject {
  const address = hopAddress(row.action);
  const type = hopType(row.action);
  return {
    ...(origin === 'user' ? { name: row.by.rule } : {}),
    source: sources[origin],
    state: overridden ? 'Invalid' : 'Active',
    addressPrefix: prefixes.map(formatPrefix),
    nextHopType: type === 'VnetPeering' ? 'VNetPeering' : type,
    nextHopIpAddress: address === undefined ? [] : [address],
    disableBgpRoutePropagation: propagationIsOff,
  };
}

function ruleBody({ rule, builtIn, source, destination }: EffectiveRule): JsonObject {
  return {
    name: nameOfRule(rule.name, builtIn),
    protocol: protocolWord(rule.protocol),
    ...range('sourcePort', rule.sourcePorts),
    ...range('destinationPort', rule.ports),
    ...side('source', rule.source, source),
    ...side('destination', rule.destination, destination),
    access: rule.access,
    priority: rule.priority,
    direction: rule.direction,
  };
}

function protocolWord(protocol: Intervals | undefined): string {
  const number = protocol?.[0]?.[0];
  const [word] = Object.entries(protocolNumbers).find(([, known]) => known === number) ?? [];
  return word === undefined ? 'All' : `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

function range(name: 'sourcePort' | 'destinationPort', ports: Intervals): JsonObject {
  const texts = (ports.length === 0 ? anyPort : ports).map(([low, high]) => `${low}-${high}`);
  return { [`${name}Range`]: texts[0], [`${name}Ranges`]: texts };
}

/** A side as it was written and, where words stand for addresses, which those are. A tag without addresses stays as it is. */
function side(name: 'source' | 'destination', spec: AddressSpec, meant: Meant): JsonObject {
  const written = spec.any ? ['0.0.0.0/0'] : [...spec.prefixes.map(formatPrefix), ...spec.tags];
  const symbolic = !spec.any && spec.tags.length + spec.groups.length > 0;
  const known = (meant.addresses ?? []).flatMap(prefixesOf).map(formatPrefix);
  const expanded = name === 'source' ? 'expandedSourceAddressPrefix' : 'expandedDestinationAddressPrefix';
  return {
    ...(written[0] === undefined ? {} : { [`${name}AddressPrefix`]: written[0] }),
    [`${name}AddressPrefixes`]: written,
    ...(symbolic ? { [expanded]: [...known, ...(meant.incomplete ? spec.tags : [])] } : {}),
  };
}
