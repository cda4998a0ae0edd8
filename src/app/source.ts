/**
 * What people point at: a template, a folder, or Bicep where its compiler is installed.
 *
 * @module
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { emptyDirectory } from '../arm/directory.ts';
import { type Document, readJson } from '../arm/template/json.ts';
import { SyntaxProblem } from '../arm/template/problem.ts';
import { asText, isObject, type Json, type JsonObject, member } from '../lib/json.ts';
import { type Config, readConfig } from './config.ts';
import { InputError } from './problem.ts';

/** One template to deploy, with everything beside it. */
export interface Source {
  readonly document: Document;
  /** Values of the folder's own parameters file. */
  readonly parameters: JsonObject;
  readonly config: Config;
  /** Folder that relative paths start at. */
  readonly folder: string;
}

const noConfig: Config = {
  template: undefined,
  parameters: undefined,
  content: [],
  deployer: undefined,
  directory: emptyDirectory,
  facts: [],
  intents: [],
  accepts: [],
};

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

function configOf(folder: string): Config {
  const file = join(folder, 'cloister.yaml');
  return statSync(file, { throwIfNoEntry: false }) ? readConfig(readFileSync(file, 'utf8'), file) : noConfig;
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

/** Reads a template. Throws InputError with line and column. */
export function readTemplate(file: string): Document {
  const text = file.endsWith('.bicep') ? compileBicep(file) : readText(file);
  const document = parse(text, file);
  const schema = asText(member(document.value, '$schema'));
  if (schema === undefined || !/deploymentTemplate\.json/i.test(schema)) {
    throw new InputError({
      file,
      ...document.at(['$schema']),
      message: "this is not an ARM template: it needs '$schema' with ...deploymentTemplate.json#",
    });
  }
  return document;
}

/** Reads a parameters file: ARM's own form, or plain names and values. Throws InputError. */
export function readParameters(file: string): JsonObject {
  const { value } = parse(readText(file), file);
  const inner = member(value, 'parameters') ?? value;
  if (!isObject(inner))
    throw new InputError({ file, message: 'a parameters file is an object of names and values' });
  const entries = Object.entries(inner).filter(([name]) => name !== '$schema' && name !== 'contentVersion');
  return Object.fromEntries(
    entries.map(([name, given]) => [
      name,
      isObject(given) && 'value' in given ? given : { value: given ?? null },
    ]),
  );
}

/** Reads `K=V` by the type that the template declares: a text as it is, all else as JSON. Throws InputError. */
export function readParameter(assignment: string, template: Json): readonly [string, JsonObject] {
  const equals = assignment.indexOf('=');
  if (equals < 1) throw new InputError({ message: `--param ${assignment}: write --param NAME=VALUE` });
  const name = assignment.slice(0, equals);
  const text = assignment.slice(equals + 1);
  const declared = Object.entries((member(template, 'parameters') ?? {}) as JsonObject).find(
    ([candidate]) => candidate.toLowerCase() === name.toLowerCase(),
  )?.[1];
  const type = (asText(member(declared, 'type')) ?? 'string').toLowerCase();
  if (type === 'string' || type === 'securestring') return [name, { value: text }];
  try {
    return [name, { value: JSON.parse(text) as Json }];
  } catch {
    throw new InputError({
      message: `--param ${name}: '${text}' is not a value of type ${type}; write it as JSON`,
    });
  }
}

function parse(text: string, file: string): Document {
  try {
    return readJson(text, file);
  } catch (error) {
    if (error instanceof SyntaxProblem) {
      const { line, column } = error;
      throw new InputError({
        file,
        line,
        column,
        message: error.message.replace(`${file}:${line}:${column}: `, ''),
      });
    }
    throw error;
  }
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
