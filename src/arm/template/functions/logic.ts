/**
 * Comparison and logic, evaluated as far as needed.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-logical
 *
 * @module
 */

import { equalJson, type Json } from '../../../lib/json.ts';
import { type Arguments, any, type TemplateFunction } from './contract.ts';

/** Comparison and logic, by name. */
export const logicFunctions = {
  and: { takes: [1, any], call: (args) => everyTime(args, true) },
  bool: { takes: [1, 1], call: bool },
  coalesce: { takes: [1, any], call: coalesce },
  equals: { takes: [2, 2], call: (args) => equalJson(args.value(0), args.value(1)) },
  false: { takes: [0, 0], call: () => false },
  fail: {
    takes: [1, 1],
    call: (args) => {
      throw args.problem(`was called: ${args.text(0)}`);
    },
  },
  greater: { takes: [2, 2], call: (args) => order(args) > 0 },
  greaterOrEquals: { takes: [2, 2], call: (args) => order(args) >= 0 },
  if: { takes: [3, 3], call: (args) => args.value(args.boolean(0) ? 1 : 2) },
  less: { takes: [2, 2], call: (args) => order(args) < 0 },
  lessOrEquals: { takes: [2, 2], call: (args) => order(args) <= 0 },
  not: { takes: [1, 1], call: (args) => !args.boolean(0) },
  null: { takes: [0, 0], call: () => null },
  or: { takes: [1, any], call: (args) => !everyTime(args, false) },
  true: { takes: [0, 0], call: () => true },
} satisfies Record<string, TemplateFunction>;

/** Reports whether every argument has the value; reads none after the first that has not. */
function everyTime(args: Arguments, value: boolean): boolean {
  for (let index = 0; index < args.count; index++) if (args.boolean(index) !== value) return false;
  return true;
}

function bool(args: Arguments): Json {
  const value = args.value(0);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') {
    if (/^(true|1)$/i.test(value)) return true;
    if (/^(false|0)$/i.test(value)) return false;
  }
  throw args.wrong(0, "'true', 'false', a boolean or an integer");
}

function coalesce(args: Arguments): Json {
  for (let index = 0; index < args.count; index++) {
    const value = args.value(index);
    if (value !== null) return value;
  }
  return null;
}

/** Orders two integers, or two texts by their characters. */
function order(args: Arguments): number {
  const a = args.value(0);
  if (typeof a === 'string') {
    const b = args.text(1);
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (typeof a !== 'number') throw args.wrong(0, 'an integer or a text');
  return a - args.integer(1);
}
