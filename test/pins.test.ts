/**
 * What is pinned can be had anywhere and runs on the Node that we promise: exact versions, and
 * no download addresses.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly engines?: { readonly node?: string };
}

const root = fileURLToPath(new URL('..', import.meta.url));
const environments = join(root, 'test', 'clients', 'environments');

describe.each([
  ['package-lock.json', 150],
  ['test/clients/environments/package-lock.json', 300],
])('%s', (file, least) => {
  const lock = JSON.parse(readFileSync(join(root, file), 'utf8')) as { packages: Record<string, Locked> };
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

  it('has packages, without addresses', () => {
    expect(packages.length).toBeGreaterThanOrEqual(least);
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it('runs on Node 20.19', () => {
    const demanding = packages.filter(([, { engines }]) => !runsOn20(engines?.node ?? '*'));
    expect(demanding.map(([path, { engines }]) => [path, engines?.node])).toEqual([]);
  });
});

it.each([
  ['>=20.0.0', true],
  ['>= 20.19', true],
  ['^20.19.0 || >=22.12.0', true],
  ['>=14 <23', true],
  ['*', true],
  ['12 || 18 || 20', true],
  ['<=0.11.8 || >0.11.10', true],
  ['>=20.20.0', false],
  ['>=22', false],
  ['^18.0.0 || >=22', false],
])('range %s: %s', (range, runs) => expect(runsOn20(range)).toBe(runs));

describe('Python environments', () => {
  it.each([
    ['az', 'azure-cli==2.91.0', 100],
    ['aml', 'azure-ai-ml==1.35.2', 40],
    ['amlv1', 'azureml-core==1.61.0.post4', 40],
  ])('%s is exact', (name, asked, least) => {
    const lines = readFileSync(join(environments, `${name}.txt`), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines).toContain(asked);
    expect(lines.length).toBeGreaterThanOrEqual(least);
    expect(lines.filter((line) => !/^[\w.-]+==[\w.]+$/.test(line))).toEqual([]);
  });

  it('are installed where one says', () => {
    const ran = spawnSync(process.execPath, [join(root, 'bin', 'clients.mjs')], { encoding: 'utf8' });
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain('usage: node bin/clients.mjs DIR');
  });
});

/** Whether one alternative of a range of engines begins at 20.19 or before, and goes on to 20. */
function runsOn20(range: string): boolean {
  return range.split('||').some((alternative) => {
    const match = /^\s*(?<sign>>=?|\^|~|)\s*v?(?<major>\d+)(?:\.(?<minor>\d+))?/.exec(alternative);
    if (!match?.groups) return alternative.trim() === '*';
    const { sign = '', major, minor = '0' } = match.groups;
    const begins = Number(major) < 20 || (Number(major) === 20 && Number(minor) <= 19);
    return sign.startsWith('>') ? begins : Number(major) === 20 && begins;
  });
}
