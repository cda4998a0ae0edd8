/**
 * Flows of regions, picked by dice.
 *
 * @module
 */

import type { Ip } from '../../src/lib/ip.ts';
import { protocolNumbers } from '../../src/lib/ports.ts';
import type { Flow } from '../../src/net/walk.ts';
import type { Prover } from '../../src/verify/reach/prover.ts';
import type { Region } from '../../src/verify/reach/question.ts';
import { sample } from '../../src/verify/sets/boxes.ts';
import type { Dice } from '../../src/verify/sets/rules.testing.ts';

const protocols = Object.entries(protocolNumbers) as [Flow['protocol'], number][];

/** Any flow of a region: at the edges of its ranges as often as inside. */
export function anyOf(prover: Prover, { flows, example }: Region, dice: Dice): Flow {
  const { source, destination, protocol, port, sourcePort } = sample(prover.algebra, flows, (end) =>
    dice.below(end),
  );
  const to = example.to.kind === 'address' ? { ...example.to, address: destination as Ip } : example.to;
  const name = protocols.find(([, number]) => number === protocol)?.[0];
  if (!name) throw new Error(`a flow of protocol ${protocol}`);
  return {
    ...example,
    to,
    port,
    protocol: name,
    sourcePort,
    ...(example.source === undefined ? {} : { source: source as Ip }),
  };
}
