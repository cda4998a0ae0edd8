/**
 * What is deployed: a template with everything that stands beside it.
 *
 * @module
 */

import { emptyDirectory } from '../arm/directory.ts';
import { type Document, readJson } from '../arm/template/json.ts';
import { SyntaxProblem } from '../arm/template/problem.ts';
import { asText, isObject, type Json, type JsonObject, member } from '../lib/json.ts';
import type { Config } from './config.ts';
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

export const noConfig: Config = {
  template: undefined,
  parameters: undefined,
  content: [],
  deployer: undefined,
  directory: emptyDirectory,
  facts: [],
  intents: [],
  accepts: [],
};

/** Reads the text of a template. Throws InputError with line and column. */
export function templateOf(text: string, file: string): Document {
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

/** Reads the text of a parameters file: ARM's own form, or plain names and values. Throws InputError. */
export function parametersIn(text: string, file: string): JsonObject {
  const { value } = parse(text, file);
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
