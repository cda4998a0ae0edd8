/** The bundle that `bin/cloister` runs answers what the modules answer that it is made of. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { example, root, run } from './support/running.ts';

const args = ['--from', 'vm/jumpbox', '--to', 'vault/kv-clinic', '--json'];

// Whatever is not built yet is built by the first call, which says so.
beforeAll(() => run(join(root, 'bin', 'cloister'), ['--version']).then(() => {}), 120_000);

describe('the bundle', () => {
  it.each([
    [['verify', example]],
    [['verify', example, '--format', 'sarif']],
    [['verify', example, '--format', 'html']],
    [['why', example, ...args]],
    [['places', example]],
    [['verify', join(root, 'nowhere')]],
  ])(
    'answers the same bytes: %s',
    async (words) => {
      const bundled = await run(join(root, 'bin', 'cloister'), words);
      const modules = await run(process.execPath, [join(root, 'dist', 'cli', 'entry.js'), ...words]);
      expect(bundled).toEqual(modules);
      expect(bundled.stdout.length + bundled.stderr.length).toBeGreaterThan(0);
    },
    60_000,
  );

  it('leaves to be opened only the server, and what reads files beside it', () => {
    const folder = join(root, 'dist', 'bundle');
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const outside = texts.flatMap((text) =>
      [...text.matchAll(/["'](\.\.\/[^"'\n]*\.js)["']/g)].map(([, to]) => to),
    );
    expect([...new Set(outside)].toSorted()).toEqual(['../app/report/pages.js', '../server/instance.js']);
    const packages = texts.flatMap((text) =>
      [...text.matchAll(/^import .* from ["']([^.\n"'][^"'\n]*)["'];$/gm)].map(([, name]) => name),
    );
    expect(packages.filter((name) => !name?.startsWith('node:'))).toEqual([]);
    expect(packages.length).toBeGreaterThan(5);
  });
});
