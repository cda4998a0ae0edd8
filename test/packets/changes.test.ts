/**
 * Rules that change under traffic: flows before obey the old ones, flows after the new ones, flows meanwhile one of both, and
 * what was let through once goes on. Only what a rule is in is touched.
 */

import { describe, expect, it } from 'vitest';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import { scriptOf } from '../../src/enforce/linux/script.ts';
import type { LinuxPlan } from '../../src/enforce/plan/model.ts';
import { keyOf, nameOf } from '../../src/lib/key.ts';
import type { Fact, GateRuleFact } from '../../src/net/facts.ts';
import { type Linked, link } from '../../src/net/link.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { noPackets } from '../support/kernel.ts';
import { type Facts, flat, network, nsg, rule, storage, subnet, vm, vnet } from '../support/network.ts';
import { type Compared, compareFlow, type InForce } from './comparing.ts';
import { candidates, type Drawn, endOf, flowOf, planEverywhere, walkOf } from './drawing.ts';
import { packetFacts } from './estates.ts';
import { type Outcome, type Sent, Traffic } from './packets.ts';

/** What is in force, and what the next can take over from it, as a running server does. */
interface Planned extends InForce {
  readonly linked: Linked;
}

/** A change of one security group, and flows: half of them end otherwise behind it. */
interface Change {
  readonly gate: string;
  readonly facts: readonly Fact[];
  readonly after: Planned;
  readonly flows: readonly Drawn[];
}

const flowsEach = 24;
const rounds = 3;

function planned(facts: readonly Fact[], before?: Planned): Planned {
  const linked = link(facts, before?.linked);
  return { linked, network: linked.network, plan: planEverywhere(linked.network, before?.plan) };
}

/** Draws a change that matters to enough flows. */
function draw(dice: Dice, facts: readonly Fact[], before: Planned): Change {
  const rules = facts.filter((fact) => fact.kind === 'gate-rule').filter((fact) => !namesPlatform(fact));
  const all = [...candidates(dice, before.network, before.plan)].filter(({ name }) => name === undefined);
  for (let times = 0; times < 200; times++) {
    const chosen = dice.pick(rules);
    const changed = changedRules(dice, facts, chosen);
    const next = network(changed);
    const [same, other]: [Drawn[], Drawn[]] = [[], []];
    for (const drawn of all) {
      const ends = [before.network, next].map((net) => endOf(walkOf(net, drawn)));
      if (ends[0] === ends[1]) same.push(drawn);
      // What cannot be said is no rule to obey.
      else if (!ends.some((end) => end.startsWith('unknown'))) other.push(drawn);
    }
    if (other.length < flowsEach / 2) continue;
    const some = (list: Drawn[]): Drawn[] =>
      Array.from({ length: flowsEach / 2 }, () => list.splice(dice.below(list.length), 1)[0] as Drawn);
    return {
      gate: chosen.gate,
      facts: changed,
      after: planned(changed, before),
      flows: [...some(other), ...some(same)],
    };
  }
  throw new Error('no rule of the estate matters');
}

/** What is about Azure's own addresses is asked elsewhere. */
function namesPlatform({ rule: { source, destination } }: GateRuleFact): boolean {
  return [...source.tags, ...destination.tags].some((tag) => tag.startsWith('AzurePlatform'));
}

/** A rule is turned round, taken away, or gets one before it. */
function changedRules(dice: Dice, facts: readonly Fact[], chosen: GateRuleFact): readonly Fact[] {
  const others = facts.filter((fact) => fact !== chosen);
  const { rule: own, gate } = chosen;
  const way = own.direction === 'Inbound' ? 'In' : 'Out';
  const access = own.access === 'Allow' ? 'Deny' : 'Allow';
  const first = { ...rule(`100 ${dice.pick(['Allow', 'Deny'])} ${way} * * from * to *`), priority: 50 };
  return dice.pick<readonly Fact[]>([
    [...others, { ...chosen, rule: { ...own, access } }],
    others,
    [...facts, { kind: 'gate-rule', id: `${gate}/securityRules/${first.name}`, gate, rule: first }],
  ]);
}

/** Lines of a script by what they do; those that only open and close a block left out. */
function deeds(before: LinuxPlan, after: LinuxPlan): readonly string[] {
  const frame = /^(?:nsenter .*|nft -f - .*|RULES|WITHIN|ip .*-batch - .*|LINES)$/;
  return scriptOf(before, after).filter((text) => !frame.test(text));
}

/** Names of chains that are about a group, in either plan. */
function chainsOf(plans: readonly LinuxPlan[], gate: string): ReadonlySet<string> {
  const about = new RegExp(`^${nameOf(gate)},`);
  const chains = plans.flatMap(({ namespaces }) =>
    namespaces.flatMap(({ ruleset }) => ruleset?.chains ?? []),
  );
  const own = chains.filter((chain) => about.test(chain.about) || chain.about.startsWith('if '));
  // Standard load balancers let nothing in to a machine that no group opens, and pick none whose probe is stopped.
  const picks = chains.filter((chain) => chain.about.startsWith('behind '));
  const picked = picks.flatMap(({ rules }) => rules.flatMap((each) => each.match(/(?<=goto )c\w+/g) ?? []));
  return new Set([...own, ...picks].map(({ name }): string => name).concat(picked));
}

