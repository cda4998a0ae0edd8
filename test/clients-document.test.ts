/** docs/clients.md says what the test suite runs; `npx vitest run test/clients-document.test.ts -u` writes it. */

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clientsDocument, declaredBy, neverRan } from './support/clients-document.ts';
import { root } from './support/running.ts';

it('docs/clients.md is up to date', async () => {
  await expect(clientsDocument()).toMatchFileSnapshot(join(root, 'docs', 'clients.md'));
});

it('sees the steps of every kind', () => {
  const count = (program: string, outcome: string): number =>
    declaredBy(program).filter((step) => step.outcome === outcome).length;
  for (const [program, outcome, least] of [
    ['azure-ai-ml.py', 'works', 45],
    ['azure-ai-ml.py', 'refuses', 9],
    ['azure-ai-ml-jobs.py', 'limit', 3],
    ['arm-resources.mjs', 'limit', 2],
    ['arm-network.mjs', 'works', 25],
    ['keyvault.mjs', 'refuses', 8],
    ['storage-blob.mjs', 'works', 25],
  ] as const) {
    expect(count(program, outcome), `${program} ${outcome}`).toBeGreaterThanOrEqual(least);
  }
  expect(clientsDocument()).toContain('| `az network private-endpoint create` | works');
});

it('notices a step that never ran', () => {
  const all = declaredBy('arm-privatedns.mjs').map(({ step }) => step.replace(/\$\{type\}/, 'AAAA'));
  expect(neverRan('arm-privatedns.mjs', new Set(all))).toEqual([]);
  expect(neverRan('arm-privatedns.mjs', new Set(all.slice(1)))).toEqual([all[0]]);
});
