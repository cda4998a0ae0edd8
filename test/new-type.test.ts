/**
 * CONTRIBUTING's five steps, done as they are written, on a copy of the source.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'cloister-new-type-'));

const template = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources: [
    {
      type: 'Microsoft.Network/ipGroups',
      apiVersion: '2023-09-01',
      name: 'offices',
      location: 'eastus',
      properties: { ipAddresses: ['203.0.113.0/24'] },
    },
  ],
};

function cloister(...args: string[]): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
  return spawnSync(join(copy, 'bin/cloister'), args, { cwd: copy, encoding: 'utf8' });
}

beforeAll(() => {
  for (const name of [
    'src',
    'bin',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.base.json',
    'README.md',
  ]) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'main.json'), JSON.stringify(template));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe('a new resource type', () => {
  it('is refused by name before', () => {
    const run = cloister('places', 'main.json');
    expect(run.stderr).toMatch(/main\.json:\d+:\d+: .*'Microsoft\.Network\/ipGroups' is not supported/);
    expect(run.status).toBe(2);
  }, 120_000);

  it('works after the five steps of CONTRIBUTING.md', () => {
    const steps = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
    const provider = /```ts\n([\s\S]*?)```/.exec(steps)?.[1]?.replace(/^ {3}/gm, '');
    expect(provider).toContain('define(');
    writeFileSync(
      join(copy, 'src/providers/network/ip-groups.ts'),
      `/** Groups of addresses. @module */\n\n${provider}`,
    );
    const registry = join(copy, 'src/providers/registry.ts');
    const text = readFileSync(registry, 'utf8');
    const registered = text
      .replace(
        'import { networkInterfaces }',
        "import { ipGroups } from './network/ip-groups.ts';\nimport { networkInterfaces }",
      )
      .replace('  networkInterfaces,\n', '  ipGroups,\n  networkInterfaces,\n');
    expect(registered).not.toBe(text);
    writeFileSync(registry, registered);
    const run = cloister('places', 'main.json');
    expect(run.stderr).not.toMatch(/error/);
    expect([run.status, run.stdout]).toEqual([0, 'internet\n']);
    const limits = spawnSync(process.execPath, ['bin/limits.mjs'], { cwd: copy, encoding: 'utf8' });
    expect(limits.status, limits.stderr).toBe(0);
    expect(readFileSync(join(copy, 'README.md'), 'utf8')).toContain('`ipGroups`');
  }, 120_000);

  it('refuses what its shape does not name', () => {
    const wrong = structuredClone(template);
    Object.assign(wrong.resources[0]?.properties ?? {}, { ipAdresses: [] });
    writeFileSync(join(copy, 'main.json'), JSON.stringify(wrong, undefined, 2));
    const run = cloister('places', 'main.json');
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/main\.json:\d+:\d+: .*'ipAdresses'.*Did you mean 'ipAddresses'\?/);
  }, 120_000);
});
