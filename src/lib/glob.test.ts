import { describe, expect, it } from 'vitest';
import { isGlob, matchesGlob } from './glob.ts';

describe('globs', () => {
  const rows: [glob: string, text: string, matches: boolean][] = [
    ['workspace/*', 'workspace/ml', true],
    ['workspace/*', 'rg1/workspace/ml', true],
    ['workspace/*', 'myworkspace/ml', false],
    ['storage/*/blob', 'storage/data/blob', true],
    ['storage/*/blob', 'storage/data/file', false],
    ['storage/*', 'storage/data/blob', true],
    ['*.example.org', 'a.b.example.org', true],
    ['*.example.org', 'example.org', false],
    [
      '*/networkSecurityGroups/legacy',
      '/subscriptions/x/providers/Microsoft.Network/networksecuritygroups/legacy',
      true,
    ],
    ['vm/jump', 'vm/jumpbox', false],
    ['VM/JumpBox', 'vm/jumpbox', true],
    ['a.c', 'abc', false],
    ['*', '', true],
  ];
  it.each(rows)('%s on %s: %s', (glob, text, matches) => {
    expect(matchesGlob(glob, text)).toBe(matches);
  });

  it('are told from plain names', () => {
    expect([isGlob('vm/*'), isGlob('vm/jumpbox')]).toEqual([true, false]);
  });
});
