/**
 * The process behind `up --detach`: an instance without a terminal.
 *
 * @module
 */

import { Instance } from '../server/instance.ts';
import { fabricOf } from './fabric.ts';
import { type DatabaseOptions, databaseOf, type StateOptions, stateOf } from './flags.ts';
import { untilSignal } from './until-stopped.ts';

/** Flags of `serve`. */
export interface ServeOptions extends StateOptions, DatabaseOptions {
  readonly memory?: boolean;
  readonly guard?: boolean;
  readonly fabric?: string;
  readonly port?: string;
  readonly subscription?: string;
}

/** Runs an instance until somebody stops it. */
export async function serve(options: ServeOptions): Promise<number> {
  const { port, subscription } = options;
  const { folder, memory } = stateOf(options);
  const signal = untilSignal();
  const instance = await Instance.start({
    folder,
    memory: memory || options.memory === true,
    guard: options.guard === true,
    fabric: fabricOf(options.fabric),
    ...databaseOf(options),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(subscription === undefined ? {} : { subscription }),
  });
  process.send?.('ready');
  process.disconnect?.();
  await Promise.race([instance.stopping, signal]);
  await instance.close();
  return 0;
}
