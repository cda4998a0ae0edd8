/**
 * Functions on texts.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string
 *
 * @module
 */

import type { Json } from '../../../lib/json.ts';
import { type Arguments, any, type TemplateFunction } from './contract.ts';
import { compositeFormat, toText } from './formatting.ts';
import { nameBasedGuid, uniqueText } from './unique.ts';

/** Functions on texts, by name. */
export const stringFunctions = {
  concat: { takes: [0, any], call: concat },
  endsWith: {
    takes: [2, 2],
    call: (args) => args.text(0).toLowerCase().endsWith(args.text(1).toLowerCase()),
  },
  format: {
    takes: [1, any],
    call: (args) => {
      const result = compositeFormat(args.text(0), args.values().slice(1));
      if (!result.ok) throw args.problem(result.error, 0);
      return result.value;
    },
  },
  guid: { takes: [1, any], call: (args) => nameBasedGuid(args.texts().join('-')) },
  join: {
    takes: [2, 2],
    call: (args) => args.list(0).map(toText).join(args.text(1)),
  },
  newGuid: {
    takes: [0, 0],
    call: (args, scope) => {
      if (!scope.inDefault) {
        throw args.problem(
          `can only be used in the default value of a parameter, not in ${scope.place}; use guid() with texts that tell one use from another`,
        );
      }
      return scope.context.newGuid();
    },
  },
  padLeft: { takes: [2, 3], call: padLeft },
  replace: {
    takes: [3, 3],
    call: (args) => {
      if (args.text(1) === '') throw args.problem('needs a text that is not empty as argument 2', 1);
      return args.text(0).replaceAll(args.text(1), () => args.text(2));
    },
  },
  split: { takes: [2, 2], call: split },
  startsWith: {
    takes: [2, 2],
    call: (args) => args.text(0).toLowerCase().startsWith(args.text(1).toLowerCase()),
  },
  string: { takes: [1, 1], call: (args) => toText(args.value(0)) },
  substring: { takes: [2, 3], call: substring },
  toLower: { takes: [1, 1], call: (args) => args.text(0).toLowerCase() },
  toUpper: { takes: [1, 1], call: (args) => args.text(0).toUpperCase() },
  trim: { takes: [1, 1], call: (args) => args.text(0).trim() },
  uniqueString: { takes: [1, any], call: (args) => uniqueText(args.texts().join('-')) },
} satisfies Record<string, TemplateFunction>;

/** Arrays if the first argument is one, else texts. */
function concat(args: Arguments): Json {
  const values = args.values();
  if (Array.isArray(values[0])) return values.flatMap((_, index) => args.list(index));
  const wrong = values.findIndex((value) => typeof value === 'object' && value !== null);
  if (wrong >= 0) throw args.wrong(wrong, 'a text (as its first argument is)');
  return values.map(toText).join('');
}

function padLeft(args: Arguments): Json {
  const value = args.value(0);
  if (typeof value !== 'string' && typeof value !== 'number') throw args.wrong(0, 'a text or an integer');
  const padding = args.optionalText(2) ?? ' ';
  if (padding.length !== 1) throw args.wrong(2, 'one character');
  const length = args.integer(1);
  if (length < 0 || length > 16) throw args.wrong(1, 'a length from 0 to 16');
  return String(value).padStart(length, padding);
}

function split(args: Arguments): Json {
  const text = args.text(0);
  const given = args.value(1);
  const delimiters = Array.isArray(given) ? given : [given];
  const sound = delimiters.filter((item: Json): item is string => typeof item === 'string');
  if (sound.length !== delimiters.length) throw args.wrong(1, 'a text or an array of texts');
  const used = sound.filter((item) => item !== '');
  if (used.length === 0) return [text];
  if (used.length === 1) return text.split(used[0] as string);
  const escaped = used.map((item) => item.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return text.split(new RegExp(escaped.join('|')));
}

function substring(args: Arguments): Json {
  const text = args.text(0);
  const start = args.integer(1);
  if (start < 0 || start > text.length) {
    throw args.problem(`cannot start at ${start} in a text of ${text.length} characters`, 1);
  }
  const length = args.optionalInteger(2) ?? text.length - start;
  if (length < 0 || start + length > text.length) {
    throw args.problem(
      `cannot take ${length} characters from ${start} of a text of ${text.length}; use take() where it may be shorter`,
      2,
    );
  }
  return text.slice(start, start + length);
}
