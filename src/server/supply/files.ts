/**
 * The files of an asset: listed and read at the storage account as any client would, and put into a folder.
 *
 * @module
 */

import type { Hash } from 'node:crypto';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { Read } from '../../arm/resource.ts';
import { nameOf } from '../../lib/key.ts';
import { storageAccountType } from '../../providers/storage/link.ts';
import { Tally } from '../../services/bytes.ts';
import type { BlobClient } from './blob-client.ts';
import { type FileAddress, fileAddress } from './file-address.ts';

/** Finds where files are. Throws an error where that is no storage account of the estate. */
export function addressOf(uri: string, user: string, read: Read): FileAddress {
  const address = fileAddress(uri, user, read);
  const known = read.ofType(storageAccountType).some(({ name }) => name === address?.account);
  if (address && known) return address;
  if (/^(?:azureml:(?!\/\/)|\/)/.test(uri)) throw new Error(`'${uri}' is not registered: register it first`);
  throw new Error(
    `'${uri}' is not in a storage account of this estate: write https://<account>.blob.core.windows.net/<container>/<path>, or azureml://datastores/<name>/paths/<path>`,
  );
}

/**
 * Copies the blob of a path, or those below it, into a folder, and answers the name of the one blob. Throws an error that
 * says what is in the way.
 */
export async function copyFiles(
  blobs: BlobClient,
  path: string,
  folder: string,
  hash: Hash,
): Promise<string | undefined> {
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  const single = path !== prefix && (await blobs.list(path, 1)).includes(path);
  const names = single ? [path] : await blobs.list(prefix);
  if (names.length === 0)
    throw new Error(`there is no blob at ${blobs.address(path)}: upload the files first`);
  for (const name of names) {
    // What some clients put where a folder begins.
    if (name.endsWith('/')) continue;
    const relative = single ? nameOf(name) : name.slice(prefix.length);
    const target = join(folder, ...relative.split('/'));
    if (!target.startsWith(folder + sep)) throw new Error(`blob ${name} leads outside of its folder`);
    const answer = await blobs.get(name);
    hash.update(`\0${target.slice(dirname(folder).length)}\0${answer.headers['content-length']}\0`);
    await mkdir(dirname(target), { recursive: true });
    // A replica that is another user reads them; nobody else comes into the folder that all is in.
    await writeFile(target, new Tally(answer, hash));
    await chmod(target, 0o644);
  }
  return single ? nameOf(path) : undefined;
}

/** Lets everybody who comes there into the folders. */
export async function openFolders(root: string): Promise<void> {
  const all = await readdir(root, { recursive: true, withFileTypes: true });
  const folders = all.filter((entry) => entry.isDirectory());
  await Promise.all(folders.map(({ parentPath, name }) => chmod(join(parentPath, name), 0o755)));
}
