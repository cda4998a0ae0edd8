/**
 * Every check, in one explicit list: areas in the order in which faults are judged.
 *
 * @module
 */

import type { AreaName, FindingCode } from '../codes.ts';
import { address } from './address.ts';
import type { Area, Check } from './area.ts';
import { caller } from './caller.ts';
import { compute } from './compute.ts';
import { door } from './door.ts';
import { endpoint } from './endpoint.ts';
import { gate } from './gate.ts';
import { image } from './image.ts';
import { kubernetes } from './kubernetes.ts';
import { name } from './name.ts';
import { operations } from './operations.ts';
import { route } from './route.ts';
import { serving } from './serving.ts';

/** Codes of `intent` come from the intents themselves. */
const areas: { readonly [A in Exclude<AreaName, 'intent'>]: Area<A> } = {
  name,
  address,
  route,
  gate,
  endpoint,
  door,
  caller,
  compute,
  image,
  serving,
  kubernetes,
  operations,
};

/** Code and check, in the order of the areas. */
export const checks: readonly (readonly [FindingCode, Check])[] = Object.values(areas).flatMap(
  (area) => Object.entries(area) as [FindingCode, Check][],
);
