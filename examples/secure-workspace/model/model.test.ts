import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReplicaSpec, Replicas } from '../../../src/compute/process/replicas.ts';
import { findSandbox } from '../../../src/compute/sandbox/probe.ts';
import { findProgram } from '../../../src/compute/sandbox/program.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const records = readFileSync(join(here, 'data.csv'), 'utf8').trim().split('\n').slice(1);
const table = records.map((record) => record.split(',').map(Number));
const features = table.map((row) => row.slice(0, -1));
const targets = table.map((row) => row.at(-1) ?? Number.NaN);

const replicas = new Replicas(findSandbox);
const folder = mkdtempSync(join(tmpdir(), 'cloister-model-'));
const spec: ReplicaSpec = {
  key: 'regression',
  kind: { runtime: 'onnx' },
  model: here,
  environment: {},
  instances: 1,
  readinessTimeout: 20_000,
  requestTimeout: 10_000,
};

beforeAll(() => replicas.ensure(spec));
afterAll(async () => {
  await replicas.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the example model', () => {
  it('predicts what an independent solution of the same least squares predicts', async () => {
    const weights = leastSquaresByHouseholder(
      features.map((row) => [1, ...row]),
      targets,
    );
    const sample = features.filter((_, at) => at % 6 === 0);
    expect(sample).toHaveLength(20);
    const predictions = await score('regression', JSON.stringify({ input_data: sample }));
    expect(predictions).toHaveLength(20);
    sample.forEach((row, at) => {
      const expected = [1, ...row].reduce((sum, x, column) => sum + x * (weights[column] ?? Number.NaN), 0);
      expect(Math.abs((predictions[at] ?? Number.NaN) - expected)).toBeLessThan(1e-4);
    });
  });

  it('found the structure that make-data.mjs put into the data', () => {
    const { intercept, coefficients } = JSON.parse(readFileSync(join(here, 'coefficients.json'), 'utf8'));
    const found: number[] = [intercept, ...coefficients];
    const invented = [0.8, 0.03, 1.2, 0.45, 0.6];
    // Some three standard errors of each, for 120 rows and noise of 0.5.
    const tolerance = [0.55, 0.008, 0.15, 0.12, 0.13];
    found.forEach((value, at) => {
      expect(Math.abs(value - (invented[at] ?? Number.NaN))).toBeLessThan(tolerance[at] ?? 0);
    });
  });

  it('answers the example request', async () => {
    const predictions = await score('regression', readFileSync(join(here, 'score-request.json'), 'utf8'));
    expect(predictions).toHaveLength(3);
    for (const days of predictions) expect(days).toBeGreaterThan(0);
  });

  it('is what train.mjs makes of data.csv, byte for byte', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(here, 'train.mjs'), folder], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    for (const file of ['regression.onnx', 'coefficients.json']) {
      expect(readFileSync(join(folder, file))).toEqual(readFileSync(join(here, file)));
    }
    expect(readFileSync(join(here, 'regression.onnx')).length).toBeLessThan(300);
  });

  const python = findProgram('python3', process.env.PATH ?? '') !== undefined;
  if (!python) console.warn('score.py is not tested: there is no python3 on PATH');
  it.skipIf(!python && process.env.CLOISTER_REQUIRE_ALL !== '1')('agrees with score.py', async () => {
    await replicas.ensure({
      ...spec,
      key: 'script',
      kind: { runtime: 'script', code: here, entry: 'score.py' },
    });
    const body = readFileSync(join(here, 'score-request.json'), 'utf8');
    const [onnx, script] = [await score('regression', body), await score('script', body)];
    expect(script).toHaveLength(onnx.length);
    script.forEach((days, at) => {
      expect(Math.abs(days - (onnx[at] ?? Number.NaN))).toBeLessThan(1e-4);
    });
  });
});

async function score(key: string, body: string): Promise<number[]> {
  const answer = await replicas.score(key, {
    method: 'POST',
    path: '/score',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(body),
  });
  expect(answer.status).toBe(200);
  return JSON.parse(Buffer.from(answer.body).toString('utf8'));
}

/** Returns the w that minimises |Xw - y|: Householder reflections turn X into an upper triangle, then substitution. */
function leastSquaresByHouseholder(x: readonly (readonly number[])[], y: readonly number[]): number[] {
  const rows = x.map((row, at) => [...row, y[at] ?? Number.NaN]);
  const width = (rows[0]?.length ?? 1) - 1;
  const entry = (i: number, j: number) => rows[i]?.[j] ?? Number.NaN;
  for (let k = 0; k < width; k++) {
    const v = rows.map((_, i) => (i < k ? 0 : entry(i, k)));
    v[k] = entry(k, k) + (entry(k, k) < 0 ? -1 : 1) * Math.hypot(...v);
    const square = v.reduce((sum, item) => sum + item * item, 0);
    for (let j = k; j <= width; j++) {
      const dot = v.reduce((sum, item, i) => sum + item * entry(i, j), 0);
      for (const [i, row] of rows.entries()) row[j] = entry(i, j) - (2 * dot * (v[i] ?? 0)) / square;
    }
  }
  const w: number[] = new Array(width).fill(0);
  for (let k = width - 1; k >= 0; k--) {
    const known = w.reduce((sum, weight, j) => (j > k ? sum + weight * entry(k, j) : sum), 0);
    w[k] = (entry(k, width) - known) / entry(k, k);
  }
  return w;
}
