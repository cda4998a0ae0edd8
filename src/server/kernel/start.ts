/**
 * Which fabric an instance has: the one that was asked for, or what this machine can do.
 *
 * @module
 */

import { basename } from 'node:path';
import type { FabricAnswer } from '../../api/control.ts';
import { InputError } from '../../app/problem.ts';
import type { Place } from '../../net/position.ts';
import type { Entry } from './entry.ts';
import { Kernel, type KernelOptions } from './kernel.ts';
import { endPrograms } from './leftovers.ts';

/** What can be asked for. `auto`: the kernel where it can, and otherwise userspace. */
export type FabricKind = 'userspace' | 'linux' | 'auto';

/** What enforces. Without a kernel, gateways do. */
export interface Enforced {
  readonly kernel: Kernel | undefined;
  /** Why there is none, although it was asked for. */
  readonly lost: string | undefined;
}

/** Starts what was asked for. Throws InputError where that is the kernel and this machine refuses. */
export async function enforce(kind: FabricKind, options: KernelOptions): Promise<Enforced> {
  const left = await endPrograms(basename(options.folder));
  if (left > 0) options.log(new Error(`ended ${left} programs at places of an instance that is gone`));
  if (kind === 'userspace') return { kernel: undefined, lost: undefined };
  try {
    if (process.platform !== 'linux') throw new Error(`there is no Linux kernel on ${process.platform}`);
    return { kernel: await Kernel.start(options), lost: undefined };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (kind === 'auto') return { kernel: undefined, lost: why };
    throw new InputError({ message: `--fabric linux is refused by this machine: ${why}` });
  }
}

/** What is told of it. */
export function fabricOf({ kernel, lost }: Enforced): FabricAnswer {
  return { fabric: kernel ? 'linux' : 'userspace', ...(lost === undefined ? {} : { lost }) };
}

/** The way to a place. Undefined where gateways enforce; throws InputError where the kernel does, and not there. */
export async function entryTo({ kernel }: Enforced, place: Place): Promise<Entry | undefined> {
  if (!kernel) return undefined;
  const entry = await kernel.enter(place);
  if (entry) return entry;
  const { state } = kernel.state;
  const why = state === 'active' ? 'it is not carried yet' : state;
  throw new InputError({ message: `the linux fabric has no ${place.label} to stand at: ${why}` });
}
