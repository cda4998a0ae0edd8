import { describe, expect, it } from 'vitest';
import { type AreaName, type CodesOf, codes, type FindingCode, type Severity } from './codes.ts';

const rows = Object.entries(codes) as [FindingCode, { area: AreaName; severity: Severity }][];

describe('codes', () => {
  it('has every code of the corpus, and those of intents', () => {
    expect(rows.filter(([, { area }]) => area !== 'intent')).toHaveLength(90);
    expect(new Set(rows.map(([, { area }]) => area)).size).toBe(13);
  });

  it('names each area by its codes', () => {
    const intent: readonly CodesOf<'intent'>[] = ['intent-not-met', 'accept-expiring', 'accept-unused'];
    expect(rows.filter(([, { area }]) => area === 'intent').map(([code]) => code)).toEqual(intent);
  });
});
