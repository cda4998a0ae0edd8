/**
 * Snapshots: an estate, with what stands beside it, as one text. A running instance hands out the same.
 *
 * @module
 */

import { parseId } from '../arm/id.ts';
import { Estate, type Resource } from '../arm/resource.ts';
import { readJson } from '../arm/template/json.ts';
import { SyntaxProblem } from '../arm/template/problem.ts';
import { asList, isObject, type Json, type JsonObject, member } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';
import type { Linked } from '../net/link.ts';
import { networkOf } from '../providers/network-of.ts';
import { type Config, readConfig } from './config.ts';
import { besideOf } from './open.ts';
import { InputError } from './problem.ts';

/** An estate as it is. */
export interface Snapshot {
  readonly subscription: string;
  readonly resources: readonly Resource[];
  /** What each cloister.yaml said, by file. */
  readonly beside: readonly { readonly config: string; readonly file: string }[];
}

/** The form that is written; another number is another form. */
const version = 1;

/** Reports whether a text is meant to be a snapshot: its first member says so. */
export function isSnapshot(text: string): boolean {
  return /^\s*\{\s*"cloister"\s*:\s*"snapshot"/.test(text);
}

/** Writes a snapshot. */
export function snapshotText({ subscription, resources, beside }: Snapshot): string {
  return `${JSON.stringify({ cloister: 'snapshot', version, subscription, resources, beside }, undefined, 2)}\n`;
}

/** Reads a snapshot. Throws InputError that says what is wrong with it. */
export function snapshotIn(text: string, file: string): Snapshot {
  const value = parsed(text, file);
  const refuse = (message: string): never => {
    throw new InputError({ file, message });
  };
  const textAt = (of: Json | undefined, name: string, where: string): string => {
    const found = member(of, name);
    return typeof found === 'string' ? found : refuse(`${where}'${name}' must be a text`);
  };
  const found = member(value, 'version');
  if (found !== version)
    refuse(`this is a snapshot of version ${JSON.stringify(found)}; version ${version} can be read`);
  for (const name of ['resources', 'beside'])
    if (!Array.isArray(member(value, name))) refuse(`'${name}' must be a list`);
  const resources = asList(member(value, 'resources')).map((item, at): Resource => {
    const where = `resources[${at}]: `;
    if (!parseId(textAt(item, 'id', where)).ok) refuse(`${where}'id' must be a resource id`);
    for (const name of ['name', 'type', 'etag']) textAt(item, name, where);
    if (!isObject(member(item, 'properties'))) refuse(`${where}'properties' must be an object`);
    return Object.freeze(item as unknown as Resource);
  });
  return {
    subscription: textAt(value, 'subscription', ''),
    resources,
    beside: asList(member(value, 'beside')).map((item, at) => ({
      config: textAt(item, 'config', `beside[${at}]: `),
      file: textAt(item, 'file', `beside[${at}]: `),
    })),
  };
}

/** A snapshot that was taken in: what `verify`, `why` and `diff` read. */
export interface Standing {
  readonly estate: Estate;
  readonly configs: readonly { readonly file: string; readonly config: Config }[];
  readonly linked: Linked;
}

/** Takes a snapshot in. Throws InputError where a cloister.yaml in it cannot be read. */
export function standingOf({ resources, beside }: Snapshot): Standing {
  const estate = new Estate(resources);
  const configs = beside.map(({ config, file }) => ({ file, config: readConfig(config, file) }));
  const facts = configs.flatMap((config) => standing(config, estate));
  return { estate, configs, linked: networkOf(estate, facts) };
}

/** What a cloister.yaml still says; a machine that it names may be gone since, and the instance holds the rest. */
function standing(config: { readonly config: Config }, estate: Estate): readonly Fact[] {
  try {
    return besideOf([config], estate);
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

function parsed(text: string, file: string): JsonObject {
  try {
    const { value } = readJson(text, file);
    return isObject(value) ? value : {};
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const { line, column } = error;
    const message = error.message.replace(`${file}:${line}:${column}: `, '');
    throw new InputError({ file, line, column, message });
  }
}
