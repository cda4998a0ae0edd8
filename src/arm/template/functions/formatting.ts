/**
 * Prints values the way .NET does: `True`, compact JSON, `{0:D3}`.
 *
 * @module
 */

import type { Json } from '../../../lib/json.ts';
import { fail, ok, type Result } from '../../../lib/result.ts';

/** Prints a value as `string()` and `concat()` do. */
export function toText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

const hole = /\{\{|\}\}|\{(?<index>\d+)(?:,(?<width>-?\d+))?(?::(?<format>[^{}]*))?\}|[{}]/g;

/** Fills a composite format such as `{0}-{1:D2}`. The error completes "the function 'format' ...". */
export function compositeFormat(template: string, values: readonly (Json | undefined)[]): Result<string> {
  let problem: string | undefined;
  const text = template.replace(hole, (found, ...rest) => {
    if (found === '{{') return '{';
    if (found === '}}') return '}';
    const groups = rest.at(-1) as { index?: string; width?: string; format?: string };
    if (groups.index === undefined) {
      problem ??= `finds a lone '${found}' in its format; write '${found}${found}' for the character itself`;
      return '';
    }
    const index = Number(groups.index);
    if (index >= values.length) {
      problem ??= `has {${index}} in its format, but only ${values.length} values follow it`;
      return '';
    }
    const width = Number(groups.width ?? 0);
    if (Math.abs(width) > 1000) {
      problem ??= `pads to ${width} characters; at most 1000 are possible`;
      return '';
    }
    const printed = print(values[index], groups.format);
    if (!printed.ok) problem ??= printed.error;
    const shown = printed.ok ? printed.value : '';
    return width < 0 ? shown.padEnd(-width) : shown.padStart(width);
  });
  return problem === undefined ? ok(text) : fail(problem);
}

function print(value: Json | undefined, format: string | undefined): Result<string> {
  if (format === undefined || format === '' || typeof value !== 'number') return ok(toText(value));
  const sign = value < 0 ? '-' : '';
  const digits = String(Math.abs(value));
  const standard = /^(?<kind>[DdXxGgFfNn])(?<precision>\d{0,2})$/.exec(format)?.groups;
  const precision = Number(standard?.precision || 0);
  switch (standard?.kind) {
    case 'D':
    case 'd':
      if (Number.isInteger(value)) return ok(sign + digits.padStart(precision, '0'));
      break;
    case 'X':
    case 'x':
      if (Number.isInteger(value) && value >= 0) {
        const hex = value.toString(16).padStart(precision, '0');
        return ok(standard.kind === 'X' ? hex.toUpperCase() : hex);
      }
      break;
    case 'G':
    case 'g':
      if (standard.precision === '') return ok(String(value));
      break;
    case 'F':
    case 'f':
      return ok(value.toFixed(standard.precision === '' ? 2 : precision));
    case 'N':
    case 'n': {
      const [whole = '', part] = Math.abs(value)
        .toFixed(standard.precision === '' ? 2 : precision)
        .split('.');
      const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
      return ok(sign + grouped + (part === undefined ? '' : `.${part}`));
    }
  }
  if (/^0+$/.test(format) && Number.isInteger(value)) return ok(sign + digits.padStart(format.length, '0'));
  return fail(
    `does not support the format '${format}' for ${value} yet; D, X, F, N and zeros such as 000 are`,
  );
}
