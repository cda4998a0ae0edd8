/** Every text that is committed is one text: nothing is left of a merge that was not finished. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

it('has no marks of a merge', () => {
  const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const texts = files.filter((file) => /\.(?:[cm]?[jt]s|json|md|py|ya?ml|sh)$|^\.ci\/run$/.test(file));
  expect(texts.length).toBeGreaterThan(500);
  const marked = texts.filter((file) => /^(?:<{7}|>{7}) /m.test(readFileSync(join(root, file), 'utf8')));
  expect(marked).toEqual([]);
});

it('gives every decision a number of its own, in its name as in its title', () => {
  const folder = join(root, 'docs', 'adr');
  const names = readdirSync(folder).sort();
  expect(names.length).toBeGreaterThan(20);
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, at) => at + 1));
  const titles = names.map((name) => readFileSync(join(folder, name), 'utf8').split('.')[0]);
  expect(titles).toEqual(names.map((_, at) => `# ${at + 1}`));
});
