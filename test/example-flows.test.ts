/**
 * The example estate and small variations of it: who reaches what, who decides, and everything that is in the way.
 * Expectations come from the reference. Then the same questions to a running instance: the answers are the same bytes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlClient } from '../src/api/control.ts';
import { open } from '../src/app/files.ts';
import type { Opened } from '../src/app/open.ts';
import { deployAll } from '../src/cli/up.ts';
import type { Trace } from '../src/net/trace.ts';
import {
  ask,
  endingOf,
  openScenario,
  placed,
  printed,
  readClaim,
  readFlow,
  shortName,
  withFolder,
} from './support/scenario.ts';
import type { Variation } from './support/scenario-flows.ts';
import * as start from './support/scenario-flows-base.ts';
import * as doors from './support/scenario-flows-doors.ts';
import * as names from './support/scenario-flows-names.ts';
import * as network from './support/scenario-flows-network.ts';
import * as peering from './support/scenario-flows-peering.ts';

const all: readonly Variation[] = [start, names, network, peering, doors].flatMap((module) =>
  Object.values(module).flat(),
);
const traces: Trace[] = [];

for (const { title, scenario, rows } of all) {
  describe(title, () => {
    let opened: Opened;
    beforeAll(async () => {
      opened = await openScenario(scenario);
    });
    for (const { flow, ends, blockers, why } of rows) {
      it(`${flow}: ${ends} (${why})`, () => {
        const trace = ask(opened, placed(flow, opened));
        traces.push(trace);
        const claimed = readClaim(ends);
        expect(endingOf(trace, claimed), trace.steps.map((step) => step.says).join('\n')).toEqual(claimed);
        expect(trace.blockers.map(({ resource, property }) => `${shortName(resource)} ${property}`)).toEqual(
          blockers,
        );
      });
    }
  });
}

describe('the table', () => {
  it('has at least 60 flows', () => {
    expect(traces).toHaveLength(all.flatMap(({ rows }) => rows).length);
    expect(traces.length).toBeGreaterThanOrEqual(60);
  });

  it('ends in every disposition that is produced', () => {
    expect([...new Set(traces.map((trace) => trace.disposition))].toSorted()).toEqual([
      'delivered',
      'dropped-by-gate',
      'endpoint-not-approved',
      'name-not-found',
      'no-return-path',
      'no-route',
      'nothing-listening',
      'refused-by-door',
      'resolver-unreachable',
      'unauthenticated',
      'unauthorized',
      'unknown',
    ]);
  });
});

const example = fileURLToPath(new URL('../examples/secure-workspace', import.meta.url));

/** Every place to every target, and what the table asks besides. */
function everyFlow({ linked }: Opened, { rows }: Variation): string[] {
  const places = ['internet', 'site/branch-office', 'vm/jumpbox', 'vnet/clinic-vnet/training'];
  const services = [...linked.network.servedNames.keys()];
  const crossed = places.flatMap((from) => services.map((name) => `${from} -> ${name}`));
  return [...new Set([...rows.map((row) => row.flow), ...crossed])];
}

async function compare(folder: string, flows: (opened: Opened) => string[]): Promise<number> {
  const { Instance } = await import('../src/server/instance.ts');
  const state = mkdtempSync(join(tmpdir(), 'cloister-flows-'));
  const instance = await Instance.start({ folder: state, memory: true });
  try {
    const client = new ControlClient(instance.file);
    const opened = await open([folder]);
    await deployAll(client, opened.sources, {}, () => {});
    const asked = flows(opened);
    for (const flow of asked) {
      expect(await client.why(readFlow(flow)), flow).toBe(printed(ask(opened, flow)));
    }
    return asked.length;
  } finally {
    await instance.close();
    rmSync(state, { recursive: true, force: true });
  }
}

describe('a running instance answers the same bytes', () => {
  const counts: number[] = [];
  const callers = start.callers.rows.map((row) => row.flow);
  it('on the example', async () => {
    counts.push(await compare(example, (opened) => [...everyFlow(opened, start.base), ...callers]));
  });
  for (const title of ['a peered network with a link to the blob zone', 'the blob connection is Pending']) {
    const found = all.find((item) => item.title === title);
    if (!found) throw new Error(`there is no variation '${title}'`);
    it(`where ${title}`, async () => {
      counts.push(
        await withFolder(found.scenario, (folder) => compare(folder, (opened) => everyFlow(opened, found))),
      );
    });
  }
  afterAll(() => {
    expect(counts).toHaveLength(3);
    expect(Math.min(...counts)).toBeGreaterThan(30);
  });
});
