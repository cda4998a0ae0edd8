import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { text } from './accounts.ts';

it('a secret of an application is never taken for a flag', () => {
  const secrets = Array.from({ length: 500 }, () => text(randomBytes(32).toString('base64'), 40));
  expect(secrets.filter((secret) => !/^[0-9a-f]{40}$/.test(secret))).toEqual([]);
});
