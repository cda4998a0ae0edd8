/**
 * Events: how a run tells that it began, ended, failed or was cancelled.
 *
 * @module
 */

import * as shape from '../../arm/shape.ts';
import { asList, asText, type Json, member } from '../../lib/json.ts';
import { bodyOf, type Call, type Operations } from './call.ts';
import { WorkspaceError } from './error.ts';
import { experimentNamed, runOf, runRow } from './lookup.ts';
import type { Write } from './records.ts';
import type { Run } from './row.ts';

const event = shape.object({
  timestamp: shape.text,
  name: shape.required(shape.text),
  data: shape.any,
  ...shape.opaque('projectId', 'experimentId', 'containerName'),
});

type Event = shape.Of<typeof event>;

const prefix = 'Microsoft.MachineLearning.Run.';

export const events: Operations = {
  'POST history/v1.0 experiments/{experiment}/runs/{run}/events': ['experiments/runs/write', post],
  'POST history/v1.0 experimentids/{id}/runs/{run}/events': ['experiments/runs/write', post],
  'POST history/v1.0 experiments/{experiment}/batch/events': ['experiments/runs/write', postAll],
};

async function post(call: Call): Promise<Json> {
  const given = await bodyOf(call, event);
  return call.records.change(call.workspace, async () => {
    const before = await runOf(call);
    const run = after(before, given, call.now);
    return { result: {}, writes: run === before ? [] : [runRow(run)] };
  });
}

async function postAll(call: Call): Promise<Json> {
  const { events: given } = await bodyOf(call, shape.object({ events: shape.required(shape.list(event)) }));
  return call.records.change(call.workspace, async () => {
    const { experimentId } = await experimentNamed(call);
    const changed = new Map<string, Run>();
    const errors: Json[] = [];
    for (const each of given) {
      const runId = asText(member(each.data, 'RunId') ?? member(each.data, 'runId')) ?? '';
      const before = changed.get(runId) ?? (await call.records.one(call.workspace, 'run', runId));
      if (before?.experimentId === experimentId) changed.set(runId, after(before, each, call.now));
      else errors.push({ key: each, value: { error: { code: 'UserError', message: `No run ${runId}.` } } });
    }
    const writes: Write[] = [...changed.values()].map(runRow);
    return { result: { errors }, writes };
  });
}

/** What an event makes of a run. */
function after(run: Run, { name, data }: Event, now: string): Run {
  const said = (key: string): Json | undefined => member(data, key);
  const ended = (status: string): Run => ({
    ...run,
    status,
    endTimeUtc: timeOf(said('EndTime'), now),
  });
  switch (name.startsWith(prefix) ? name.slice(prefix.length) : name) {
    case 'Start':
      return { ...run, status: 'Running', startTimeUtc: timeOf(said('StartTime'), now) };
    case 'Queued':
      return { ...run, status: 'Queued' };
    case 'Completed':
      return ended('Completed');
    case 'Failed':
      return ended('Failed');
    case 'Canceled':
      return ended('Canceled');
    case 'CancelRequested':
      return { ...run, status: 'CancelRequested' };
    case 'Error':
      return { ...run, error: said('ErrorResponse') ?? null };
    case 'Warning': {
      const warning = { source: said('Source') ?? null, message: said('Message') ?? null };
      return { ...run, warnings: [...asList(run.warnings), warning] };
    }
    case 'QueueingInfo':
    case 'Heartbeat':
      // Nothing here ends a run whose heart has stopped.
      return run;
    default:
      throw new WorkspaceError('malformed', `The event '${name}' is not one of a run.`);
  }
}

function timeOf(text: Json | undefined, now: string): string {
  const time = Date.parse(asText(text) ?? now);
  return Number.isNaN(time) ? now : new Date(time).toISOString();
}
