/**
 * The kernel fabric's changes: 50 virtual networks with 200 machines from nothing, and one changed rule among 10 000
 * (groups of a thousand, as many as Azure takes), from the write that is accepted to the rule that holds, and its parts.
 *
 * Peers, in the same run: a shell that makes as many namespaces and wires by hand, without rules, and nft alone that
 * changes one rule of the same ruleset by its handle. Ratios are Cloister's time over the peer's.
 */

import { ensureBuilt } from '../bin/ensure-built.mjs';
import { alternate, below, choose, goal, print, say, spread, time } from './support/measure.mjs';

ensureBuilt();
const { LinuxFabric } = await import('../dist/enforce/linux/fabric.js');
const { Holder } = await import('../dist/enforce/linux/holder.js');
const { planOf } = await import('../dist/enforce/plan.js');
const { networkOf } = await import('../dist/providers/network-of.js');
const { networks, writeRule } = await import('./support/kernel.mjs');

const rounds = choose(5, 1);
const [vnets, machines] = choose([50, 4], [2, 2]);
const [groups, rules] = choose([10, 1_000], [2, 20]);
/** Changed rules a round. */
const changes = choose(5, 1);

async function run(holder, command, input = '', namespace = undefined) {
  const { code, stdout, stderr } = await holder.run(command, input, namespace);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** What the plan holds, in the shortest script that somebody would write. */
function byHand({ namespaces, wires }) {
  const batch = (lines) => `ip -batch - <<'LINES'\n${lines.join('\n')}\nLINES\n`;
  const end = ({ namespace, link }) => `name ${link} netns ${namespace}`;
  const up = namespaces.map(({ id, addresses }) => {
    const links = wires.flatMap(({ ends }) => ends.filter(({ namespace }) => namespace === id));
    const lines = [
      ...links.map(({ link }) => `link set ${link} up`),
      ...addresses.map((text) => `address add ${text}`),
    ];
    return `ip -n ${id} -batch - <<'LINES'\n${lines.join('\n')}\nLINES\n`;
  });
  return [
    batch(namespaces.map(({ id }) => `netns add ${id}`)),
    batch(wires.map(({ ends: [a, b] }) => `link add ${end(a)} type veth peer ${end(b)}`)),
    ...up,
  ].join('');
}

async function fromNothing() {
  const plan = planOf(networkOf(networks(vnets, machines, 20).plane.estate).network);
  const script = byHand(plan);
  const runs = await alternate(rounds, {
    cloister: async () => {
      const fabric = new LinuxFabric();
      const spent = await time(() => fabric.apply(plan));
      await fabric.close();
      return spent;
    },
    hand: async () => {
      const holder = await Holder.start();
      const spent = await time(() => run(holder, ['sh', '-eu'], script));
      await holder.close();
      return spent;
    },
  });
  const ratios = runs.cloister.map((spent, at) => spent / runs.hand[at]);
  return {
    networks: vnets,
    machines: vnets * machines,
    namespaces: plan.namespaces.length,
    cloister: spread(runs.cloister, 'ms'),
    hand: spread(runs.hand, 'ms'),
    ratio: spread(ratios, 'ratio'),
  };
}

async function oneRule() {
  const { plane, ruleId } = networks(groups, 2, rules);
  let linked = networkOf(plane.estate);
  let plan = planOf(linked.network);
  const fabric = new LinuxFabric();
  await fabric.apply(plan);
  const parts = { compile: [], plan: [], apply: [] };
  let port = 20_000;
  const change = async () => {
    port++;
    const at = (port * 37) % rules;
    writeRule(plane, ruleId(1 + (port % (groups - 1)), at), at, port);
    const start = performance.now();
    linked = networkOf(plane.estate, [], linked);
    const compiled = performance.now();
    plan = planOf(linked.network, [], plan);
    const planned = performance.now();
    await fabric.apply(plan);
    const applied = performance.now();
    parts.compile.push(compiled - start);
    parts.plan.push(planned - compiled);
    parts.apply.push(applied - planned);
    return applied - start;
  };
  const { id: router, ruleset } = plan.namespaces.find(({ about }) => about.endsWith('/v0'));
  const { name } = ruleset.chains.reduce((a, b) => (a.rules.length >= b.rules.length ? a : b));
  const listing = await run(
    fabric.holder,
    ['nft', '-a', 'list', 'chain', 'ip', 'cloister', name],
    '',
    router,
  );
  const handle = /return # handle (\d+)/.exec(listing)[1];
  const byHandle = () => {
    port++;
    const rule = `replace rule ip cloister ${name} handle ${handle} tcp dport ${port} return\n`;
    return run(fabric.holder, ['nft', '-f', '-'], rule, router);
  };
  const mean = async (work) => {
    let spent = 0;
    for (let at = 0; at < changes; at++) spent += await time(work);
    return spent / changes;
  };
  try {
    await change();
    for (const list of Object.values(parts)) list.length = 0;
    const runs = await alternate(rounds, { cloister: () => mean(change), hand: () => mean(byHandle) });
    const ratios = runs.cloister.map((spent, at) => spent / runs.hand[at]);
    return {
      rules: groups * rules,
      cloister: spread(runs.cloister, 'ms'),
      hand: spread(runs.hand, 'ms'),
      ratio: spread(ratios, 'ratio'),
      parts: Object.fromEntries(Object.entries(parts).map(([part, list]) => [part, spread(list, 'ms')])),
    };
  } finally {
    await fabric.close();
  }
}

const made = await fromNothing();
say(`kernel: ${made.namespaces} namespaces in ${made.cloister.median} ms, by hand ${made.hand.median} ms`);
const rule = await oneRule();
say(`kernel: one rule of ${rule.rules} in ${rule.cloister.median} ms, by hand ${rule.hand.median} ms`);
print(
  'kernel',
  [
    goal('50 networks and 200 machines', 5_000, 'ms', made.cloister.median, below),
    goal('one changed rule of 10 000', 20, 'ms', rule.cloister.median, below),
  ],
  { fromNothing: made, oneRule: rule },
);
