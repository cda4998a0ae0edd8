/**
 * docs/findings is executed: every example on its pages is proven, broken and mended. Every check has a page, and
 * every page a check.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject } from '../src/lib/json.ts';
import { codes } from '../src/verify/codes.ts';
import { checks } from '../src/verify/findings/registry.ts';
import { proveEstate, told } from './support/proving.ts';
import { shortName } from './support/scenario.ts';

interface Example {
  readonly base?: string;
  readonly change?: readonly JsonObject[];
  readonly beside?: JsonObject;
  readonly finds: Readonly<Record<string, string | readonly string[]>>;
  readonly mended?: readonly JsonObject[];
  /** Members of cloister.yaml once it is mended. */
  readonly mendedBeside?: JsonObject;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs/findings');
const pages = readdirSync(folder)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .map((name) => ({ code: name.replace('.md', ''), text: readFileSync(join(folder, name), 'utf8') }));

for (const { code, text } of pages) {
  describe(code, () => {
    const examples = [...text.matchAll(/^```yaml finding\n([\s\S]*?)^```$/gm)].map(
      (match) => parse(match[1] ?? '') as Example,
    );

    it('has an example, a source, its severity and the code that it is about', () => {
      expect(examples.length).toBeGreaterThan(0);
      expect(text.startsWith(`# ${code}\n`)).toBe(true);
      const { severity } = codes[code as keyof typeof codes];
      expect(text).toMatch(new RegExp(`^Severity: ${severity}\\.`, 'm'));
      expect(text).toMatch(/^## Source\n\n.*https:\/\//m);
      const named = [...text.matchAll(/\bsrc\/[\w./-]+\.ts\b/g)].map(([path]) => path);
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    });

    for (const [at, example] of examples.entries()) {
      const { base, change = [], beside = {}, finds, mended, mendedBeside = beside } = example;
      const start = base === undefined ? {} : { base };

      it(`example ${at + 1} finds ${Object.keys(finds).join(', ')}`, async () => {
        const { findings } = await proveEstate({ ...start, change, beside });
        const wanted = Object.entries(finds).flatMap(([name, where]) =>
          [where].flat().map((place) => `${name}: ${place}`),
        );
        const found = findings
          .filter(({ severity, code: name }) => severity !== 'note' || name in finds)
          .map((finding) => {
            const claimed = wanted.find((line) => line.startsWith(`${finding.code}: `)) ?? '';
            const place = claimed.includes(',') ? `, ${finding.at}` : '';
            return `${finding.code}: ${shortName(finding.subject)}${place}`;
          });
        expect(found.toSorted(), told(findings)).toEqual(wanted.toSorted());
        expect(Object.keys(finds)).toContain(code);
      });

      if (mended === undefined) continue;
      it(`example ${at + 1} is mended`, async () => {
        const { findings } = await proveEstate({
          ...start,
          change: [...change, ...mended],
          beside: mendedBeside,
        });
        expect(told(findings.filter(({ severity }) => severity !== 'note'))).toBe('');
      });
    }
  });
}

describe('docs/findings', () => {
  it('has a page for every code, and a check for every code that files can decide', () => {
    const all = Object.keys(codes).toSorted();
    expect(pages.map(({ code }) => code).toSorted()).toEqual(all);
    const own = Object.entries(codes).flatMap(([code, { area }]) => (area === 'intent' ? [code] : []));
    expect([...checks.map(([code]) => code), ...own].toSorted()).toEqual(all);
  });
});
