/**
 * README is executed: its commands run, its table of limits is the registry's, its scripts exist.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { consoleSteps, pattern } from './support/console.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const state = mkdtempSync(join(tmpdir(), 'cloister-readme-'));
const environment = { ...process.env, CLOISTER_STATE: join(state, 'state') };

afterAll(() => {
  spawnSync(join(root, 'bin/cloister'), ['down', '--purge'], { env: environment });
  rmSync(state, { recursive: true, force: true });
});

describe('README', () => {
  const steps = consoleSteps(readme);

  it('has commands to run', () => {
    expect(steps.length).toBeGreaterThanOrEqual(6);
  });

  for (const { command, output } of steps) {
    it(`runs: ${command.slice(0, 100)}`, () => {
      const run = spawnSync('bash', ['-c', command], { cwd: root, env: environment, encoding: 'utf8' });
      const expected = output.length === 0 ? [] : output;
      if (expected.length > 0)
        expect(run.stdout.endsWith('\n') ? run.stdout : `${run.stdout}\n`).toMatch(pattern(expected));
      expect(run.status, run.stderr).toBe(command.includes(' why ') ? 1 : 0);
    });
  }

  it('names scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const name of ['start', 'test', 'check']) {
      const file = /node (\S+)/.exec(scripts[name] ?? '')?.[1];
      expect(scripts[name]).toBeDefined();
      if (file !== undefined) expect(existsSync(join(root, file))).toBe(true);
    }
  });

  it('has the table of limits that the registry makes', () => {
    const run = spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { withLimits } from ${JSON.stringify(new URL('../bin/limits.mjs', import.meta.url).href)}; import { readFileSync } from 'node:fs'; process.stdout.write(withLimits(readFileSync('README.md', 'utf8')));`,
      ],
      { cwd: root, encoding: 'utf8' },
    );
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout).toBe(readme);
  });

  it('links to files that exist', () => {
    const documents = [
      'README.md',
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      ...readdirSync(join(root, 'docs/adr')).map((name) => `docs/adr/${name}`),
    ];
    const links = documents.flatMap((document) =>
      [...readFileSync(join(root, document), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
        (match) => match[1] ?? '',
      ),
    );
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });
});

describe('npm start', () => {
  it('does the main job and ends', () => {
    const run = spawnSync('npm', ['start', '--silent', '--', '--once', '--json'], {
      cwd: root,
      env: process.env,
      encoding: 'utf8',
    });
    expect(run.status, run.stderr).toBe(0);
    const report = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '') as Record<string, never>;
    expect(report).toMatchObject({
      deployed: expect.any(Number),
      scored: { from: 'vm/jumpbox', status: 200, address: expect.stringMatching(/^10\.150\./) },
      refused: { from: 'internet', status: 403, code: 'UserError', disposition: 'refused-by-door' },
    });
    expect(run.stdout.trim().split('\n').length).toBe(1);
  });
});

describe('the lock file', () => {
  it('has no download addresses and no install scripts that matter', () => {
    const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
    expect(text).not.toMatch(/"resolved"/);
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toContain('ignore-scripts=true');
  });
});
