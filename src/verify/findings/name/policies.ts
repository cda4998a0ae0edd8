/**
 * Policies that are to write zone groups, and cannot (docs/semantics/policies.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { EndpointFact, PolicyText, ZonePolicy } from '../../../net/facts.ts';
import { looksFor } from '../../../net/policies.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { zoneOf } from '../../names.ts';
import { governed } from '../../policies.ts';
import { groupsOf } from '../../private-link.ts';
import type { Repair } from '../../repair.ts';

/** A policy looks for what no private endpoint is, names zones that are not there, or acts as nobody. */
export function* ineffective(model: Model): Generator<Fault> {
  const told = new Set<string>();
  for (const { policy, endpoint } of governed(model)) {
    const faults = looksFor(policy, endpoint)
      ? [...withoutZones(model, policy, endpoint), ...asNobody(policy, endpoint)]
      : passingBy(model, policy, endpoint);
    for (const fault of faults) {
      const key = `${keyOf(fault.subject)} ${fault.at}`;
      if (!told.has(key)) yield fault;
      told.add(key);
    }
  }
}

/** The same name in another subscription may be there, outside the estate; all zeros are nobody's. */
const placeholder = /^\/subscriptions\/0{8}-/i;

/** Reports whether a zone that a policy names is nowhere. */
function isNowhere(model: Model, zone: string, endpoint: EndpointFact): boolean {
  if (zoneOf(model, zone)) return false;
  return (
    placeholder.test(zone) ||
    subscriptionOf(zone) === subscriptionOf(endpoint.id) ||
    subscriptionOf(zone) === ''
  );
}

function subscriptionOf(id: string): string {
  return /^\/subscriptions\/([^/]+)\/resourceGroups\/[^/]+\/providers\//i.exec(id)?.[1]?.toLowerCase() ?? '';
}

function* withoutZones(model: Model, policy: ZonePolicy, endpoint: EndpointFact): Generator<Fault> {
  for (const zone of policy.zones) {
    if (!isNowhere(model, zone.text, endpoint)) continue;
    const name = nameOf(zone.text).toLowerCase();
    const there = [...model.network.zones.values()].flat().filter((known) => known.name === name);
    yield {
      ...faultOf(policy, zone, endpoint),
      says: `${nameOf(policy.assignment.id)} is to write ${nameOf(endpoint.id)} into ${zone.text}, which does not exist`,
      nearMiss: there[0]?.id,
      blockers: [blocker(zone, there[0]?.id ?? 'the id of a zone that exists')],
      repairs: there.map(({ id }) => saying(zone, id)),
    };
  }
}

/** It writes the zone that the endpoint needs, and looks for a sub-resource that no such target has. */
function* passingBy(model: Model, policy: ZonePolicy, endpoint: EndpointFact): Generator<Fault> {
  const groups = groupsOf(model, endpoint.target);
  const needed = groups.find(({ id }) => id === endpoint.group)?.zones ?? [];
  const meant = policy.zones.some(({ text }) => needed.some((zone) => zone === nameOf(text).toLowerCase()));
  const real = policy.groups.some(({ text }) =>
    groups.some(({ id }) => id.toLowerCase() === text.toLowerCase()),
  );
  const [word] = policy.groups;
  if (!meant || real || !word) return;
  yield {
    ...faultOf(policy, word, endpoint),
    says: `${nameOf(policy.assignment.id)} looks for private endpoints of ${word.text}; ${nameOf(endpoint.id)} is one of ${endpoint.group}, and its target has no ${word.text}`,
    nearMiss: endpoint.group,
    blockers: [blocker(word, endpoint.group)],
    repairs: [saying(word, endpoint.group)],
  };
}

/** The effect deploys as the identity of the assignment. */
function* asNobody({ assignment, principal }: ZonePolicy, endpoint: EndpointFact): Generator<Fault> {
  if (principal !== undefined) return;
  yield {
    subject: assignment.id,
    at: 'identity',
    says: `${nameOf(assignment.id)} has no identity to write the zone group of ${nameOf(endpoint.id)} as`,
    concerns: [endpoint.id],
    blockers: [{ resource: assignment.id, property: 'identity', is: 'none', needs: 'SystemAssigned' }],
  };
}

function faultOf(
  { assignment }: ZonePolicy,
  { resource, at }: PolicyText,
  endpoint: EndpointFact,
): Pick<Fault, 'subject' | 'at' | 'concerns'> {
  return { subject: resource, at: at.slice(1).join('.'), concerns: [assignment.id, endpoint.id] };
}

function blocker({ text, resource, at }: PolicyText, needs: string): NonNullable<Fault['blockers']>[number] {
  return { resource, property: at.join('.'), is: text, needs };
}

function saying({ resource, at }: PolicyText, value: string): Repair {
  return { says: `say ${nameOf(value)} there`, edits: [{ kind: 'set', resource, property: at, value }] };
}
