/**
 * Flags that several verbs share.
 *
 * @module
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';

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

/** Adds the flags of verbs that read files. */
export function fileFlags(command: Command): Command {
  return command
    .option('--param <name=value>', 'a parameter of the template; may be given again', collect)
    .option('--params <file>', 'a parameters file')
    .option('--resource-group <name>', 'resource group to deploy to')
    .option('--location <region>', 'region of the resource group')
    .option('--subscription <id>', 'subscription id');
}

/** Adds the flag that says which instance is meant. */
export function stateFlag(command: Command): Command {
  return command.option(
    '--state <folder>',
    "state folder, or 'memory' (default: CLOISTER_STATE or the user's own)",
  );
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** The folder in which an instance is found, and whether it keeps its state there. */
export function stateOf({ state }: StateOptions): { readonly folder: string; readonly memory: boolean } {
  const asked = state ?? process.env['CLOISTER_STATE'];
  if (asked !== undefined && asked !== 'memory') return { folder: asked, memory: false };
  const base = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  return { folder: join(base, 'cloister'), memory: asked === 'memory' };
}
