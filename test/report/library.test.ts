/** The package's entry: the same answers as the command's, without files, in a browser too. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSource } from '../../src/app/files.ts';
import { InputError, open, verify, why } from '../../src/app/index.ts';
import { judge } from '../../src/app/verify.ts';
import { noBrowser, startBrowser } from '../support/browser.ts';

const base = 'examples/secure-workspace';
const text = readFileSync(`${base}/main.json`, 'utf8');
const cloister = readFileSync(`${base}/cloister.yaml`, 'utf8');
const entry = fileURLToPath(new URL('../../src/app/index.ts', import.meta.url));
const question = { from: 'vm/jumpbox', to: 'storage/stclinic/dfs' };

describe('the library', () => {
  it('says of a text what the command says of a file', async () => {
    const { findings, intents, holds } = await verify({ text, file: `${base}/main.json`, cloister });
    const { verdict } = await judge([openSource(base)]);
    expect({ findings, intents, holds }).toEqual({
      findings: verdict.findings,
      intents: verdict.intents,
      holds: verdict.holds,
    });
  });

  it('answers why', async () => {
    const { linked } = await open({ text, cloister });
    expect(why(linked.network, question).disposition).toBe('dropped-by-gate');
  });

  it('refuses what it cannot use, with the place', async () => {
    await expect(verify({ text: '{' })).rejects.toThrow(InputError);
    await expect(verify({ text, parameters: '[]' })).rejects.toThrow(/parameters\.json: /);
    await expect(verify({ text, cloister: 'nothing: 1' })).rejects.toThrow(/cloister\.yaml:1:\d+: /);
    const directory = 'directory: {applications: {a: {certificates: [a.pem]}}}';
    await expect(verify({ text, cloister: directory })).rejects.toThrow(/'a\.pem' is a file/);
  });
});

describe.skipIf(noBrowser !== undefined)('the library in a browser', () => {
  let browser: Browser;
  let code = '';
  beforeAll(async () => {
    browser = await startBrowser();
    const built = await build({
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        minify: false,
        lib: { entry, formats: ['iife'], name: 'cloister', fileName: 'cloister' },
      },
    });
    const [bundle] = Array.isArray(built) ? built : [built];
    if (bundle && 'output' in bundle) code = bundle.output[0].code;
  });
  afterAll(() => browser.close());

  it('has nothing of Node in it', () => {
    expect(code.length).toBeGreaterThan(100_000);
    expect(code).not.toMatch(/['"]node:|require\(|browser-external/);
  });

  it('gives the answers that it gives elsewhere', async () => {
    const tab = await browser.newPage();
    const wrong: string[] = [];
    tab.on('pageerror', (error) => wrong.push(error.message));
    tab.on('request', (request) => wrong.push(request.url()));
    await tab.addScriptTag({ content: code });
    const told = await tab.evaluate(`(async () => {
      const { open, verify, why } = cloister;
      const template = ${JSON.stringify({ text, cloister })};
      const { seconds, ...verdict } = await verify(template);
      const { linked } = await open(template);
      return { verdict, trace: why(linked.network, ${JSON.stringify(question)}) };
    })()`);
    const { seconds: _, ...verdict } = await verify({ text, cloister });
    const trace = why((await open({ text, cloister })).linked.network, question);
    expect(told).toEqual({ verdict, trace });
    expect(wrong).toEqual([]);
  });
});
