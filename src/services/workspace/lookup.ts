/**
 * The experiment and the run that a path names.
 *
 * @module
 */

import type { Call } from './call.ts';
import { WorkspaceError } from './error.ts';
import type { Write } from './records.ts';
import type { Experiment, Run } from './row.ts';

/** The experiment of that name. */
export async function experimentNamed(call: Call): Promise<Experiment> {
  const name = call.at('experiment');
  const found = await call.records.one(call.workspace, 'experiment', name.toLowerCase());
  if (!found) throw new WorkspaceError('notFound', `Experiment ${name} was not found.`);
  return found;
}

/** The experiment of that id. */
export async function experimentById(call: Call, id: string): Promise<Experiment> {
  const all = await call.records.all(call.workspace, 'experiment');
  const found = all.find(({ experimentId }) => experimentId === id);
  if (!found) throw new WorkspaceError('notFound', `There is no experiment with the id ${id}.`);
  return found;
}

/** An experiment as a row to write. */
export function experimentRow(experiment: Experiment): {
  kind: 'experiment';
  names: string[];
  value: Experiment;
} {
  return { kind: 'experiment', names: [experiment.name.toLowerCase()], value: experiment };
}

/** The experiment of a path, by name or by id; nothing where it names none. */
export async function experimentOf(call: Call): Promise<Experiment | undefined> {
  if (call.at('id') !== '') return experimentById(call, call.at('id'));
  return call.at('experiment') === '' ? undefined : experimentNamed(call);
}

/** The run that a path names. It must be of the experiment that the path names, too. */
export async function runOf(call: Call, name = call.at('run')): Promise<Run> {
  const found = await call.records.one(call.workspace, 'run', name);
  const experiment = found && (await experimentOf(call));
  if (!found || (experiment && experiment.experimentId !== found.experimentId)) {
    throw new WorkspaceError('notFound', `Run ${name} was not found.`);
  }
  return found;
}

/** A run as a row to write. */
export function runRow(run: Run): Write {
  return { kind: 'run', names: [run.runId], value: run };
}
