/**
 * Answer = packet: on random estates, what `walk` says of random flows is what becomes of their packets in the kernel:
 * delivered or not, to whom, and by what they were stopped.
 *
 * `CLOISTER_SEED=7 CLOISTER_ESTATES=50 npx vitest run test/packets/answers.test.ts` looks elsewhere, and longer.
 */

import { afterAll, describe, expect, it } from 'vitest';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { noPackets } from '../support/kernel.ts';
import { type Compared, compare, drawFlows, packetEstate } from './drawing.ts';
import { compareNames, drawQuestions } from './names.ts';
import { send } from './packets.ts';

const seed = Number(process.env['CLOISTER_SEED'] ?? 1);
const estates = Number(process.env['CLOISTER_ESTATES'] ?? 12);
const flowsEach = 40;
const questionsEach = 10;

describe.skipIf(noPackets !== undefined)('answer = packet', () => {
  const seen: Compared[] = [];
  const seeds = Array.from({ length: estates }, (_, at) => seed * 1000 + at);

  it.each(seeds)('on the estate of seed %i', async (own) => {
    const dice = new Dice(own);
    const network = packetEstate(dice);
    const plan = planOf(
      network,
      [...network.subnets.values()].map(({ subnet }) => subnet.fact.id),
    );
    const flows = drawFlows(dice, network, plan, flowsEach);
    const fabric = new LinuxFabric();
    try {
      await fabric.apply(plan);
      const asked = drawQuestions(dice, network, plan, questionsEach);
      const all = [...flows.map(({ sent }) => sent), ...asked.flatMap(({ sent }) => sent)];
      const outcomes = await send(fabric, network, all);
      const compared = flows.map((flow, at) =>
        compare(network, plan, flow, outcomes[at] ?? { kind: 'silent' }),
      );
      let next = flows.length;
      for (const { from, name, sent } of asked) {
        const own = outcomes.slice(next, next + sent.length);
        next += sent.length;
        compared.push(compareNames(network, from, name, own));
      }
      seen.push(...compared);
      const wrong = compared.flatMap(({ wrong, says }) => (wrong ? [says] : []));
      expect(wrong).toEqual([]);
    } finally {
      await fabric.close();
    }
  });

  afterAll(() => {
    const count = new Map<string, number>();
    for (const { disposition, stage } of seen) {
      const key = `${disposition}${stage === undefined ? '' : ` at ${stage}`}`;
      count.set(key, (count.get(key) ?? 0) + 1);
    }
    const lines = [...count]
      .toSorted((a, b) => b[1] - a[1])
      .map(([key, n]) => `${String(n).padStart(5)} ${key}`);
    console.log(
      `answer = packet: seed ${seed}, ${estates} estates, ${seen.length} flows\n${lines.join('\n')}`,
    );
  });
});
