// `npm test`: sets itself up, runs every test, and prints how many ran.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, root } from './ensure-built.mjs';

ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), 'cloister-test-'));
const results = join(folder, 'results.json');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = [
  vitest,
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${results}`,
  ...process.argv.slice(2),
];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
let counts;
try {
  counts = JSON.parse(readFileSync(results, 'utf8'));
} catch {
  counts = undefined;
}
rmSync(folder, { recursive: true, force: true });
if (!counts) {
  console.error('the test runner wrote no results');
  process.exit(1);
}
const skipped = counts.numPendingTests + counts.numTodoTests;
const failed =
  counts.numFailedTests + (counts.numFailedTestSuites > 0 && counts.numFailedTests === 0 ? 1 : 0);
console.log(`${counts.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
const strict = process.env.CLOISTER_REQUIRE_ALL === '1' && skipped > 0;
if (strict) console.error('CLOISTER_REQUIRE_ALL=1: nothing may be skipped');
process.exit(status !== 0 || counts.numPassedTests === 0 || strict ? 1 : 0);
