/**
 * How many flows `walk` follows a second, on the example: some that arrive, some that are refused, dropped, or
 * unknown, from inside and from outside. Every answer is a whole trace with its words.
 *
 * Goal: 100 000 a second, over the mix. Peer: none; `linear` is the floor, the same loop without a walk.
 */

import { join } from 'node:path';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { alternate, atLeast, choose, goal, print, rate, root, say, spread } from './support/measure.mjs';

ensureBuilt();
const { open } = await import('../dist/app/files.js');
const { Names } = await import('../dist/net/places.js');
const { walk } = await import('../dist/net/walk.js');

const { linked } = await open([join(root, 'examples', 'secure-workspace')]);
const { network } = linked;
const names = new Names(network);

const flows = [
  ['vm/jumpbox', 'workspace/mlw-clinic', 'delivered'],
  ['vm/jumpbox', 'endpoint/mlw-clinic/length-of-stay', 'delivered'],
  ['vnet/clinic-vnet/scoring', 'storage/stclinic/blob', 'delivered'],
  ['vm/jumpbox', 'registry/crclinic', 'delivered'],
  ['internet', 'workspace/mlw-clinic', 'refused-by-door'],
  ['internet', 'vault/kv-clinic', 'refused-by-door'],
  ['site/branch-office', 'storage/stclinic/blob', 'refused-by-door'],
  ['vm/jumpbox', '203.0.113.9:443', 'dropped-by-gate'],
  ['vm/jumpbox', 'pypi.org', 'unknown'],
  ['vm/jumpbox', 'nowhere.privatelink.blob.core.windows.net', 'name-not-found'],
].map(([from, to, ends]) => {
  const place = names.place(from);
  const aim = names.target(to);
  if (!place.ok || !aim.ok) throw new Error(`${from} -> ${to} names nothing`);
  const flow = { from: place.value, to: aim.value.target, port: aim.value.port ?? 443, protocol: 'tcp' };
  return { label: `${from} -> ${to}`, ends, flow };
});
const ended = flows.map(({ label, flow }) => ({ label, disposition: walk(network, flow).disposition }));
for (const [at, { label, disposition }] of ended.entries()) {
  if (disposition !== flows[at].ends) throw new Error(`${label}: ${disposition}, not ${flows[at].ends}`);
}

let kept;
const milliseconds = choose(700, 20);
const mix = flows.map((item) => item.flow);
const contestants = {
  mix: () => rate(milliseconds, (i) => (kept = walk(network, mix[i % mix.length]))),
  linear: () => rate(milliseconds / 4, (i) => (kept = mix[i % mix.length])),
  ...Object.fromEntries(
    flows.map(({ label, flow }) => [label, () => rate(milliseconds / 2, () => (kept = walk(network, flow)))]),
  ),
};
contestants.mix();
const figures = await alternate(choose(5, 1), contestants);
if (kept === undefined) throw new Error('nothing was walked');
const results = {
  mix: spread(figures.mix, 'walks/s'),
  linear: spread(figures.linear, 'turns/s'),
  flows: ended.map(({ label, disposition }) => ({
    flow: label,
    disposition,
    ...spread(figures[label], 'walks/s'),
  })),
};
say(`walk: ${results.mix.median} walks a second`);
print('walk', [goal('walks a second', 100_000, 'walks/s', results.mix.median, atLeast)], results);
