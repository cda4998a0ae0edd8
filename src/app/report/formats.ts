/**
 * The forms that a verdict can be printed in. A new form is one file in this folder and one row here.
 *
 * @module
 */

import type { FailOn, Judgement, Verdict } from '../verify.ts';
import { html } from './html.ts';
import { junit } from './junit.ts';
import { pageOf } from './pages.ts';
import { sarif } from './sarif.ts';
import { verdictText } from './text.ts';

/** Prints a verdict as a whole document. */
type Print = (verdict: Verdict, failOn: FailOn) => string;

/** Prints a verdict together with the files that it is about. */
type PrintFiles = (judgement: Judgement) => string;

/** Forms of any verdict, that of a running instance too. */
export const formats: { readonly [name: string]: Print } = {
  text: (verdict) => verdictText(verdict),
  json: (verdict) => json(verdict),
  junit,
};

/** Forms that show the files, or what they make. */
export const formatsOfFiles: { readonly [name: string]: PrintFiles } = {
  sarif: (judgement) => json(sarif(judgement, pageOf)),
  html,
};

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
