/**
 * Run history: what was run, under which experiment, and what became of it.
 *
 * @module
 */

import * as shape from '../../arm/shape.ts';
import { type Json, type JsonObject, omit } from '../../lib/json.ts';
import { logFilesOf } from './artifacts.ts';
import { bodyOf, type Call, creator, type Operations, paged, pageOf } from './call.ts';
import { ask } from './control-plane.ts';
import { WorkspaceError } from './error.ts';
import { queryShape } from './experiments.ts';
import { filterOf, orderOf } from './filter.ts';
import { experimentNamed, experimentOf, experimentRow, runOf, runRow } from './lookup.ts';
import type { Write } from './records.ts';
import type { Experiment, Run } from './row.ts';

/** What a client may say about a run. */
const draft = shape.object({
  runId: shape.text,
  parentRunId: shape.text,
  status: shape.text,
  startTimeUtc: shape.text,
  endTimeUtc: shape.text,
  name: shape.text,
  displayName: shape.text,
  description: shape.text,
  hidden: shape.bool,
  runType: shape.text,
  scriptName: shape.text,
  target: shape.text,
  dataContainerId: shape.text,
  primaryMetricName: shape.text,
  cancelUri: shape.text,
  diagnosticsUri: shape.text,
  properties: shape.mapOf(shape.text),
  tags: shape.mapOf(shape.text),
  ...shape.opaque('heartbeatEnabled', 'options', 'runTypeV2', 'inputDatasets', 'outputDatasets'),
  ...shape.opaque('runDefinition', 'createdFrom', 'queueingInfo', 'inputs', 'outputs'),
});

type Draft = shape.Of<typeof draft>;

const one = 'experiments/{experiment}/runs/{run}';
const oneById = 'experimentids/{id}/runs/{run}';
const get = async (call: Call): Promise<Json> => shown(await runOf(call));

export const runs: Operations = {
  [`GET history/v1.0 ${one}`]: ['experiments/runs/read', get],
  [`GET history/v1.0 ${oneById}`]: ['experiments/runs/read', get],
  'GET history/v1.0 runs/{run}': ['experiments/runs/read', get],
  [`PATCH history/v1.0 ${one}`]: ['experiments/runs/write', patchRun],
  [`PATCH history/v1.0 ${oneById}`]: ['experiments/runs/write', patchRun],
  'PATCH history/v1.0 experiments/{experiment}/batch/runs': ['experiments/runs/write', patchRuns],
  [`GET history/v1.0 ${one}/details`]: ['experiments/runs/read', details],
  [`GET history/v1.0 ${oneById}/details`]: ['experiments/runs/read', details],
  'GET history/v1.0 runs/{run}/details': ['experiments/runs/read', details],
  'POST history/v1.0 rundata': ['experiments/runs/read', runData],
  [`GET history/v1.0 ${one}/children`]: ['experiments/runs/read', children],
  'POST history/v1.0 experiments/{experiment}/runs:query': ['experiments/runs/read', queryRuns],
  [`DELETE history/v1.0 ${one}/tags`]: ['experiments/runs/write', deleteTags],
};

/** A run as clients see it. */
function shown(run: Run): JsonObject {
  return { ...run, hidden: run['hidden'] ?? false };
}

async function patchRun(call: Call): Promise<Json> {
  const given = await bodyOf(call, draft);
  const runId = call.at('run');
  if (given.runId !== undefined && given.runId !== runId) {
    throw new WorkspaceError(
      'malformed',
      `The body is about run ${given.runId}, the address about ${runId}.`,
    );
  }
  const after = await call.records.change(call.workspace, async () => {
    const experiment = await experimentOf(call);
    if (!experiment) throw new WorkspaceError('notFound', 'The address names no experiment.');
    const { run, writes } = await written(call, experiment, runId, given);
    return { result: shown(run), writes };
  });
  await tellJob(call, runId, given);
  return after;
}

/** What is said about the run of a job is said about the job, too. */
async function tellJob(call: Call, runId: string, given: Draft): Promise<void> {
  const job = `jobs/${runId}`;
  if (!call.world.read.get(`${call.workspace}/${job}`)) return;
  const { displayName, description, tags, properties, hidden } = given;
  const said = { displayName, description, tags, properties, isArchived: hidden };
  const told = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  if (Object.keys(told).length === 0) return;
  await ask(call, { method: 'PATCH', path: job, body: { properties: told } });
}

async function patchRuns(call: Call): Promise<Json> {
  const body = await bodyOf(call, shape.object({ runs: shape.required(shape.list(draft)) }));
  return call.records.change(call.workspace, async () => {
    let experiment = await experimentNamed(call);
    const made: Run[] = [];
    for (const given of body.runs) {
      const plan = await written(call, experiment, given.runId ?? call.newId(), given);
      experiment = plan.experiment;
      made.push(plan.run);
    }
    const result = { runs: Object.fromEntries(made.map((run) => [run.runId, shown(run)])), errors: {} };
    return { result, writes: [experimentRow(experiment), ...made.map(runRow)] };
  });
}

