/**
 * The files of an asset: listed and read at the storage account as any client would, and put into a folder.
 *
 * @module
 */

import type { Hash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join, sep } from 'node:path';
import type { Read } from '../../arm/resource.ts';
import { nameOf } from '../../lib/key.ts';
import { storageAccountType } from '../../providers/storage/link.ts';
import { parseXml } from '../../services/blob/parse-xml.ts';
import { Tally } from '../../services/bytes.ts';
import { bytesOf, type Courier } from './courier.ts';
import { fileAddress } from './file-address.ts';

/** Copies the files below an address into a folder. Throws an error that says what is in the way. */
export async function copyFiles(
  courier: Courier,
  read: Read,
  uri: string,
  folder: string,
  hash: Hash,
): Promise<void> {
  const address = fileAddress(uri, courier.deployment, read);
  const known = read.ofType(storageAccountType).some(({ name }) => name === address?.account);
  if (!address || !known) {
    throw new Error(
      `'${uri}' is not in a storage account of this estate: write https://<account>.blob.core.windows.net/<container>/<path>, or azureml://datastores/<name>/paths/<path>`,
    );
  }
  const { account, container, path } = address;
  const blobs = new BlobClient(courier, account, container);
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  const single = path !== prefix && (await blobs.list(path, 1)).includes(path);
  const names = single ? [path] : await blobs.list(prefix);
  if (names.length === 0) throw new Error(`there is no blob at ${uri}: upload the files first`);
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
}

/** Reads one container. */
class BlobClient {
  readonly #courier: Courier;
  readonly #account: string;
  readonly #container: string;
  #token: Promise<string | undefined> | undefined;

  constructor(courier: Courier, account: string, container: string) {
    this.#courier = courier;
    this.#account = account;
    this.#container = container;
  }

  /** Names that begin so, all unless told how many. */
  async list(prefix: string, most?: number): Promise<readonly string[]> {
    const names: string[] = [];
    for (let marker = ''; ; ) {
      const query = new URLSearchParams({ restype: 'container', comp: 'list', prefix, marker });
      if (most !== undefined) query.set('maxresults', String(most));
      const answer = await this.#ask(`?${query}`);
      if (answer.statusCode === 404) return [];
      const listed = parseXml(Buffer.from(await bytesOf(answer)).toString());
      names.push(...(listed.child('Blobs')?.children ?? []).map((blob) => blob.text('Name')));
      marker = listed.text('NextMarker');
      if (marker === '' || most !== undefined) return names;
    }
  }

  async get(name: string): Promise<IncomingMessage> {
    const answer = await this.#ask(`/${name.split('/').map(encodeURIComponent).join('/')}`);
    if (answer.statusCode === 200) return answer;
    throw new Error(`blob ${name} is not given: ${answer.statusCode} ${answer.headers['x-ms-error-code']}`);
  }

  async #ask(rest: string): Promise<IncomingMessage> {
    const host = `${this.#account}.blob.core.windows.net`;
    this.#token ??= this.#courier.token('https://storage.azure.com');
    const token = await this.#token;
    const answer = await this.#courier.ask(`https://${host}/${this.#container}${rest}`, {
      headers: {
        'x-ms-version': '2023-11-03',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    });
    if (answer.statusCode !== 401 && answer.statusCode !== 403) return answer;
    answer.resume();
    throw this.#courier.refusal(
      host,
      `read blobs of ${this.#account}: give it the role Storage Blob Data Reader`,
    );
  }
}
