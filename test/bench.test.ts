/** Every bench works and prints what its header says. How fast anything is, is no matter of the tests. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { clientPath } from './support/clients.ts';
import { noPackets } from './support/kernel.ts';
import { programOf } from './support/running.ts';

const folder = fileURLToPath(new URL('../bench/', import.meta.url));
const run = promisify(execFile);

/** A figure with its spread, in a unit. */
const figure = (unit: string): unknown => ({
  median: expect.any(Number),
  min: expect.any(Number),
  max: expect.any(Number),
  runs: expect.any(Number),
  unit,
});
const figures = (unit: string, ...names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, figure(unit)]));
const requests = {
  rate: figure('requests/s'),
  median: figure('ms'),
  p99: figure('ms'),
};
const way = { cloister: requests, plain: requests, ratios: figures('ratio', 'rate', 'median', 'p99') };
const estate = {
  shape: expect.stringMatching(/^(cells|one)$/),
  resources: expect.any(Number),
  networks: expect.any(Number),
  ...figures('ms', 'whole', 'unchanged', 'changedRule', 'changedRuleOfSpoke', 'changedNic'),
  ...figures('ms', 'changedConnection', 'names', 'namesAnew', 'write'),
};

/** Azurite comes with the client programs; without them Cloister is measured alone. */
const azurite = process.env['CLOISTER_CLIENTS'] !== undefined;
const azuritePeers = azurite ? ['azurite', 'azuritePlain'] : [];
const peers = (unit: string, ...names: readonly string[]): object => ({
  ...figures(unit, 'cloister', ...names),
  ...figures('ratio', ...names.map((name) => `${name}Ratio`)),
});

