/**
 * Functions on integers.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-numeric
 *
 * @module
 */

import type { Json } from '../../../lib/json.ts';
import { type Arguments, any, type TemplateFunction } from './contract.ts';

/** Functions on integers, by name. */
export const numberFunctions = {
  add: { takes: [2, 2], call: (args) => exact(args, args.integer(0) + args.integer(1)) },
  copyIndex: { takes: [0, 2], call: (args, scope) => copyIndex(args, scope.loops, scope.place) },
  div: { takes: [2, 2], call: (args) => exact(args, Math.trunc(args.integer(0) / divisor(args))) },
  float: { takes: [1, 1], call: float },
  int: { takes: [1, 1], call: int },
  max: { takes: [1, any], call: (args) => Math.max(...integers(args)) },
  min: { takes: [1, any], call: (args) => Math.min(...integers(args)) },
  mod: { takes: [2, 2], call: (args) => exact(args, args.integer(0) % divisor(args)) },
  mul: { takes: [2, 2], call: (args) => exact(args, args.integer(0) * args.integer(1)) },
  sub: { takes: [2, 2], call: (args) => exact(args, args.integer(0) - args.integer(1)) },
} satisfies Record<string, TemplateFunction>;

function exact(args: Arguments, value: number): number {
  if (!Number.isSafeInteger(value))
    throw args.problem('gives an integer beyond 2^53, which cannot be held exactly');
  return value === 0 ? 0 : value;
}

function divisor(args: Arguments): number {
  const value = args.integer(1);
  if (value === 0) throw args.problem('cannot divide by 0', 1);
  return value;
}

function float(args: Arguments): Json {
  const value = args.value(0);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw args.wrong(0, 'a number or its text');
  return number;
}

function int(args: Arguments): Json {
  const value = args.value(0);
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw args.wrong(0, 'an integer or its text');
    return value;
  }
  if (typeof value !== 'string' || !/^\s*[-+]?\d+\s*$/.test(value))
    throw args.wrong(0, 'an integer or its text');
  return exact(args, Number(value));
}

/** The integers given one by one, or as one array. */
function integers(args: Arguments): readonly number[] {
  const first = args.value(0);
  if (!Array.isArray(first)) return args.values().map((_, index) => args.integer(index));
  const numbers = first.filter(
    (item: Json): item is number => typeof item === 'number' && Number.isInteger(item),
  );
  if (numbers.length !== first.length || numbers.length === 0 || args.count > 1) {
    throw args.wrong(0, 'integers, or one array of integers that is not empty');
  }
  return numbers;
}

function copyIndex(
  args: Arguments,
  loops: readonly { readonly name: string; readonly index: number; readonly unnamed: boolean }[],
  place: string,
): Json {
  const first = args.count > 0 ? args.value(0) : undefined;
  if (typeof first !== 'string') {
    const offset = args.optionalInteger(0) ?? 0;
    if (args.count > 1) throw args.wrong(0, 'the name of a copy loop');
    // Without a name the loop of the resource is meant; only where there is none, that of a property.
    const loop = loops.findLast((one) => one.unnamed) ?? loops.at(-1);
    if (!loop) throw args.problem(`can only be used inside a copy loop, not in ${place}`);
    return loop.index + offset;
  }
  const loop = loops.findLast((one) => one.name.toLowerCase() === first.toLowerCase());
  if (loop) return loop.index + (args.optionalInteger(1) ?? 0);
  const known = loops.map((one) => `'${one.name}'`).join(', ');
  throw args.problem(
    `is not inside a copy loop named '${first}'${known === '' ? '' : `; the loops here are ${known}`}`,
    0,
  );
}
