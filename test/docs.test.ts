/**
 * docs/semantics is executed: every scenario on its pages is deployed offline and every flow in it is asked. What the
 * pages and the code say about each other must exist.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Opened, whyText } from '../src/app/index.ts';
import { tagTableVersion } from '../src/net/tags.ts';
import { ask, endingOf, openScenario, readClaim, readScenario } from './support/scenario.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs/semantics');
const pages = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path: `src/${path}`, text: sourceOf(`src/${path}`) }));
const counts = { pages: pages.length, scenarios: 0, flows: 0, refusals: 0 };

function blocksOf(text: string): string[] {
  return [...text.matchAll(/^```yaml scenario\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
}

for (const { name, text } of pages) {
  describe(name, () => {
    const blocks = blocksOf(text);

    it('has a scenario, a source and the code that it is about', () => {
      expect(blocks.length).toBeGreaterThan(0);
      expect(text).toMatch(/^# .+\n/);
      expect(text).toMatch(/^## Source\n/m);
      expect(text).toMatch(/^## In the code\n/m);
    });

    it('names files that exist', () => {
      const named = [...text.matchAll(/\bsrc\/[\w./-]+\.ts\b/g)].map(([path]) => path);
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
      const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? '');
      expect(linked.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
    });

    for (const [at, block] of blocks.entries()) {
      const scenario = readScenario(block);
      const flows = Object.entries(scenario.flows ?? {});
      const { refused } = scenario;
      counts.scenarios++;
      counts.flows += flows.length;

      if (refused !== undefined) {
        counts.refusals++;
        it(`scenario ${at + 1} is refused: ${refused}`, async () => {
          await expect(openScenario(scenario)).rejects.toThrow(refused);
          expect(flows).toEqual([]);
        });
        continue;
      }
      describe(`scenario ${at + 1}`, () => {
        let opened: Opened;
        beforeAll(async () => {
          opened = await openScenario(scenario);
        });
        it('has flows', () => expect(flows.length).toBeGreaterThan(0));
        for (const [flow, ends] of flows) {
          it(`${flow}: ${ends}`, () => {
            const trace = ask(opened, flow);
            const claimed = readClaim(ends);
            expect(endingOf(trace, claimed), whyText(trace)).toEqual(claimed);
          });
        }
      });
    }
  });
}

describe('docs/semantics', () => {
  it('was all seen', () => {
    console.log(`docs/semantics: ${JSON.stringify(counts)}`);
    const least = { pages: 20, scenarios: 64, flows: 168, refusals: 11 };
    for (const [what, count] of Object.entries(least))
      expect([what, counts[what as keyof typeof least]]).toEqual([
        what,
        expect.toSatisfy((n: number) => n >= count),
      ]);
  });

  it('has an index that lists every page', () => {
    const index = pageOf('README.md');
    const listed = [...index.matchAll(/\]\(([\w-]+\.md)\)/g)].map((match) => match[1]);
    expect(listed.toSorted()).toEqual(pages.map(({ name }) => name).filter((name) => name !== 'README.md'));
  });

  it('has every page that the code names', () => {
    const named = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/docs\/semantics\/([\w-]+\.md)/g)].map((match) => ({ path, page: match[1] ?? '' })),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ page }) => !existsSync(join(folder, page)))).toEqual([]);
  });

  it('has a row for every disposition', () => {
    const type = /export type Disposition =([^;]+);/.exec(sourceOf('src/net/trace.ts'))?.[1] ?? '';
    const words = [...type.matchAll(/'([a-z-]+)'/g)].map((match) => match[1]);
    expect(words).toHaveLength(14);
    expect(rowsOf('dispositions.md')).toEqual(words);
  });

  it('produces every disposition', () => {
    const produced = new Set(
      pages.flatMap(({ text }) =>
        blocksOf(text).flatMap((block) =>
          Object.values(readScenario(block).flows ?? {}).map((ends) => readClaim(ends).disposition),
        ),
      ),
    );
    expect(rowsOf('dispositions.md').filter((word) => !produced.has(word))).toEqual([]);
  });

  it('lists every reading that a trace can be said to rest on, and shows each', () => {
    const calls = sources.flatMap(({ text }) =>
      [...text.matchAll(/\bassume\(([^)]*)\)/g)].map((match) => match[1] ?? ''),
    );
    const named = calls
      .filter((argument) => argument.startsWith("'"))
      .map((argument) => argument.slice(1, -1));
    // The two others are the method itself and the hand-over from one recorder to another.
    expect(calls.filter((argument) => !argument.startsWith("'")).toSorted()).toEqual([
      'reading',
      'reading: string',
    ]);
    expect(rowsOf('assumed.md')).toEqual([...new Set(named)].toSorted());
    const shown = pages.flatMap(({ text }) =>
      blocksOf(text).flatMap((block) =>
        Object.values(readScenario(block).flows ?? {}).flatMap((ends) => readClaim(ends).assumed ?? []),
      ),
    );
    expect([...new Set(shown)].toSorted()).toEqual(rowsOf('assumed.md'));
  });

  it('says the version of the service tags', () => {
    expect(pageOf('service-tags.md')).toContain(`\`${tagTableVersion}\``);
  });
});

function pageOf(name: string): string {
  const found = pages.find((page) => page.name === name);
  if (!found) throw new Error(`there is no page ${name}`);
  return found.text;
}

function sourceOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** First cells of the page's first table, which are words in code marks. */
function rowsOf(name: string): string[] {
  const lines = pageOf(name).split('\n');
  const from = lines.findIndex((line) => line.startsWith('|'));
  const table = lines.slice(
    from,
    lines.findIndex((line, at) => at > from && !line.startsWith('|')),
  );
  return table.flatMap((line) => /^\| `([a-z-]+)` \|/.exec(line)?.[1] ?? []);
}