const documented: Readonly<Record<string, { readonly goals: number; readonly results: unknown }>> = {
  arm: {
    goals: process.env['CLOISTER_DATABASE'] === undefined ? 1 : 2,
    results: expect.arrayContaining(
      ['PUT', 'GET'].flatMap((method) =>
        ['memory', 'sqlite'].map((store) =>
          expect.objectContaining({
            method,
            store,
            share: expect.any(Number),
            ...figures('requests/s', 'one', 'four', 'sixteen', 'router', 'routerFour'),
          }),
        ),
      ),
    ),
  },
  'azure-ai-ml': {
    goals: 0,
    results: {
      place: 'internet',
      steps: expect.any(Number),
      seconds: figure('s'),
      requests: figures('requests', 'all', 'resourceManager', 'signIn', 'blob', 'scoring'),
    },
  },
  blob: {
    goals: azurite ? 4 : 0,
    results: expect.objectContaining({
      putSmall: expect.objectContaining(peers('requests/s', ...azuritePeers)),
      getSmall: expect.objectContaining(peers('requests/s', ...azuritePeers)),
      putLarge: expect.objectContaining(peers('MiB/s', ...azuritePeers)),
      getLarge: expect.objectContaining(peers('MiB/s', ...azuritePeers)),
    }),
  },
  compile: {
    goals: 1,
    results: { estates: [estate, estate], open: figures('ms', 'first', 'again') },
  },
  dns: {
    goals: 1,
    results: {
      names: expect.any(Number),
      cloister: { rate: figure('answers/s'), lost: expect.any(Number) },
      unbound: { rate: figure('answers/s'), lost: expect.any(Number) },
      ratio: figure('ratio'),
    },
  },
  gateway: {
    goals: 0,
    results: { clients: 4, answer: expect.objectContaining({ status: 401 }), kept: way, new: way },
  },
  registry: {
    goals: 0,
    results: expect.objectContaining({
      push: expect.objectContaining(figures('MiB/s', 'cloister', 'dockerRegistry')),
      pull: expect.objectContaining(figures('MiB/s', 'cloister', 'dockerRegistry')),
      manifest: expect.objectContaining(figures('requests/s', 'cloister', 'dockerRegistry')),
    }),
  },
  start: {
    goals: process.platform === 'linux' ? 2 : 1,
    results: expect.objectContaining(figures('s', 'firstScore', 'whole')),
  },
  verify: {
    goals: 3,
    results: {
      native: expect.any(Boolean),
      cases: ['random', 'grid', 'large grid'].map((name) =>
        expect.objectContaining({
          name,
          rules: expect.any(Number),
          nodes: expect.any(Number),
          edges: expect.any(Number),
          splits: expect.stringMatching(/^(equivalent|out of budget)$/),
          ...figures('ms', 'diagrams', 'split'),
        }),
      ),
    },
  },
  'verify-estate': {
    goals: 4,
    results: {
      groups: expect.objectContaining({
        rules: expect.any(Number),
        ...figures('ms', 'compileMs', 'containMs', 'wholeMs'),
        ...figures('MB', 'peakMB'),
      }),
      pairs: expect.objectContaining({
        answers: expect.any(Number),
        delivered: expect.any(Number),
        ...figures('ms', 'allMs', 'linkMs', 'againMs'),
        ...figures('MB', 'peakMB'),
      }),
    },
  },
  kernel: {
    goals: 2,
    results: {
      fromNothing: {
        networks: expect.any(Number),
        machines: expect.any(Number),
        namespaces: expect.any(Number),
        ...figures('ms', 'cloister', 'hand'),
        ratio: figure('ratio'),
      },
      oneRule: {
        rules: expect.any(Number),
        ...figures('ms', 'cloister', 'hand'),
        ratio: figure('ratio'),
        parts: figures('ms', 'compile', 'plan', 'apply'),
      },
    },
  },
  'kernel-paths': {
    goals: 4,
    results: {
      tcp: {
        ...figures('Gbit/s', 'endpoint', 'gated', 'bare'),
        ...figures('ratio', 'endpointRatio', 'gatedRatio'),
      },
      https: { ...figures('requests/s', 'endpoint', 'direct'), ratio: figure('ratio') },
      dns: {
        names: expect.any(Number),
        lost: expect.any(Number),
        ...figures('answers/s', 'cloister', 'unbound'),
        ratio: figure('ratio'),
      },
    },
  },
  scoring: {
    goals: 1,
    results: {
      requests: expect.any(Number),
      cloister: figures('ms', 'median', 'p99'),
      replica: figures('ms', 'median', 'p99'),
      adds: figure('ms'),
    },
  },
  walk: {
    goals: 1,
    results: {
      mix: figure('walks/s'),
      linear: figure('turns/s'),
      flows: expect.arrayContaining(
        ['delivered', 'refused-by-door', 'dropped-by-gate', 'unknown', 'name-not-found'].map((disposition) =>
          expect.objectContaining({ flow: expect.any(String), disposition, median: expect.any(Number) }),
        ),
      ),
    },
  },
  why: {
    goals: 1,
    results: {
      ...figures('ms', 'whole', 'node'),
      parts: figures('ms', 'check', 'verbs', 'modules', 'open', 'walk'),
    },
  },
};

/** Programs of peers and clients that a machine may lack. */
const needs: Readonly<Record<string, () => boolean>> = {
  'azure-ai-ml': () => clientPath('aml/bin/python') !== undefined,
  dns: () => ['unbound', 'dnsperf', 'dig'].every(programOf),
  kernel: () => noPackets === undefined,
  'kernel-paths': () => noPackets === undefined && ['unbound', 'dnsperf', 'dig'].every(programOf),
  registry: () => programOf('docker-registry') !== undefined,
};

describe('bench', () => {
  it('has what is documented here', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
    expect(files.map((name) => name.replace('.mjs', '')).sort()).toEqual(Object.keys(documented).sort());
  });

  it.for(Object.entries(documented))(
    '%s',
    { timeout: 120_000 },
    async ([name, { goals, results }], { skip }) => {
      if (needs[name]?.() === false) skip();
      const { stdout } = await run(process.execPath, [`${folder}${name}.mjs`, '--quick']);
      const report = JSON.parse(stdout) as { readonly goals: readonly unknown[] };
      expect(report).toEqual({
        bench: name,
        date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        quick: true,
        machine: expect.objectContaining({
          cores: expect.any(Number),
          memoryGiB: expect.any(Number),
          node: process.version,
        }),
        goals: expect.any(Array),
        results,
      });
      expect(report.goals).toHaveLength(goals);
    },
  );
});
