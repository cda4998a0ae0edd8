/**
 * A browser for tests: Chromium where the machine has it. Its absence is said, and fails with CLOISTER_REQUIRE_ALL=1.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const known = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const found = known.find((path) => path !== '' && existsSync(path));

/** Why there is no browser to test with; undefined where there is one. */
export const noBrowser = found === undefined ? 'there is no Chromium; CHROMIUM names one' : undefined;
if (noBrowser !== undefined) {
  if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(noBrowser);
  console.log(`skipped: tests in a browser: ${noBrowser}`);
}

/** Starts the browser, without a window and without a profile. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: found ?? '', args: ['--no-sandbox', '--disable-gpu'] });
}
