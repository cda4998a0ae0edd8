/**
 * What people point at: a template, a folder, or Bicep where its compiler is installed.
 *
 * @module
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { JsonObject } from '../lib/json.ts';
import { readCertificate } from './certificates.ts';
import { type Config, readConfig } from './config.ts';
import { defaultSubscription } from './defaults.ts';
import { type Opened, type OpenOptions, openSources } from './open.ts';
import { InputError } from './problem.ts';
import { isSnapshot, type Snapshot, snapshotIn } from './snapshot.ts';
import { noConfig, parametersIn, type Source, templateOf } from './source.ts';

/** Flags of all commands that read files. */
export interface FileOptions extends OpenOptions {
  /** A parameters file. */
  readonly params?: string;
}

/** Opens templates and folders, in order, into one estate. Throws InputError with file, line and column. */
export async function open(paths: readonly string[], options: FileOptions = {}): Promise<Opened> {
  return openSources(openFiles(paths, options), options);
}

/** Opens files and folders; what `--params` says wins over a folder's own parameters. Throws InputError. */
export function openFiles(paths: readonly string[], { params }: FileOptions = {}): readonly Source[] {
  const given = params === undefined ? {} : readParameters(params);
  return paths
    .map(openSource)
    .map((source) => ({ ...source, parameters: { ...source.parameters, ...given } }));
}

/** Opens a file or folder. Throws InputError. */
export function openSource(path: string): Source {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new InputError({ file: path, message: 'there is no such file or folder' });
  const folder = found.isDirectory() ? path : dirname(path);
  const config = configOf(folder);
  const file = found.isDirectory() ? entryOf(folder, config) : path;
  const parameters = config.parameters === undefined ? {} : readParameters(join(folder, config.parameters));
  return { document: readTemplate(file), parameters, config, folder: resolve(folder) };
}

/** Opens a snapshot; undefined where the path is something else. Throws InputError where it is damaged. */
export function openSnapshot(path: string): Snapshot | undefined {
  if (!path.endsWith('.json') || !statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const text = readText(path);
  return isSnapshot(text) ? snapshotIn(text, path) : undefined;
}

/** The only path, where it is a snapshot: one is a whole estate, and nothing is deployed onto it. Throws InputError. */
export function onlySnapshot(paths: readonly string[]): Snapshot | undefined {
  const [only] = paths;
  return only !== undefined && paths.length === 1 ? openSnapshot(only) : undefined;
}

/** An estate that was opened, as a snapshot. */
export function snapshotOf({ estate, sources }: Opened, subscription = defaultSubscription): Snapshot {
  const files = [...new Set(sources.map(({ folder }) => join(folder, 'cloister.yaml')))];
  const described = files.filter((file) => statSync(file, { throwIfNoEntry: false }));
  return {
    subscription,
    resources: [...estate.all()],
    beside: described.map((file) => ({ file, config: readText(file) })),
  };
}

function configOf(folder: string): Config {
  const file = join(folder, 'cloister.yaml');
  return statSync(file, { throwIfNoEntry: false })
    ? readConfig(readFileSync(file, 'utf8'), file, readCertificate)
    : noConfig;
}

function entryOf(folder: string, config: Config): string {
  if (config.template !== undefined) return join(folder, config.template);
  const names = readdirSync(folder);
  const known = ['main.json', 'azuredeploy.json'].find((name) => names.includes(name));
  if (known !== undefined) return join(folder, known);
  const candidates = names.filter((name) => /\.(json|bicep)$/.test(name) && !/parameters\.json$/.test(name));
  const templates = candidates.filter((name) => name.endsWith('.bicep') || isTemplate(join(folder, name)));
  const [only] = templates;
  if (only !== undefined && templates.length === 1) return join(folder, only);
  const message =
    templates.length === 0
      ? 'the folder has no template: add main.json'
      : `the folder has several templates (${templates.join(', ')}): name one, or write 'template:' into cloister.yaml`;
  throw new InputError({ file: folder, message });
}

function isTemplate(file: string): boolean {
  return readFileSync(file, 'utf8').includes('deploymentTemplate.json');
}

function readTemplate(file: string): Source['document'] {
  const text = file.endsWith('.bicep') ? compileBicep(file) : readText(file);
  if (isSnapshot(text))
    throw new InputError({
      file,
      message: 'this is a snapshot: give it alone, to why, verify or diff; nothing can be deployed from it',
    });
  return templateOf(text, file);
}

function readParameters(file: string): JsonObject {
  return parametersIn(readText(file), file);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new InputError({
      file,
      message: code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`,
    });
  }
}

function compileBicep(file: string): string {
  const run = spawnSync('bicep', ['build', '--stdout', file], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.error) {
    const name = basename(file);
    throw new InputError({
      file,
      message: `the 'bicep' command is not installed; run 'bicep build ${name}' elsewhere and give the JSON`,
    });
  }
  if (run.status !== 0)
    throw new InputError({ file, message: `bicep could not compile it:\n${run.stderr.trim()}` });
  return run.stdout;
}
