// `npm run failures`: proves the corpus of reported failures and prints the score, the rows without a case first.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, root } from './ensure-built.mjs';

ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), 'cloister-failures-'));
const score = join(folder, 'score.txt');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--reporter=dot', 'test/failures'], {
  cwd: root,
  env: { ...process.env, CLOISTER_FAILURES_SCORE: score },
  stdio: ['ignore', 'inherit', 'inherit'],
});
try {
  process.stdout.write(readFileSync(score, 'utf8'));
} catch {
  console.error('the corpus was not proven');
}
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);
