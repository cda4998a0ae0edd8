/**
 * How an area lists its checks: code -> what looks for it.
 *
 * @module
 */

import type { AreaName, CodesOf } from '../codes.ts';
import type { Fault } from '../finding.ts';
import type { Model } from '../model.ts';

/** Looks for one kind of fault. Pure: it reads the model and nothing else. */
export type Check = (model: Model) => Iterable<Fault>;

/** The checks of one area: one for each of its codes. */
export type Area<A extends AreaName> = { readonly [C in CodesOf<A>]: Check };
