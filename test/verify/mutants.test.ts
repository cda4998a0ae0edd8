/**
 * Would the proof be noticed to be wrong? Each mutant is one plausible mistake about Azure, made in the facts or in
 * the compiled tables of random estates. The flows that the proof hands back must walk differently in each of them.
 */

import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { fqdn } from '../../src/lib/fqdn.ts';
import { ip } from '../../src/lib/ip.ts';
import type { Fact } from '../../src/net/facts.ts';
import { Names } from '../../src/net/places.ts';
import { Recorder } from '../../src/net/trace.ts';
import { type Flow, walk } from '../../src/net/walk.ts';
import { Prover } from '../../src/verify/reach/prover.ts';
import type { Question } from '../../src/verify/reach/question.ts';
import { Surveyor } from '../../src/verify/reach/survey.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { estate, question } from '../support/estates.ts';
import { compiled, mutants } from '../support/mutants.ts';
import { balancer, dnsServer, flat, network, nsg, subnet, vm, vnet } from '../support/network.ts';
import { anyOf } from '../support/sampled.ts';

interface Sampled {
  readonly facts: readonly Fact[];
  readonly flows: readonly { readonly flow: Flow; readonly disposition: string }[];
}

/** What few random estates come upon: ports that a load balancer changes, and probes that a group stops. */
const corner = flat([
  vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24', { nsg: 'picky' })),
  nsg('picky', '100 Deny In tcp 443,9000 from * to *'),
  balancer('lb', {
    frontends: ['f 10.0.1.50 in net/a'],
    pools: ['p', 'q'],
    rules: ['web: f tcp 443 -> 8443 p', 'sick: f tcp 80 -> 8080 q probe 9000'],
  }),
  vm('one', 'net/b', '10.0.2.4', { behind: ['lb/p', 'lb/q'] }),
]);

/** An estate, and a flow of every region of some questions about it. */
function sampleOf(seed: number): Sampled {
  const dice = new Dice(seed);
  const facts = flat(estate(dice));
  const network = compiled(facts);
  const questions = Array.from({ length: 16 }, () => question(dice, network));
  return sampleFrom(facts, questions, dice);
}

function sampleFrom(facts: readonly Fact[], questions: readonly Question[], dice: Dice): Sampled {
  const network = compiled(facts);
  const prover = new Prover();
  const flows = questions.flatMap((asked) =>
    prover
      .reach(network, asked)
      .regions.map((region) => ({ flow: anyOf(prover, region, dice), disposition: region.disposition })),
  );
  return { facts, flows };
}

describe('mutants of the semantics', () => {
  let sampled: readonly Sampled[] = [];

  beforeAll(() => {
    const label = '10.0.1.50';
    const questions = new Names(compiled(corner)).places().flatMap((from): Question[] =>
      [80, 443].map((port) => ({
        from,
        to: { kind: 'address', label, address: ip(label) },
        ports: [[port, port]],
      })),
    );
    sampled = [
      ...Array.from({ length: 40 }, (_, at) => sampleOf(at + 1)),
      sampleFrom(corner, questions, new Dice(1)),
    ];
  });

  it('no mutant: nothing differs', () => {
    for (const { facts, flows } of sampled) {
      const network = compiled(facts);
      expect(
        flows.filter(({ flow, disposition }) => walk(network, flow).disposition !== disposition),
      ).toEqual([]);
    }
  });

  it.each(Object.entries(mutants))('%s', (name, mutate) => {
    let killers = 0;
    for (const { facts, flows } of sampled) {
      const network = mutate(facts);
      killers += flows.filter(
        ({ flow, disposition }) => walk(network, flow).disposition !== disposition,
      ).length;
    }
    console.log(`${name}: killed by ${killers} flows`);
    expect(killers).toBeGreaterThan(0);
  });
});

/** The other way round: what the proof would get wrong if it did not write down all that a walk asks. */
describe('mutants of the proof', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(['decide', 'isIn', 'find'] as const)('it forgets what was asked by %s', (method) => {
    vi.spyOn(Surveyor.prototype, method).mockImplementation(Recorder.prototype[method] as never);
    expect(mistakes()).toBeGreaterThan(0);
  });

  it('it forgets what was tried on the way, a query to a DNS server', () => {
    const half = network(
      nsg('dns', '100 Deny In udp 53 from 10.0.1.128/25 to *'),
      vnet('net', '10.0.0.0/16', { dns: '10.0.2.9' }, subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24')),
      vm('dns', 'net/b', '10.0.2.9', { nsg: 'dns' }),
      dnsServer('dns', { at: 'dns' }, [], ['web.corp.example 10.0.2.9']),
    );
    const from = new Names(half).place('vnet/net/a');
    if (!from.ok) throw new Error('no place');
    const web = fqdn('web.corp.example');
    const dispositions = (): Set<string> => {
      const { regions } = new Prover().reach(half, {
        from: from.value,
        to: { kind: 'name', label: web, name: web },
        protocols: ['tcp'],
      });
      return new Set(regions.map(({ disposition }) => disposition));
    };
    expect(dispositions()).toEqual(new Set(['delivered', 'resolver-unreachable']));
    vi.spyOn(Surveyor.prototype, 'attempt').mockImplementation(() => new Surveyor());
    expect(dispositions()).toEqual(new Set(['delivered']));
  });

  function mistakes(): number {
    let found = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const { facts, flows } = sampleOf(seed);
      const network = compiled(facts);
      found += flows.filter(
        ({ flow, disposition }) => walk(network, flow).disposition !== disposition,
      ).length;
    }
    return found;
  }
});
