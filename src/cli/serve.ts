/**
 * The process behind `up --detach`: an instance without a terminal.
 *
 * @module
 */

import { Instance } from '../server/instance.ts';
import { type StateOptions, stateOf } from './flags.ts';

/** Runs an instance until somebody stops it. */
export async function serve(options: StateOptions & { port?: string }): Promise<number> {
  const { folder, memory } = stateOf(options);
  const instance = await Instance.start({
    folder,
    memory,
    ...(options.port === undefined ? {} : { port: Number(options.port) }),
  });
  process.send?.('ready');
  process.disconnect?.();
  const signal = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
  });
  await Promise.race([instance.stopping, signal]);
  await instance.close();
  return 0;
}
