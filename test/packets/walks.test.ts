/** Answer = packet on networks that are written by hand: `test/support/walks`, and scenarios of docs/semantics. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Names } from '../../src/net/places.ts';
import { noPackets } from '../support/kernel.ts';
import { root } from '../support/running.ts';
import { openScenario, readScenario } from '../support/scenario.ts';
import * as balancers from '../support/walks/balancers.ts';
import * as computes from '../support/walks/computes.ts';
import * as managed from '../support/walks/managed.ts';
import * as names from '../support/walks/names.ts';
import * as peerings from '../support/walks/peerings.ts';
import { flowOf, type Walks } from '../support/walks/row.ts';
import { sendFlows } from './sending.ts';

const all: readonly Walks[] = [balancers, computes, managed, names, peerings].flatMap((file) =>
  Object.values(file),
);
const pages = [
  'bastion',
  'firewalls',
  'gateways',
  'load-balancers',
  'managed-networks',
  'outbound',
  'peering',
  'return',
];

const scenarios = pages.flatMap((page) => {
  const text = readFileSync(join(root, 'docs', 'semantics', `${page}.md`), 'utf8');
  const blocks = [...text.matchAll(/^```yaml scenario\n([\s\S]*?)^```$/gm)];
  return blocks
    .map(([, block = '']) => readScenario(block))
    .filter(({ refused }) => refused === undefined)
    .map((scenario, at) => [`${page} ${at + 1}`, scenario] as const);
});

describe.skipIf(noPackets !== undefined)('packets do what walks say', () => {
  let total = 0;

  it.each(all.map((walks) => [walks.title, walks] as const))('%s', async (_, { network, rows }) => {
    const known = new Names(network);
    const { sent, wrong } = await sendFlows(
      network,
      rows.map(([, flow]) => flowOf(known, flow)),
    );
    expect(wrong).toEqual([]);
    expect(sent).toBeGreaterThan(0);
    total += sent;
  });

  it.each(scenarios)('docs/semantics: %s', async (_, scenario) => {
    const { linked } = await openScenario(scenario);
    const known = new Names(linked.network);
    const flows = Object.keys(scenario.flows ?? {}).map((flow) => flowOf(known, flow));
    const { sent, wrong } = await sendFlows(linked.network, flows);
    expect(wrong).toEqual([]);
    total += sent;
  });

  afterAll(() => {
    console.log(`${total} flows of walks and scenarios were sent`);
    expect(total).toBeGreaterThan(40);
  });
});
