/**
 * Metrics of runs: series of values, told in batches and given back whole.
 *
 * @module
 */

import * as shape from '../../arm/shape.ts';
import { asText, type Json, type JsonObject, member } from '../../lib/json.ts';
import { bodyOf, type Call, type Operations, paged, pageOf } from './call.ts';
import { WorkspaceError } from './error.ts';
import { runOf } from './lookup.ts';
import type { Write } from './records.ts';
import type { Metric } from './row.ts';

const value = shape.object({
  metricId: shape.text,
  createdUtc: shape.text,
  step: shape.any,
  data: shape.required(shape.mapOf(shape.any)),
});

const told = shape.object({
  values: shape.required(
    shape.list(
      shape.object({
        name: shape.required(shape.text),
        columns: shape.required(shape.mapOf(shape.text)),
        value: shape.required(shape.list(value)),
        properties: shape.any,
        ...shape.opaque('dataContainerId', 'continuationToken'),
      }),
    ),
  ),
  reportErrors: shape.bool,
});

const asked = shape.object({
  metricName: shape.required(shape.text),
  startTime: shape.text,
  endTime: shape.text,
  continuationToken: shape.text,
});

/** Values that one answer has. */
const mostValues = 1000;

export const metrics: Operations = {
  'POST metric/v2.0 runs/{run}/batch': ['experiments/runs/write', postMetrics],
  'POST metric/v2.0 runs/{run}/list': ['experiments/runs/read', listMetrics],
  'POST metric/v2.0 runs/{run}/full': ['experiments/runs/read', getMetric],
  // What is told is durable when it is answered: there is nothing to wait for.
  'GET history/v1.0 experiments/{experiment}/runs/{run}/metricsingest/wait': [
    'experiments/runs/read',
    async (call) => {
      await runOf(call);
      return {};
    },
  ],
};

async function postMetrics(call: Call): Promise<Json> {
  const { values } = await bodyOf(call, told);
  return call.records.change(call.workspace, async () => {
    const { runId } = await runOf(call);
    const written = new Map<string, Metric>();
    const batches: Write[] = [];
    const errors: Json[] = [];
    for (const { name, columns, value: points, properties = {} } of values) {
      const before = written.get(name) ?? (await call.records.one(call.workspace, 'metric', runId, name));
      const type = asText(member(properties, 'uxMetricType'));
      const was = asText(before?.properties['uxMetricType']);
      if (before && type !== was) {
        const message = `Metric ${name} is of type ${was}, and ${type} was told.`;
        errors.push({ metric: { name }, errorResponse: { error: { code: 'UserError', message } } });
        continue;
      }
      const batch = before?.batches ?? 0;
      const kept = points.map((point) => ({ createdUtc: call.now, ...point }));
      written.set(name, {
        name,
        columns: { ...before?.columns, ...columns },
        properties: properties as JsonObject,
        batches: batch + 1,
      });
      batches.push({ kind: 'batch', names: [runId, name, order(batch)], value: { values: kept } });
    }
    const rows = [...written.values()].map(
      (metric): Write => ({ kind: 'metric', names: [runId, metric.name], value: metric }),
    );
    return { result: { errors }, writes: [...rows, ...batches] };
  });
}

async function listMetrics(call: Call): Promise<Json> {
  const body = await bodyOf(
    call,
    shape.object({ metricNamespace: shape.text, continuationToken: shape.text }),
  );
  const { runId } = await runOf(call);
  const all = await call.records.all(call.workspace, 'metric', runId);
  const { value: found, ...more } = paged(
    all,
    pageOf(mostValues, body.continuationToken),
    ({ name }) => name,
  );
  return {
    value: found.map(({ name, columns }) => ({ metricKey: { namespace: '', name }, columns })),
    ...more,
  };
}

async function getMetric(call: Call): Promise<Json> {
  const body = await bodyOf(call, asked);
  const run = await runOf(call);
  const metric = await call.records.one(call.workspace, 'metric', run.runId, body.metricName);
  if (!metric) {
    throw new WorkspaceError('notFound', `Run ${run.runId} has no metric '${body.metricName}'.`);
  }
  const batches = await call.records.all(call.workspace, 'batch', run.runId, metric.name);
  const [from, to] = [timeOf(body.startTime), timeOf(body.endTime)];
  // A client that heard no answer tells the same values again.
  const points = new Map<string, Json>();
  for (const [index, point] of batches.flatMap(({ values }) => values).entries()) {
    const time = Date.parse(asText(member(point, 'createdUtc')) ?? '');
    if ((from !== undefined && time < from) || (to !== undefined && time > to)) continue;
    points.set(asText(member(point, 'metricId')) ?? String(index), point);
  }
  const page = pageOf(mostValues, body.continuationToken);
  const { value: found, ...more } = paged([...points], page, ([id]) => id);
  return {
    dataContainerId: run.dataContainerId,
    name: metric.name,
    columns: metric.columns,
    properties: metric.properties,
    value: found.map(([, point]) => point),
    ...more,
  };
}

/** Keys are in the order of their text. */
function order(batch: number): string {
  return String(batch).padStart(9, '0');
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new WorkspaceError('malformed', `'${text}' is not a time.`);
  return time;
}
