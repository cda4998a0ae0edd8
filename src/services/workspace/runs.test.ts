/**
 * Run history: experiments, runs, their events and lists, rights and malformed requests.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import { anonymous, invalid, person } from '../blob/harness.testing.ts';
import { type Body, bodyOf, WorkspaceUnderTest, workspace } from './harness.testing.ts';

const at = 'history/v1.0 experiments/e1';

async function withRun(): Promise<WorkspaceUnderTest> {
  const ws = new WorkspaceUnderTest();
  await ws.have(`POST ${at}`);
  await ws.have(`PATCH ${at}/runs/r1`, { runId: 'r1', tags: { a: '1' }, properties: { p: 'q' } });
  return ws;
}

test('an experiment is made once, found by name and by id', async () => {
  const ws = new WorkspaceUnderTest();
  expect(await ws.refusal(`GET ${at}`)).toBe('404 Experiment e1 was not found.');
  const made = await ws.have(`POST ${at}`);
  expect(made).toEqual({
    experimentId: 'id-1',
    name: 'e1',
    createdUtc: '2026-11-22T10:00:00.250Z',
    tags: {},
  });
  expect(await ws.have('POST history/v1.0 experiments/E1')).toEqual(made);
  expect(await ws.have(`GET ${at}`)).toEqual(made);
  expect(await ws.have('GET history/v1.0 experimentids/id-1')).toEqual(made);
  expect(await ws.refusal('GET history/v1.0 experimentids/no')).toMatch(/^404 /);
});

test('an experiment is archived, tagged, listed and deleted when it is empty', async () => {
  const ws = await withRun();
  await ws.have('POST history/v1.0 experiments/e2');
  const listed = async (viewType: string) =>
    (await ws.have('POST history/v1.0 experiments:query', { viewType })).value.map((each: Body) => each.name);
  const tagged = await ws.have('PATCH history/v1.0 experimentids/id-2', { tags: { x: 'y' }, archive: true });
  expect([tagged.tags, tagged.archivedTime]).toEqual([{ x: 'y' }, '2026-11-22T10:00:00.250Z']);
  expect([await listed('ActiveOnly'), await listed('ArchivedOnly')]).toEqual([['e1'], ['e2']]);
  expect((await listed('All')).toSorted()).toEqual(['e1', 'e2']);
  await ws.have('POST history/v1.0 experimentids/id-2/tags:delete', { tags: ['x'] });
  expect((await ws.have('GET history/v1.0 experimentids/id-2')).tags).toEqual({});
  expect(await ws.refusal('DELETE history/v1.0 experimentids/id-1')).toBe(
    '409 Only empty experiments can be deleted, and e1 has runs.',
  );
  await ws.have('DELETE history/v1.0 experimentids/id-2');
  expect(await listed('All')).toEqual(['e1']);
});

test('a run is made, changed, and read under every address', async () => {
  const ws = await withRun();
  const run = await ws.have(`GET ${at}/runs/r1`);
  expect(run).toMatchObject({
    runId: 'r1',
    runNumber: 1,
    rootRunId: 'r1',
    experimentId: 'id-1',
    status: 'NotStarted',
    dataContainerId: 'dcid.r1',
    createdBy: { userObjectId: 'owner', userName: 'app-of-owner' },
    tags: { a: '1' },
    properties: { p: 'q' },
    hidden: false,
  });
  expect(await ws.have('GET history/v1.0 runs/r1')).toEqual(run);
  expect(await ws.have('GET history/v1.0 experimentids/id-1/runs/r1')).toEqual(run);
  const changed = await ws.have(`PATCH ${at}/runs/r1`, { tags: { b: '2' }, displayName: 'first' });
  expect([changed.tags, changed.displayName, changed.runNumber]).toEqual([{ a: '1', b: '2' }, 'first', 1]);
  expect((await ws.have(`DELETE ${at}/runs/r1/tags`, ['a'])).tags).toEqual({ b: '2' });
  expect(await ws.refusal(`PATCH ${at}/runs/r1`, { properties: { p: 'other' } })).toBe(
    '409 Property p of run r1 is set already.',
  );
  await ws.have('POST history/v1.0 experiments/e2');
  expect(await ws.refusal('GET history/v1.0 experiments/e2/runs/r1')).toBe('404 Run r1 was not found.');
  expect(await ws.refusal('PATCH history/v1.0 experiments/e2/runs/r1', {})).toMatch(/^409 /);
});

test('what became of a run is told by events', async () => {
  const ws = await withRun();
  const tell = (name: string, data: object = {}) =>
    ws.have(`POST ${at}/runs/r1/events`, { name: `Microsoft.MachineLearning.Run.${name}`, data });
  await tell('Start', { RunId: 'r1', StartTime: '2026-11-22T10:00:01+00:00' });
  expect(await ws.have(`GET ${at}/runs/r1`)).toMatchObject({
    status: 'Running',
    startTimeUtc: '2026-11-22T10:00:01.000Z',
  });
  await tell('Heartbeat', { TimeToLiveSeconds: 10 });
  await tell('Warning', { Source: 's', Message: 'm' });
  await tell('Error', { ErrorResponse: { error: { code: 'UserError' } } });
  await tell('Completed', { EndTime: 'not a time' });
  const { status, endTimeUtc, warnings, error } = await ws.have('GET history/v1.0 runs/r1/details');
  expect([status, endTimeUtc, warnings, error]).toEqual([
    'Completed',
    '2026-11-22T10:00:00.250Z',
    [{ source: 's', message: 'm' }],
    { error: { code: 'UserError' } },
  ]);
  expect(await ws.refusal(`POST ${at}/runs/r1/events`, { name: 'Nonsense' })).toBe(
    "400 The event 'Nonsense' is not one of a run.",
  );
  expect(await ws.refusal(`POST ${at}/runs/no/events`, { name: 'Start' })).toMatch(/^404 /);
  const both = ['r1', 'no'].map((RunId) => ({
    name: 'Microsoft.MachineLearning.Run.Failed',
    data: { RunId },
  }));
  const { errors } = await ws.have(`POST ${at}/batch/events`, { events: both });
  expect([errors.length, (await ws.have(`GET ${at}/runs/r1`)).status]).toEqual([1, 'Failed']);
});

test('rundata has the run, and its definition where it is asked for', async () => {
  const ws = await withRun();
  await ws.have(`PATCH ${at}/runs/r1`, { runDefinition: { target: 'cpu' } });
  const plain = await ws.have('POST history/v1.0 rundata', { runId: 'r1', selectRunMetadata: true });
  expect([plain.runMetadata.runId, plain.runDefinition]).toEqual(['r1', null]);
  const more = await ws.have('POST history/v1.0 rundata', { runId: 'r1', selectRunDefinition: true });
  expect(more.runDefinition).toEqual({ target: 'cpu' });
  expect(await ws.refusal('POST history/v1.0 rundata', { runId: 'no' })).toMatch(/^404 /);
  expect(await ws.refusal('POST history/v1.0 rundata', {})).toMatch(/^400 body.runId is required/);
});

describe('lists', () => {
  async function family(): Promise<WorkspaceUnderTest> {
    const ws = await withRun();
    const runs = ['c1', 'c2', 'c3'].map((runId) => ({
      runId,
      parentRunId: 'r1',
      target: runId,
      tags: { n: runId },
    }));
    const made = await ws.have(`PATCH ${at}/batch/runs`, { runs });
    expect(Object.keys(made.runs)).toEqual(['c1', 'c2', 'c3']);
    expect(made.runs.c3).toMatchObject({ runNumber: 4, rootRunId: 'r1', parentRunId: 'r1' });
    return ws;
  }
  const ids = ({ value }: Body) => value.map(({ runId }: Body) => runId);

  test.each([
    [undefined, ['c3', 'c2', 'c1', 'r1']],
    ['(ParentRunId eq null)', ['r1']],
    ['RunId eq c1 or RunId eq c2', ['c2', 'c1']],
    ['(RootRunId eq r1 and RunId ne r1)', ['c3', 'c2', 'c1']],
    ['(Tags/n eq c2)', ['c2']],
    ['(Tags/a ne null or Tags/a eq null)', ['r1']],
    ['(RunType eq x or Properties/azureml.runsource eq x)', []],
    ['(Properties/p eq q)', ['r1']],
    ['(CreatedUtc ge 2026-11-22T00:00:00Z) and RunNumber gt 3', ['c3']],
    ["Target eq 'c1'", ['c1']],
    ['((Tags/n eq "c2") and (ParentRunId ne null))', ['c2']],
    ['CreatedUtc lt 2020-01-01T00:00:00Z', []],
  ])('filter %s', async (filter, found) => {
    const ws = await family();
    expect(ids(await ws.have(`POST ${at}/runs:query`, { filter }))).toEqual(found);
  });

  test('children, in pages that a new run does not shift', async () => {
    const ws = await family();
    const first = await ws.have(`GET ${at}/runs/r1/children?$top=2&$orderby=RunNumber%20desc`);
    expect(ids(first)).toEqual(['c3', 'c2']);
    await ws.have(`PATCH ${at}/runs/c4`, { parentRunId: 'r1' });
    const token = first.continuationToken;
    const rest = await ws.have(
      `GET ${at}/runs/r1/children?$top=2&$orderby=RunNumber%20desc&$continuationToken=${token}`,
    );
    expect([ids(rest), rest.continuationToken]).toEqual([['c1'], undefined]);
  });

  test.each([
    [{ filter: 'nonsense' }, /^400 The filter 'nonsense' is not understood/],
    [{ filter: '(RunId eq c1' }, /^400 The filter/],
    [{ filter: 'RunId like c1' }, /^400 The filter/],
    [{ orderby: 'a b c' }, /^400 The order/],
    [{ top: 0 }, /^400 /],
    [{ continuationToken: 'bm8' }, /^400 The continuation token names nothing/],
    [{ unheard: 1 }, /^400 Could not find member 'unheard'/],
  ])('%j is refused', async (query, says) => {
    const ws = await family();
    expect(await ws.refusal(`POST ${at}/runs:query`, query)).toMatch(says);
  });
});

test.each([
  ['POST history/v1.0 experiments/-x', undefined, /^400 '-x' is not a valid experiment name/],
  [`PATCH ${at}/runs/a%2Fb`, {}, /^400 'a\/b' is not a valid run id/],
  [`PATCH ${at}/runs/r2`, { runId: 'r3' }, /^400 The body is about run r3/],
  [`PATCH ${at}/runs/r2`, { parentRunId: 'no' }, /^404 The parent run no/],
  [`PATCH ${at}/runs/r2`, { tags: { a: 1 } }, /^400 body.tags.a must be a text/],
  [`PATCH ${at}/runs/r2`, '{"a":', /^400 The request body is not JSON/],
  [`PATCH ${at}/runs/r2`, '[1]', /^400 body must be an object/],
  ['PATCH history/v1.0 experiments/no/runs/r2', {}, /^404 Experiment no/],
  [`GET ${at}/runs/%E0%A4%A`, undefined, /^501 /],
])('%s is refused', async (line, body, says) => {
  const ws = await withRun();
  expect(await ws.refusal(line, body)).toMatch(says);
});

describe('rights', () => {
  test.each([
    [anonymous, 401, /No token/],
    [invalid, 401, /expired/],
    [person('nobody'), 403, /workspaces\/experiments\/runs\/write/],
    [person('reader'), 403, /workspaces\/experiments\/runs\/write/],
  ])('%j may not write runs', async (caller, status, says) => {
    const ws = await withRun();
    const response = await ws.ask(`PATCH ${at}/runs/r1`, { tags: { x: 'y' } }, caller);
    expect(response.status).toBe(status);
    expect(bodyOf(response).error.message).toMatch(says);
    expect((await ws.have(`GET ${at}/runs/r1`)).tags).toEqual({ a: '1' });
  });

  test('a data scientist works there', async () => {
    const ws = await withRun();
    const scientist = person('scientist');
    expect((await ws.ask(`PATCH ${at}/runs/r2`, {}, scientist)).status).toBe(200);
    expect((await ws.ask(`POST metric/v2.0 runs/r2/list`, {}, scientist)).status).toBe(200);
    expect(await ws.refusal(`GET nothing/v1.0 x`, undefined, person('nobody'))).toMatch(
      /^403 .*workspaces\/read/,
    );
  });

  test('a reader reads', async () => {
    const ws = await withRun();
    expect((await ws.ask(`GET ${at}/runs/r1`, undefined, person('reader'))).status).toBe(200);
  });

  test('a workspace answers for itself alone', async () => {
    const ws = new WorkspaceUnderTest();
    const other = workspace.id.replace('ws1', 'ws2');
    const response = await ws.ask(`GET history/v1.0${other}/x? x`);
    expect(bodyOf(response).error.message).toBe(`This is not the host of ${other}.`);
  });
});

test('what was told survives', async () => {
  const store = new MemoryStore();
  const before = new WorkspaceUnderTest(store);
  await before.have(`POST ${at}`);
  await before.have(`PATCH ${at}/runs/r1`, {});
  const after = new WorkspaceUnderTest(store);
  expect((await after.have(`GET ${at}/runs/r1`)).runId).toBe('r1');
});

test('runs that are made at once are numbered one by one', async () => {
  const ws = await withRun();
  const names = Array.from({ length: 20 }, (_, n) => `x${n}`);
  const made = await Promise.all(names.map((name) => ws.have(`PATCH ${at}/runs/${name}`, {})));
  expect(new Set(made.map(({ runNumber }) => runNumber)).size).toBe(20);
});
