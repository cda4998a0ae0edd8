import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../arm/template/json.ts';
import { isObject, type Json } from '../../lib/json.ts';
import { type Operation, patched, pointerOf } from './pointer.ts';
import { edited, textEditsOf } from './text-edits.ts';

function mended(text: string, operations: readonly Operation[]): string {
  const edits = textEditsOf(readJson(text, 'x.json'), operations);
  for (const [at, edit] of edits.entries())
    expect(edit.start).toBeGreaterThanOrEqual(edits[at - 1]?.end ?? 0);
  return edited(text, edits);
}

describe('text edits', () => {
  const rows: [what: string, text: string, operations: readonly Operation[], expected: string][] = [
    [
      'replace a value and keep its comment',
      '{\n  "a": 1, // one\n  "b": 2\n}',
      [{ op: 'replace', path: '/a', value: { c: 3 } }],
      '{\n  "a": {\n    "c": 3\n  }, // one\n  "b": 2\n}',
    ],
    [
      'add a member after the last',
      '{\n    "a": 1\n}\n',
      [{ op: 'add', path: '/b', value: [true] }],
      '{\n    "a": 1,\n    "b": [\n        true\n    ]\n}\n',
    ],
    [
      'add to a line',
      '{\n  "a": { "b": 1 }\n}',
      [{ op: 'add', path: '/a/c', value: 2 }],
      '{\n  "a": { "b": 1, "c": 2 }\n}',
    ],
    [
      'add to an empty list, twice',
      '{\n  "a": []\n}',
      [
        { op: 'add', path: '/a/-', value: 1 },
        { op: 'add', path: '/a/-', value: 2 },
      ],
      '{\n  "a": [\n    1,\n    2\n  ]\n}',
    ],
    ['insert before an item', '[1, 3]', [{ op: 'add', path: '/1', value: 2 }], '[1, 2, 3]'],
    ['remove the first', '[1, 2]', [{ op: 'remove', path: '/0' }], '[2]'],
    ['remove the last', '{"a": 1, "b": 2}', [{ op: 'remove', path: '/b' }], '{"a": 1}'],
    ['remove the only one', '{"a": 1}', [{ op: 'remove', path: '/a' }], '{}'],
    [
      'keep the line ends of Windows',
      '{\r\n  "a": 1\r\n}',
      [{ op: 'add', path: '/b', value: { c: 1 } }],
      '{\r\n  "a": 1,\r\n  "b": {\r\n    "c": 1\r\n  }\r\n}',
    ],
  ];
  it.each(rows)('%s', (_, text, operations, expected) => {
    expect(mended(text, operations)).toBe(expected);
  });

  it('make of any text what the patch makes of its value', () => {
    const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => typeof value === 'object' && value !== null);
    const layout = fc.constantFrom(undefined, 2, '\t');
    const seeds = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(json, layout, seeds, fc.jsonValue({ maxDepth: 1 }), (value, indent, picks, fresh) => {
        const text = JSON.stringify(value, undefined, indent);
        const start = readJson(text, 'x.json').value;
        const operations: Operation[] = [];
        let now = start;
        for (const pick of picks) {
          const operation = operationFor(now, pick, fresh as Json);
          operations.push(operation);
          now = patched(now, [operation]);
        }
        expect(readJson(mended(text, operations), 'x.json').value).toEqual(now);
      }),
      { seed: 20260601, numRuns: 500 },
    );
  });
});

/** Picks one of the operations that a value allows. */
function operationFor(value: Json, pick: number, fresh: Json): Operation {
  const all: Operation[] = [];
  const look = (here: Json, steps: readonly (string | number)[]): void => {
    if (Array.isArray(here)) {
      all.push({ op: 'add', path: pointerOf([...steps, '-']), value: fresh });
      all.push({ op: 'add', path: pointerOf([...steps, 0]), value: fresh });
    } else if (isObject(here) && !Object.hasOwn(here, 'fresh')) {
      all.push({ op: 'add', path: pointerOf([...steps, 'fresh']), value: fresh });
    } else if (!isObject(here)) return;
    for (const [key, inner] of Object.entries(here as object) as [string, Json][]) {
      all.push({ op: 'replace', path: pointerOf([...steps, key]), value: fresh });
      all.push({ op: 'remove', path: pointerOf([...steps, key]) });
      look(inner, [...steps, key]);
    }
  };
  look(value, []);
  return all[pick % all.length] ?? { op: 'add', path: '/fresh', value: fresh };
}
