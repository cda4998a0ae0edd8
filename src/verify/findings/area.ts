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

/** The checks of one area. A code that is absent is not looked for yet: docs/findings lists it. */
export type Area<A extends AreaName> = { readonly [C in CodesOf<A>]?: Check };
