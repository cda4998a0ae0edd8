/**
 * A packet at a load balancer's frontend: on to one of the machines behind it, which sees the client itself
 * (docs/semantics/load-balancers.md). Which machine is picked nobody knows beforehand: where they differ, neither is
 * the answer.
 *
 * @module
 */

import { formatIp } from '../lib/ip.ts';
import { nameOf } from '../lib/key.ts';
import { wayBack } from './back.ts';
import { askBalancer, wellOf } from './backends.ts';
import type { Balancer } from './balancers.ts';
import { ingress, isFiltered } from './filter.ts';
import type { Landing, Passage } from './landing.ts';
import type { Network } from './model.ts';
import type { Position } from './position.ts';
import type { Packet, Recorder } from './trace.ts';

/** Hands a packet to a machine behind a load balancer. `from`: who sent it, where that is in the network. */
export function distribute(
  network: Network,
  balancer: Balancer,
  from: Position | undefined,
  packet: Packet,
  over: Passage,
  rec: Recorder,
): Landing | undefined {
  const { id, standard } = balancer.fact;
  const name = nameOf(id);
  const at = formatIp(packet.destination);
  const { taken, decision } = askBalancer(balancer, packet, rec);
  if (decision.kind !== 'row' || !taken) {
    const asked = `${packet.protocol} ${packet.port}`;
    const by = { resource: id, rule: 'loadBalancingRules' };
    rec.stop('nothing-listening', 'forward', by, `${name} has no rule for ${asked} at ${at}`, {
      resource: id,
      property: 'properties.loadBalancingRules',
      is: 'no rule takes it',
      needs: `a rule for ${asked} at ${at}`,
    });
    return undefined;
  }
  const { by } = decision.row;
  const inner = (member: Position): Packet => ({
    ...packet,
    destination: member.address,
    port: taken.rule.backendPort ?? packet.port,
  });
  const closed = standard && over.public;
  const members = wellOf(network, taken, by, rec);
  if (!members) return undefined;
  const ends = new Set(
    members.map((member) => {
      const attempt = rec.attempt();
      enter(member, inner(member), closed, from, attempt);
      wayBack(network, from, { kind: 'machine', at: member, over }, packet, attempt);
      return attempt.disposition ?? 'delivered';
    }),
  );
  const [member] = members;
  if (!member) return undefined;
  if (ends.size > 1) {
    const says = `which machine ${name} picks decides: it ends as ${[...ends].join(' or ')}`;
    rec.stop('unknown', 'forward', by, says);
    return undefined;
  }
  const others = members.length === 1 ? '' : `, or ${members.length - 1} more`;
  rec.pass('forward', by, `${name} hands it to ${formatIp(member.address)}${others}`);
  enter(member, inner(member), closed, from, rec);
  return { kind: 'machine', at: member, over };
}

/** At a machine behind it: its groups see the client, and the machine's own address and port. */
function enter(
  member: Position,
  packet: Packet,
  closed: boolean,
  from: Position | undefined,
  rec: Recorder,
): void {
  if (from !== undefined && from.nic === member.nic) {
    const by = { resource: member.nic?.id ?? '', rule: 'reply' };
    const says = `${formatIp(member.address)} would get its own packet, and answer itself past the load balancer`;
    rec.stop('no-return-path', 'return', by, says);
    return;
  }
  if (closed && !isFiltered(member)) {
    const { id } = member.subnet.fact;
    const says = `a standard load balancer lets nothing in from the internet to ${formatIp(member.address)}, which no security group opens`;
    rec.stop('dropped-by-gate', 'ingress', { resource: id, rule: 'networkSecurityGroup' }, says, {
      resource: id,
      property: 'properties.networkSecurityGroup',
      is: 'absent',
      needs: `a security group that allows ${packet.protocol} ${packet.port}`,
    });
    return;
  }
  ingress(member, packet, rec);
}
