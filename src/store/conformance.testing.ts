/**
 * What every store must do, as one suite that each of them runs.
 *
 * @module
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ResourceId } from '../arm/id.ts';
import type { Resource } from '../arm/resource.ts';
import { type Batch, type Store, StoreError } from '../arm/store.ts';
import type { Json } from '../lib/json.ts';
import { batch, blobs, vnet } from './estates.testing.ts';

/** Runs the suite. `reopen` closes and opens again; stores that end with the process have none. */
export function conformance(open: () => Promise<Store>, reopen?: (store: Store) => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  /** Both what is there now and what is there after a restart. */
  async function afterwards(check: (store: Store) => Promise<void>): Promise<void> {
    await check(store);
    if (!reopen) return;
    store = await reopen(store);
    await check(store);
  }
  const names = async (): Promise<string[]> => (await store.resources()).map(({ name }) => name);
  const keys = async (prefix: string): Promise<string[]> =>
    (await store.documents('blob', prefix)).map(([key]) => key);

  describe('resources', () => {
    it('is empty at first', () =>
      afterwards(async () => {
        expect(await store.resources()).toEqual([]);
        expect(await store.documents('blob', '')).toEqual([]);
        expect(await store.document('instance', 'none')).toBeUndefined();
      }));

    it('keeps the order of first writing across updates', async () => {
      await store.commit(batch([vnet('c'), vnet('a')]));
      await store.commit(batch([vnet('b')]));
      await store.commit(batch([vnet('a', '2'), vnet('c', '2')]));
      await afterwards(async (it) => {
        const found = (await it.resources()).map(({ name, etag }) => name + etag);
        expect(found).toEqual(['c2', 'a2', 'b1']);
      });
      await store.commit(batch([vnet('d'), vnet('b', '2')]));
      await afterwards(async () => expect(await names()).toEqual(['c', 'a', 'b', 'd']));
    });

    it('puts at the end what is deleted and written again, in one batch or in two', async () => {
      await store.commit(batch([vnet('a'), vnet('b'), vnet('c')]));
      await store.commit(batch([vnet('a', '2')], [vnet('a')]));
      await afterwards(async () => expect(await names()).toEqual(['b', 'c', 'a']));
      await store.commit(batch([], [vnet('a'), vnet('b')]));
      await store.commit(batch([vnet('b')]));
      await store.commit(batch([vnet('a')]));
      await afterwards(async () => expect(await names()).toEqual(['c', 'b', 'a']));
    });

    it('takes ids that differ in case for one, and keeps the last spelling', async () => {
      const upper = { ...vnet('a', '2'), id: vnet('a').id.toUpperCase() as ResourceId };
      await store.commit(batch([vnet('a'), vnet('b')]));
      await store.commit(batch([upper]));
      await afterwards(async (it) => expect(await it.resources()).toEqual([upper, vnet('b')]));
      await store.commit(batch([], [vnet('a')]));
      expect(await names()).toEqual(['b']);
    });

    it('gives every member back exactly, and none that was absent', async () => {
      const full: Resource = {
        ...vnet('full', 'W/"4f-é"'),
        location: 'westeurope',
        tags: { 'hidden-link:%_\\': 'ünï', empty: '' },
        identity: { type: 'SystemAssigned', principalId: null },
        sku: { name: 'Premium', capacity: 2 },
        kind: 'StorageV2',
        zones: ['1', '2', '3'],
        plan: { name: 'p', publisher: 'q', product: 'r' },
        owner: vnet('owner').id,
        properties: { deep: { list: [[], {}, [null]] }, gone: undefined, zero: 0 },
      };
      await store.commit(batch([full, vnet('bare')]));
      await afterwards(async (it) => {
        const [first, second] = await it.resources();
        const { gone: _, ...properties } = full.properties;
        expect(first).toStrictEqual({ ...full, properties });
        expect(second).toStrictEqual(vnet('bare'));
      });
    });

    it('shares nothing with the caller', async () => {
      const properties = { list: [1] };
      const value = { list: [1] };
      await store.commit(batch([{ ...vnet('a'), properties }], [], [{ space: 'blob', key: 'k', value }]));
      properties.list.push(2);
      value.list.push(2);
      expect((await store.resources())[0]?.properties).toEqual({ list: [1] });
      expect(await store.document('blob', 'k')).toEqual({ list: [1] });
    });
  });

  describe('documents', () => {
    it('gives values of every shape back', async () => {
      const shapes: Record<string, Json> = {
        null: null,
        true: true,
        false: false,
        zero: 0,
        float: -1.5e-300,
        large: Number.MAX_SAFE_INTEGER,
        empty: '',
        text: 'a\0b "\\ \u2028 \ud83d\ude00 \ud800',
        list: [null, [], {}, 'x', [1, [2]]],
        object: { '': 1, 'a.b': { c: [] }, constructor: 1 },
        proto: JSON.parse('{"__proto__": {"polluted": true}}') as Json,
        mebibyte: 'é\n'.repeat(350_000),
      };
      await store.commit(blobs(shapes));
      await afterwards(async (it) => {
        for (const [key, value] of Object.entries(shapes)) {
          expect(JSON.stringify(await it.document('blob', key)), key).toBe(JSON.stringify(value));
        }
        expect((await it.documents('blob', '')).length).toBe(Object.keys(shapes).length);
      });
    });

    it('takes every character of a prefix literally, and case as it is', async () => {
      const all = ['', 'a', 'A', 'a%', 'a%b', 'a_', 'axb', 'a\\', 'a\\%', "a'b", 'a*', 'a\0', 'a\0b', 'a?'];
      const wide = [
        'é',
        'e\u0301',
        'ÿ',
        '日本/1',
        '日本/2',
        '\uffff',
        '\u{1f600}',
        '\u{1f600}x',
        '\u{10ffff}z',
      ];
      await store.commit(blobs(Object.fromEntries([...all, ...wide].map((key) => [key, key]))));
      const sorted = [...all, ...wide].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      await afterwards(async (it) => {
        for (const prefix of [...all, ...wide, '日', 'none']) {
          const expected = sorted.filter((key) => key.startsWith(prefix)).map((key) => [key, key]);
          expect(await it.documents('blob', prefix), JSON.stringify(prefix)).toEqual(expected);
          expect(await it.document('blob', prefix)).toBe(sorted.includes(prefix) ? prefix : undefined);
        }
      });
    });

    it('keeps spaces apart, replaces and deletes', async () => {
      const write = (space: 'blob' | 'operation', value: Json | undefined): Batch =>
        batch([], [], [{ space, key: 'k', value }]);
      await store.commit(write('blob', 1));
      await store.commit(write('operation', 2));
      await store.commit(write('blob', null));
      await afterwards(async (it) => {
        expect(await it.document('blob', 'k')).toBeNull();
        expect(await it.document('operation', 'k')).toBe(2);
      });
      await store.commit(write('blob', undefined));
      await store.commit(write('blob', undefined));
      await afterwards(async () => expect(await keys('')).toEqual([]));
      const twice = [1, undefined, 3].map((value) => ({ space: 'blob', key: 'last', value }) as const);
      await store.commit(batch([], [], twice));
      expect(await store.document('blob', 'last')).toBe(3);
    });
  });

  describe('batches', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const sick: readonly (readonly [what: string, value: unknown])[] = [
      ['a bigint', 1n],
      ['not a number', { deep: [Number.NaN] }],
      ['a function', [() => 1]],
      ['a hole', [undefined]],
      ['a date', { at: new Date(0) }],
      ['a cycle', cycle],
    ];

    it.each(sick)('leaves nothing of a batch with %s', async (_, value) => {
      await store.commit(batch([vnet('a')], [], [{ space: 'blob', key: 'k', value: 1 }]));
      const documents = [
        { space: 'blob', key: 'k', value: 2 },
        { space: 'blob', key: 'sick', value: value as Json },
      ] as const;
      const failing = store.commit(batch([vnet('a', '2'), vnet('b')], [], documents));
      await expect(failing).rejects.toThrow(/^blob 'sick' cannot be stored: /);
      await expect(failing).rejects.toBeInstanceOf(StoreError);
      const properties = { value: value as Json };
      await expect(store.commit(batch([vnet('c'), { ...vnet('d'), properties }]))).rejects.toThrow(
        /Networks\/d cannot/,
      );
      await afterwards(async (it) => {
        expect(await it.resources()).toEqual([vnet('a')]);
        expect(await it.documents('blob', '')).toEqual([['k', 1]]);
      });
    });

    it('refuses a key that is not well-formed Unicode', async () => {
      await expect(store.commit(blobs({ a: 1, '\ud800': 2 }))).rejects.toThrow(/well-formed/);
      expect(await keys('')).toEqual([]);
    });

    it('does not let a failing batch take its neighbours along', async () => {
      const outcomes = await Promise.allSettled([
        store.commit(batch([vnet('a')])),
        store.commit(blobs({ sick: 1n as unknown as Json })),
        store.commit(batch([vnet('b')])),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      await afterwards(async () => expect(await names()).toEqual(['a', 'b']));
    });

    it('takes many commits at once, in the order they came', async () => {
      const count = 500;
      const all = Array.from({ length: count }, (_, at) => {
        const documents = [{ space: 'blob', key: `shared/${at % 7}`, value: at }] as const;
        return store.commit(batch([vnet(`n${at}`), vnet('shared', String(at))], [], documents));
      });
      await Promise.all(all);
      await afterwards(async (it) => {
        const found = await it.resources();
        const rest = found.filter(({ name }) => name !== 'shared').map(({ name }) => name);
        expect(rest).toEqual(Array.from({ length: count }, (_, at) => `n${at}`));
        expect(found[1]).toEqual(vnet('shared', String(count - 1)));
        const last = await it.documents('blob', 'shared/');
        expect(last.map(([, value]) => value).sort()).toEqual([493, 494, 495, 496, 497, 498, 499]);
      });
    });

    it('shows a commit to whoever reads after it', async () => {
      for (let at = 0; at < 20; at++) {
        await store.commit(batch([vnet(`n${at}`)], [], [{ space: 'instance', key: 'at', value: at }]));
        expect((await store.resources()).length).toBe(at + 1);
        expect(await store.document('instance', 'at')).toBe(at);
      }
    });

    it('rejects with a StoreError once closed, and closes twice', async () => {
      await store.close();
      await store.close();
      const asked = [
        store.resources(),
        store.document('blob', ''),
        store.documents('blob', ''),
        store.commit(blobs({})),
      ];
      for (const { status, ...rest } of await Promise.allSettled(asked)) {
        expect(status).toBe('rejected');
        expect(rest).toMatchObject({ reason: { name: 'StoreError', reason: 'unavailable' } });
      }
    });
  });
}
