/**
 * Load balancers. What comes from the internet for a public frontend is translated where it comes in. For private ones
 * there is a wire of the router to itself: what is for a frontend passes the sender's gates under the frontend's address,
 * goes out at one end, and comes back at the other under a machine's, to pass that machine's gates.
 *
 * @module
 */

import type { Ip } from '../../lib/ip.ts';
import { keyOf, nameOf } from '../../lib/key.ts';
import { wellOf } from '../../net/backends.ts';
import type { Balancer } from '../../net/balancers.ts';
import { isFiltered } from '../../net/filter.ts';
import type { Network, Vnet } from '../../net/model.ts';
import type { Position } from '../../net/position.ts';
import { Recorder } from '../../net/trace.ts';
import type { Spreader } from './model.ts';
import { endsOf } from './passages.ts';
import type { Ending, Rules } from './ruleset.ts';
import { address, type Ids, type Line, line, type Word } from './words.ts';

/** The load balancers of a network: where their private frontends are, or else the machines behind them. */
export function spreadersOf(network: Network, vnet: Vnet, ids: Ids): readonly Spreader[] {
  return [...network.balancers.values()].flatMap((balancer): Spreader[] => {
    if (homeOf(network, balancer) !== vnet) return [];
    const { id, frontends } = balancer.fact;
    const shown = [...network.publicFrontends].flatMap(([ip, own]) => (own === balancer ? [ip] : []));
    const inside = frontends.flatMap(({ address: ip, publicAddress }) =>
      ip === undefined || publicAddress !== undefined ? [] : [ip],
    );
    const wire = { out: ids.of('l', keyOf(id)), back: ids.of('l', `${keyOf(id)} back`) };
    return [{ about: id, balancer, wire: inside.length > 0 ? wire : undefined, inside, shown }];
  });
}

/** The network that a load balancer stands in. */
export function homeOf(network: Network, balancer: Balancer): Vnet | undefined {
  const members = [...balancer.rules.values()].flatMap((spread) => spread.members);
  const [subnet] = [
    ...(network.nics.get(keyOf(balancer.fact.id))?.configurations ?? []),
    ...members.map(({ configuration }) => configuration),
  ].map((configuration) => configuration.subnet);
  const found = subnet === undefined ? undefined : network.subnets.get(keyOf(subnet));
  return found?.vnet ?? [...network.vnets.values()][0];
}

/** Returns the chain that asks which machine a packet at a frontend is for, and ends what no rule takes. */
export function spreadOf({ about, balancer, shown }: Spreader, network: Network, rules: Rules): Word {
  const { inbound, rules: spreads, fact } = balancer;
  const taken = inbound.flatMap((row, at): Line[] => {
    const match = rules.match(row.match);
    const spread = spreads.get(row.action.rule);
    if (match === undefined || !spread) return [];
    const rec = new Recorder();
    const members = wellOf(network, spread, row.by, rec);
    if (!members) return endsOf(rec, rules).map((end) => line`${match}${end}`);
    const open = row.match.destination?.some(([low]) => shown.includes(low as Ip)) === true;
    const chains = members.map((member) => {
      const lines =
        open && fact.standard && !isFiltered(member)
          ? [rules.end(closedTo(member))]
          : translated(member, spread.rule.backendPort);
      return rules.chain(rules.id(`${about} ${at} ${member.address}`), nameOf(member.nic?.id ?? ''), lines);
    });
    return [line`${match}${oneOf(chains)}`];
  });
  const none = { resource: about, rule: 'loadBalancingRules' };
  return rules.chain(rules.id(`${about} spread`), `behind ${nameOf(about)}`, [
    ...taken,
    rules.end({ stage: 'forward', disposition: 'nothing-listening', by: none }),
  ]);
}

/** A standard one lets nothing in from the internet to a machine that no group opens. */
function closedTo({ subnet }: Position): Ending {
  const by = { resource: subnet.fact.id, rule: 'networkSecurityGroup' };
  return { stage: 'ingress', disposition: 'dropped-by-gate', by };
}

/** Flows are spread by their source; one stays where it is. */
function oneOf(chains: readonly Word[]): Line {
  const [only] = chains;
  if (only !== undefined && chains.length === 1) return line`goto ${only}`;
  const each = chains.map((chain, at) => `${at} : goto ${chain}`).join(', ') as Line;
  return line`jhash ip saddr . th sport mod ${chains.length} seed 1 vmap { ${each} }`;
}

function translated({ address: ip }: Position, port: number | undefined): Line[] {
  if (port === undefined) return [line`dnat to ${address(ip)}`];
  return [
    line`meta l4proto tcp dnat to ${address(ip)}:${port}`,
    line`meta l4proto udp dnat to ${address(ip)}:${port}`,
  ];
}
