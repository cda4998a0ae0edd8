/**
 * Secrets as clients set, read and change them, and every way in which that is refused.
 *
 * @module
 */

import { beforeEach, describe, expect, test } from 'vitest';
import { base, bodyOf, start, VaultUnderTest, versionOf } from './harness.testing.ts';

let vault: VaultUnderTest;
beforeEach(() => {
  vault = new VaultUnderTest();
});

const common = {
  enabled: true,
  created: start,
  updated: start,
  recoveryLevel: 'Recoverable+Purgeable',
  recoverableDays: 90,
};

describe('set and get', () => {
  test('only a value', async () => {
    const set = await vault.have('PUT /secrets/db', { value: 's3cret' });
    expect(set).toEqual({
      value: 's3cret',
      id: expect.stringMatching(/^https:\/\/kv1\.vault\.azure\.net\/secrets\/db\/[0-9a-f]{32}$/),
      attributes: common,
    });
    expect(await vault.have('GET /secrets/db')).toEqual(set);
    expect(await vault.have(`GET /secrets/db/${versionOf(set.id)}`)).toEqual(set);
    expect(await vault.have(`GET /secrets/DB/${versionOf(set.id).toUpperCase()}`)).toEqual(set);
  });

  test('everything', async () => {
    const asked = {
      value: '',
      contentType: 'text/plain',
      tags: { a: 'b', ['__proto__']: 'c' },
      attributes: { enabled: true, nbf: start - 10, exp: start + 10 },
    };
    const set = await vault.have('PUT /secrets/db', asked);
    expect(set).toMatchObject({ ...asked, attributes: { ...common, ...asked.attributes } });
    expect(await vault.have('GET /secrets/db/')).toEqual(set);
  });

  test.each(['ü€😀', '\u0000', '"\\', 'x'.repeat(25 * 1024)])(
    'a value comes back as it was (%#)',
    async (value) => {
      await vault.have('PUT /secrets/db', { value });
      expect((await vault.have('GET /secrets/db')).value).toBe(value);
    },
  );

  test('the last version is the current one', async () => {
    const first = await vault.have('PUT /secrets/db', { value: 'one', contentType: 'text/plain' });
    vault.elapsed = 5;
    const second = await vault.have('PUT /secrets/Db', { value: 'two' });
    expect(second).toMatchObject({ attributes: { created: start + 5, updated: start + 5 } });
    expect(second).not.toHaveProperty('contentType');
    // A name keeps the case in which it was first written.
    expect(second.id).toMatch(`${base}/secrets/db/`);
    expect(await vault.have('GET /secrets/db')).toEqual(second);
    expect(await vault.have(`GET /secrets/db/${versionOf(first.id)}`)).toEqual(first);
  });

  test.each([
    ['disabled', { enabled: false }, '403 Forbidden SecretDisabled'],
    // What the service documents, and users see (Azure/AzureKeyVault#19): dates do not keep a secret from being read.
    ['not yet valid', { nbf: start + 10 }, '200'],
    ['expired', { exp: start - 10 }, '200'],
    ['disabled and expired', { enabled: false, exp: start - 10 }, '403 Forbidden SecretDisabled'],
  ])('%s', async (_, attributes, answer) => {
    const { id } = await vault.have('PUT /secrets/db', { value: 'x', attributes });
    expect(await vault.refusal('GET /secrets/db')).toBe(answer);
    expect(await vault.refusal(`GET /secrets/db/${versionOf(id)}`)).toBe(answer);
  });

  test('a disabled one is worded as the service does', async () => {
    await vault.have('PUT /secrets/db', { value: 'x', attributes: { enabled: false } });
    expect(bodyOf(await vault.ask('GET /secrets/db')).error).toEqual({
      code: 'Forbidden',
      message: 'Operation get is not allowed on a disabled secret.',
      innererror: { code: 'SecretDisabled' },
    });
  });
});

describe('change', () => {
  const set = { value: 'x', contentType: 'a', tags: { a: '1' }, attributes: { nbf: 1, exp: start + 99 } };

  test.each<[string, object, object]>([
    ['nothing', {}, {}],
    ['nulls', { contentType: null, tags: null, attributes: { exp: null } }, {}],
    ['content type', { contentType: 'b' }, { contentType: 'b' }],
    ['tags, all of them', { tags: { b: '2' } }, { tags: { b: '2' } }],
    ['tags, to none', { tags: {} }, { tags: {} }],
    ['enabled alone', { attributes: { enabled: false } }, { attributes: { enabled: false } }],
    ['expiry alone', { attributes: { exp: start + 5 } }, { attributes: { exp: start + 5 } }],
    ['a value is not changed', { value: 'other' }, {}],
  ])('%s', async (_, change, changed) => {
    const { id } = await vault.have('PUT /secrets/db', set);
    vault.elapsed = 7;
    const answer = await vault.have(`PATCH /secrets/db/${versionOf(id)}`, change);
    const attributes = {
      ...common,
      ...set.attributes,
      ...(changed as typeof set).attributes,
      updated: start + 7,
    };
    const expected = { id, contentType: 'a', tags: { a: '1' }, ...changed, attributes };
    expect(answer).toEqual(expected);
    if (!attributes.enabled)
      await vault.have(`PATCH /secrets/db/${versionOf(id)}`, { attributes: { enabled: true } });
    expect((await vault.have('GET /secrets/db')).value).toBe('x');
  });

  test('an old version, and the current one where none is named', async () => {
    const first = await vault.have('PUT /secrets/db', { value: 'one' });
    await vault.have('PUT /secrets/db', { value: 'two' });
    await vault.have(`PATCH /secrets/db/${versionOf(first.id)}`, { contentType: 'old' });
    await vault.have('PATCH /secrets/db/', { contentType: 'new' });
    expect(await vault.have(`GET /secrets/db/${versionOf(first.id)}`)).toMatchObject({
      value: 'one',
      contentType: 'old',
    });
    expect(await vault.have('GET /secrets/db')).toMatchObject({ value: 'two', contentType: 'new' });
  });
});

