/**
 * Would packets notice a mistake? Each mutant of the semantics is applied to the kernel in place of the estate that it is
 * wrong about, and packets must disagree with the walks of the right one.
 */

import { describe, expect, it } from 'vitest';
import type { Network } from '../../src/net/model.ts';
import { follow } from '../../src/net/walk.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { noPackets } from '../support/kernel.ts';
import { compiled, type Mutant, mutants } from '../support/mutants.ts';
import { candidates, type Drawn, flowOf, planEverywhere } from './drawing.ts';
import { packetFacts } from './estates.ts';
import { tryOut } from './trial.ts';

/** Mutants that no packet can notice, and why. */
const absent: Readonly<Record<string, string>> = {
  'an assignment is good at every scope': 'who calls, and what he may do, is decided above packets',
  'an alias of a service endpoint policy lists nothing':
    'it lists storage that the estate does not have, and nobody is there to let in or refuse',
};

const estates = 40;
/** Estates in which a mutant differs that are tried before it counts as alive. */
const attempts = 4;
const flowsEach = 8;

/** An estate, every candidate flow, and what is right about it. */
interface Sampled {
  readonly facts: ReturnType<typeof packetFacts>;
  readonly network: Network;
  readonly flows: readonly { readonly drawn: Drawn; readonly answer: string }[];
}

const samples = new Map<number, Sampled>();

function sampleOf(seed: number): Sampled {
  const known = samples.get(seed);
  if (known) return known;
  const dice = new Dice(seed);
  const facts = packetFacts(dice);
  const network = compiled(facts);
  const all = [...candidates(dice, network, planEverywhere(network))];
  const flows = all.map((drawn) => ({ drawn, answer: answerTo(network, drawn) }));
  const made = { facts, network, flows };
  samples.set(seed, made);
  return made;
}

/** All of an answer that packets could show. */
function answerTo(network: Network, drawn: Drawn): string {
  const { name } = drawn;
  const asked = flowOf(drawn);
  const flow = name === undefined ? asked : { ...asked, to: { kind: 'name', label: name, name } as const };
  const { trace, landing } = follow(network, flow);
  const last = trace.disposition === 'delivered' ? undefined : trace.steps.at(-1);
  const source = landing && 'source' in landing ? landing.source : undefined;
  return [trace.disposition, trace.address, last?.stage, last?.resource, last?.rule, source].join(' ');
}

interface Verdict {
  readonly tried: number;
  readonly killers: number;
  readonly says: string | undefined;
}

async function verdictOn(mutate: Mutant): Promise<Verdict> {
  let tried = 0;
  for (let seed = 1, differing = 0; seed <= estates && differing < attempts; seed++) {
    const { facts, network, flows } = sampleOf(seed);
    const mutant = mutate(facts);
    const different = flows.filter(({ drawn, answer }) => answerTo(mutant, drawn) !== answer);
    if (different.length === 0) continue;
    differing++;
    const step = Math.max(1, Math.floor(different.length / flowsEach));
    const chosen = different
      .filter((_, at) => at % step === 0)
      .slice(0, flowsEach)
      .map(({ drawn: { sent, ...rest } }, at): Drawn => {
        return { ...rest, sent: { ...sent, sourcePort: sent.sourcePort + at } };
      });
    tried += chosen.length;
    const seen = await tryOut(network, { network: mutant, plan: planEverywhere(mutant) }, chosen);
    const killers = seen.filter(({ wrong }) => wrong);
    if (killers.length > 0) return { tried, killers: killers.length, says: killers[0]?.says };
  }
  return { tried, killers: 0, says: undefined };
}

describe.skipIf(noPackets !== undefined)('mutants of the semantics, by packets', () => {
  it('are killed, but for those that are named', { timeout: 1_800_000 }, async () => {
    const all = Object.entries(mutants);
    const queue = all.filter(([name]) => !(name in absent));
    expect(queue.length + Object.keys(absent).length).toBe(all.length);
    const total = queue.length;
    const alive: string[] = [];
    const lines: string[] = [];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [name, mutate] = next;
        const { tried, killers, says } = await verdictOn(mutate);
        if (killers === 0) alive.push(name);
        lines.push(
          `${killers === 0 ? 'ALIVE ' : 'killed'} ${name}: ${killers} of ${tried} flows; ${says ?? ''}`,
        );
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    const unseen = Object.entries(absent).map(([name, why]) => `unseen ${name}: ${why}`);
    console.log(
      `${total - alive.length} of ${all.length} mutants killed by packets\n${[...lines, ...unseen].join('\n')}`,
    );
    expect(alive).toEqual([]);
    expect(total).toBeGreaterThanOrEqual(32);
  });
});
