/**
 * What makes the network real: what is asked for, and what is said of what there is.
 *
 * @module
 */

import type { FabricAnswer } from '../api/control.ts';
import { NothingToAsk } from './problem.ts';

/** What can be asked for. */
export type FabricKind = 'userspace' | 'linux' | 'auto';

/** Reads the flag; without one, what the user has said once and for all. */
export function fabricOf(given: string | undefined): FabricKind {
  const flag = given ?? (process.env['CLOISTER_FABRIC'] || 'userspace');
  if (flag === 'userspace' || flag === 'linux' || flag === 'auto') return flag;
  throw new NothingToAsk(`--fabric ${flag}: write linux, userspace or auto.`);
}

/** Says which fabric it is, what it enforces, and what is lost where it is not the one that was hoped for. */
export function describeFabric({ fabric, lost }: FabricAnswer): readonly string[] {
  if (fabric === 'linux')
    return ['fabric linux: the kernel enforces every packet of programs at places (cloister exec)'];
  const own = 'fabric userspace: enforces what goes through the gateways (cloister exec)';
  if (lost === undefined) return [own];
  return [
    own,
    '  the kernel fabric is not there, so programs that ignore proxy variables, UDP, and time-outs as they really are',
    `  are lost: ${lost}`,
  ];
}
