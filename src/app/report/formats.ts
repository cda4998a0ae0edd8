/**
 * The forms that a verdict can be printed in. A new form is one file in this folder and one row here.
 *
 * @module
 */

import type { Verdict } from '../verify.ts';
import { verdictText } from './text.ts';

/** Prints a verdict as a whole document. */
type Print = (verdict: Verdict) => string;

export const formats: { readonly [name: string]: Print } = {
  text: (verdict) => verdictText(verdict),
  json: (verdict) => `${JSON.stringify(verdict, undefined, 2)}\n`,
};
