/**
 * How a list in this folder declares a type that is only stored.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import type { Declared } from '../../net/declared.ts';

/** A type that is only stored. */
export interface StoredType {
  readonly type: string;
  /** Most are. */
  readonly located?: boolean;
  /** It may stand on any resource. */
  readonly scope?: 'any' | 'subscription';
  /** What it says to the proof. Its properties are as they were written: nothing is certain about them. */
  readonly declares?: (resource: Resource) => readonly Declared[];
}
