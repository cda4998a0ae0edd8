/**
 * Queries and names: what is taken, and what is refused before anything is looked at.
 *
 * @module
 */

import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkName, queryOf } from './call.ts';
import { VaultError } from './error.ts';
import { bodyOf, VaultUnderTest } from './harness.testing.ts';

describe('query', () => {
  test.each([
    ['?api-version=7.0', '7.0'],
    ['?api-version=7.4-preview.1', '7.4-preview.1'],
    ['?api-version=7.6', '7.6'],
    ['?api%2Dversion=2025-07-01', '2025-07-01'],
    ['?API-Version=2025-06-01-preview', '2025-06-01-preview'],
    ['?x=1&api-version=2026-01-01', '2026-01-01'],
  ])('%s', (query, version) => {
    expect(queryOf(`/secrets${query}`)).toEqual({ version, most: 25, after: undefined });
  });

  test.each([
    ['', 'api-version must be specified'],
    ['?', 'api-version must be specified'],
    ['?api-version=', 'api-version must be specified'],
    ['?apiversion=7.4', 'api-version must be specified'],
    ['?api-version=2015-06-01', 'recognized'],
    ['?api-version=2016-10-01', 'recognized'],
    ['?api-version=6.9', 'recognized'],
    ['?api-version=7', 'recognized'],
    ['?api-version=7.4x', 'recognized'],
    ['?api-version=latest', 'recognized'],
    ['?api-version=7.4&maxresults=0', 'maxresults'],
    ['?api-version=7.4&maxresults=26', 'maxresults'],
    ['?api-version=7.4&maxresults=', 'maxresults'],
    ['?api-version=7.4&maxresults=-1', 'maxresults'],
    ['?api-version=7.4&maxresults=1e1', 'maxresults'],
  ])('%s is refused: %s', (query, says) => {
    expect(() => queryOf(`/secrets${query}`)).toThrow(says);
  });

  test('pages', () => {
    const query = { version: '7.4', most: 7, after: 'YQ' };
    expect(queryOf('/secrets?api-version=7.4&$skiptoken=YQ&maxresults=7')).toEqual(query);
    expect(queryOf('/secrets?api%2Dversion=7.4&%24skiptoken=YQ&maxresults=07')).toEqual(query);
  });

  test('none, told as the service does', async () => {
    // The harness adds a version only where there is none of either spelling.
    const response = await new VaultUnderTest().ask('GET /secrets?api-version=');
    expect([response.status, bodyOf(response).error]).toEqual([
      400,
      { code: 'BadParameter', message: 'api-version must be specified' },
    ]);
  });
});

describe('names', () => {
  test.each(['a', '0', '-', 'A-b-9', 'x'.repeat(127)])('%s', (name) => {
    expect(() => checkName(name)).not.toThrow();
  });

  test.each(['bad_name', 'a.b', 'a%2Fb', 'a%20b', '%C3%BC', 'x'.repeat(128), 'a%0A'])(
    '%s is refused',
    async (name) => {
      const vault = new VaultUnderTest();
      for (const line of [`PUT /secrets/${name}`, `GET /keys/${name}`, `DELETE /deletedsecrets/${name}`]) {
        const response = await vault.ask(line, { value: 'x' });
        expect([response.status, bodyOf(response).error]).toEqual([
          400,
          {
            code: 'BadParameter',
            message: `The request URI contains an invalid name: ${decodeURIComponent(name)}`,
          },
        ]);
      }
      expect(await vault.store.documents('vault', '')).toEqual([]);
    },
  );

  test('exactly those of letters, digits and dashes are taken', () => {
    const names = string({ unit: constantFrom(...'azAZ09-mM5'), minLength: 1, maxLength: 127 });
    assert(
      property(names, (name) => {
        expect(() => checkName(name)).not.toThrow();
      }),
    );
    assert(
      property(string({ unit: 'binary' }), (name) => {
        const isName = name.length > 0 && [...name].every((one) => /[0-9a-zA-Z-]/.test(one));
        if (!isName) expect(() => checkName(name)).toThrow(VaultError);
      }),
    );
  });

  test('any name is a secret of its own, whatever its case', async () => {
    const vault = new VaultUnderTest();
    for (const name of [
      'a',
      'a-',
      '-a',
      '0',
      'versions',
      'restore',
      'create',
      '__proto__'.replaceAll('_', '-'),
    ]) {
      await vault.have(`PUT /secrets/${name}`, { value: name });
      expect((await vault.have(`GET /secrets/${name.toUpperCase()}`)).value).toBe(name);
      expect(
        (await vault.have(`GET //secrets/%${name.charCodeAt(0).toString(16)}${name.slice(1)}`)).value,
      ).toBe(name);
    }
  });
});
