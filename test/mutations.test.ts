/**
 * One change of the example at a time: exactly the right finding, what is in the way, and the fix. Expectations come
 * from the reference and from the change, which the fix undoes or goes around.
 */
import { describe, expect, it } from 'vitest';
import { type Mutation, mutations } from './support/mutations.ts';
import { deployStrictly, mend, proveEstate, told } from './support/proving.ts';
import { shortName } from './support/scenario.ts';

const base = 'examples/secure-workspace';

describe('mutations of the example', () => {
  it('are at least sixty', () => {
    expect(new Set(mutations.map(({ change }) => JSON.stringify(change))).size).toBe(mutations.length);
    expect(mutations.length).toBeGreaterThanOrEqual(60);
  });

  it.each(mutations.map((mutation): [string, Mutation] => [JSON.stringify(mutation.change), mutation]))(
    '%s',
    async (_, { change, beside = {}, finds, blockers, fix }) => {
      const proven = await proveEstate({ base, change, beside });
      const found = proven.findings.filter(({ severity }) => severity !== 'note');
      const lines = found.map(({ code, subject, at }) => `${code} ${shortName(subject)} ${at}`);
      expect(lines.toSorted(), told(found)).toEqual([finds].flat().toSorted());
      const [first] = found;
      const obstacles =
        first?.blockers.map(({ resource, property }) => `${shortName(resource)} ${property}`) ?? [];
      if (blockers !== undefined) expect([...new Set(obstacles)]).toEqual(blockers);
      if (fix === null) {
        expect(found.map((finding) => finding.fix)).toEqual(found.map(() => null));
        return;
      }
      if (fix !== undefined) expect(first?.fix?.says).toBe(fix);
      const mended = await mend(
        proven,
        found.map(({ code }) => code),
      );
      expect(told(mended.findings.filter(({ severity }) => severity !== 'note'))).toBe('');
      await deployStrictly(mended.sources);
    },
  );
});
