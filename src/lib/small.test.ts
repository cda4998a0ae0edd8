import { describe, expect, it } from 'vitest';
import { asList, asText, equalJson, isObject, type Json, member } from './json.ts';
import { keyOf, nameOf } from './key.ts';
import { nearest } from './near.ts';
import { isProtocol, parsePorts } from './ports.ts';
import { fail, never, ok } from './result.ts';

describe('nearest', () => {
  it.each([
    ['vm/jumpbx', 'vm/jumpbox'],
    ['VM/JUMPBOX', 'vm/jumpbox'],
    ['storage/acct/blobb', 'storage/acct/blob'],
    // A third of the length, and no more.
    ['vm/xxxxbox', undefined],
    ['', undefined],
    ['zz', undefined],
  ])('%s: %s', (text, best) => {
    expect(nearest(text, ['vm/jumpbox', 'storage/acct/blob', 'vm/other'])).toBe(best);
  });

  it('takes the first of equals', () => expect(nearest('abx', ['abc', 'abd'])).toBe('abc'));
  it('prefers the closer one', () => expect(nearest('abcdef', ['abcxyf', 'abcdeg'])).toBe('abcdeg'));
  it('has nothing without candidates', () => expect(nearest('a', [])).toBeUndefined());
  it('allows one letter in a short word', () => expect(nearest('ab', ['ac'])).toBe('ac'));
});

describe('ports', () => {
  it.each([
    ['443', [443, 443]],
    ['0-65535', [0, 65535]],
    ['8000-8080', [8000, 8080]],
    ['*', [0, 65535]],
    ['65536', undefined],
    ['10-9', undefined],
    ['1-', undefined],
    ['-1', undefined],
    ['443,80', undefined],
    ['', undefined],
    ['4 43', undefined],
  ])('%j', (text, ports) => expect(parsePorts(text)).toEqual(ports));

  it('know their protocols, and nothing of Object', () => {
    expect(isProtocol('tcp')).toBe(true);
    expect(isProtocol('constructor')).toBe(false);
  });
});

describe('keys', () => {
  it('ignore case', () => expect(keyOf('/Subscriptions/S')).toBe(keyOf('/subscriptions/s')));
  it('are remembered up to a bound', () => {
    for (let at = 0; at < 200_010; at++) keyOf(`/X/${at}`);
    expect(keyOf('/X/1')).toBe('/x/1');
  });
  it.each([
    ['/a/b/c', 'c'],
    ['c', 'c'],
    ['/a/', ''],
  ])('%s is named %j', (id, name) => expect(nameOf(id)).toBe(name));
});

describe('json', () => {
  it('tells objects from the rest', () => {
    expect([{}, [], null, 'a', 1, undefined].map(isObject)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('reads without trust', () => {
    expect(member({ a: 1 }, 'a')).toBe(1);
    expect(member([1], 'length')).toBeUndefined();
    expect(member({}, 'toString')).toBeUndefined();
    expect(asText(1)).toBeUndefined();
    expect(asText('a')).toBe('a');
    expect(asList({})).toEqual([]);
    expect(asList([1])).toEqual([1]);
  });

  it.each<[Json | undefined, Json | undefined, boolean]>([
    [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: undefined, b: 1 }, { b: 1, c: undefined }, true],
    [{ a: 1 }, { b: 1 }, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [{}, [], false],
    [null, undefined, false],
    [null, {}, false],
    ['1', 1, false],
  ])('%j equals %j: %s', (a, b, equal) => expect(equalJson(a, b)).toBe(equal));
});

describe('results', () => {
  it('hold a value or a reason', () => {
    expect(ok(1)).toEqual({ ok: true, value: 1 });
    expect(fail('why')).toEqual({ ok: false, error: 'why' });
  });
  it('say what was not handled', () => expect(() => never('x' as never)).toThrow('unhandled case: "x"'));
});
