/**
 * The table of flows: one row a fact of the reference, on networks written by hand. It must end in every
 * disposition that the code can produce, at every stage that can decide.
 */
import { describe, expect, it } from 'vitest';
import * as gates from './support/walks/gates.ts';
import * as names from './support/walks/names.ts';
import * as peerings from './support/walks/peerings.ts';
import * as routes from './support/walks/routes.ts';
import { endOf, type Walks, walkAll } from './support/walks/row.ts';

const all: readonly Walks[] = [
  ...[routes, gates, peerings, names].flatMap((module) => Object.values(module)),
];

for (const walks of all) {
  describe(walks.title, () => {
    for (const { row, trace } of walkAll(walks)) {
      const [why, flow, ...ends] = row;
      it(`${flow}: ${ends[0]} (${why})`, () => {
        expect(endOf(trace)).toEqual(ends);
      });
    }
  });
}
