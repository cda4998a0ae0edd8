/**
 * Tables of facts about the control plane: one row a fact, with the place that it was read at.
 *
 * @module
 */

import { describe, expect, it } from 'vitest';
import type { Answer } from '../support/plane.ts';
import { TestPlane } from '../support/plane.ts';

/** Where a fact is from, the fact, what is done on a plane that was set up, and what comes of it. */
export type Row = readonly [
  source: string,
  fact: string,
  act: (plane: TestPlane) => Promise<unknown>,
  expected: unknown,
];

/** Runs a table; every row has a plane of its own. What is expected may be a part of what came. */
export function table(
  title: string,
  setUp: (plane: TestPlane) => Promise<unknown>,
  rows: readonly Row[],
): void {
  describe(title, () => {
    for (const [source, fact, act, expected] of rows) {
      it(`${fact} (${source})`, async () => {
        const plane = await TestPlane.start();
        await setUp(plane);
        const got = await act(plane);
        const shown = typeof expected === 'object' && expected !== null && !Array.isArray(expected);
        if (shown) expect(got).toMatchObject(expected);
        else expect(got).toEqual(expected);
        expect(plane.defects).toEqual([]);
      });
    }
  });
}

/** A refusal: status, code and a piece of the message. */
export function refused(status: number, code: string, says = '', target?: string): object {
  return {
    status,
    code,
    message: expect.stringContaining(says),
    ...(target === undefined ? {} : { target }),
  };
}

/** A success: status, and some of the properties. */
export function answered(status: number, properties: object = {}): object {
  return { status, code: undefined, properties };
}

/** Takes one thing out of an answer. */
export async function of<T>(answer: Promise<Answer>, take: (answer: Answer) => T): Promise<T> {
  return take(await answer);
}
