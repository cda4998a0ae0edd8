/**
 * The outputs of a template.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { evaluateValue, inLoop, loopHead } from './evaluate.ts';
import { memberNamed } from './members.ts';
import { section } from './parameters.ts';
import { invalid, pathText } from './refuse.ts';
import { holds } from './resources.ts';
import type { Path, Scope } from './scope.ts';
import { isSecure, typeLabel, typeOf, violation } from './types.ts';

/** Refuses outputs that are wrong whatever is deployed. Throws ArmError. */
export function checkOutputs(template: JsonObject, base: Path): void {
  for (const [name, output] of Object.entries(section(template, 'outputs', base))) {
    const path = [...base, 'outputs', name];
    if (!isObject(output))
      throw invalid(path, `The output '${name}' must be an object with a 'type' and a 'value'.`);
    typeOf(output, path);
    if (memberNamed(output, 'copy') === undefined && memberNamed(output, 'value') === undefined) {
      throw invalid(path, `The output '${name}' has no 'value'.`);
    }
  }
}

/** Evaluates the outputs as ARM shows them: `{name: {type, value}}`, secure ones without value. Throws ArmError. */
export function evaluateOutputs(template: JsonObject, base: Path, scope: Scope): JsonObject {
  const out: [string, Json][] = [];
  for (const [name, output] of Object.entries(section(template, 'outputs', base))) {
    const path = [...base, 'outputs', name];
    if (!isObject(output) || !holds(memberNamed(output, 'condition'), path, scope)) continue;
    const type = typeOf(output, path);
    if (isSecure(type)) {
      out.push([name, { type: typeLabel(type) }]);
      continue;
    }
    const value = shownValue(output, path, { ...scope, place: 'an output' });
    const wrong = violation(output, value, path);
    if (wrong !== undefined) {
      throw invalid(path, `The value of the output '${name}' at '${pathText(path)}' is not valid: ${wrong}.`);
    }
    out.push([name, { type: typeLabel(type), value }]);
  }
  return Object.fromEntries(out);
}

function shownValue(output: JsonObject, path: Path, scope: Scope): Json {
  const copy = memberNamed(output, 'copy');
  if (copy === undefined)
    return evaluateValue(memberNamed(output, 'value') ?? null, [...path, 'value'], scope);
  const at = [...path, 'copy'];
  const input = isObject(copy) ? memberNamed(copy, 'input') : undefined;
  if (!isObject(copy) || input === undefined) {
    throw invalid(at, `The copy loop at '${pathText(at)}' needs a 'count' and an 'input'.`);
  }
  const { name, count } = loopHead(copy, at, scope);
  return Array.from({ length: count }, (_, index) =>
    evaluateValue(input, [...at, 'input'], inLoop(scope, { name, index, unnamed: true })),
  );
}