/** Flows with ports of their own. */
function numbered(flows: readonly Drawn[], first: number): readonly (Drawn & { readonly sent: Sent })[] {
  return flows.flatMap(({ sent, ...rest }, at) => {
    const { destination } = sent;
    const sourcePort = sent.sourcePort + first + at;
    return destination === undefined ? [] : [{ ...rest, sent: { ...sent, destination, sourcePort } }];
  });
}

describe.skipIf(noPackets !== undefined)('security groups that change under traffic', () => {
  it.each([3001, 3002, 3003])('in the estate of seed %i', async (seed) => {
    const dice = new Dice(seed);
    let facts = packetFacts(dice);
    let before = planned(facts);
    const fabric = new LinuxFabric();
    const kept: number[] = [];
    let sent = 0;
    let turned = 0;
    try {
      await fabric.apply(before.plan);
      const traffic = await Traffic.over(fabric, before.network, false);
      for (let round = 0; round < rounds; round++) {
        const { gate, flows, after, facts: changed } = draw(dice, facts, before);
        const send = async (first: number, keep = false): ReturnType<Traffic['send']> => {
          sent += flows.length;
          return traffic.send(
            numbered(flows, 300 * round + first).map((each) => each.sent),
            keep,
          );
        };
        const compared = (inForce: InForce, outcomes: readonly Outcome[]): readonly Compared[] =>
          numbered(flows, 0).map((drawn, at) =>
            compareFlow(
              inForce.network,
              inForce,
              flowOf(drawn),
              drawn.sent,
              outcomes[at] ?? { kind: 'silent' },
            ),
          );
        const wrong = (list: readonly Compared[]): readonly string[] =>
          list.flatMap((one) => (one.wrong ? [`round ${round}: ${one.says}`] : []));

        const first = await send(0, true);
        const old = compared(before, first);
        expect(wrong(old)).toEqual([]);
        for (const [at, { kind, flow }] of first.entries())
          if (kind === 'answered' && flows[at]?.sent.protocol === 'tcp') kept.push(flow);

        const applied = fabric.apply(after.plan);
        const meanwhile = await send(100);
        await applied;
        const either = compared(before, meanwhile).map((one, at) => {
          const other = compared(after, meanwhile)[at];
          const outcome = meanwhile[at];
          // Two routers ask the group one after the other, and it may have changed in between.
          const stopped = outcome?.kind === 'ended' && keyOf(outcome.ending.by.resource) === keyOf(gate);
          return { ...one, wrong: one.wrong && other?.wrong !== false && !stopped };
        });
        expect(wrong(either)).toEqual([]);

        const fresh = compared(after, await send(200));
        expect(wrong(fresh)).toEqual([]);
        turned += fresh.filter(({ disposition }, at) => disposition !== old[at]?.disposition).length;
        expect(await traffic.again(kept)).toBe(kept.length);
        [facts, before] = [changed, after];
      }
      await traffic.close();
    } finally {
      await fabric.close();
    }
    console.log(
      `seed ${seed}: ${sent} flows over ${rounds} changes, ${turned} turned, ${kept.length} went on`,
    );
    expect(sent).toBe(3 * rounds * flowsEach);
    expect(turned).toBeGreaterThan(rounds);
    expect(kept.length).toBeGreaterThan(0);
  });
});

describe('what a changed rule touches', () => {
  it('is the chains of its group, those of load balancers that ask it, and sets of addresses', () => {
    let lines = 0;
    for (let seed = 3001; seed <= 3010; seed++) {
      const dice = new Dice(seed);
      const facts = packetFacts(dice);
      const before = planned(facts);
      const { gate, after } = draw(dice, facts, before);
      const chains = chainsOf([before.plan, after.plan], gate);
      for (const deed of deeds(before.plan, after.plan)) {
        lines++;
        const [, chain] = /^(?:flush|add|delete) (?:chain|rule) ip cloister (\S+)/.exec(deed) ?? [];
        const set = /^(?:add|delete) (?:set|element) ip cloister s\S+/.test(deed);
        expect([seed, deed, set || chains.has(chain ?? '')]).toEqual([seed, deed, true]);
      }
    }
    console.log(`${lines} lines for 10 changes`);
    expect(lines).toBeGreaterThan(20);
  });

  const hub = vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'few' }));
  const base: Facts = [nsg('few', '100 Deny In tcp 22 from * to *'), hub, vm('one', 'hub/x', '10.0.1.4')];
  it.each<[string, Facts, RegExp]>([
    [
      'a machine gets a public address: elements, and a route of the internet',
      [base[0] ?? [], hub, vm('one', 'hub/x', '10.0.1.4', { public: 'one-ip' })],
      /^(?:(?:add|delete) element ip cloister (?:shown|owned) |route replace \S+ dev i)/,
    ],
    [
      'a service opens its door to the network: elements, and addresses that routers take',
      [base, storage('acct')],
      /^(?:add element ip cloister (?:services|fronts) |route replace local \S+ dev lo)/,
    ],
  ])('%s', (_, facts, only) => {
    const found = deeds(planned(flat(base)).plan, planned(flat(facts)).plan);
    expect(found.filter((deed) => !only.test(deed))).toEqual([]);
    expect(found.length).toBeGreaterThan(0);
  });
});
