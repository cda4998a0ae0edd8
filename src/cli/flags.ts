/**
 * Flags that several verbs share.
 *
 * @module
 */

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { NothingToAsk } from './problem.ts';

/** Values of the flags of verbs that read files. */
export interface FileOptions {
  readonly param?: readonly string[];
  readonly params?: string;
  readonly resourceGroup?: string;
  readonly location?: string;
  readonly subscription?: string;
}

/** Value of the flag of verbs that need an instance. */
export interface StateOptions {
  readonly state?: string;
}

/** Value of the flag of verbs that start an instance. */
export interface DatabaseOptions {
  readonly database?: string;
}

/** Values of the flags that say how to print. */
export interface FormatOptions {
  readonly json?: boolean;
  readonly format?: string;
}

/** Adds the flags of verbs that read files. */
export function fileFlags(command: Command): Command {
  return command
    .option('--param <name=value>', 'a parameter of the template; may be given again', collect)
    .option('--params <file>', 'a parameters file')
    .option('--resource-group <name>', 'resource group to deploy to')
    .option('--location <region>', 'region of the resource group')
    .option('--subscription <id>', 'subscription id');
}

/** Adds parameters that are for one of two sides only. */
export function sideFlags(command: Command): Command {
  return command
    .option('--old-param <name=value>', 'a parameter of the old side only; may be given again', collect)
    .option('--old-params <file>', 'a parameters file of the old side only')
    .option('--new-param <name=value>', 'a parameter of the new side only; may be given again', collect)
    .option('--new-params <file>', 'a parameters file of the new side only');
}

/** Adds the flag that says which instance is meant. */
export function stateFlag(command: Command): Command {
  return command.option(
    '--state <folder>',
    "state folder, or 'memory' (default: CLOISTER_STATE or the user's own)",
  );
}

/** Adds the flag that says where the rows of a state are. */
export function databaseFlag(command: Command): Command {
  return command.option(
    '--database <address>',
    'keep the estate in PostgreSQL: postgres://user@host:port/name (default: CLOISTER_DATABASE, or a file)',
  );
}

/** The database that was asked for, if any. */
export function databaseOf({ database }: DatabaseOptions): { readonly database?: string } {
  const asked = database ?? process.env['CLOISTER_DATABASE'];
  return asked === undefined || asked === '' ? {} : { database: asked };
}

/** Adds the flags that say how to print. */
export function formatFlags(command: Command): Command {
  return command
    .option('--json', 'one JSON document on stdout')
    .option('--format <name>', 'text or json', 'text');
}

/** Reports whether one JSON document is to be printed. Throws where there is no such format. */
export function wantsJson({ json, format = 'text' }: FormatOptions): boolean {
  if (format !== 'text' && format !== 'json')
    throw new NothingToAsk(`--format ${format}: write text or json.`);
  return json === true || format === 'json';
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** The folder in which an instance is found, and whether it keeps its state there. */
export function stateOf({ state }: StateOptions): { readonly folder: string; readonly memory: boolean } {
  const asked = state ?? process.env['CLOISTER_STATE'];
  if (asked !== undefined && asked !== '' && asked !== 'memory')
    return { folder: resolve(asked), memory: false };
  const base = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  return { folder: join(base, 'cloister'), memory: asked === 'memory' };
}
