/**
 * What makes the network real: what is asked for, and what is said of what there is.
 *
 * @module
 */

import type { FabricAnswer } from '../api/control.ts';
import { wrapped } from '../lib/wrap.ts';
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
  if (fabric === 'linux') return ['fabric linux: the kernel enforces every packet at places (cloister exec)'];
  const own = 'fabric userspace: enforces what goes through the gateways (cloister exec)';
  if (lost === undefined) return [own];
  const unheld = 'programs that ignore proxy variables, UDP, and time-outs as they really are';
  return [own, ...wrapped('  ', `there is no kernel fabric, so ${unheld} are lost: ${lost}`, 80)];
}
