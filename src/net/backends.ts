/**
 * Who stands behind a load balancer: the machines that it takes for well, and appliances that pass packets on
 * (docs/semantics/load-balancers.md).
 *
 * @module
 */

import { formatIp } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { azureDns } from './azure.ts';
import type { Balancer, Spread, Taken } from './balancers.ts';
import { ingress, pointOf } from './filter.ts';
import type { Network } from './model.ts';
import { type Position, positionAt } from './position.ts';
import type { Decision, Source } from './table.ts';
import type { Packet, Recorder } from './trace.ts';

/** The next hop itself, or the appliance behind it where it is a load balancer. */
export function hopBehind(
  network: Network,
  hop: Position,
  packet: Packet,
  rec: Recorder,
): Position | undefined {
  const balancer = hop.nic?.runs === 'balancer' ? network.balancers.get(keyOf(hop.nic.id)) : undefined;
  // What is addressed to the load balancer itself is not for an appliance.
  if (!balancer || rec.isIn([[hop.address, hop.address]], packet.destination)) return hop;
  return applianceBehind(network, balancer, hop, packet, rec);
}

/**
 * The appliance behind a load balancer that a route names as its next hop. It stands there with the frontend's address,
 * which is what the routes of replies name, too.
 */
function applianceBehind(
  network: Network,
  balancer: Balancer,
  frontend: Position,
  packet: Packet,
  rec: Recorder,
): Position | undefined {
  const { id } = balancer.fact;
  const { taken, decision } = askBalancer(balancer, { ...packet, destination: frontend.address }, rec);
  if (decision.kind !== 'row' || !taken) {
    const by = { resource: id, rule: 'loadBalancingRules' };
    const says = `${nameOf(id)} has no rule that takes packets for others at ${formatIp(frontend.address)}`;
    rec.stop('nothing-listening', 'forward', by, says, {
      resource: id,
      property: 'properties.loadBalancingRules',
      is: 'no rule for all ports',
      needs: 'a rule for all protocols and port 0',
    });
    return undefined;
  }
  const { by } = decision.row;
  const members = wellOf(network, taken, by, rec);
  const [first] = members ?? [];
  if (!members || !first) return undefined;
  const alike = members.every(
    ({ subnet, nic }) =>
      subnet === first.subnet && nic?.gate === first.nic?.gate && nic?.forwarding === first.nic?.forwarding,
  );
  if (!alike) {
    rec.stop('unknown', 'forward', by, `which appliance ${nameOf(id)} picks decides, and they differ`);
    return undefined;
  }
  if (members.length > 1) rec.assume('a-flow-stays-at-one-appliance');
  rec.pass('forward', by, `${nameOf(id)} hands it to ${formatIp(first.address)}`);
  return { ...first, address: frontend.address };
}

/** The rule of a load balancer that takes a packet at a frontend. */
export function askBalancer(
  balancer: Balancer,
  packet: Packet,
  rec: Recorder,
): { readonly decision: Decision<Taken>; readonly taken: Spread | undefined } {
  const decision = rec.decide(balancer.inbound, pointOf(packet), (a, b) => a.rule === b.rule);
  const taken = decision.kind === 'row' ? balancer.rules.get(decision.row.action.rule) : undefined;
  return { decision, taken };
}

/** The machines that packets may be handed to; undefined where there are none, and the recorder was told. */
export function wellOf(
  network: Network,
  { rule, members }: Spread,
  by: Source,
  rec: Recorder,
): readonly Position[] | undefined {
  const all = members.flatMap(({ nic, configuration }) => positionAt(network, nic, configuration) ?? []);
  if (all.length === 0) {
    const says = `no machine of the estate is behind ${by.rule} of ${nameOf(by.resource)}`;
    const property = `properties.${by.rule}`;
    const hidden = [...network.opaque.values()].find(({ type }) => fillsPools.has(type.toLowerCase()));
    if (hidden) {
      rec.stop('unknown', 'forward', by, `${says}; ${nameOf(hidden.id)}, which is only stored, may be`);
      return undefined;
    }
    rec.stop('nothing-listening', 'forward', by, says, {
      resource: by.resource,
      property,
      is: 'a pool without machines',
      needs: 'an interface that names the pool',
    });
    return undefined;
  }
  const { probe } = rule;
  if (probe === undefined) return all;
  const probed = all.map((member) => {
    const attempt = rec.attempt();
    const question = { source: azureDns, destination: member.address, protocol: 'tcp', port: probe } as const;
    ingress(member, question, attempt);
    return { member, attempt };
  });
  const well = probed.filter(({ attempt }) => attempt.disposition === undefined);
  const unsure = probed.find(({ attempt }) => attempt.disposition === 'unknown');
  if (unsure) {
    const why = unsure.attempt.steps.at(-1)?.says ?? '';
    rec.stop(
      'unknown',
      'forward',
      by,
      `cannot say whether ${formatIp(unsure.member.address)} is well: ${why}`,
    );
    return undefined;
  }
  if (well.length === 0) {
    const [first] = probed;
    const why = first?.attempt.steps.at(-1)?.says ?? '';
    const says = `${nameOf(by.resource)} takes no machine for well: ${why}`;
    rec.stop('nothing-listening', 'forward', by, says, ...(first?.attempt.blockers ?? []));
    return undefined;
  }
  rec.assume('a-probed-machine-is-well');
  return well.map(({ member }) => member);
}

/** Stored types that put machines into pools without saying which. */
const fillsPools: ReadonlySet<string> = new Set([
  'microsoft.compute/virtualmachinescalesets',
  'microsoft.containerservice/managedclusters',
  'microsoft.machinelearningservices/workspaces/computes',
]);
