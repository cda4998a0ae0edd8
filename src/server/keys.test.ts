/** What an installation makes once. */

import { expect, test } from 'vitest';
import { MemoryStore } from '../store/memory.ts';
import { loadKeys } from './keys.ts';

test('the secret to sign in with can stand behind -p: a command line takes what begins with a dash for a flag', async () => {
  expect((await loadKeys(new MemoryStore())).clientSecret).toMatch(/^[0-9a-f]{64}$/);
});

test('what is kept is what is loaded', async () => {
  const store = new MemoryStore();
  const first = await loadKeys(store);
  const again = await loadKeys(store);
  expect(again.clientSecret).toBe(first.clientSecret);
  expect(again.secret('x')).toBe(first.secret('x'));
  expect(again.authority.certificatePem).toBe(first.authority.certificatePem);
});
