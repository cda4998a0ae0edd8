/**
 * The life of secrets and keys: lists and their pages, soft delete, recovery, purge, and what a restart leaves.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { MemoryStore } from '../../store/memory.ts';
import { SqliteStore } from '../../store/sqlite.ts';
import { type Body, base, bodyOf, start, VaultUnderTest, versionOf } from './harness.testing.ts';
import { Vaults } from './vaults.ts';

const day = 86_400;

interface List {
  readonly value: readonly (JsonObject & { id?: string; kid?: string })[];
  readonly nextLink: string | null;
}

const list = async (vault: VaultUnderTest, line: string) => (await vault.have(line)) as unknown as List;

/** What one kind is called, and how one is made. */
const kinds: readonly (readonly [
  kind: string,
  one: string,
  make: (name: string) => readonly [string, unknown],
])[] = [
  ['secrets', 'Secret', (name) => [`PUT /secrets/${name}`, { value: 'x' }]],
  ['keys', 'Key', (name) => [`POST /keys/${name}/create`, { kty: 'EC' }]],
];
const idOf = (kind: string, body: Body) => (kind === 'secrets' ? body.id : body.key.kid);

describe.each(kinds)('%s', (kind, one, make) => {
  test('are listed by name, without what is secret', async () => {
    const vault = new VaultUnderTest();
    for (const name of ['b', 'A', 'c-1']) await vault.have(...make(name));
    const { value, nextLink } = await list(vault, `GET /${kind}`);
    expect(nextLink).toBeNull();
    expect(value.map((item) => item.id ?? item.kid)).toEqual(
      ['A', 'b', 'c-1'].map((n) => `${base}/${kind}/${n}`),
    );
    expect(Object.keys(value[0] ?? {})).toEqual([kind === 'secrets' ? 'id' : 'kid', 'attributes']);
    expect(await list(vault, `GET /${kind}?maxresults=25`)).toEqual({ value, nextLink });
  });

  test('are listed in pages', async () => {
    const vault = new VaultUnderTest();
    const names = Array.from({ length: 28 }, (_, at) => `n${String(at).padStart(2, '0')}`);
    for (const name of names) await vault.have(...make(name));
    for (const [query, pages] of [
      ['?api%2Dversion=2025-07-01', 2],
      ['?maxresults=10', 3],
      ['?maxresults=14', 2],
    ]) {
      const seen: string[] = [];
      let count = 0;
      for (let line = `GET /${kind}${query}`; line !== ''; count++) {
        const { value, nextLink } = await list(vault, line);
        seen.push(...value.map((item) => versionOf(item.id ?? item.kid ?? '')));
        if (nextLink !== null) expect(nextLink).toMatch(`${base}:443/${kind}?api-version=`);
        line = nextLink === null ? '' : `GET ${nextLink.slice(`${base}:443`.length)}`;
      }
      expect(seen).toEqual(names);
      expect(count).toBe(pages);
    }
  });

  test('versions are listed, the oldest first, in pages', async () => {
    const vault = new VaultUnderTest();
    const made: string[] = [];
    for (let at = 0; at < 12; at++) made.push(idOf(kind, await vault.have(...make('a'))));
    await vault.have(...make('ab'));
    const { value } = await list(vault, `GET /${kind}/a/versions`);
    expect(value.map((item) => item.id ?? item.kid)).toEqual(made);
    const first = await list(vault, `GET /${kind}/a/versions?maxresults=7`);
    const second = await list(vault, `GET ${first.nextLink?.slice(`${base}:443`.length)}`);
    expect([...first.value, ...second.value].map((item) => item.id ?? item.kid)).toEqual(made);
    expect(second.nextLink).toBeNull();
    expect(await list(vault, `GET /${kind}/none/versions`)).toEqual({ value: [], nextLink: null });
  });

  test('are deleted, seen as deleted, and recovered with all versions', async () => {
    const vault = new VaultUnderTest({ softDeleteRetentionInDays: 7 });
    const old = idOf(kind, await vault.have(...make('A')));
    const id = idOf(kind, await vault.have(...make('a')));
    vault.elapsed = 60;
    const gone = await vault.have(`DELETE /${kind}/a`);
    const deletion = {
      recoveryId: `${base}/deleted${kind}/A`,
      deletedDate: start + 60,
      scheduledPurgeDate: start + 60 + 7 * day,
    };
    expect(gone).toMatchObject(deletion);
    expect(idOf(kind, gone)).toBe(id);
    expect(gone).not.toHaveProperty('value');
    expect(await vault.have(`GET /deleted${kind}/A`)).toEqual(gone);
    const { value } = await list(vault, `GET /deleted${kind}`);
    expect(value).toEqual([
      { ...deletion, [kind === 'secrets' ? 'id' : 'kid']: `${base}/${kind}/A`, attributes: gone.attributes },
    ]);
    expect((await list(vault, `GET /${kind}`)).value).toEqual([]);
    expect((await list(vault, `GET /${kind}/a/versions`)).value).toEqual([]);
    for (const line of [
      `GET /${kind}/a`,
      `GET /${kind}/a/${versionOf(old)}`,
      `DELETE /${kind}/a`,
      `PATCH /${kind}/a`,
    ]) {
      expect(await vault.refusal(line, {})).toBe(`404 ${one}NotFound`);
    }
    const recovered = await vault.have(`POST /deleted${kind}/a/recover`);
    expect(idOf(kind, recovered)).toBe(id);
    expect(recovered).not.toHaveProperty('recoveryId');
    expect((await list(vault, `GET /${kind}/a/versions`)).value).toHaveLength(2);
    expect((await list(vault, `GET /deleted${kind}`)).value).toEqual([]);
    expect(await vault.refusal(`GET /${kind}/a`)).toBe('200');
  });

  test('deleted ones are listed in pages', async () => {
    const vault = new VaultUnderTest();
    for (const name of ['a', 'b', 'c']) {
      await vault.have(...make(name));
      await vault.have(`DELETE /${kind}/${name}`);
    }
    const first = await list(vault, `GET /deleted${kind}?maxresults=2`);
    expect(first.nextLink).toMatch(`${base}:443/deleted${kind}?api-version=7.4&$skiptoken=`);
    expect((await list(vault, `GET ${first.nextLink?.slice(`${base}:443`.length)}`)).value).toHaveLength(1);
  });

  test('a name cannot be used again before it is recovered or purged', async () => {
    const vault = new VaultUnderTest();
    const before = idOf(kind, await vault.have(...make('a')));
    await vault.have(`DELETE /${kind}/a`);
    expect(bodyOf(await vault.ask(...make('a'))).error).toEqual({
      code: 'Conflict',
      message: `${one} a is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the ${one.toLowerCase()} can only be recovered or purged.`,
      innererror: { code: 'ObjectIsDeletedButRecoverable' },
    });
    expect((await vault.ask(...make('A'))).status).toBe(409);
    const purged = await vault.ask(`DELETE /deleted${kind}/a`);
    expect([purged.status, purged.body]).toEqual([204, '']);
    expect(await vault.refusal(`GET /deleted${kind}/a`)).toBe(`404 ${one}NotFound`);
    expect(await vault.refusal(`POST /deleted${kind}/a/recover`)).toBe(`404 ${one}NotFound`);
    await vault.have(...make('a'));
    expect((await list(vault, `GET /${kind}/a/versions`)).value).toHaveLength(1);
    expect(await vault.refusal(`GET /${kind}/a/${versionOf(before)}`)).toBe(`404 ${one}NotFound`);
  });

  test('what was deleted long ago is gone, and a new one does not bring its versions back', async () => {
    const vault = new VaultUnderTest({ softDeleteRetentionInDays: 7, enablePurgeProtection: true });
    await vault.have(...make('a'));
    await vault.have(`DELETE /${kind}/a`);
    expect(bodyOf(await vault.ask(`DELETE /deleted${kind}/a`)).error).toEqual({
      code: 'Forbidden',
      message:
        'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed.\r\nVault: kv1;location=eastus',
    });
    vault.elapsed = 7 * day - 1;
    expect((await vault.ask(...make('a'))).status).toBe(409);
    vault.elapsed += 1;
    expect((await list(vault, `GET /deleted${kind}`)).value).toEqual([]);
    expect(await vault.refusal(`GET /deleted${kind}/a`)).toBe(`404 ${one}NotFound`);
    await vault.have(...make('a'));
    expect((await list(vault, `GET /${kind}/a/versions`)).value).toHaveLength(1);
  });

  test('without soft delete it is gone at once', async () => {
    const vault = new VaultUnderTest({ enableSoftDelete: false });
    await vault.have(...make('a'));
    const gone = await vault.have(`DELETE /${kind}/a`);
    expect(gone).not.toHaveProperty('recoveryId');
    expect(gone.attributes).toMatchObject({ recoveryLevel: 'Purgeable', recoverableDays: 0 });
    expect(await vault.refusal(`GET /deleted${kind}/a`)).toBe(`404 ${one}NotFound`);
    expect(await vault.store.documents('vault', '')).toEqual([]);
    await vault.have(...make('a'));
  });
});

