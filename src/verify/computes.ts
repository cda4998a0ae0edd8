/**
 * Computes as checks look at them: where they stand, and how the service talks to them.
 *
 * @module
 */

import { has } from '../lib/intervals.ts';
import { keyOf } from '../lib/key.ts';
import type { ComputeFact } from '../net/declared/compute.ts';
import type { Subnet, Vnet } from '../net/model.ts';
import type { Place } from '../net/position.ts';
import type { Model } from './model.ts';

/** A compute instance or cluster in a subnet of the estate. */
export interface Placed {
  readonly fact: ComputeFact;
  readonly vnet: Vnet;
  readonly subnet: Subnet;
  /** The subnet as a place: from there, and with such an address, it sends. */
  readonly from: Place;
  /** It has a public address, at which the service calls. */
  readonly shown: boolean;
  /** Its nodes are managed the way they were until 2022: the service of Batch calls each. */
  readonly classic: boolean;
}

const managed = ['computeinstance', 'amlcompute'];
/** From this API version on, nodes call the service and not the other way round. */
const simplified = '2022-05-01';
const classicPort = 29_876;

/** Computes that the service makes in a subnet of the estate. */
export function placedComputes(model: Model): readonly Placed[] {
  const { declared, subnets, gateRules } = model.network;
  const places = new Map(
    model.names
      .places()
      .flatMap((place) => (place.kind === 'subnet' ? [[keyOf(place.subnet), place] as const] : [])),
  );
  return declared.of('compute').flatMap((fact): Placed[] => {
    const key = keyOf(fact.subnet ?? '');
    const [home, from] = [subnets.get(key), places.get(key)];
    if (!home || !from || !managed.includes(fact.type.toLowerCase())) return [];
    const version = declared.of('written').find(({ id }) => keyOf(id) === keyOf(fact.id))?.apiVersion;
    const rules = gateRules.get(keyOf(home.subnet.fact.gate ?? '')) ?? [];
    const shown = fact.publicIp !== false;
    const calls = rules.some(
      ({ rule }) =>
        rule.direction === 'Inbound' &&
        rule.access === 'Allow' &&
        has(rule.ports, classicPort) &&
        rule.source.tags.some((tag) => tag.toLowerCase().startsWith('batchnodemanagement')),
    );
    const classic = shown && (calls || (version !== undefined && version < simplified));
    return [{ fact, ...home, from, shown, classic }];
  });
}
