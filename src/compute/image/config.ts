/**
 * What an image says about how it is to be run.
 *
 * Source: https://github.com/opencontainers/image-spec/blob/main/config.md
 *
 * @module
 */

import { lstatSync, readFileSync } from 'node:fs';
import { isObject, type Json } from '../../lib/json.ts';
import { nameIn } from './folder.ts';
import { ImageError } from './image-error.ts';

/** How it is run. */
export interface Recipe {
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Numbers, or names that the image knows. */
  readonly user: string;
}

/** Who it is inside. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** Reads a configuration. Throws ImageError where it cannot be run. */
export function recipeOf(configuration: Json): Recipe {
  const config = isObject(configuration) ? configuration['config'] : undefined;
  const settings = isObject(config) ? config : {};
  const texts = (name: string): readonly string[] => {
    const value = settings[name] ?? [];
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as string[];
    throw new ImageError(`${name} of its configuration is no list of texts`);
  };
  const text = (name: string): string => {
    const value = settings[name] ?? '';
    if (typeof value === 'string') return value;
    throw new ImageError(`${name} of its configuration is no text`);
  };
  const [program, ...words] = [...texts('Entrypoint'), ...texts('Cmd')];
  if (program === undefined) throw new ImageError('it has neither Entrypoint nor Cmd: nothing is to be run');
  const environment = texts('Env').map((line): [string, string] => {
    const at = line.indexOf('=');
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
  return {
    command: [program, ...words],
    environment: Object.fromEntries(environment),
    folder: text('WorkingDir') || '/',
    user: text('User'),
  };
}

/** Returns who a user is, as the image's own files say. Nobody in particular is root. */
export function identityOf(root: string, user: string): Identity {
  const [name = '', group = ''] = user.split(':');
  const account = lineOf(root, '/etc/passwd', name);
  const uid = numberOf(name) ?? numberOf(account?.[2]) ?? (name === '' ? 0 : undefined);
  if (uid === undefined) throw new ImageError(`it is to run as ${name}, whom its /etc/passwd does not have`);
  const own = numberOf(account?.[3]) ?? 0;
  const gid = group === '' ? own : (numberOf(group) ?? numberOf(lineOf(root, '/etc/group', group)?.[2]));
  if (gid === undefined) throw new ImageError(`it is to run as ${group}, whom its /etc/group does not have`);
  return { uid, gid };
}

function lineOf(root: string, file: string, name: string): readonly string[] | undefined {
  const path = nameIn(root, file);
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  return lines.find(([first, , id]) => first === name || (numberOf(name) !== undefined && id === name));
}

/** A number of a user; the last two are nobody's. */
function numberOf(text: string | undefined): number | undefined {
  const number = /^\d{1,10}$/.test(text ?? '') ? Number(text) : Number.NaN;
  return number < 2 ** 32 - 2 ? number : undefined;
}