test.each<[JsonObject, string, number]>([
  [{}, 'Recoverable+Purgeable', 90],
  [{ enableSoftDelete: true, softDeleteRetentionInDays: 90 }, 'Recoverable+Purgeable', 90],
  [{ enablePurgeProtection: true }, 'Recoverable', 90],
  [{ softDeleteRetentionInDays: 7 }, 'CustomizedRecoverable+Purgeable', 7],
  [{ softDeleteRetentionInDays: 89, enablePurgeProtection: true }, 'CustomizedRecoverable', 89],
  [{ enableSoftDelete: false }, 'Purgeable', 0],
])('%o can be recovered: %s, %i days', async (properties, recoveryLevel, recoverableDays) => {
  const vault = new VaultUnderTest(properties);
  const { attributes } = await vault.have('PUT /secrets/a', { value: 'x' });
  expect(attributes).toMatchObject({ recoveryLevel, recoverableDays });
});

describe('kept', () => {
  test('over a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cloister-vault-'));
    try {
      const first = new VaultUnderTest({}, await SqliteStore.open(folder));
      const secret = await first.have('PUT /secrets/a', {
        value: 'x',
        tags: { t: '1' },
        attributes: { exp: start },
      });
      const key = await first.have('POST /keys/k/create', { kty: 'EC', attributes: { nbf: 1 } });
      await first.have('PUT /secrets/gone', { value: 'y' });
      const gone = await first.have('DELETE /secrets/gone');
      await first.store.close();
      const second = new VaultUnderTest({}, await SqliteStore.open(folder));
      await second.vaults.open();
      expect(await second.have('GET /secrets/a')).toEqual(secret);
      expect(await second.have('GET /keys/k')).toEqual(key);
      expect(await second.have('GET /deletedsecrets/gone')).toEqual(gone);
      await second.store.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('opening removes what was deleted longer ago than it is retained, and nothing else', async () => {
    const store = new MemoryStore();
    const vault = new VaultUnderTest({}, store);
    for (const name of ['stays', 'goes', 'deleted-later'])
      await vault.have(`PUT /secrets/${name}`, { value: name });
    await vault.have('DELETE /secrets/goes');
    vault.elapsed = 10;
    await vault.have('DELETE /secrets/deleted-later');
    vault.elapsed = 90 * day;
    await vault.vaults.open();
    const keys = (await store.documents('vault', '')).map(([key]) => key.replace(/[0-9a-f]{32}/, 'V'));
    expect(keys).toEqual([
      'head/kv1/secrets/deleted-later',
      'head/kv1/secrets/stays',
      'version/kv1/secrets/deleted-later/V',
      'version/kv1/secrets/stays/V',
    ]);
  });

  test('a vault apart from others, until it is cleared', async () => {
    const vault = new VaultUnderTest();
    await vault.have('PUT /secrets/a', { value: 'x' });
    await vault.have('POST /keys/k/create', { kty: 'EC' });
    expect((await vault.ask('GET /secrets/a', undefined, 'kv12')).status).toBe(404);
    await vault.ask('PUT /secrets/a', { value: 'other' }, 'kv12');
    await vault.vaults.clear('KV1');
    expect(await vault.refusal('GET /secrets/a')).toBe('404 SecretNotFound');
    expect((await vault.ask('GET /secrets/a', undefined, 'kv12')).status).toBe(200);
    expect((await vault.store.documents('vault', '')).map(([key]) => key.split('/')[1])).toEqual([
      'kv12',
      'kv12',
    ]);
  });

  test('one change after the other: of many versions at once, each is there', async () => {
    const vault = new VaultUnderTest();
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => vault.have('PUT /secrets/a', { value: String(at) })),
    );
    expect((await list(vault, 'GET /secrets/a/versions')).value).toHaveLength(20);
    const versions = await vault.vaults.versions({ vault: 'kv1', kind: 'secrets', name: 'a' });
    expect(versions.map(({ number }) => number)).toEqual(versions.map((_, at) => at + 1));
    expect((await vault.have('GET /secrets/a')).id).toContain(versions.at(-1)?.id);
    const deletions = await Promise.all(
      ['DELETE /secrets/a', 'DELETE /secrets/a'].map((line) => vault.refusal(line)),
    );
    expect(deletions.sort()).toEqual(['200', '404 SecretNotFound']);
  });

  test('ids and times are what is injected', async () => {
    const vaults = new Vaults(
      new MemoryStore(),
      () => 5_999,
      (bytes) => new Uint8Array(bytes).fill(0xab),
    );
    const attributes = { enabled: true, nbf: undefined, exp: undefined, created: 0, updated: 0 };
    const draft = { attributes, tags: undefined, content: {} };
    const { version } = await vaults.add({ vault: 'kv', kind: 'secrets', name: 'a' }, draft);
    expect([version.id, vaults.seconds()]).toEqual(['ab'.repeat(16), 5]);
  });
});
