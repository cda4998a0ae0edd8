/**
 * Experiments: names under which runs are gathered.
 *
 * @module
 */

import * as shape from '../../arm/shape.ts';
import type { Json } from '../../lib/json.ts';
import { bodyOf, type Call, type Operations, paged, pageOf } from './call.ts';
import { WorkspaceError } from './error.ts';
import { filterOf, orderOf } from './filter.ts';
import { experimentById, experimentNamed, experimentRow } from './lookup.ts';
import type { Experiment } from './row.ts';

const longestName = 255;

const change = shape.object({
  name: shape.text,
  description: shape.text,
  archive: shape.bool,
  tags: shape.mapOf(shape.text),
});

/** What a query of experiments, or of runs, says. */
export const queryShape = shape.object({
  filter: shape.text,
  continuationToken: shape.text,
  orderby: shape.text,
  orderBy: shape.text,
  top: shape.int(1, 1000),
  viewType: shape.text,
});

export const experiments: Operations = {
  'GET history/v1.0 experiments/{experiment}': [
    'experiments/read',
    async (call) => shown(await experimentNamed(call)),
  ],
  'POST history/v1.0 experiments/{experiment}': [
    'experiments/write',
    async (call) => shown(await makeExperiment(call)),
  ],
  'GET history/v1.0 experimentids/{id}': [
    'experiments/read',
    async (call) => shown(await experimentById(call, call.at('id'))),
  ],
  'PATCH history/v1.0 experimentids/{id}': ['experiments/write', updateExperiment],
  'DELETE history/v1.0 experimentids/{id}': ['experiments/delete', deleteExperiment],
  'POST history/v1.0 experimentids/{id}/tags:delete': ['experiments/write', deleteTags],
  'POST history/v1.0 experiments:query': ['experiments/read', queryExperiments],
};

async function makeExperiment(call: Call): Promise<Experiment> {
  const name = call.at('experiment');
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name) || name.length > longestName) {
    throw new WorkspaceError(
      'malformed',
      `'${name}' is not a valid experiment name: up to ${longestName} letters, digits, dashes and underscores, starting with a letter or digit.`,
    );
  }
  return call.records.change(call.workspace, async () => {
    const before = await call.records.one(call.workspace, 'experiment', name.toLowerCase());
    if (before) return { result: before, writes: [] };
    const made = { experimentId: call.newId(), name, createdUtc: call.now, tags: {}, runs: 0 };
    return { result: made, writes: [experimentRow(made)] };
  });
}

async function updateExperiment(call: Call): Promise<Json> {
  const { archive, tags, name, description } = await bodyOf(call, change);
  return call.records.change(call.workspace, async () => {
    const before = await experimentById(call, call.at('id'));
    if (name !== undefined && name !== before.name) {
      throw new WorkspaceError('malformed', `An experiment keeps its name: ${before.name}.`);
    }
    const { archivedTime, ...kept } = before;
    const archived = archive ?? archivedTime !== undefined;
    const after: Experiment = {
      ...kept,
      ...(archived ? { archivedTime: archivedTime ?? call.now } : {}),
      ...(description === undefined ? {} : { description }),
      tags: { ...before.tags, ...tags },
    };
    return { result: shown(after), writes: [experimentRow(after)] };
  });
}

async function deleteExperiment(call: Call): Promise<Json> {
  return call.records.change(call.workspace, async () => {
    const { name, experimentId } = await experimentById(call, call.at('id'));
    const runs = await call.records.all(call.workspace, 'run');
    if (runs.some((run) => run.experimentId === experimentId)) {
      throw new WorkspaceError('conflict', `Only empty experiments can be deleted, and ${name} has runs.`);
    }
    return { result: {}, writes: [{ kind: 'experiment', names: [name.toLowerCase()], value: undefined }] };
  });
}

async function deleteTags(call: Call): Promise<Json> {
  const { tags = [] } = await bodyOf(call, shape.object({ tags: shape.list(shape.text) }));
  return call.records.change(call.workspace, async () => {
    const before = await experimentById(call, call.at('id'));
    const kept = Object.entries(before.tags).filter(([name]) => !tags.includes(name));
    const after = { ...before, tags: Object.fromEntries(kept) };
    return { result: { errors: {} }, writes: [experimentRow(after)] };
  });
}

async function queryExperiments(call: Call): Promise<Json> {
  const query = await bodyOf(call, queryShape);
  const view = (query.viewType ?? call.query.get('viewType') ?? 'ActiveOnly').toLowerCase();
  const fits = filterOf(query.filter);
  const all = (await call.records.all(call.workspace, 'experiment')).filter(
    (each) =>
      fits(each) && (view === 'all' || (each.archivedTime !== undefined) === (view === 'archivedonly')),
  );
  const sorted = all.toSorted(orderOf(query.orderby ?? query.orderBy ?? 'createdUtc desc'));
  const { value, ...more } = paged(sorted, pageOf(query.top, query.continuationToken), ({ name }) => name);
  return { value: value.map(shown), ...more };
}

function shown({ runs: _, ...experiment }: Experiment): Json {
  return experiment;
}
