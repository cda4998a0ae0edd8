/** The page: it asks for nothing, shows everything, lights what is chosen, and fits a phone. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html } from '../../src/app/report/html.ts';
import { mapOf } from '../../src/app/report/map.ts';
import { pathsOf } from '../../src/app/report/map-paths.ts';
import type { Judgement } from '../../src/app/verify.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { noBrowser, startBrowser } from '../support/browser.ts';
import { judgeEstate } from '../support/proving.ts';

const base = 'examples/secure-workspace';
const change: readonly JsonObject[] = [{ set: 'pe-registry location', to: 'westus' }];
const intents = [{ from: 'vm/jumpbox', must: 'reach', to: 'storage/stclinic/dfs' }];
const broken = (): Promise<Judgement> => judgeEstate({ base, change, beside: { intents } });

describe('html', () => {
  let judgement: Judgement;
  let page: string;
  beforeAll(async () => {
    judgement = await broken();
    page = html(judgement);
  });

  it('loads nothing and runs nothing', () => {
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\ssrc=|\son\w+=/i);
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, to = '']) => to);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((to) => !/^#|^https:\/\/learn\.microsoft\.com\//.test(to))).toEqual([]);
  });

  it('draws every network, subnet, machine, private endpoint and service', () => {
    const { network } = judgement.proof.model;
    const kinds = mapOf(network).boxes.map(({ kind }) => kind);
    const count = (kind: string): number => kinds.filter((item) => item === kind).length;
    expect(count('network')).toBe(network.vnets.size);
    expect(count('subnet')).toBe(network.subnets.size);
    expect(count('machine')).toBe(network.machines.size);
    expect(count('endpoint')).toBe(network.endpoints.size);
    expect(count('service')).toBe(5);
    expect([...page.matchAll(/<g class="box /g)]).toHaveLength(kinds.length);
  });

  it('draws no box over another, but inside what is around it', () => {
    const { boxes, width, height } = mapOf(judgement.proof.model.network);
    const inside = (a: (typeof boxes)[number], b: (typeof boxes)[number]): boolean =>
      a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height;
    for (const [at, a] of boxes.entries()) {
      expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height, a.name).toBe(true);
      for (const b of boxes.slice(at + 1)) {
        const apart =
          a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart || inside(a, b) || inside(b, a), `${a.name} and ${b.name}`).toBe(true);
      }
    }
  });

  it('shows a flow from where it starts to where it stops', () => {
    const { verdict, proof } = judgement;
    const { network } = proof.model;
    const paths = pathsOf(network, mapOf(network), verdict.findings);
    const told = paths.map(({ passed, missed, stopped, lit }, at) => ({
      code: verdict.findings[at]?.code,
      passed: passed.map(({ name }) => name),
      missed: missed?.name,
      stopped,
      lit: lit.size > 0,
    }));
    expect(told.slice(0, 2)).toEqual([
      { code: 'private-endpoint-region-mismatch', passed: [], missed: undefined, stopped: false, lit: true },
      { code: 'intent-not-met', passed: ['jumpbox'], missed: 'stclinic', stopped: true, lit: true },
    ]);
  });

  it('escapes what others wrote', () => {
    const hostile = '</style><script>alert(1)</script>"\'&';
    const verdict = {
      ...judgement.verdict,
      findings: judgement.verdict.findings.map((finding) => ({ ...finding, says: hostile, at: hostile })),
      unknown: [{ intent: hostile, missing: hostile }],
    };
    const text = html({ ...judgement, verdict });
    expect(text).not.toContain('<script');
    expect(text.split('</style>')).toHaveLength(2);
  });

  it('says so where nothing was found', async () => {
    const clean = await judgeEstate({ base });
    const text = html({ ...clean, verdict: { ...clean.verdict, findings: [] } });
    expect(text).toContain('Nothing was found.');
    expect(text).not.toContain('has(#f0');
  });
});

describe.skipIf(noBrowser !== undefined)('html in a browser', () => {
  let browser: Browser;
  let page: string;
  beforeAll(async () => {
    browser = await startBrowser();
    page = html(await broken());
  });
  afterAll(() => browser.close());

  const sizes: [width: number, scheme: 'light' | 'dark'][] = [
    [390, 'dark'],
    [1280, 'light'],
  ];
  it.each(sizes)(
    'fits a width of %i, asks for nothing, and lights the finding that is open',
    async (width, scheme) => {
      const tab = await browser.newPage({
        viewport: { width, height: 844 },
        colorScheme: scheme,
      });
      const asked: string[] = [];
      tab.on('request', (request) => asked.push(request.url()));
      await tab.setContent(page);
      expect(asked).toEqual([]);
      const wide = await tab.evaluate('document.documentElement.scrollWidth');
      expect(wide).toBeLessThanOrEqual(width);
      const last = (await tab.locator('details[name=finding]').count()) - 1;
      expect(last).toBeGreaterThan(0);
      const shown = () =>
        tab.evaluate(
          `[...document.querySelectorAll('svg .path')].map((path) => getComputedStyle(path).display !== 'none')`,
        );
      const only = (chosen: number): boolean[] => Array.from({ length: last + 1 }, (_, at) => at === chosen);
      expect(await shown()).toEqual(only(0));
      await tab.locator(`#f${last} summary`).click();
      expect(await shown()).toEqual(only(last));
      await tab.close();
    },
  );
});
