/**
 * Load balancers: a wire of the router to itself. What is for a frontend passes the sender's gates under the frontend's
 * address, goes out at one end, and comes back at the other under a machine's, to pass that machine's gates.
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
    const [out, back] = [ids.of('l', keyOf(id)), ids.of('l', `${keyOf(id)} back`)];
    return [{ about: id, balancer, out, back, inside, shown }];
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

/** What each end of a wire asks: whether a rule takes the packet, and which machine it is for. */
export function spreadOf(
  { about, balancer, out, back, shown }: Spreader,
  network: Network,
  rules: Rules,
): { readonly entering: Line; readonly spreading: Line } {
  const taken = balancer.inbound.flatMap((row): { readonly match: Line; readonly to: Ends }[] => {
    const match = rules.match(row.match);
    const spread = balancer.rules.get(row.action.rule);
    const open = row.match.destination?.some(([low]) => shown.includes(low as Ip)) === true;
    if (match === undefined || !spread) return [];
    const rec = new Recorder();
    const members = wellOf(network, spread, row.by, rec) ?? [];
    const port = spread.rule.backendPort;
    return [{ match, to: endsAt(members, open && balancer.fact.standard, port, rec) }];
  });
  const none = { resource: about, rule: 'loadBalancingRules' };
  const asked = rules.chain(rules.id(`${about} asked`), `at ${nameOf(about)}`, [
    ...taken.map(({ match, to }) => line`${match}${'ending' in to ? rules.end(to.ending) : line`return`}`),
    rules.end({ stage: 'forward', disposition: 'nothing-listening', by: none }),
  ]);
  const spreading = taken.flatMap(({ match, to }, at) => {
    if ('ending' in to) return [];
    const { members, port } = to;
    const key = `${about} ${at}`;
    const chains = members.map((member) =>
      rules.chain(
        rules.id(`${key} ${member.address}`),
        nameOf(member.nic?.id ?? ''),
        translated(member, port),
      ),
    );
    return [line`${match}${oneOf(chains)}`];
  });
  const spread = rules.chain(rules.id(`${about} spread`), `behind ${nameOf(about)}`, spreading);
  return { entering: line`"${out}" : jump ${asked}`, spreading: line`"${back}" : jump ${spread}` };
}

type Ends =
  | { readonly ending: Ending }
  | { readonly members: readonly Position[]; readonly port: number | undefined };

/** `closed`: it lets nothing in from the internet to machines that no group opens. */
function endsAt(
  members: readonly Position[],
  closed: boolean,
  port: number | undefined,
  { disposition, steps }: Recorder,
): Ends {
  const last = steps.at(-1);
  if (disposition !== undefined && last) {
    const { stage, resource, rule } = last;
    return { ending: { stage, disposition, by: { resource, rule } } };
  }
  const open = closed ? members.filter((member) => isFiltered(member)) : members;
  const by = { resource: members[0]?.subnet.fact.id ?? '', rule: 'networkSecurityGroup' };
  if (open.length === 0) return { ending: { stage: 'ingress', disposition: 'dropped-by-gate', by } };
  return { members: open, port };
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
