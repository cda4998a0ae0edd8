/**
 * One container of a storage account as any client sees it: by a pass, or with the token of whoever asks.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { Ask } from '../../api/dialed.ts';
import { parseXml } from '../../services/blob/parse-xml.ts';
import { type Bytes, piecesOf } from '../../services/bytes.ts';
import { bytesOf, type Courier } from './courier.ts';

/** Bytes sent at a time. */
const most = 4 * 2 ** 20;

/** Lists, reads and writes blobs. */
export class BlobClient {
  readonly #courier: Courier;
  readonly #account: string;
  readonly #container: string;
  readonly #pass: (() => string) | undefined;
  #token: Promise<string | undefined> | undefined;

  /** `pass` is the query that lets in, made when it is needed; without, it is the token of the place. */
  constructor(courier: Courier, account: string, container: string, pass?: () => string) {
    this.#courier = courier;
    this.#account = account;
    this.#container = container;
    this.#pass = pass;
  }

  /** Names that begin so, all unless told how many. */
  async list(prefix: string, limit?: number): Promise<readonly string[]> {
    const names: string[] = [];
    for (let marker = ''; ; ) {
      const query = new URLSearchParams({ restype: 'container', comp: 'list', prefix, marker });
      if (limit !== undefined) query.set('maxresults', String(limit));
      const answer = await this.#ask('', query, 'read');
      if (answer.statusCode === 404) return [];
      const listed = parseXml(Buffer.from(await bytesOf(answer)).toString());
      names.push(...(listed.child('Blobs')?.children ?? []).map((blob) => blob.text('Name')));
      marker = listed.text('NextMarker');
      if (marker === '' || limit !== undefined) return names;
    }
  }

  /** Where a blob is. */
  address(name: string): string {
    return `https://${this.#account}.blob.core.windows.net/${this.#container}/${name}`;
  }

  async get(name: string): Promise<IncomingMessage> {
    const answer = await this.#ask(pathOf(name), new URLSearchParams(), 'read');
    if (answer.statusCode === 200) return answer;
    throw new Error(`blob ${name} is not given: ${answer.statusCode} ${answer.headers['x-ms-error-code']}`);
  }

  /** Writes a blob, over the one that may be there: at once, or by blocks where there is much. */
  async put(name: string, bytes: Bytes): Promise<void> {
    const blocks: string[] = [];
    let last = Buffer.alloc(0);
    for await (const piece of piecesOf(bytes)) {
      last = Buffer.concat([last, piece]);
      while (last.length > most) {
        const blockid = Buffer.from(String(blocks.length).padStart(8, '0')).toString('base64');
        await this.#send(name, { comp: 'block', blockid }, last.subarray(0, most));
        blocks.push(blockid);
        last = last.subarray(most);
      }
    }
    if (blocks.length === 0) return this.#send(name, {}, last, { 'x-ms-blob-type': 'BlockBlob' });
    const blockid = Buffer.from(String(blocks.length).padStart(8, '0')).toString('base64');
    await this.#send(name, { comp: 'block', blockid }, last);
    const list = [...blocks, blockid].map((id) => `<Latest>${id}</Latest>`).join('');
    await this.#send(name, { comp: 'blocklist' }, Buffer.from(`<BlockList>${list}</BlockList>`));
  }

  async #send(
    name: string,
    query: Readonly<Record<string, string>>,
    body: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const ask = { method: 'PUT', headers, body };
    const answer = await this.#ask(pathOf(name), new URLSearchParams(query), 'write', ask);
    answer.resume();
    if (answer.statusCode === 201) return;
    throw new Error(`blob ${name} is not taken: ${answer.statusCode} ${answer.headers['x-ms-error-code']}`);
  }

  async #ask(
    path: string,
    query: URLSearchParams,
    verb: 'read' | 'write',
    ask: Ask = {},
  ): Promise<IncomingMessage> {
    const host = `${this.#account}.blob.core.windows.net`;
    const said = [query.toString(), this.#pass?.() ?? ''].filter((part) => part !== '').join('&');
    const address = `https://${host}/${this.#container}${path}${said === '' ? '' : `?${said}`}`;
    const answer = await this.#courier.ask(address, {
      ...ask,
      headers: { 'x-ms-version': '2023-11-03', ...ask.headers, ...(await this.#authorization()) },
    });
    if (answer.statusCode !== 401 && answer.statusCode !== 403) return answer;
    answer.resume();
    const role = `give it the role Storage Blob Data ${verb === 'read' ? 'Reader' : 'Contributor'}`;
    const why = this.#pass ? `its pass is refused, ${answer.headers['x-ms-error-code']}` : role;
    throw this.#courier.refusal(host, `${verb} blobs of ${this.#account}: ${why}`);
  }

  async #authorization(): Promise<Readonly<Record<string, string>>> {
    if (this.#pass) return {};
    this.#token ??= this.#courier.token('https://storage.azure.com');
    const token = await this.#token;
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }
}

function pathOf(name: string): string {
  return `/${name.split('/').map(encodeURIComponent).join('/')}`;
}
