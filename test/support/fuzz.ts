/**
 * What fuzzers share: a budget with a seed that is printed, and words that go wrong together.
 */

import { type Arbitrary, array, constantFrom, oneof, type Parameters, string } from 'fast-check';

/** The seed is fixed, so that a run says the same twice; CLOISTER_SEED looks elsewhere, CLOISTER_RUNS times as long. */
const seed = Number(process.env['CLOISTER_SEED'] ?? 20261122);
const longer = Number(process.env['CLOISTER_RUNS'] ?? 1);

/** So many runs, from the seed. */
export function budget<T>(what: string, runs: number): Parameters<T> {
  console.log(`${what}: ${runs * longer} runs from CLOISTER_SEED=${seed}`);
  return { seed, numRuns: runs * longer };
}

/** Bytes and characters that end, escape, repeat or mean something to somebody. */
const nasty = [
  '',
  ' ',
  '/',
  '//',
  '\\',
  '.',
  '..',
  '%',
  '%00',
  '%2F',
  '%2e%2e',
  '%c3%28',
  '%zz',
  '\u0000',
  '\r\n',
  '\n',
  '\t',
  '"',
  "'",
  "''",
  '`',
  '<',
  '>',
  '&',
  '=',
  '?',
  '#',
  ';',
  ':',
  '@',
  ',',
  '*',
  '$',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '+',
  '-',
  '-1',
  '0',
  '1',
  '99999999999999999999',
  '1e999',
  'NaN',
  'null',
  'true',
  '__proto__',
  'constructor',
  'toString',
  'é',
  '😀',
  '\ud800',
  'ﬀ',
  'İ',
  'a'.repeat(300),
] as const;

/** Words of a language, thrown together with what does not belong there. */
export function soup(words: readonly string[], most = 12): Arbitrary<string> {
  const word = oneof(
    { weight: 6, arbitrary: constantFrom(...words) },
    { weight: 2, arbitrary: constantFrom(...nasty) },
    { weight: 1, arbitrary: string({ maxLength: 8 }) },
  );
  return array(word, { maxLength: most }).map((parts) => parts.join(''));
}

/** A text that is right but for a few places. */
export function bent(right: readonly string[]): Arbitrary<string> {
  const place = oneof(constantFrom(...nasty), string({ maxLength: 3 }));
  return array(place, { minLength: 1, maxLength: 4 }).chain((bends) =>
    constantFrom(...right).chain((text) =>
      array(constantFrom(...Array.from({ length: text.length + 1 }, (_, at) => at)), {
        minLength: bends.length,
        maxLength: bends.length,
      }).map((places) => {
        let made = text;
        for (const [index, at] of places.entries()) {
          // Some are put in, and some in place of what was there.
          made = made.slice(0, at) + (bends[index] ?? '') + made.slice(at + (index % 2 === 0 ? 0 : 2));
        }
        return made;
      }),
    ),
  );
}
