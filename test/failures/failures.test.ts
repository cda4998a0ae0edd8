/**
 * The corpus of reported failures: each is diagnosed, its twin is clean, and the fix clears it in a real deployment.
 * `npm run failures` prints the score.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { codes } from '../../src/verify/codes.ts';
import { deployStrictly, mend, proveEstate, told } from '../support/proving.ts';
import { readCorpus } from './rows.ts';

const corpus = readCorpus();
const rows = corpus.flatMap((area) => area.rows);
const decidable = rows.filter((row) => row.decidable === 'design' || row.decidable === 'client');
const score = { diagnosed: 0, falseFindings: 0 };

for (const { area, rows: all, cases, uncovered } of corpus) {
  describe(area, () => {
    it('has a case for every row that can be decided, or says why not', () => {
      const due = all.filter((row) => decidable.includes(row)).map(({ id }) => id);
      expect([...cases.keys(), ...uncovered.keys()].toSorted()).toEqual(due.toSorted());
      for (const [id, why] of uncovered) expect([id, why.length > 10]).toEqual([id, true]);
    });

    it('is built without knowing the codes', () => {
      const built = JSON.stringify([...cases.values()]);
      expect(Object.keys(codes).filter((code) => new RegExp(`\\b${code}\\b`).test(built))).toEqual([]);
    });

    for (const [id, { base, twin = [], change = [], beside = {}, broken = {}, unfixable }] of cases) {
      const row = all.find((candidate) => candidate.id === id);
      it(`${id}: ${row?.codes.join(', ')}`, async () => {
        const expected = row?.codes ?? [];
        const start = base === undefined ? {} : { base };
        const clean = await proveEstate({ ...start, change: twin, beside });
        const noise = clean.findings.filter(
          ({ severity, code }) => severity === 'error' || expected.includes(code),
        );
        const damaged = await proveEstate({
          ...start,
          change: [...twin, ...change],
          beside: { ...beside, ...broken },
        });
        const found = new Set<string>(damaged.findings.map(({ code }) => code));
        const strangers = damaged.findings.filter(
          ({ severity, code }) => severity === 'error' && !expected.includes(code),
        );
        score.falseFindings += noise.length + strangers.length;
        if (expected.every((code) => found.has(code))) score.diagnosed++;
        expect(told(noise), 'the twin').toBe('');
        expect(told(strangers), 'besides').toBe('');
        expect(
          expected.filter((code) => !found.has(code)),
          told(damaged.findings),
        ).toEqual([]);
        if (unfixable !== undefined) return;
        const mended = await mend(damaged, expected);
        const left = mended.findings.filter(
          ({ severity, code }) => severity === 'error' || (severity === 'warning' && expected.includes(code)),
        );
        expect(told(left), 'after the fix').toBe('');
        await deployStrictly(mended.sources);
      });
    }
  });
}

describe('the corpus', () => {
  it('has every report once', () => {
    expect(rows).toHaveLength(135);
    expect(decidable).toHaveLength(128);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    for (const { id, codes: named } of rows) {
      expect([id, named.filter((code) => !Object.hasOwn(codes, code))]).toEqual([id, []]);
    }
  });

  afterAll(() => {
    const line = `failures: ${score.diagnosed} of ${decidable.length} decidable reported failures diagnosed, ${score.falseFindings} false findings`;
    const uncovered = corpus.flatMap((area) => [...area.uncovered]).map(([id, why]) => `${id}: ${why}`);
    const file = process.env['CLOISTER_FAILURES_SCORE'];
    if (file !== undefined) writeFileSync(file, `${[...uncovered, line].join('\n')}\n`);
    console.log(line);
  });
});