describe('refusals', () => {
  const value = 'do-not-tell';
  const many = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`t${at}`, '']));

  test.each<[string, string, unknown, string]>([
    ['no body', 'PUT /secrets/db', undefined, '400 BadParameter'],
    ['no JSON', 'PUT /secrets/db', `{"value":"${value}`, '400 BadParameter'],
    ['no UTF-8', 'PUT /secrets/db', '\udc00'.repeat(3), '400 BadParameter'],
    ['a list', 'PUT /secrets/db', [value], '400 BadParameter'],
    ['no value', 'PUT /secrets/db', {}, '400 BadParameter'],
    ['a value that is no text', 'PUT /secrets/db', { value: [value] }, '400 BadParameter'],
    ['a long value', 'PUT /secrets/db', { value: value.padEnd(25 * 1024 + 1) }, '400 BadParameter'],
    ['a value long in octets', 'PUT /secrets/db', { value: 'ü'.repeat(13_000) }, '400 BadParameter'],
    ['a long content type', 'PUT /secrets/db', { value, contentType: 'x'.repeat(256) }, '400 BadParameter'],
    ['a content type that is no text', 'PUT /secrets/db', { value, contentType: 1 }, '400 BadParameter'],
    ['tags that are no object', 'PUT /secrets/db', { value, tags: [] }, '400 BadParameter'],
    ['a tag that is no text', 'PUT /secrets/db', { value, tags: { a: 1 } }, '400 BadParameter'],
    ['a long tag', 'PUT /secrets/db', { value, tags: { a: 'x'.repeat(257) } }, '400 BadParameter'],
    ['16 tags', 'PUT /secrets/db', { value, tags: many }, '400 BadParameter'],
    ['attributes that are no object', 'PUT /secrets/db', { value, attributes: 1 }, '400 BadParameter'],
    [
      'enabled that is no boolean',
      'PUT /secrets/db',
      { value, attributes: { enabled: 1 } },
      '400 BadParameter',
    ],
    ['a time that is none', 'PUT /secrets/db', { value, attributes: { exp: 1.5 } }, '400 BadParameter'],
    ['a body over 1 MB', 'PUT /secrets/db', `"${'x'.repeat(1024 * 1024)}"`, '413 RequestEntityTooLarge'],
    ['another version', `PATCH /secrets/db/${'0'.repeat(32)}`, {}, '404 SecretNotFound'],
    ['change what is not', 'PATCH /secrets/none', {}, '404 SecretNotFound'],
    ['change to what cannot be', 'PATCH /secrets/db', { attributes: { nbf: -1 } }, '400 BadParameter'],
    ['get what is not', 'GET /secrets/none', undefined, '404 SecretNotFound'],
    ['get another version', `GET /secrets/db/${'0'.repeat(32)}`, undefined, '404 SecretNotFound'],
    ['delete what is not', 'DELETE /secrets/none', undefined, '404 SecretNotFound'],
    ['the deleted one that lives', 'GET /deletedsecrets/db', undefined, '404 SecretNotFound'],
    ['recover what lives', 'POST /deletedsecrets/db/recover', undefined, '404 SecretNotFound'],
    ['purge what lives', 'DELETE /deletedsecrets/db', undefined, '404 SecretNotFound'],
    ['back up', 'POST /secrets/db/backup', undefined, '501 NotImplemented'],
    ['restore', 'POST /secrets/restore', { value }, '501 NotImplemented'],
  ])('%s', async (_, line, body, answer) => {
    await vault.have('PUT /secrets/db', { value: 'before' });
    const response = await vault.ask(line, body);
    expect(await vault.refusal(line, body)).toBe(answer);
    expect(String(response.body)).not.toContain(value);
    expect((await vault.have('GET /secrets/db')).value).toBe('before');
  });

  test('what is not there is worded as the service does', async () => {
    const says = async (line: string) => bodyOf(await vault.ask(line)).error.message;
    const rest =
      'was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182';
    expect(await says('GET /secrets/none')).toBe(`A secret with (name/id) none ${rest}`);
    expect(await says('GET /secrets/none/12')).toBe(`A secret with (name/id) none/12 ${rest}`);
    expect(await says('GET /deletedsecrets/none')).toBe('Deleted Secret not found: none');
  });
});
