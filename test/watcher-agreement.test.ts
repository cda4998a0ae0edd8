/**
 * Network Watcher's answers and `why` are the same: of every flow of test/example-flows.test.ts that groups or routes
 * are asked about, IP flow verify gives the access and the rule of the walk's step, and next hop its route.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import type { Opened } from '../src/app/open.ts';
import { ip } from '../src/lib/ip.ts';
import type { JsonObject } from '../src/lib/json.ts';

import { defaultRules } from '../src/net/gates.ts';
import { Names } from '../src/net/places.ts';
import { type Position, positionByAddress, positionOf } from '../src/net/position.ts';
import type { Step, Trace } from '../src/net/trace.ts';
import { askGates, askRoutes } from '../src/net/watch.ts';
import { ruleName } from '../src/providers/network/watcher/words.ts';
import { ask, openScenario, placed, readFlow } from './support/scenario.ts';
import type { Variation } from './support/scenario-flows.ts';
import * as start from './support/scenario-flows-base.ts';
import * as doors from './support/scenario-flows-doors.ts';
import * as names from './support/scenario-flows-names.ts';
import * as network from './support/scenario-flows-network.ts';
import * as peering from './support/scenario-flows-peering.ts';

const all: readonly Variation[] = [start, names, network, peering, doors].flatMap((module) =>
  Object.values(module).flat(),
);
const counts = { outbound: 0, inbound: 0, denied: 0, unknown: 0, routes: 0 };
const builtIn = new Set(defaultRules.map(({ name }) => name));

/** What the walk's steps of a stage say, in the words of IP flow verify. */
function saidBy(steps: readonly Step[]): JsonObject | 'unknown' {
  const last = steps.at(-1);
  if (!last) return { access: 'Allow', ruleName: '' };
  if (last.outcome === 'unknown') return 'unknown';
  const own = !builtIn.has(last.rule);
  return {
    access: last.outcome === 'pass' ? 'Allow' : 'Deny',
    ruleName: `${own ? 'securityRules' : 'defaultSecurityRules'}/${last.rule}`,
  };
}

function answerAt(
  at: Position,
  direction: 'Inbound' | 'Outbound',
  trace: Trace,
  source: Position['address'],
) {
  if (trace.address === null) throw new Error('there is no address to ask about');
  const packet = { source, destination: ip(trace.address), protocol: trace.protocol, port: trace.port };
  const answer = askGates(at, direction, packet);
  if (answer.kind === 'unknown') return 'unknown';
  return {
    access: answer.action === 'allow' ? 'Allow' : 'Deny',
    ruleName: ruleName(answer),
  };
}

function tally(said: JsonObject | 'unknown', direction: 'inbound' | 'outbound'): void {
  counts[direction]++;
  if (said === 'unknown') counts.unknown++;
  else if (said['access'] === 'Deny') counts.denied++;
}

for (const { title, scenario, rows } of all) {
  describe(title, () => {
    let opened: Opened;
    let places: Names;
    beforeAll(async () => {
      opened = await openScenario(scenario);
      places = new Names(opened.linked.network);
    });
    it.each(rows)('$flow', (row) => {
      const { network } = opened.linked;
      const flow = placed(row.flow, opened);
      const trace = ask(opened, flow);
      const place = places.place(readFlow(flow).from);
      if (!place.ok || trace.address === null) return;
      const at = positionOf(network, place.value);
      const inside = place.value.kind === 'nic' || place.value.kind === 'subnet';
      const steps = trace.steps.filter(({ stage }) => stage !== 'name');
      if (at && inside) {
        // The first hop: what comes before the packet is handed on, or has arrived.
        const end = steps.findIndex(({ stage }) => !['route', 'egress'].includes(stage));
        const hop = end < 0 ? steps : steps.slice(0, end);
        const route = hop.find(({ stage }) => stage === 'route');
        const packet = {
          source: at.address,
          destination: ip(trace.address),
          protocol: trace.protocol,
          port: trace.port,
        };
        if (route && route.rule !== 'platform address') {
          const decision = askRoutes(at, packet);
          const by = decision.kind === 'none' ? undefined : decision.row.by;
          expect(by).toEqual({ resource: route.resource, rule: route.rule });
          counts.routes++;
        }
        if (route?.outcome === 'pass') {
          const said = saidBy(hop.filter(({ stage }) => stage === 'egress'));
          expect(answerAt(at, 'Outbound', trace, at.address)).toEqual(said);
          tally(said, 'outbound');
        }
      }
      const entered = steps.filter(({ stage }) => stage === 'ingress');
      const target = [...network.vnets.values()]
        .map((vnet) => positionByAddress(network, vnet, ip(trace.address ?? '')))
        .find((spot) => spot?.nic !== undefined && spot.nic.endpoint === undefined);
      // An appliance on the way has groups of its own, which are asked about itself.
      if (
        at &&
        target &&
        entered.length > 0 &&
        !steps.some(({ stage, says }) => stage === 'forward' && says.includes('passes the packet on'))
      ) {
        const said = saidBy(entered);
        expect(answerAt(target, 'Inbound', trace, at.address)).toEqual(said);
        tally(said, 'inbound');
      }
    });
  });
}

describe('the table', () => {
  it('asked about all kinds', () => {
    console.log(`network watcher and walk agree: ${JSON.stringify(counts)}`);
    expect(counts.outbound).toBeGreaterThanOrEqual(40);
    expect(counts.inbound).toBeGreaterThanOrEqual(5);
    expect(counts.denied).toBeGreaterThanOrEqual(10);
    expect(counts.unknown).toBeGreaterThanOrEqual(1);
    expect(counts.routes).toBeGreaterThanOrEqual(50);
  });
});
