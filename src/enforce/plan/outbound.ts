/**
 * The way out to the internet: whether a place has one, and which address it shows (docs/semantics/outbound.md).
 *
 * @module
 */

import type { Ip } from '../../lib/ip.ts';
import type { Network } from '../../net/model.ts';
import { leave } from '../../net/outside.ts';
import type { Position } from '../../net/position.ts';
import { internetClient } from '../../net/tags.ts';
import { Recorder } from '../../net/trace.ts';
import type { Ending } from './ruleset.ts';

/** How packets of a place leave. */
export interface Outbound {
  /** Why none does. */
  readonly barred: Ending | undefined;
  /** The address that is shown; undefined: one that Azure picks. */
  readonly shown: Ip | undefined;
}

/** Asks the Network how a place leaves: the same question as a walk asks, about a packet to nobody in particular. */
export function outboundOf(network: Network, at: Position, protocol: 'tcp' | 'udp' = 'tcp'): Outbound {
  const rec = new Recorder();
  const packet = { source: at.address, destination: internetClient, protocol, port: 443 } as const;
  const landing = leave(network, at, packet, [], rec);
  const last = rec.steps.at(-1);
  if (!landing && last && rec.disposition !== undefined) {
    const by = { resource: last.resource, rule: last.rule };
    return { barred: { stage: last.stage, disposition: rec.disposition, by }, shown: undefined };
  }
  return { barred: undefined, shown: landing && 'source' in landing ? landing.source : undefined };
}
