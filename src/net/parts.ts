/**
 * Everything that one virtual network is compiled from, by name: equal parts mean an equal result.
 *
 * @module
 */

import { type IdKey, keyOf } from '../lib/key.ts';
import type { AdminRules } from './admin-rules.ts';
import type { EndpointFact, NicFact, PeeringFact, SubnetFact, VnetFact } from './facts.ts';
import { type Gateway, gatewaysFor } from './gateways.ts';
import { type Gathered, isOpen } from './gather.ts';

/** Everything that one virtual network is compiled from. */
export interface FactsOfVnet {
  readonly vnet: VnetFact;
  readonly subnets: readonly SubnetFact[];
  /** Network interfaces of each subnet, in the order of the subnets. */
  readonly nics: readonly (readonly NicFact[])[];
  readonly peers: readonly { readonly peering: PeeringFact; readonly vnet: VnetFact }[];
  /** Peerings that are open to networks which the estate does not have. */
  readonly strangers: readonly PeeringFact[];
  /** Gateways whose routes are learned here. */
  readonly gateways: readonly Gateway[];
  /** Private endpoints here and in connected peers: their addresses are routes here. */
  readonly endpoints: readonly (readonly EndpointFact[])[];
  /** Admin rules that were committed for this network. */
  readonly admin: AdminRules | undefined;
  /** What every subnet's routes depend on, flat: equal items mean equal routes, but for the subnet's own table. */
  readonly surroundings: readonly unknown[];
  /** All of it, flat: equal items mean an equal result. */
  readonly inputs: readonly unknown[];
}

const empty: readonly never[] = [];

/** Divides the facts by virtual network. */
export function* byVnet(
  all: Gathered,
  gateways: ReadonlyMap<IdKey, Gateway>,
  admin: ReadonlyMap<IdKey, AdminRules>,
): Generator<FactsOfVnet> {
  for (const [key, vnet] of all.vnets) {
    const subnets = all.subnetsByVnet.get(key) ?? empty;
    const nics = subnets.map((subnet) => all.nicsBySubnet.get(keyOf(subnet.id)) ?? empty);
    const peerings = all.peeringsByVnet.get(key) ?? empty;
    const remotes = peerings.map((peering) => all.vnets.get(keyOf(peering.remote)));
    const peers = peerings.flatMap((peering, at) => {
      const remote = remotes[at];
      return remote ? [{ peering, vnet: remote }] : [];
    });
    const near = [key, ...peers.filter((peer) => isOpen(peer.peering)).map((peer) => keyOf(peer.vnet.id))];
    const endpoints = near.map((id) => all.endpointsByVnet.get(id) ?? empty);
    const taught = gatewaysFor(vnet.id, all, gateways);
    const surroundings = [
      vnet,
      peerings,
      ...taught,
      ...remotes,
      ...endpoints,
      ...near.map((id) => all.homesByVnet.get(id)),
    ];
    const gates = new Set([...keysOfGates(subnets), ...nics.flatMap(keysOfGates)]);
    const tables = new Set(subnets.flatMap(({ routes }) => (routes === undefined ? [] : [keyOf(routes)])));
    yield {
      vnet,
      subnets,
      nics,
      peers,
      strangers: peerings.filter((peering, at) => isOpen(peering) && !remotes[at]),
      endpoints,
      gateways: taught,
      admin: admin.get(key),
      surroundings,
      inputs: [
        ...surroundings,
        admin.get(key),
        subnets,
        ...nics,
        ...[...gates].flatMap((id) => [all.gates.get(id), all.gateRules.get(id)]),
        ...[...tables].flatMap((id) => [all.tables.get(id), all.routes.get(id)]),
      ],
    };
  }
}

const gatesOfLists = new WeakMap<readonly object[], readonly IdKey[]>();

/** Gates that subnets or network interfaces name. Remembered a list: most lists live through most changes. */
function keysOfGates(list: readonly { readonly gate: string | undefined }[]): readonly IdKey[] {
  let keys = gatesOfLists.get(list);
  if (!keys) {
    keys = [...new Set(list.flatMap(({ gate }) => (gate === undefined ? [] : [keyOf(gate)])))];
    gatesOfLists.set(list, keys);
  }
  return keys;
}
