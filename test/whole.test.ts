/** Every text that is committed is one text: nothing is left of a merge that was not finished. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
