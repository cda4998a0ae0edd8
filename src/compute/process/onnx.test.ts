import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleModel, jsonOf, onnxSpec, post, Sandbox, textOf, unconfined } from './harness.testing.ts';
import { Replicas } from './replicas.ts';

const sandbox = new Sandbox();
const replicas = new Replicas(unconfined);
const rows = [
  [34, 1, 0, 0],
  [67, 3, 2, 1],
];

beforeAll(() => replicas.ensure(onnxSpec({ instances: 1 })));
afterAll(async () => {
  await replicas.close();
  sandbox.remove();
});

describe('an onnx replica', () => {
  it('answers GET / when it is ready', async () => {
    const answer = await replicas.score('blue', {
      method: 'GET',
      path: '/',
      headers: {},
      body: new Uint8Array(),
    });
    expect([answer.status, textOf(answer)]).toEqual([200, 'Healthy']);
    expect(replicas.status('blue')).toEqual({ wanted: 1, ready: 1, restarts: 0 });
  });

  it.each([
    ['input_data', { input_data: rows }],
    ['data', { data: rows }],
    ['columns and data', { input_data: { columns: ['a', 'b', 'c', 'd'], index: [0, 1], data: rows } }],
  ])('scores rows given as %s', async (_, body) => {
    const { coefficients, intercept } = coefficientsFile();
    const answer = await post(replicas, body);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    const predictions = jsonOf(answer) as number[];
    expect(predictions).toHaveLength(2);
    rows.forEach((row, at) => {
      const expected = row.reduce((sum, x, column) => sum + x * (coefficients[column] ?? 0), intercept);
      expect(predictions[at]).toBeCloseTo(expected, 4);
    });
  });

  it.each([
    ['no JSON', '{"input_data": [[1,', /not JSON/],
    ['a scalar', '3', /input_data/],
    ['null', 'null', /input_data/],
    ['no rows', { input_data: [] }, /at least one row/],
    ['a row that is none', { input_data: [1, 2, 3, 4] }, /Row 0 is not an array/],
    ['too few columns', { input_data: [[1, 2, 3]] }, /Row 0 has 3 columns; the model takes 4/],
    ['ragged rows', { data: [[1, 2, 3, 4], [1]] }, /Row 1 has 1 columns/],
    ['a text', { data: [[1, 2, 'x', 4]] }, /Row 0, column 2: "x" is not a finite number/],
    ['an infinite number', '{"data": [[1, 2, 3, 1e999]]}', /column 3: null is not a finite number/],
    ['the wrong names', { input_data: { columns: ['a'], data: rows } }, /"columns" names 1 columns/],
  ])('answers 400 to %s and stays up', async (_, body, message) => {
    const answer = await post(replicas, body);
    expect(answer.status).toBe(400);
    expect(jsonOf(answer)).toEqual({
      error: { code: 'BadArgument', message: expect.stringMatching(message) },
    });
    expect((await post(replicas, { data: rows })).status).toBe(200);
    expect(replicas.status('blue').restarts).toBe(0);
  });

  it('answers 413 to a body over 16 MiB, and 404 and 405 to what is not POST /score', async () => {
    expect((await post(replicas, ' '.repeat(16 * 2 ** 20 + 1))).status).toBe(413);
    const ask = (method: string, path: string) =>
      replicas.score('blue', { method, path, headers: {}, body: new Uint8Array() });
    expect((await ask('POST', '/other')).status).toBe(404);
    expect((await ask('GET', '/score')).status).toBe(405);
  });

  it('answers many rows and many requests in turn', async () => {
    const many = Array.from({ length: 5_000 }, (_, at) => [at % 90, at % 4, 1, 2]);
    expect(jsonOf(await post(replicas, { data: many }))).toHaveLength(5_000);
    const answers = await Promise.all(Array.from({ length: 40 }, () => post(replicas, { data: rows })));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });
});

describe('an onnx deployment that cannot start', () => {
  it('says that the model folder is missing', async () => {
    const model = join(sandbox.root, 'absent');
    await expect(replicas.ensure(onnxSpec({ key: 'a', model }))).rejects.toMatchObject({
      code: 'not-ready',
      message: `a: there is no model folder ${model}`,
    });
    await expect(post(replicas, {}, 'a')).rejects.toMatchObject({ code: 'not-ready' });
  });

  it('says that the folder holds no model, or a broken one', async () => {
    await expect(
      replicas.ensure(onnxSpec({ key: 'b', model: sandbox.folder('empty') })),
    ).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringMatching(/exit code 1.*\n.*\n.*must hold one \.onnx file/),
    });
    const broken = sandbox.folder('broken', { 'model.onnx': 'this is no protobuf' });
    await expect(replicas.ensure(onnxSpec({ key: 'c', model: broken }))).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringMatching(/exit code 1/),
    });
    expect(replicas.logs('c', 100)).toMatch(/protobuf|model/i);
    expect(replicas.status('c')).toEqual({ wanted: 0, ready: 0, restarts: 0 });
  });
});

function coefficientsFile(): { coefficients: number[]; intercept: number } {
  return JSON.parse(readFileSync(join(exampleModel, 'coefficients.json'), 'utf8'));
}
