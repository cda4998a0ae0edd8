/**
 * Environments as version 1 defines them: a definition by name and version, and labels.
 *
 * @module
 */

import * as shape from '../../arm/shape.ts';
import { equalJson, type Json } from '../../lib/json.ts';
import { bodyOf, type Call, type Operations, paged, pageOf } from './call.ts';
import { WorkspaceError } from './error.ts';
import type { EnvironmentVersion } from './row.ts';

const definition = shape.object({
  name: shape.text,
  version: shape.text,
  environmentVariables: shape.mapOf(shape.text),
  inferencingStackVersion: shape.text,
  ...shape.opaque('python', 'docker', 'spark', 'r', 'databricks', 'assetId', 'autoRebuild'),
});

export const environments: Operations = {
  'GET environment/v1.0 environments': ['environments/read', list],
  'GET environment/v1.0 environments/{name}': [
    'environments/read',
    async (call) => shown(await latest(call)),
  ],
  'PUT environment/v1.0 environments/{name}': ['environments/write', register],
  'GET environment/v1.0 environments/{name}/versions/{version}': ['environments/read', get],
  'PUT environment/v1.0 environments/{name}/versions/{version}': ['environments/write', register],
};

async function register(call: Call): Promise<Json> {
  const { name: said, version: _, ...body } = await bodyOf(call, definition);
  const name = call.at('name');
  if (said !== undefined && said !== name) {
    throw new WorkspaceError('malformed', `The body is about ${said}, the address about ${name}.`);
  }
  if (!/^[A-Za-z0-9][\w.-]{0,254}$/.test(name)) {
    throw new WorkspaceError(
      'malformed',
      `'${name}' is not a valid environment name: up to 255 letters, digits, dashes, dots and underscores.`,
    );
  }
  if (/^(azureml|microsoft)/i.test(name)) {
    throw new WorkspaceError(
      'malformed',
      `'${name}' begins like a curated environment: choose another name.`,
    );
  }
  return call.records.change(call.workspace, async () => {
    const all = await versionsOf(call);
    const wanted = call.at('version');
    const last = all.at(-1);
    const same = all.find((each) => each.version === wanted);
    if (wanted === '' && last && equalJson(last.definition, body)) return { result: shown(last), writes: [] };
    if (same && !equalJson(same.definition, body)) {
      throw new WorkspaceError(
        'conflict',
        `Version ${wanted} of environment ${name} is another one: a version never changes. Register a new one.`,
      );
    }
    if (same) return { result: shown(same), writes: [] };
    const number = (last?.number ?? 0) + 1;
    const made: EnvironmentVersion = {
      name,
      version: wanted === '' ? String(number) : wanted,
      number,
      definition: body,
    };
    return {
      result: shown(made),
      writes: [{ kind: 'environment', names: [name, made.version], value: made }],
    };
  });
}

async function get(call: Call): Promise<Json> {
  const [name, version] = [call.at('name'), call.at('version')];
  const found = await call.records.one(call.workspace, 'environment', name, version);
  if (found) return shown(found);
  throw new WorkspaceError('notFound', `There is no environment ${name} of version ${version}.`);
}

async function latest(call: Call): Promise<EnvironmentVersion> {
  const found = (await versionsOf(call)).at(-1);
  if (found) return found;
  throw new WorkspaceError('notFound', `There is no environment ${call.at('name')}.`);
}

/** The latest version of each name. */
async function list(call: Call): Promise<Json> {
  const newest = new Map<string, EnvironmentVersion>();
  for (const each of await call.records.all(call.workspace, 'environment')) {
    if ((newest.get(each.name)?.number ?? 0) < each.number) newest.set(each.name, each);
  }
  const page = pageOf(call.query.get('count'), call.query.get('continuation'));
  const { value, ...more } = paged([...newest.values()], page, ({ name }) => name);
  return { value: value.map(shown), ...more };
}

/** Versions of the name, in the order of their making. */
async function versionsOf(call: Call): Promise<readonly EnvironmentVersion[]> {
  const all = await call.records.all(call.workspace, 'environment', call.at('name'));
  return all.toSorted((a, b) => a.number - b.number);
}

function shown({ name, version, definition: said }: EnvironmentVersion): Json {
  return { ...said, name, version };
}
