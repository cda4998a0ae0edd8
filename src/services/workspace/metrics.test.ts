/**
 * Metrics, artifacts and snapshots of runs, and environments.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import { person } from '../blob/harness.testing.ts';
import { type Body, WorkspaceUnderTest } from './harness.testing.ts';

const experiment = 'history/v1.0 experiments/e1';
const metric = 'metric/v2.0 runs/r1';

async function withRun(): Promise<WorkspaceUnderTest> {
  const ws = new WorkspaceUnderTest();
  await ws.have(`POST ${experiment}`);
  await ws.have(`PATCH ${experiment}/runs/r1`, {});
  return ws;
}

const series = (name: string, values: readonly number[], from = 0, type = 'azureml.v1.scalar') => ({
  name,
  columns: { [name]: 'Double' },
  properties: { uxMetricType: type },
  value: values.map((value, step) => ({
    metricId: `${name}-${from + step}`,
    createdUtc: `2026-11-22T10:00:${String(from + step).padStart(2, '0')}Z`,
    step,
    data: { [name]: value },
  })),
});

describe('metrics', () => {
  const values = async (ws: WorkspaceUnderTest, more: object = {}): Promise<readonly number[]> =>
    (await ws.have(`POST ${metric}/full`, { metricName: 'm', ...more })).value.map(
      (each: Body) => each.data.m,
    );

  test('are told in batches and given back whole, each value once', async () => {
    const ws = await withRun();
    expect(
      await ws.have(`POST ${metric}/batch`, { values: [series('m', [1, 2]), series('l', [9])] }),
    ).toEqual({
      errors: [],
    });
    await ws.have(`POST ${metric}/batch`, { values: [series('m', [3], 2)] });
    // The client heard no answer and tells it again.
    await ws.have(`POST ${metric}/batch`, { values: [series('m', [3], 2)] });
    expect(await values(ws)).toEqual([1, 2, 3]);
    expect(await values(ws, { startTime: '2026-11-22T10:00:01Z' })).toEqual([2, 3]);
    expect(await values(ws, { endTime: '2026-11-22T10:00:00Z' })).toEqual([1]);
    const listed = await ws.have(`POST ${metric}/list`, {});
    expect(listed.value.map((each: Body) => each.metricKey.name)).toEqual(['l', 'm']);
    expect(await ws.have(`GET ${experiment}/runs/r1/metricsingest/wait`)).toEqual({});
  });

  test('of one name are of one type', async () => {
    const ws = await withRun();
    await ws.have(`POST ${metric}/batch`, { values: [series('m', [1])] });
    const other = series('m', [2], 1, 'azureml.v1.table');
    const { errors } = await ws.have(`POST ${metric}/batch`, { values: [other] });
    expect(errors[0].errorResponse.error.message).toMatch(/^Metric m is of type azureml.v1.scalar/);
    expect(await values(ws)).toEqual([1]);
  });

  test('have pages', async () => {
    const ws = await withRun();
    const many = Array.from({ length: 1001 }, (_, n) => n);
    await ws.have(`POST ${metric}/batch`, {
      values: [
        {
          ...series('m', many),
          value: series('m', many).value.map((v) => ({ ...v, createdUtc: undefined })),
        },
      ],
    });
    const first = await ws.have(`POST ${metric}/full`, { metricName: 'm' });
    expect(first.value.length).toBe(1000);
    expect(await values(ws, { continuationToken: first.continuationToken })).toEqual([1000]);
  });

  test('may have any name', async () => {
    const ws = await withRun();
    const name = 'a/b|c %\u0000é';
    await ws.have(`POST ${metric}/batch`, { values: [series(name, [1])] });
    expect((await ws.have(`POST ${metric}/full`, { metricName: name })).value.length).toBe(1);
    expect(await ws.refusal(`POST ${metric}/full`, { metricName: 'a' })).toMatch(/^404 /);
  });

  test.each([
    [`POST ${metric}/full`, { metricName: 'no' }, /^404 Run r1 has no metric 'no'/],
    [`POST ${metric}/batch`, {}, /^400 body.values is required/],
    [`POST ${metric}/batch`, '{"values":[{"name":"m","value":[{"data":{"m":NaN}}]}]}', /^400 .*not JSON/],
    [`POST ${metric}/batch`, { values: [{ name: 'm', columns: {}, value: [{ data: 1 }] }] }, /^400 /],
    ['POST metric/v2.0 runs/no/batch', { values: [] }, /^404 Run no/],
    ['POST metric/v2.0 runs/no/list', {}, /^404 Run no/],
  ])('%s %j is refused', async (line, body, says) => {
    expect(await (await withRun()).refusal(line, body)).toMatch(says);
  });
});

describe('artifacts', () => {
  const any = 'artifact/v2.0 artifacts';
  const at = 'ExperimentRun/dcid.r1';
  const make = (ws: WorkspaceUnderTest, ...paths: string[]): Promise<Body> =>
    ws.have(`POST ${any}/batch/metadata/${at}`, { paths: paths.map((path) => ({ path })) });

  test('are made with a pass to write, and read with a pass to read', async () => {
    const ws = await withRun();
    const made = await make(ws, 'outputs/a b.txt', 'logs/x.log');
    const name = 'ExperimentRun/dcid.r1/outputs/a b.txt';
    expect(made.artifacts['outputs/a b.txt']).toMatchObject({
      artifactId: name,
      dataPath: { dataStoreName: 'workspaceartifactstore', relativePath: name },
    });
    const address = `https://st1.blob.core.windows.net/azureml/ExperimentRun/dcid.r1/outputs/a%20b.txt?pass-to=${encodeURIComponent(name)}`;
    expect(made.artifactContentInformation['outputs/a b.txt'].contentUri).toBe(`${address}&sp=rcw`);
    const read = await ws.have(`GET ${any}/contentinfo/${at}/outputs%2Fa%20b.txt`);
    expect(read.contentUri).toBe(`${address}&sp=r`);
    expect((await ws.have(`GET ${any}/contentinfo/${at}/outputs/a%20b.txt`)).contentUri).toBe(
      `${address}&sp=r`,
    );
    const { logFiles } = await ws.have('GET history/v1.0 runs/r1/details');
    expect(Object.keys(logFiles)).toEqual(['logs/x.log']);
    expect(logFiles['logs/x.log']).toMatch(/&sp=r$/);
  });

  test('are listed by container, by path and by run', async () => {
    const ws = await withRun();
    await make(ws, 'a/1', 'a/2', 'ab/3');
    const paths = async (line: string) => (await ws.have(`GET ${line}`)).value.map((each: Body) => each.path);
    expect(await paths(`${any}/${at}`)).toEqual(['a/1', 'a/2', 'ab/3']);
    expect(await paths(`${any}/${at}/a`)).toEqual(['a/1', 'a/2']);
    expect(await paths(`${any}/prefix/contentinfo/${at}/a%2F`)).toEqual(['a/1', 'a/2']);
    expect(await paths(`${experiment}/runs/r1/artifacts`)).toEqual(['a/1', 'a/2', 'ab/3']);
    expect(await paths(`${experiment}/runs/r1/artifacts/path/ab`)).toEqual(['ab/3']);
  });

  test.each([
    [`POST ${any}/batch/metadata/${at}`, { paths: [{ path: '../../x' }] }, /^400 '..\/..\/x' is not a path/],
    [`POST ${any}/batch/metadata/${at}`, { paths: [{ path: 'a//b' }] }, /^400 /],
    [`POST ${any}/batch/metadata/${at}?datastoreName=mine`, { paths: [] }, /^501 .*datastore 'mine'/],
    [`GET ${any}/contentinfo/${at}/no`, undefined, /^404 There is no artifact/],
    [`DELETE ${any}/metadata/${at}/no`, undefined, /^501 .*DELETE artifact\/v2.0/],
  ])('%s %j is refused', async (line, body, says) => {
    expect(await (await withRun()).refusal(line, body)).toMatch(says);
  });

  test('a reader gets no pass to write', async () => {
    const ws = await withRun();
    await make(ws, 'a');
    expect(await ws.refusal(`GET ${any}/write/${at}/a`, undefined, person('reader'))).toMatch(
      /^403 .*metadata\/artifacts\/write/,
    );
    expect(await ws.refusal(`GET ${any}/contentinfo/${at}/a`, undefined, person('reader'))).toBe('200 ');
  });
});

describe('snapshots', () => {
  const latest = 'GET content/v1.0 snapshots/latest/metadata';
  const snapshot = (parentSnapshotId: string) => ({
    ParentSnapshotId: parentSnapshotId,
    Tags: null,
    Properties: {},
    DirTreeNode: { name: '', type: 'Directory', hash: 'h', children: {} },
    FileRevisionList: { FileNodes: [{ FullName: 'a.py', BlobUri: 'https://x/y?sig=1', FileSize: 1 }] },
  });

  test('begin with none, and the newest is the latest', async () => {
    const ws = await withRun();
    const none = await ws.have(latest);
    expect(none.root).toEqual({});
    const { fileNodes } = await ws.have('POST content/v2.0 snapshots/getblob', { FileNames: ['a.py'] });
    expect(fileNodes[0].blobUri).toMatch(
      /^https:\/\/st1\.blob\.core\.windows\.net\/azureml\/Snapshots\/.*&sp=rcw$/,
    );
    await ws.have('POST content/v2.0 snapshots/s1', snapshot(none.id));
    await ws.have('POST content/v2.0 snapshots/s2', snapshot('s1'));
    expect([
      (await ws.have(latest)).id,
      (await ws.have('GET content/v1.0 snapshots/s1/metadata')).id,
    ]).toEqual(['s2', 's1']);
    expect(await ws.refusal('POST content/v2.0 snapshots/s1', snapshot('s1'))).toMatch(/^409 /);
    expect(await ws.refusal('POST content/v2.0 snapshots/s3', snapshot('no'))).toMatch(/^404 /);
    expect(await ws.refusal('POST content/v2.0 snapshots/getblob', { FileNames: ['../x'] })).toMatch(/^400 /);
    expect(await ws.refusal('POST content/v2.0 snapshots/s1/zip')).toMatch(/^501 .*snapshots\/s1\/zip/);
  });
});

describe('environments', () => {
  const at = 'environment/v1.0 environments/env';
  const definition = (image: string) => ({
    Name: 'env',
    Docker: { baseImage: image },
    EnvironmentVariables: {},
  });

  test('a definition that is new makes a version', async () => {
    const ws = await withRun();
    expect(await ws.have(`PUT ${at}`, definition('a'))).toMatchObject({ name: 'env', version: '1' });
    expect((await ws.have(`PUT ${at}`, definition('a'))).version).toBe('1');
    expect((await ws.have(`PUT ${at}`, definition('b'))).version).toBe('2');
    expect((await ws.have(`PUT ${at}/versions/x`, definition('c'))).version).toBe('x');
    expect((await ws.have(`GET ${at}`)).docker).toEqual({ baseImage: 'c' });
    expect((await ws.have(`GET ${at}/versions/1`)).docker).toEqual({ baseImage: 'a' });
    const listed = await ws.have('GET environment/v1.0 environments/');
    expect(listed.value.map((each: Body) => [each.name, each.version])).toEqual([['env', 'x']]);
  });

  test.each([
    [`GET ${at}`, undefined, /^404 /],
    [`GET ${at}/versions/9`, undefined, /^404 /],
    ['PUT environment/v1.0 environments/AzureML-x', {}, /^400 .*curated/],
    [`PUT ${at}`, { Name: 'other' }, /^400 The body is about other/],
    [`PUT ${at}`, { unheard: 1 }, /^400 Could not find member 'unheard'/],
    [`POST environment/v2.0 environments/env/image`, {}, /^501 .*environment\/v2.0 .*image/],
  ])('%s is refused', async (line, body, says) => {
    expect(await (await withRun()).refusal(line, body)).toMatch(says);
  });

  test('a version never changes', async () => {
    const ws = await withRun();
    await ws.have(`PUT ${at}/versions/1`, definition('a'));
    expect(await ws.refusal(`PUT ${at}/versions/1`, definition('b'))).toMatch(/^409 .*never changes/);
  });
});
