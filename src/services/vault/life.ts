/**
 * What becomes of a secret or a key, alike for both: listed, deleted, recovered, purged.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import type { JsonObject } from '../../lib/json.ts';
import { recoveryOf, shownAttributes } from './attributes.ts';
import { addressOf, type Call, type Runner } from './call.ts';
import { VaultError, vaultText } from './error.ts';
import type { ItemKind, Version } from './row.ts';
import type { Found } from './vaults.ts';

/** How the items of one kind are called and shown. */
export interface Shelf {
  readonly kind: ItemKind;
  readonly one: string;
  /** What a list tells, beside attributes and tags. */
  readonly line: (id: string, version: Version) => JsonObject;
  /** What an answer about one tells, beside attributes and tags; no secret value. */
  readonly bundle: (id: string, version: Version) => JsonObject;
  /** Attributes that only this kind has. */
  readonly attributes: JsonObject;
}

/** Returns the runners that every kind has. */
export function lifeOf(shelf: Shelf): Readonly<Record<string, Runner>> {
  const { kind, one } = shelf;
  return {
    [`Get ${one}s`]: (call) => listed(shelf, call, false),
    [`Get Deleted ${one}s`]: (call) => listed(shelf, call, true),
    [`Get ${one} Versions`]: async (call) => {
      const at = addressOf(call, kind);
      const versions = await call.vaults.versions(at);
      const name = versions.length === 0 ? at.name : (await call.vaults.get(at)).head.name;
      const { page, next } = pageOf(call, versions, ({ number }) => String(number).padStart(9, '0'));
      const vault = call.request.resource;
      const value = page.map((version) =>
        shown(shelf, vault, shelf.line(idOf(vault, kind, name, version.id), version), version),
      );
      return { value, nextLink: next };
    },
    [`Delete ${one}`]: async (call) => {
      const { days } = recoveryOf(call.request.resource);
      return bundleOf(shelf, call, await call.vaults.remove(addressOf(call, kind), days));
    },
    [`Get Deleted ${one}`]: async (call) =>
      bundleOf(shelf, call, await call.vaults.getDeleted(addressOf(call, kind))),
    [`Recover Deleted ${one}`]: async (call) =>
      bundleOf(shelf, call, await call.vaults.recover(addressOf(call, kind))),
    [`Purge Deleted ${one}`]: async (call) => {
      const vault = call.request.resource;
      await call.vaults.purge(addressOf(call, kind), () => demandPurgeable(vault));
      return undefined;
    },
  };
}

/** Returns the id of an item, or of one of its versions. */
export function idOf(vault: Resource, kind: string, name: string, version = ''): string {
  const item = `https://${vault.name.toLowerCase()}.vault.azure.net/${kind}/${name}`;
  return version === '' ? item : `${item}/${version}`;
}

/** Returns what is told of an item; when it was deleted, too. */
export function bundleOf(shelf: Shelf, { request }: Call, { head, version }: Found): JsonObject {
  const vault = request.resource;
  const body = shelf.bundle(idOf(vault, shelf.kind, head.name, version.id), version);
  return { ...deletionOf(shelf, vault, head), ...shown(shelf, vault, body, version) };
}

async function listed(shelf: Shelf, call: Call, deleted: boolean): Promise<JsonObject> {
  const { vaults, request } = call;
  const vault = request.resource;
  const heads = await vaults.heads(vault.name, shelf.kind, deleted);
  const { page, next } = pageOf(call, heads, ({ name }) => name.toLowerCase());
  const value: JsonObject[] = [];
  for (const head of page) {
    const at = { vault: vault.name, kind: shelf.kind, name: head.name };
    const found = await (deleted ? vaults.getDeleted(at) : vaults.get(at)).catch(unlessRefused);
    if (!found) continue;
    const line = shelf.line(idOf(vault, shelf.kind, head.name), found.version);
    value.push({ ...deletionOf(shelf, vault, found.head), ...shown(shelf, vault, line, found.version) });
  }
  return { value, nextLink: next };
}

/** Between list and look, another request may have removed an item. */
function unlessRefused(error: unknown): undefined {
  if (!(error instanceof VaultError)) throw error;
}

/** Returns one page of things that are in the order of their marks, and where the next one is. */
function pageOf<T>(
  { request, query, operation }: Call,
  all: readonly T[],
  mark: (one: T) => string,
): { readonly page: readonly T[]; readonly next: string | null } {
  const after = query.after === undefined ? '' : Buffer.from(query.after, 'base64url').toString();
  const rest = after === '' ? all : all.filter((one) => mark(one) > after);
  const page = rest.slice(0, query.most);
  const last = page.at(-1);
  if (last === undefined || page.length === rest.length) return { page, next: null };
  const gone = operation.name.startsWith('Get Deleted') ? 'deleted' : '';
  const path = operation.item === '' ? '' : `/${operation.item}/versions`;
  const token = Buffer.from(mark(last)).toString('base64url');
  // The service writes the port, and the token before the size of the page.
  const host = `https://${request.resource.name.toLowerCase()}.vault.azure.net:443`;
  const next = `${host}/${gone}${operation.kind}${path}?api-version=${query.version}&$skiptoken=${token}&maxresults=${query.most}`;
  return { page, next };
}

function shown(shelf: Shelf, vault: Resource, body: JsonObject, version: Version): JsonObject {
  const attributes = { ...shownAttributes(version.attributes, vault), ...shelf.attributes };
  return { ...body, attributes, ...(version.tags && { tags: version.tags }) };
}

function deletionOf({ kind }: Shelf, vault: Resource, { name, deleted }: Found['head']): JsonObject {
  if (!deleted) return {};
  return {
    recoveryId: idOf(vault, `deleted${kind}`, name),
    deletedDate: deleted.at,
    scheduledPurgeDate: deleted.purge,
  };
}

function demandPurgeable(vault: Resource): void {
  if (!recoveryOf(vault).isProtected) return;
  throw new VaultError('PurgeProtected', [
    'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed.',
    `Vault: ${vaultText(vault)}`,
  ]);
}
