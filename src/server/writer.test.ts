import { beforeEach, describe, expect, it } from 'vitest';
import { offlineSettings } from '../app/defaults.ts';
import type { Plane } from '../arm/plane.ts';
import { type Change, Estate, type Resource } from '../arm/resource.ts';
import { type Batch, type Store, StoreError } from '../arm/store.ts';
import { parseUuid } from '../lib/uuid.ts';
import type { Fact } from '../net/facts.ts';
import { registry } from '../providers/registry.ts';
import { vnet } from '../store/estates.testing.ts';
import { MemoryStore } from '../store/memory.ts';
import { Writer } from './writer.ts';

/** A store whose commits are seen, held and spoiled. */
class Watched extends MemoryStore {
  readonly commits: string[][] = [];
  before: (batches: readonly Batch[]) => Promise<void> | void = () => {};
  after: () => void = () => {};

  override async commit(...batches: readonly Batch[]): Promise<void> {
    this.commits.push(batches.map(({ change }) => change.writes.map(({ name }) => name).join()));
    await this.before(batches);
    await super.commit(...batches);
    this.after();
  }
}

let store: Watched;
let plane: Plane<Fact>;
let writer: Writer<Fact>;
beforeEach(() => {
  store = new Watched();
  const settings = offlineSettings('0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f');
  plane = { registry, settings, estate: new Estate() };
  writer = new Writer(store, plane, () => {});
});

const names = (of: { all(): Iterable<Resource> }): string[] => [...of.all()].map(({ name }) => name);
const kept = async (from: Store): Promise<string[]> => (await from.resources()).map(({ name }) => name);

/** Writes networks, each with the number of those that it saw. */
function put(...some: readonly string[]): Promise<{ readonly change: Change; readonly saw: string[] }> {
  return writer.transact(({ estate }) => ({
    change: { writes: some.map((name) => vnet(name)), deletes: [] },
    saw: names(estate),
  }));
}

describe('transactions that wait for one another', () => {
  it('share one commit, each on what those before it do, and are seen once it is done', async () => {
    let seen: string[] = ['nothing was committed'];
    store.before = () => {
      seen = names(plane.estate);
    };
    const all = await Promise.all([put('a'), put('b'), put('c')]);
    expect(all.map(({ saw }) => saw)).toEqual([[], ['a'], ['a', 'b']]);
    expect(store.commits).toEqual([['a', 'b', 'c']]);
    expect(seen).toEqual([]);
    expect(names(plane.estate)).toEqual(['a', 'b', 'c']);
    expect(await kept(store)).toEqual(['a', 'b', 'c']);
  });

  it('that come during a commit are the next one', async () => {
    const late: Promise<unknown>[] = [];
    store.before = () => {
      if (late.length === 0) late.push(put('b'), put('c'));
    };
    await put('a');
    await Promise.all(late);
    expect(store.commits).toEqual([['a'], ['b', 'c']]);
  });

  it('undo each other in their order', async () => {
    await Promise.all([
      put('a', 'b'),
      writer.transact(() => ({ change: { writes: [], deletes: [vnet('a').id] } })),
      put('c'),
      put('a'),
    ]);
    expect(names(plane.estate)).toEqual(['b', 'c', 'a']);
    expect(await kept(store)).toEqual(['b', 'c', 'a']);
  });

  it('do not suffer from one that refuses', async () => {
    const refusing = writer.transact(() => {
      throw new Error('not this one');
    });
    const outcomes = await Promise.allSettled([put('a'), refusing, put('b')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(names(plane.estate)).toEqual(['a', 'b']);
  });

  it('know the groups that readers know', async () => {
    const admins = parseUuid('11111111-2222-4333-8444-555555555555');
    if (admins === undefined) throw new Error('that is a UUID');
    writer.know(new Map([['somebody', [admins]]]));
    const groups = await writer.transact(({ estate }) => ({
      change: { writes: [], deletes: [] },
      planned: estate.groupsOf('somebody'),
    }));
    expect(groups.planned).toEqual([admins]);
    expect(plane.estate.groupsOf('somebody')).toEqual([admins]);
  });

  it('commit nothing where nothing is to be done', async () => {
    await writer.transact(() => ({ change: { writes: [], deletes: [] } }));
    expect(store.commits).toEqual([]);
  });
});

describe('a commit that fails', () => {
  const full = new StoreError('full', 'no space');
  const lost = new StoreError('unavailable', 'the connection is lost');
  const spoil = (failure: Error) => (batches: readonly Batch[]) => {
    if (batches.some(({ change }) => change.writes.some(({ name }) => name === 'big'))) throw failure;
  };

  it('is made again one by one, planned anew: who stood on the culprit sees that it is not there', async () => {
    store.before = spoil(full);
    const [a, big, b] = await Promise.allSettled([put('a'), put('big'), put('b')]);
    expect([a.status, big.status]).toEqual(['fulfilled', 'rejected']);
    expect(big).toMatchObject({ reason: full });
    expect(b).toMatchObject({ status: 'fulfilled', value: { saw: ['a'] } });
    expect(names(plane.estate)).toEqual(['a', 'b']);
    expect(await kept(store)).toEqual(['a', 'b']);
  });

  it('keeps a refusal back that may have stood on what was not kept', async () => {
    store.before = spoil(full);
    const unlessBig = writer.transact(({ estate }) => {
      if (estate.get(vnet('big').id)) throw new Error('big is there');
      return { change: { writes: [vnet('b')], deletes: [] } };
    });
    // Both are planned in one group, where the second sees the first.
    const big = put('big');
    const second = writer.transact(({ estate }) => {
      if (estate.get(vnet('big').id)) throw new Error('big is there');
      return { change: { writes: [vnet('c')], deletes: [] } };
    });
    await expect(big).rejects.toBe(full);
    await Promise.all([unlessBig, second]);
    expect(names(plane.estate)).toEqual(['b', 'c']);
  });

  it.each(['before', 'after'] as const)(
    'of which nobody knows whether it was kept (lost %s it) is refused, and read again',
    async (when) => {
      await put('a');
      store[when] = () => {
        throw lost;
      };
      const outcomes = await Promise.allSettled([put('b'), put('c')]);
      expect(outcomes).toMatchObject([{ reason: lost }, { reason: lost }]);
      expect(names(plane.estate)).toEqual(['a']);
      expect(store.commits.length).toBe(2);
      store[when] = () => {};
      const { saw } = await put('d');
      expect(saw).toEqual(when === 'before' ? ['a'] : ['a', 'b', 'c']);
      expect(names(plane.estate)).toEqual([...saw, 'd']);
      expect(await kept(store)).toEqual([...saw, 'd']);
    },
  );
});
