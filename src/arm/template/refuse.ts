/**
 * How a template is refused: one code, one shape of target.
 *
 * @module
 */

import { ArmError } from '../error.ts';
import type { Path } from './scope.ts';

/** Prints a place in a template the way ARM does: `$.resources[3].properties['a.b']`. */
export function pathText(path: Path): string {
  let text = '$';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w$@-]+$/.test(step)) text += `.${step}`;
    else text += `['${step.replaceAll("'", "\\'")}']`;
  }
  return text;
}

/** Returns the error for a template that is wrong at a place. */
export function invalid(path: Path, message: string): ArmError {
  return new ArmError('InvalidTemplate', message, { target: pathText(path) });
}

/** Returns the error for a part of the language that is real but not supported here. */
export function unsupported(path: Path, what: string, instead: string): ArmError {
  return invalid(path, `${what} at '${pathText(path)}' is not supported yet; ${instead}.`);
}
