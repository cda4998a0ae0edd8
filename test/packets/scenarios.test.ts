/** Every disagreement of an answer with packets that was ever found. */

import { describe, expect, it } from 'vitest';
import { Names } from '../../src/net/places.ts';
import { noPackets } from '../support/kernel.ts';
import { network } from '../support/network.ts';
import { flowOf } from '../support/walks/row.ts';
import { drawnOf, planEverywhere } from './drawing.ts';
import { scenarios } from './scenarios.ts';
import { tryOut } from './trial.ts';

describe.skipIf(noPackets !== undefined)('disagreements that were found', () => {
  it.each(scenarios.map((each) => [each.title, each] as const))('%s', async (_, { facts, flows }) => {
    const net = network(facts);
    const plan = planEverywhere(net);
    const names = new Names(net);
    const drawn = flows.map((text, at) => drawnOf(net, plan, flowOf(names, text), 50_000 + at));
    const tried = await tryOut(net, { network: net, plan }, drawn);
    expect(tried.flatMap(({ wrong, says }) => (wrong ? [says] : []))).toEqual([]);
    expect(tried.length).toBe(flows.length);
  });
});
