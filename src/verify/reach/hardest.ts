/**
 * A sentence about a place is about every address that the place may have: the flow for which it is hardest to keep.
 *
 * @module
 */

import type { Network } from '../../net/model.ts';
import { type Flow, walk } from '../../net/walk.ts';
import type { Prover } from './prover.ts';
import type { Verdict } from './question.ts';

/** Ports that a client picks from (RFC 6335). What must work need not work from others; what must not, must not. */
const clients = [[49152, 65535]] as const;

const worst: Readonly<Record<'must' | 'must-not', readonly Verdict[]>> = {
  must: ['denied', 'unknown', 'delivered'],
  'must-not': ['delivered', 'unknown', 'denied'],
};

/** Returns the flow itself where no other address of its place is worse, else one that is. */
export function hardest(prover: Prover, network: Network, flow: Flow, mode: 'must' | 'must-not'): Flow {
  const { from, to, port, protocol, as } = flow;
  // Who must get in from the internet is a client there, and not each address of the world.
  if (flow.source !== undefined || (mode === 'must' && from.kind === 'internet')) return flow;
  const answer = prover.reach(network, {
    from,
    to,
    protocols: [protocol],
    ports: [[port, port]],
    ...(mode === 'must' ? { sourcePorts: clients } : {}),
    ...(as ? { as } : {}),
  });
  const [region] = worst[mode].flatMap((verdict) => answer[verdict]);
  if (!region || verdictOf(walk(network, flow).disposition) === region.verdict) return flow;
  return region.example;
}

function verdictOf(disposition: string): Verdict {
  return disposition === 'delivered' || disposition === 'unknown' ? disposition : 'denied';
}
