/**
 * Which part of the drawing a finding is about: the boxes that its flow passes, and where it ends.
 *
 * @module
 */

import { keyOf } from '../../lib/key.ts';
import type { Network } from '../../net/model.ts';
import { Names } from '../../net/places.ts';
import type { Place } from '../../net/position.ts';
import type { Finding } from '../verify.ts';
import { type Box, boxOf, type NetworkMap } from './map.ts';

/** One finding on the drawing. */
export interface Path {
  /** Boxes that the flow comes through, in order. */
  readonly passed: readonly Box[];
  /** Where it wants to go and does not come. */
  readonly missed: Box | undefined;
  /** It ends where it should not: at the last box that it passed. */
  readonly stopped: boolean;
  /** Everything that is to be seen of it: the boxes above, those around them, and what is to be changed. */
  readonly lit: ReadonlySet<string>;
}

/** Follows findings through the drawing, in their order. */
export function pathsOf(network: Network, map: NetworkMap, findings: readonly Finding[]): readonly Path[] {
  const names = new Names(network);
  const box = (id: string): Box | undefined => boxOf(network, map, id);
  return findings.map(({ subject, trace, blockers }) => {
    const about = [subject, ...blockers.map(({ resource }) => resource)].flatMap((id) => box(id) ?? []);
    if (!trace) return { passed: [], missed: undefined, stopped: false, lit: litBy(map, about) };
    const place = names.place(trace.from);
    const start = place.ok ? startOf(network, map, place.value) : undefined;
    // To ask for a name is not to travel.
    const travelled = trace.steps.filter(({ stage }) => stage !== 'name');
    const steps = travelled.flatMap(({ resource }) => box(resource) ?? []).filter(isStop);
    const passed = [...(start ? [start] : []), ...steps].filter(
      (item, at, all) => at === 0 || item.id !== all[at - 1]?.id,
    );
    const end = targetOf(network, names, trace.to);
    const target = end === undefined ? undefined : box(end);
    const arrived = trace.disposition === 'delivered' || passed.at(-1)?.id === target?.id;
    const whole = arrived && target && passed.at(-1)?.id !== target.id ? [...passed, target] : passed;
    return {
      passed: whole,
      missed: arrived ? undefined : target,
      stopped: trace.disposition !== 'delivered',
      lit: litBy(map, [...about, ...whole, ...(target ? [target] : [])]),
    };
  });
}

/** A flow goes from thing to thing; networks and subnets are around them. */
function isStop({ kind }: Box): boolean {
  return kind !== 'network' && kind !== 'subnet';
}

function startOf(network: Network, map: NetworkMap, place: Place): Box | undefined {
  switch (place.kind) {
    case 'internet':
    case 'site':
      return map.boxes.find(
        ({ id }) => id === place.label || id === (place.kind === 'site' ? `site/${place.site.name}` : ''),
      );
    case 'client':
      return boxOf(network, map, place.gateway);
    case 'nic':
      return boxOf(network, map, place.nic);
    case 'subnet':
      return boxOf(network, map, place.subnet);
    case 'workload':
      return boxOf(network, map, place.workload);
    case 'opaque':
      return boxOf(network, map, place.resource);
  }
}

function targetOf(network: Network, names: Names, label: string): string | undefined {
  const aim = names.target(label);
  if (!aim.ok) return undefined;
  const { target } = aim.value;
  if (target.kind === 'name') return network.servedNames.get(target.name)?.fact.id;
  const attached = [...network.vnets.values()].flatMap((vnet) => vnet.attachments.get(target.address) ?? []);
  return attached[0]?.nic.id ?? network.publicServices.get(target.address)?.[0]?.fact.id;
}

/** Boxes with those that are around them. */
function litBy(map: NetworkMap, boxes: readonly Box[]): ReadonlySet<string> {
  const around = boxes.flatMap((inner) =>
    map.boxes.filter(
      (outer) =>
        (outer.kind === 'subnet' || outer.kind === 'network') &&
        inner.id !== keyOf(outer.id) &&
        inner.x >= outer.x &&
        inner.x + inner.width <= outer.x + outer.width &&
        inner.y >= outer.y &&
        inner.y + inner.height <= outer.y + outer.height,
    ),
  );
  return new Set([...boxes, ...around].map(({ id }) => id));
}