/** Makes a run, or changes the one that is there. */
async function written(
  call: Call,
  experiment: Experiment,
  runId: string,
  given: Draft,
): Promise<{ run: Run; experiment: Experiment; writes: readonly Write[] }> {
  if (!/^[A-Za-z0-9][\w.:-]{0,255}$/.test(runId)) {
    throw new WorkspaceError(
      'malformed',
      `'${runId}' is not a valid run id: up to 256 letters, digits, dashes, dots, colons and underscores.`,
    );
  }
  const before = await call.records.one(call.workspace, 'run', runId);
  if (before && before.experimentId !== experiment.experimentId) {
    throw new WorkspaceError('conflict', `Run ${runId} is of another experiment than ${experiment.name}.`);
  }
  const said = omit(given, 'runId', 'tags', 'properties', 'parentRunId');
  if (before) {
    const changed = Object.entries(given.properties ?? {}).find(
      ([name, value]) => before.properties[name] !== undefined && before.properties[name] !== value,
    );
    if (changed)
      throw new WorkspaceError('conflict', `Property ${changed[0]} of run ${runId} is set already.`);
    const tags = { ...before.tags, ...given.tags };
    const run: Run = { ...before, ...said, tags, properties: { ...before.properties, ...given.properties } };
    return { run, experiment, writes: [runRow(run)] };
  }
  const parent =
    given.parentRunId === undefined
      ? undefined
      : await call.records.one(call.workspace, 'run', given.parentRunId);
  if (given.parentRunId !== undefined && !parent) {
    throw new WorkspaceError('notFound', `The parent run ${given.parentRunId} was not found.`);
  }
  const counted = { ...experiment, runs: experiment.runs + 1 };
  const run: Run = {
    status: 'NotStarted',
    dataContainerId: `dcid.${runId}`,
    ...said,
    runId,
    runNumber: counted.runs,
    rootRunId: parent?.rootRunId ?? runId,
    ...(parent ? { parentRunId: parent.runId } : {}),
    experimentId: experiment.experimentId,
    createdUtc: call.now,
    userId: call.caller.objectId,
    createdBy: creator(call),
    tags: given.tags ?? {},
    properties: given.properties ?? {},
  };
  return { run, experiment: counted, writes: [experimentRow(counted), runRow(run)] };
}

async function details(call: Call): Promise<Json> {
  const run = await runOf(call);
  const { runId, target, status, startTimeUtc, endTimeUtc, error, warnings, properties } = run;
  const { runDefinition, inputDatasets = [], outputDatasets = [] } = run;
  return {
    ...{ runId, target, status, startTimeUtc, endTimeUtc, error, warnings, properties, runDefinition },
    ...{ inputDatasets, outputDatasets, services: {}, logFiles: await logFilesOf(call, run) },
  };
}

async function runData(call: Call): Promise<Json> {
  const wanted = shape.object({
    runId: shape.required(shape.text),
    selectRunMetadata: shape.bool,
    selectRunDefinition: shape.bool,
    selectJobSpecification: shape.bool,
  });
  const body = await bodyOf(call, wanted);
  const run = await runOf(call, body.runId);
  return {
    runMetadata: body.selectRunMetadata === false ? null : shown(run),
    runDefinition: body.selectRunDefinition ? (run['runDefinition'] ?? null) : null,
    jobSpecification: null,
  };
}

async function children(call: Call): Promise<Json> {
  const { runId } = await runOf(call);
  const { query } = call;
  const fits = filterOf(query.get('$filter'));
  const order = query.get('$orderby') ?? 'createdUtc desc';
  const page = pageOf(query.get('$top'), query.get('$continuationToken'));
  return listed(call, (run) => run.parentRunId === runId && fits(run), order, page);
}

async function queryRuns(call: Call): Promise<Json> {
  const body = await bodyOf(call, queryShape);
  const { experimentId } = await experimentNamed(call);
  const fits = filterOf(body.filter);
  const order = body.orderby ?? body.orderBy ?? 'createdUtc desc';
  const page = pageOf(body.top, body.continuationToken);
  return listed(call, (run) => run.experimentId === experimentId && fits(run), order, page);
}

async function listed(
  call: Call,
  fits: (run: Run) => boolean,
  order: string,
  page: ReturnType<typeof pageOf>,
): Promise<Json> {
  const all = (await call.records.all(call.workspace, 'run')).filter(fits);
  // Of those that are alike the younger one comes first.
  const sorted = all.toSorted((a, b) => b.runNumber - a.runNumber).toSorted(orderOf(order));
  const { value, ...more } = paged(sorted, page, ({ runId }) => runId);
  return { value: value.map(shown), ...more };
}

async function deleteTags(call: Call): Promise<Json> {
  const names = await bodyOf(call, shape.list(shape.text));
  return call.records.change(call.workspace, async () => {
    const before = await runOf(call);
    const kept = Object.entries(before.tags).filter(([name]) => !names.includes(name));
    const run = { ...before, tags: Object.fromEntries(kept) };
    return { result: shown(run), writes: [runRow(run)] };
  });
}
