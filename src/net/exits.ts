/**
 * How machines behind a load balancer leave for the internet (docs/semantics/outbound.md).
 *
 * @module
 */

import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { protocolNumbers } from '../lib/ports.ts';
import { type Balancer, carried } from './balancers.ts';
import type { Network } from './model.ts';
import type { Position } from './position.ts';
import type { Packet, Recorder } from './trace.ts';

/** `shown`: as this address; undefined: as one of several. `lost`: the recorder was told why. `none`: no such way. */
export type Exit =
  | { readonly kind: 'shown'; readonly as: Ip | undefined }
  | { readonly kind: 'lost' | 'none' };

/** Leaves by a load balancer whose pool the place is in: by an outbound rule, or as load-balancing rules imply. */
export function exitBehind(network: Network, at: Position, packet: Packet, rec: Recorder): Exit {
  const pools = poolsOf(network, at);
  let standard: Balancer | undefined;
  for (const pool of pools) {
    const owner = pool.split('/').slice(0, -2).join('/');
    const balancer = network.balancers.get(keyOf(owner));
    if (!balancer) {
      const by = { resource: owner, rule: 'outboundRules' };
      const says = `${nameOf(at.nic?.id ?? '')} is behind ${nameOf(owner)}, which is not in the estate`;
      rec.stop('unknown', 'outbound', by, says);
      return { kind: 'lost' };
    }
    const exit =
      explicitExit(network, balancer, pool, packet, rec) ?? impliedExit(network, balancer, pool, packet, rec);
    if (exit) return exit;
    if (balancer.fact.standard) standard ??= balancer;
  }
  if (!standard) return { kind: 'none' };
  const { id } = standard.fact;
  const by = { resource: id, rule: 'outboundRules' };
  const says = `behind ${nameOf(id)} there is no default outbound access, and it has no outbound rule`;
  rec.stop('no-route', 'outbound', by, says, {
    resource: id,
    property: 'properties.outboundRules',
    is: 'absent',
    needs: 'an outbound rule, or a NAT gateway at the subnet',
  });
  return { kind: 'lost' };
}

/** Pools that the interface names, and those that list its address. */
function poolsOf(network: Network, { nic, configuration, address }: Position): readonly string[] {
  if (!nic) return [];
  const named = (configuration?.balanced ?? []).filter((id) => /\/backendAddressPools\//i.test(id));
  const known = new Set(named.map(keyOf));
  const listing = [...network.balancers.values()].flatMap(({ fact, pools }) =>
    fact.pools.filter(
      ({ id, addresses }) =>
        !known.has(keyOf(id)) &&
        addresses.some((one) => one.address === address) &&
        pools.get(keyOf(id))?.some((member) => member.nic === nic),
    ),
  );
  return [...named, ...listing.map(({ id }) => id)];
}

function explicitExit(
  network: Network,
  { fact }: Balancer,
  pool: string,
  packet: Packet,
  rec: Recorder,
): Exit | undefined {
  for (const rule of fact.outbound) {
    if (keyOf(rule.pool) !== keyOf(pool)) continue;
    if (!rec.isIn(rule.protocol ?? carried, protocolNumbers[packet.protocol])) continue;
    const by = { resource: fact.id, rule: rule.name };
    return showing(network, fact, rule.frontends, by, rec);
  }
  return undefined;
}

/** A load-balancing rule of a public frontend translates what leaves, unless it says `disableOutboundSnat`. */
function impliedExit(
  network: Network,
  { fact }: Balancer,
  pool: string,
  packet: Packet,
  rec: Recorder,
): Exit | undefined {
  for (const { to, frontend, translates, protocol, name } of fact.rules) {
    const own = translates && 'pools' in to && to.pools.some((id) => keyOf(id) === keyOf(pool));
    const front = fact.frontends.find(({ id }) => keyOf(id) === keyOf(frontend));
    if (!own || front?.publicAddress === undefined) continue;
    if (!rec.isIn(protocol ?? carried, protocolNumbers[packet.protocol])) continue;
    rec.assume('a-load-balancing-rule-is-a-way-out');
    return showing(network, fact, [frontend], { resource: fact.id, rule: name }, rec);
  }
  return undefined;
}

function showing(
  network: Network,
  fact: Balancer['fact'],
  frontends: readonly string[],
  by: { readonly resource: string; readonly rule: string },
  rec: Recorder,
): Exit {
  const shown = fact.frontends
    .filter(({ id }) => frontends.some((frontend) => keyOf(frontend) === keyOf(id)))
    .map(({ publicAddress }) => network.publicAddresses.get(keyOf(publicAddress ?? '')));
  const [only] = shown;
  const as = shown.length === 1 ? only : undefined;
  const address = as === undefined ? 'one of its addresses' : formatIp(as);
  rec.pass('outbound', by, `leaves through ${nameOf(fact.id)} as ${address}`);
  return { kind: 'shown', as };
}
