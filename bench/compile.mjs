/**
 * What it costs to compile an estate of 10^2, 10^3 and 10^4 resources into a Network, to compile it again after one
 * changed resource (a rule of the hub's group, of a spoke's, an interface, a private endpoint's approval), to prepare
 * the names of places and targets after it (`namesAnew`: after a changed interface, where nothing is taken over), and to plan and apply one ARM write at each size. Two shapes: hub and spokes of a hundred
 * resources each, and everything in one virtual network. Also `open()` of the example, which is what `why FILE` does.
 *
 * Goal: one changed resource under 5 ms at 10^4 (hub and spokes). Peer: the same estate compiled from nothing.
 */

import { join } from 'node:path';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { alternate, below, choose, goal, print, root, say, spread, time } from './support/measure.mjs';

ensureBuilt();
const { open } = await import('../dist/app/files.js');
const { Names } = await import('../dist/net/places.js');
const { Estate } = await import('../dist/arm/resource.js');
const { networkOf } = await import('../dist/providers/network-of.js');
const { build, nicOf, plan, ruleOf } = await import('./support/estate.mjs');

const sizes = choose([100, 1_000, 10_000], [100]);
const rounds = choose(5, 1);
/** Changes a round: one is too short to be timed alone. */
const changes = choose(10, 2);

/** Resources that are equal and not the same, so that nothing is remembered about them. */
function copyOf(estate) {
  return new Estate([...estate.all()].map((resource) => Object.freeze({ ...resource })));
}

async function measure(size, shape) {
  const { plane, rule, nic, connection } = build(size, shape);
  const { estate } = plane;
  let linked = networkOf(estate);
  let port = 1_000;
  const subnet = estate.get(nic).properties.ipConfigurations[0].properties.subnet.id;
  const spoke = shape === 'cells' && size > 100 ? rule.replace('/nsg0/', '/nsg1/') : rule;
  const written = {
    rule: () => [rule, { properties: ruleOf(5, port) }],
    'rule of a spoke': () => [spoke, { properties: ruleOf(5, port) }],
    nic: () => [
      nic,
      { location: 'eastus', properties: nicOf(subnet, { enableIPForwarding: port % 2 === 0 }) },
    ],
  };
  const status = () => ({ status: port % 2 === 0 ? 'Approved' : 'Rejected', description: 'measured' });
  written.connection = () => [
    connection(estate),
    { properties: { privateLinkServiceConnectionState: status() } },
  ];
  const planning = [];
  /** Milliseconds of compiling after one write. */
  const change = (what) => {
    let spent = 0;
    for (let i = 0; i < changes; i++) {
      port++;
      const [id, body] = written[what]();
      const start = performance.now();
      const planned = plan(plane, id, body);
      estate.apply(planned.change);
      const compiling = performance.now();
      linked = networkOf(estate, [], linked);
      spent += performance.now() - compiling;
      planning.push(compiling - start);
      if (planned.change.writes.length === 0) throw new Error('the write changed nothing');
      if (linked.compiled === 0 && what !== 'connection') throw new Error('nothing was compiled');
    }
    return spent / changes;
  };
  for (const what of Object.keys(written)) change(what);
  planning.length = 0;
  const figures = await alternate(rounds, {
    whole: () => {
      const fresh = copyOf(estate);
      return time(() => networkOf(fresh));
    },
    names: () => {
      change('rule');
      return time(() => new Names(linked.network));
    },
    'names anew': () => {
      change('nic');
      return time(() => new Names(linked.network));
    },
    unchanged: () => time(() => networkOf(estate, [], linked)),
    ...Object.fromEntries(Object.keys(written).map((what) => [what, () => change(what)])),
  });
  const of = (name) => spread(figures[name], 'ms');
  return {
    shape,
    resources: estate.size,
    networks: linked.network.vnets.size,
    whole: of('whole'),
    unchanged: of('unchanged'),
    changedRule: of('rule'),
    changedRuleOfSpoke: of('rule of a spoke'),
    changedNic: of('nic'),
    changedConnection: of('connection'),
    names: of('names'),
    namesAnew: of('names anew'),
    write: spread(planning, 'ms'),
  };
}

const estates = [];
for (const shape of ['cells', 'one']) {
  for (const size of sizes) {
    estates.push(await measure(size, shape));
    const { whole, changedRule, changedNic, write } = estates.at(-1);
    const figures = `${whole.median} ms, a rule ${changedRule.median} ms, an interface ${changedNic.median} ms`;
    say(`compile: ${shape} of ${size}: ${figures}, a write ${write.median} ms`);
  }
}

const example = join(root, 'examples', 'secure-workspace');
const first = await time(() => open([example]));
const again = await alternate(choose(15, 1), { open: () => time(() => open([example])) });
const largest = estates.filter(({ shape }) => shape === 'cells').at(-1);
const worst = Math.max(
  ...[largest.changedRule, largest.changedRuleOfSpoke, largest.changedNic, largest.changedConnection].map(
    (change) => change.median,
  ),
);
print('compile', [goal(`one change at ${largest.resources} resources`, 5, 'ms', worst, below)], {
  estates,
  open: { first: spread([first], 'ms'), again: spread(again.open, 'ms') },
});
