/**
 * What a machine of a size has, as a limit of a replica that runs on one.
 *
 * Source: https://learn.microsoft.com/azure/virtual-machines/sizes
 *
 * @module
 */

import { totalmem } from 'node:os';
import { type Limits, usualLimits } from '../compute/sandbox/limits.ts';

/** Processors, and GiB of memory, by a family's first size; the sizes that follow have so many times as much. */
const sizes: ReadonlyMap<string, readonly [processors: number, memory: number]> = new Map([
  ['Standard_DS1_v2', [1, 3.5]],
  ['Standard_DS2_v2', [2, 7]],
  ['Standard_DS3_v2', [4, 14]],
  ['Standard_DS4_v2', [8, 28]],
  ['Standard_DS5_v2', [16, 56]],
  ['Standard_D2s_v3', [2, 8]],
  ['Standard_D4s_v3', [4, 16]],
  ['Standard_D8s_v3', [8, 32]],
  ['Standard_E2s_v3', [2, 16]],
  ['Standard_E4s_v3', [4, 32]],
  ['Standard_E8s_v3', [8, 64]],
  ['Standard_F2s_v2', [2, 4]],
  ['Standard_F4s_v2', [4, 8]],
  ['Standard_F8s_v2', [8, 16]],
  ['Standard_F16s_v2', [16, 32]],
]);

/** No replica is left more of this machine's memory: its neighbours are to go on. */
const share = 1 / 2;

/** Returns the limits; the usual ones of sizes that are not known here. */
export function limitsOf(size: string | undefined): Limits {
  const known = [...sizes].find(([name]) => name.toLowerCase() === size?.toLowerCase())?.[1];
  const [processors, memory] = known ?? [usualLimits.processors, usualLimits.memory / 2 ** 30];
  return { ...usualLimits, processors, memory: Math.floor(Math.min(memory * 2 ** 30, totalmem() * share)) };
}
