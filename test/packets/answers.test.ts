/**
 * Answer = packet: on random estates, what `walk` says of random flows is what becomes of their packets in the kernel:
 * which address a name has, delivered or not, to whom, and by what they were stopped.
 *
 * `CLOISTER_SEED=7 CLOISTER_ESTATES=125 npx vitest run test/packets/answers.test.ts` looks elsewhere, and longer.
 */

import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/net/facts.ts';
import type { Disposition, Stage } from '../../src/net/trace.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { noPackets } from '../support/kernel.ts';
import { Artist, type Drawing, type Drawn } from './drawing.ts';
import { shrink } from './shrinking.ts';
import { type Tried, tryOut } from './trial.ts';

const seed = Number(process.env['CLOISTER_SEED'] ?? 1);
const estates = Number(process.env['CLOISTER_ESTATES'] ?? 50);
const flowsEach = 40;

/** Every way to end that packets can show; with a reason, one that they cannot. */
const dispositions: Readonly<Record<Disposition, string | undefined>> = {
  delivered: undefined,
  'name-not-found': undefined,
  'resolver-unreachable': undefined,
  'no-route': undefined,
  'dropped-by-gate': undefined,
  'dropped-by-firewall': undefined,
  'endpoint-not-approved': undefined,
  'no-return-path': undefined,
  'nothing-listening': undefined,
  'refused-by-door': undefined,
  unknown: undefined,
  'refused-by-proxy': 'a proxy is asked by a program for what it wants, and is not run here',
  unauthenticated: 'who calls is told in a request, above packets',
  unauthorized: 'what a caller may do is decided about a request, above packets',
};
/** All but the caller's, which is above packets. */
const stages: readonly Stage[] = [
  'name',
  'route',
  'egress',
  'forward',
  'outbound',
  'ingress',
  'endpoint',
  'listener',
  'door',
  'return',
];

/** A flow that ended otherwise, to be shrunk. */
interface Bad {
  readonly facts: readonly Fact[];
  readonly drawn: Drawn;
}

describe.skipIf(noPackets !== undefined)('answer = packet', () => {
  it('on random estates', { timeout: 1_800_000 }, async () => {
    const artist = new Artist();
    const seen: Tried[] = [];
    const wrong: string[] = [];
    let bad: Bad | undefined;
    let next = 0;
    // Programs start and end while others run, so three at a time are faster than two.
    const worker = async (): Promise<void> => {
      for (let at = next++; at < estates; at = next++) {
        const own = seed * 1000 + at;
        const drawing: Drawing = artist.draw(new Dice(own), flowsEach);
        const tried = await tryOut(drawing.network, drawing, drawing.flows);
        seen.push(...tried);
        wrong.push(...tried.flatMap((one) => (one.wrong ? [`estate ${own}: ${one.says}`] : [])));
        const [worst] = tried.filter((one) => one.wrong);
        if (worst) bad ??= { facts: drawing.facts, drawn: worst.drawn };
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    const ends = tally(seen.map(({ disposition }) => disposition));
    const deciders = tally(seen.flatMap(({ stage }) => stage ?? []));
    const balanced = seen.filter(({ balanced }) => balanced);
    const handed = balanced.filter(({ disposition }) => disposition === 'delivered').length;
    const share = (n: number): string => `${n} (${((100 * n) / seen.length).toFixed(1)} %)`;
    console.log(
      `answer = packet: seed ${seed}, ${estates} estates, ${seen.length} flows, ${balanced.length} to load balancers\n`,
      Object.fromEntries([...ends].map(([end, n]) => [end, share(n)])),
      Object.fromEntries(deciders),
      Object.fromEntries(
        tally(seen.map(({ drawn: { name, sent } }) => `${name ? 'by name, ' : ''}${sent.protocol}`)),
      ),
    );
    if (bad) {
      const small = await shrink(bad.facts, bad.drawn);
      console.log(`smallest: ${small?.says}\n${small?.facts.map((fact) => JSON.stringify(fact)).join('\n')}`);
    }
    expect(wrong).toEqual([]);
    expect(seen.length).toBe(estates * flowsEach);
    if (estates < 50) return;
    for (const [one, absent] of Object.entries(dispositions) as [Disposition, string | undefined][]) {
      if (absent === undefined) expect((ends.get(one) ?? 0) / seen.length, one).toBeGreaterThanOrEqual(0.03);
      else expect(ends.get(one), absent).toBeUndefined();
    }
    expect(balanced.length).toBeGreaterThanOrEqual(0.05 * seen.length);
    expect(handed).toBeGreaterThanOrEqual(0.005 * seen.length);
    for (const one of stages) expect(deciders.get(one) ?? 0, one).toBeGreaterThanOrEqual(100);
  });

  it('and in a user namespace, where we are root', async () => {
    const artist = new Artist();
    for (const own of [seed * 1000 + 901, seed * 1000 + 902]) {
      const { network, plan, flows } = artist.draw(new Dice(own), flowsEach);
      const tried = await tryOut(network, { network, plan }, flows, true);
      expect(tried.flatMap(({ wrong, says }) => (wrong ? [says] : []))).toEqual([]);
      expect(tried.length).toBe(flowsEach);
    }
  });
});

function tally<T>(list: readonly T[]): ReadonlyMap<T, number> {
  const counts = new Map<T, number>();
  for (const each of list) counts.set(each, (counts.get(each) ?? 0) + 1);
  return new Map([...counts].toSorted((a, b) => b[1] - a[1]));
}
