/**
 * Where a packet lands inside a virtual network: at a machine, or at a private endpoint.
 *
 * @module
 */

import { type Intervals, union } from '../lib/intervals.ts';
import { formatIp, intervalOf } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { hasHiddenAddresses } from './azure.ts';
import { distribute } from './balance.ts';
import type { SubnetFact } from './facts.ts';
import { ingress, ingressAtEndpoint } from './filter.ts';
import { crossPeering } from './forward.ts';
import type { Landing, Passage } from './landing.ts';
import type { Network, Vnet } from './model.ts';
import { type Position, positionAt, subnetOf } from './position.ts';
import type { Packet, Recorder } from './trace.ts';

/** The packet reached the network of its destination. */
export function arrive(
  network: Network,
  from: Position,
  there: Vnet,
  packet: Packet,
  over: Passage,
  rec: Recorder,
): Landing | undefined {
  const attached = rec.find(there.attachments, packet.destination);
  const target = attached && positionAt(network, attached.nic, attached.configuration);
  if (!target) {
    nothingHas(network, there, packet, rec);
    return undefined;
  }
  if (target.nic?.endpoint !== undefined) {
    return landAtEndpoint(network, target.nic.endpoint, packet, over, rec);
  }
  const balancer = target.nic?.runs === 'balancer' ? network.balancers.get(keyOf(target.nic.id)) : undefined;
  if (balancer) return distribute(network, balancer, from, packet, over, rec);
  if (target.nic !== from.nic || target.nic === undefined) ingress(target, packet, rec);
  return { kind: 'machine', at: target, over };
}

/** The packet took the route that a private endpoint announces, here and into peered networks. */
export function arriveAtEndpoint(
  network: Network,
  from: Position,
  id: string,
  packet: Packet,
  over: Passage,
  rec: Recorder,
): Landing | undefined {
  const endpoint = network.endpoints.get(keyOf(id));
  const home = endpoint && network.subnets.get(keyOf(endpoint.subnet))?.vnet;
  if (home && home !== from.vnet && !crossPeering(network, from.vnet, home.fact.id, packet.source, rec)) {
    return undefined;
  }
  return landAtEndpoint(network, id, packet, over, rec);
}

/** Gates apply to a private endpoint only where its subnet's network policies say so (N-9). */
function landAtEndpoint(
  network: Network,
  id: string,
  packet: Packet,
  over: Passage,
  rec: Recorder,
): Landing | undefined {
  const endpoint = network.endpoints.get(keyOf(id));
  const found = endpoint && network.subnets.get(keyOf(endpoint.subnet));
  if (!endpoint || !found) {
    const by = { resource: id, rule: 'subnet' };
    rec.stop('nothing-listening', 'endpoint', by, `private endpoint ${nameOf(id)} has no subnet`);
    return undefined;
  }
  if (found.subnet.fact.endpointPolicies.gates) {
    const at = { ...found, nic: undefined, configuration: undefined, address: packet.destination };
    ingressAtEndpoint(at, packet, rec);
  }
  return { kind: 'private-endpoint', endpoint, source: packet.source, over };
}

const spaces = new WeakMap<SubnetFact, Intervals>();

function spaceOf(subnet: SubnetFact): Intervals {
  let space = spaces.get(subnet);
  if (!space) {
    space = union(subnet.prefixes.map(intervalOf));
    spaces.set(subnet, space);
  }
  return space;
}

/** No interface has the address; a resource that is only stored may. */
function nothingHas(network: Network, there: Vnet, packet: Packet, rec: Recorder): void {
  const by = { resource: there.fact.id, rule: 'addresses' };
  const address = formatIp(packet.destination);
  const hidden = [...network.opaque.values()].find(hasHiddenAddresses);
  if (hidden) {
    const says = `${address} may belong to ${nameOf(hidden.id)}, which is only stored`;
    rec.stop('unknown', 'listener', by, says);
    return;
  }
  const node = [...network.workloads.values()].find((workload) => {
    const home = there.subnets.find(
      ({ fact }) => keyOf(fact.id) === keyOf(subnetOf(network, workload) ?? ''),
    );
    return home !== undefined && rec.isIn(spaceOf(home.fact), packet.destination);
  });
  if (node) {
    rec.stop('unknown', 'listener', by, `${address} may be a machine of ${node.place}`);
    return;
  }
  const says = `nothing in ${nameOf(there.fact.id)} has the address ${address}`;
  rec.stop('nothing-listening', 'listener', by, says);
}
