/**
 * The way back: a reply needs no rule, but it needs a route, over the same stateful hops (docs/semantics/return.md).
 *
 * @module
 */

import { formatIp, type Ip } from '../lib/ip.ts';
import { nameOf } from '../lib/key.ts';
import type { Network } from './model.ts';
import type { Landing } from './path.ts';
import { type Place, type Position, positionOf } from './position.ts';
import { type NextHop, sameHop } from './routes.ts';
import { decide } from './table.ts';
import type { Recorder } from './trace.ts';

/** Checks that the reply of what was reached at `address` comes back to where the flow came from. */
export function wayBack(network: Network, from: Place, landing: Landing, address: Ip, rec: Recorder): void {
  if (landing.kind === 'public') return;
  const { appliances, source } = landing.over;
  if (landing.kind === 'private-endpoint') {
    const last = appliances.at(-1);
    if (last === undefined) return;
    rec.assume('an-appliance-keeps-the-source');
    rec.stop(
      'no-return-path',
      'return',
      { resource: landing.endpoint.id, rule: 'reply' },
      `the private endpoint replies directly, past the appliance ${formatIp(last)} that the request went through`,
      {
        resource: landing.endpoint.id,
        property: 'routes of the client subnet',
        is: `next hop ${formatIp(last)}`,
        needs: 'source translation at the appliance, or no appliance on the way',
      },
    );
    return;
  }
  const { at } = landing;
  const here = positionOf(network, from);
  if (here?.nic !== undefined && here.nic === at.nic) return;
  const target = source ?? (landing.over.public ? undefined : here?.address);
  const hop = target === undefined ? internetHop(at) : replyHop(at, target, rec);
  if (hop === undefined) return;
  const expected = appliances.at(-1);
  const via = hop.kind === 'appliance' ? hop.address : undefined;
  const by = { resource: at.subnet.fact.id, rule: 'routes' };
  const reply = `the reply of ${formatIp(address)}`;
  const needs =
    expected === undefined ? 'a direct route to the source' : `a route over ${formatIp(expected)}`;
  const stop = (says: string, is: string): void =>
    rec.stop('no-return-path', 'return', by, says, {
      resource: at.subnet.fact.routes ?? at.subnet.fact.id,
      property: 'routes',
      is,
      needs,
    });
  if (hop.kind === 'none') stop(`${reply} is dropped: next hop None`, 'next hop None');
  else if (hop.kind === 'gateway')
    rec.stop(
      'unknown',
      'return',
      by,
      `${reply} leads through a virtual network gateway, which is only stored`,
    );
  else if (via !== expected) {
    stop(
      via === undefined
        ? `${reply} goes past the appliance that the request went through`
        : `${reply} goes through the appliance ${formatIp(via)}, which has not seen the request`,
      via === undefined ? 'a direct route' : `next hop ${formatIp(via)}`,
    );
  } else rec.pass('return', by, `the reply takes the same way back from ${nameOf(at.subnet.fact.id)}`);
}

/** The route for the reply, or undefined where the recorder was told that it is not known. */
function replyHop(at: Position, source: Ip, rec: Recorder): NextHop | undefined {
  const point = { source: at.address, destination: source, protocol: 6, port: 49152, sourcePort: 443 };
  const decision = decide(at.subnet.routes, point, sameHop);
  if (decision.kind === 'row') return decision.row.action;
  if (decision.kind === 'none') return { kind: 'none' };
  rec.stop('unknown', 'return', decision.row.by, `cannot say how the reply goes without ${decision.missing}`);
  return undefined;
}

/** An unknown public source is answered by the default route. */
function internetHop(at: Position): NextHop {
  const row = at.subnet.routes.find(({ match }) =>
    match.destination?.some(([low, high]) => low === 0 && high === 2 ** 32 - 1),
  );
  return row?.action ?? { kind: 'none' };
}
