/**
 * The file service: shares, directories, files and their ranges, by key, signature and token; and every refusal.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import { notImplemented } from '../blob/error.ts';
import {
  anonymous,
  assign,
  group,
  invalid,
  now,
  person,
  requestOf,
  resource,
  worldOf,
} from '../blob/harness.testing.ts';
import { key, signed, signedQuery } from '../blob/signed.testing.ts';
import { whole } from '../bytes.ts';
import type { Caller, DataResponse } from '../data-plane.ts';
import { Files } from './files.ts';
import { filePlane } from './plane.ts';

const account = resource('Microsoft.Storage/storageAccounts', 'acct');
const host = 'acct.file.core.windows.net';
const date = new Date(now).toUTCString();
const version = '2021-12-02';
const role = assign('editor', 'blobOwner', group);
const files = '69566ab7-960f-475b-8e7c-b3118f30c6bd';
const editor = {
  ...role,
  properties: {
    ...role.properties,
    roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${files}`,
  },
};

class Service {
  readonly files: Files;
  readonly account;

  constructor(store = new MemoryStore(), at = account) {
    this.files = new Files(store, undefined, () => now);
    this.account = at;
  }

  /** Asks with the account's key; `more` are headers. */
  ask(
    line: string,
    more: Record<string, string> = {},
    bytes: string | Uint8Array = '',
  ): Promise<DataResponse> {
    const length = Buffer.byteLength(bytes);
    const headers = {
      'x-ms-date': date,
      'x-ms-version': version,
      ...(length > 0 ? { 'content-length': String(length) } : {}),
      ...more,
    };
    return this.raw(line, signed('acct', line, headers) as Record<string, string>, bytes);
  }

  raw(
    line: string,
    headers: Record<string, string>,
    bytes: string | Uint8Array = '',
    caller: Caller = anonymous,
  ): Promise<DataResponse> {
    const request = requestOf(this.account, host, line, { headers, bytes, caller });
    return filePlane(this.files, () => [key]).handle(
      request,
      worldOf(this.account, assign('owner', 'owner', group), editor),
    );
  }

  /** Status and code of an answer. */
  async told(...given: Parameters<Service['ask']>): Promise<string> {
    return toldBy(await this.ask(...given));
  }

  /** With a share that has a file of ten bytes in a directory. */
  static async filled(): Promise<Service> {
    const service = new Service();
    for (const [line, more] of [
      ['PUT /share?restype=share', {}],
      ['PUT /share/Dir?restype=directory', {}],
      ['PUT /share/Dir/a.txt', { 'x-ms-type': 'file', 'x-ms-content-length': '10', 'x-ms-meta-who': 'me' }],
    ] as const) {
      expect(await service.told(line, more)).toBe('201');
    }
    return service;
  }

  async text(path = '/share/Dir/a.txt', more: Record<string, string> = {}): Promise<string> {
    const { body } = await this.ask(`GET ${path}`, more);
    return body === undefined || typeof body === 'string'
      ? String(body)
      : Buffer.from(await whole(body)).toString();
  }

  write(first: number, text: string, path = '/share/Dir/a.txt'): Promise<string> {
    const range = `bytes=${first}-${first + text.length - 1}`;
    return this.told(`PUT ${path}?comp=range`, { 'x-ms-range': range, 'x-ms-write': 'update' }, text);
  }
}

function toldBy({ status, headers }: DataResponse): string {
  const code = headers['x-ms-error-code'];
  return code === undefined ? String(status) : `${status} ${code}`;
}

describe('files', () => {
  test('are zeros until they are written, in ranges, over one another', async () => {
    const service = await Service.filled();
    expect(await service.text()).toBe('\0'.repeat(10));
    expect([
      await service.write(2, 'abcdef'),
      await service.write(4, 'XY'),
      await service.write(0, '1'),
    ]).toEqual(['201', '201', '201']);
    expect(await service.text()).toBe('1\0abXYef\0\0');
    expect(await service.text(undefined, { 'x-ms-range': 'bytes=3-5' })).toBe('bXY');
    const clear = { 'x-ms-range': 'bytes=3-4', 'x-ms-write': 'clear', 'content-length': '0' };
    expect(await service.told('PUT /share/Dir/a.txt?comp=range', clear)).toBe('201');
    expect(await service.text()).toBe('1\0a\0\0Yef\0\0');
    const { body } = await service.ask('GET /share/Dir/a.txt?comp=rangelist');
    expect(body).toBe(
      '<?xml version="1.0" encoding="utf-8"?><Ranges><Range><Start>0</Start><End>0</End></Range><Range><Start>2</Start><End>2</End></Range><Range><Start>5</Start><End>7</End></Range></Ranges>',
    );
  });

  test('read as a buffer would, whatever is written', async () => {
    const service = await Service.filled();
    const size = 200;
    await service.told(`PUT /share/r`, { 'x-ms-type': 'file', 'x-ms-content-length': String(size) });
    const model = Buffer.alloc(size);
    let seed = 7;
    const next = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % below;
    };
    for (let step = 0; step < 120; step++) {
      const from = next(size);
      const to = from + next(Math.min(40, size - from));
      if (next(4) === 0) {
        model.fill(0, from, to + 1);
        const more = { 'x-ms-range': `bytes=${from}-${to}`, 'x-ms-write': 'clear' };
        expect(await service.told('PUT /share/r?comp=range', more)).toBe('201');
      } else {
        const text = String.fromCharCode(65 + (step % 26)).repeat(to - from + 1);
        model.write(text, from);
        expect(await service.write(from, text, '/share/r')).toBe('201');
      }
      expect(await service.text('/share/r')).toBe(model.toString());
      const low = next(size);
      const high = low + next(size - low);
      expect(await service.text('/share/r', { range: `bytes=${low}-${high}` })).toBe(
        model.subarray(low, high + 1).toString(),
      );
    }
  });

  test('have properties, metadata and another size', async () => {
    const service = await Service.filled();
    const head = await service.ask('HEAD /share/dir/A.TXT');
    expect(head.headers).toMatchObject({
      'content-length': '10',
      'content-type': 'application/octet-stream',
      'x-ms-type': 'File',
      'x-ms-meta-who': 'me',
      'x-ms-file-attributes': 'Archive',
    });
    await service.ask('PUT /share/Dir/a.txt?comp=metadata', { 'x-ms-meta-x': 'y' });
    expect((await service.ask('GET /share/Dir/a.txt?comp=metadata')).headers).toMatchObject({
      'x-ms-meta-x': 'y',
    });
    await service.write(0, '0123456789');
    const sized = { 'x-ms-content-length': '4', 'x-ms-content-type': 'text/plain' };
    expect(await service.told('PUT /share/Dir/a.txt?comp=properties', sized)).toBe('200');
    expect(await service.text()).toBe('0123');
    await service.told('PUT /share/Dir/a.txt?comp=properties', { 'x-ms-content-length': '6' });
    expect(await service.text()).toBe('0123\0\0');
    expect(await service.told('DELETE /share/Dir/a.txt')).toBe('202');
    expect(await service.told('GET /share/Dir/a.txt')).toBe('404 ResourceNotFound');
  });

  test('written over leave no content, and a crash none that is not named', async () => {
    const service = await Service.filled();
    const contents = async (): Promise<number> => {
      const { extents } = await service.files.node(
        { account: 'acct', share: 'share', path: 'dir/a.txt' },
        'file',
      );
      return extents.length;
    };
    for (let step = 0; step < 5; step++) await service.write(0, '0123456789');
    expect(await contents()).toBe(1);
  });
});

describe('shares and directories', () => {
  test('are made once, listed in pages, and removed', async () => {
    const service = await Service.filled();
    expect(await service.told('PUT /share?restype=share')).toBe('409 ShareAlreadyExists');
    expect(await service.told('PUT /share/dir?restype=directory')).toBe('409 ResourceAlreadyExists');
    for (const name of ['b', 'c']) await service.told(`PUT /share/${name}?restype=directory`);
    const first = String((await service.ask('GET /share?restype=directory&comp=list&maxresults=2')).body);
    expect(first).toContain('<Directory><Name>Dir</Name><Properties /></Directory>');
    expect(first).toContain('<NextMarker>c</NextMarker>');
    const rest = String((await service.ask('GET /share?restype=directory&comp=list&marker=c')).body);
    expect([rest.includes('<Name>c</Name>'), rest.includes('<Name>b</Name>')]).toEqual([true, false]);
    const inside = String((await service.ask('GET /share/dir?restype=directory&comp=list')).body);
    expect(inside).toContain('<File><Name>a.txt</Name><Properties><Content-Length>10</Content-Length>');
    expect(await service.told('DELETE /share/dir?restype=directory')).toBe('409 DirectoryNotEmpty');
    expect(await service.told('DELETE /share/b?restype=directory')).toBe('202');
    const { body } = await service.ask('GET /?comp=list&prefix=sh');
    expect(String(body)).toContain('<Share><Name>share</Name>');
    expect(await service.told('DELETE /share?restype=share')).toBe('202');
    expect(await service.told('GET /share/dir/a.txt')).toBe('404 ShareNotFound');
  });

  test('have quota and metadata', async () => {
    const service = await Service.filled();
    await service.told('PUT /share?restype=share&comp=metadata', { 'x-ms-meta-a': 'b' });
    await service.told('PUT /share?restype=share&comp=properties', { 'x-ms-share-quota': '7' });
    expect((await service.ask('GET /share?restype=share')).headers).toMatchObject({
      'x-ms-share-quota': '7',
      'x-ms-meta-a': 'b',
    });
    expect((await service.ask('GET /share/dir?restype=directory')).headers).toMatchObject({
      'x-ms-file-attributes': 'Directory',
    });
    expect(await service.told('GET /share?restype=directory')).toBe('200');
  });
});

describe('refusals', () => {
  const sized = { 'x-ms-type': 'file', 'x-ms-content-length': '1' };
  test.each<[string, Record<string, string>, string]>([
    ['PUT /none/a', sized, '404 ShareNotFound'],
    ['PUT /share/no/a', sized, '404 ParentNotFound'],
    ['PUT /share/Dir/a.txt/b', sized, '404 ParentNotFound'],
    ['GET /share/no/a', {}, '404 ParentNotFound'],
    ['GET /share/no', {}, '404 ResourceNotFound'],
    ['GET /share/Dir', {}, '404 ResourceNotFound'],
    ['PUT /share/Dir', sized, '409 ResourceTypeMismatch'],
    ['PUT /share/Dir/a.txt?restype=directory', {}, '409 ResourceTypeMismatch'],
    ['PUT /share?restype=directory', {}, '409 ResourceAlreadyExists'],
    ['DELETE /share?restype=directory', {}, '400 InvalidUri'],
    ['PUT /share', sized, '400 InvalidUri'],
    ['PUT /share/x', { 'x-ms-type': 'blob', 'x-ms-content-length': '1' }, '400 InvalidHeaderValue'],
    ['PUT /share/x', { 'x-ms-type': 'file' }, '400 MissingRequiredHeader'],
    [
      'PUT /share/x',
      { 'x-ms-type': 'file', 'x-ms-content-length': '99999999999999' },
      '400 InvalidHeaderValue',
    ],
    ['PUT /share/x?restype=share&comp=x', {}, '400 InvalidQueryParameterValue'],
    ['POST /share?restype=share', {}, '405 UnsupportedHttpVerb'],
    ['PUT /Share?restype=share', {}, '400 InvalidResourceName'],
    ['PUT /share/a%3Fb', sized, '400 InvalidResourceName'],
    ['PUT /share/..%2Fx', sized, '400 InvalidResourceName'],
    ['PUT /share/%E0%A4%A', sized, '400 InvalidUri'],
    ['PUT /s2?restype=share', {}, '400 InvalidResourceName'],
    ['PUT /s22?restype=share', { 'x-ms-share-quota': '0' }, '400 InvalidHeaderValue'],
    ['GET /?comp=list&maxresults=0', {}, '400 OutOfRangeQueryParameterValue'],
    ['GET /share/Dir/a.txt', { range: 'bytes=10-' }, '416 InvalidRange'],
    [
      'PUT /share/Dir/a.txt?comp=range',
      { 'x-ms-range': 'bytes=5-', 'x-ms-write': 'clear' },
      '400 InvalidHeaderValue',
    ],
    [
      'PUT /share/Dir/a.txt?comp=range',
      { 'x-ms-range': 'bytes=5-99', 'x-ms-write': 'clear' },
      '416 InvalidRange',
    ],
    [
      'PUT /share/Dir/a.txt?comp=range',
      { 'x-ms-range': 'bytes=0-1', 'x-ms-write': 'x' },
      '400 InvalidHeaderValue',
    ],
    ['PUT /share/x', { ...sized, 'x-ms-meta-': 'x' }, '400 EmptyMetadataKey'],
  ])('%s %j: %s', async (line, more, told) => {
    const service = await Service.filled();
    expect(await service.told(line, more)).toBe(told);
  });

  test.each<[string, Record<string, string>, string]>([
    ['GET /share/Dir/a.txt?comp=listhandles', {}, 'List Handles'],
    ['PUT /share/Dir/a.txt?comp=lease', {}, 'Lease File'],
    ['PUT /share/Dir/b.txt', { 'x-ms-copy-source': 'https://x' }, 'Copy File'],
    ['PUT /share/Dir/b.txt?comp=rename', {}, 'Rename File'],
    ['PUT /share?restype=share&comp=snapshot', {}, 'Snapshot Share'],
    ['GET /share/Dir/a.txt?sharesnapshot=2020-01-01', {}, 'share snapshots'],
    ['GET /?restype=service&comp=properties', {}, 'Get File Service Properties'],
    [
      'PUT /share/b',
      { ...sized, 'x-ms-file-permission': 'O:S' },
      'permissions of files (x-ms-file-permission)',
    ],
    ['GET /share/Dir/a.txt', { 'x-ms-lease-id': 'x' }, 'leases of files'],
  ])('%s %j is refused as %s', async (line, more, name) => {
    const response = await (await Service.filled()).ask(line, more);
    expect([response.status, String(response.body).includes(notImplemented(name).message)]).toEqual([
      501,
      true,
    ]);
  });

  test('a body that is not the range', async () => {
    const service = await Service.filled();
    const range = { 'x-ms-range': 'bytes=0-3', 'x-ms-write': 'update' };
    const line = 'PUT /share/Dir/a.txt?comp=range';
    expect(await service.told(line, range, 'abc')).toBe('400 InvalidHeaderValue');
    const md5 = { ...range, 'content-md5': Buffer.alloc(16).toString('base64') };
    expect(await service.told(line, md5, 'abcd')).toBe('400 Md5Mismatch');
    const large = { 'x-ms-range': 'bytes=0-4194304', 'x-ms-write': 'update' };
    expect(await service.told(line, large, 'abcd')).toBe('413 RequestBodyTooLarge');
    expect(await service.write(8, 'abc')).toBe('416 InvalidRange');
    expect(await service.text()).toBe('\0'.repeat(10));
  });
});

describe('who may', () => {
  const fields = { sv: version, se: '2026-11-23T00:00:00Z', spr: 'https' };
  const target = { service: 'file', account: 'acct', container: 'share', name: 'Dir/a.txt' } as const;
  const ask = async (line: string, headers: Record<string, string> = {}, caller?: Caller): Promise<string> =>
    toldBy(await (await Service.filled()).raw(line, headers, '', caller));

  test.each<[string, Record<string, string>, string, string]>([
    ['a signature of the file', { ...fields, sr: 'f', sp: 'r' }, 'GET /share/Dir/a.txt', '200'],
    [
      'for another permission',
      { ...fields, sr: 'f', sp: 'w' },
      'GET /share/Dir/a.txt',
      '403 AuthorizationPermissionMismatch',
    ],
    ['for another file', { ...fields, sr: 'f', sp: 'r' }, 'GET /share/Dir/b.txt', '403 AuthenticationFailed'],
    ['of the share', { ...fields, sr: 's', sp: 'rl' }, 'GET /share/Dir/a.txt', '200'],
    [
      'of the share, to list',
      { ...fields, sr: 's', sp: 'rl' },
      'GET /share/Dir?restype=directory&comp=list',
      '200',
    ],
    [
      'of the share, to remove it',
      { ...fields, sr: 's', sp: 'rld' },
      'DELETE /share?restype=share',
      '403 AuthorizationPermissionMismatch',
    ],
    [
      'that is over',
      { ...fields, se: '2026-11-21T00:00:00Z', sr: 's', sp: 'r' },
      'GET /share/Dir/a.txt',
      '403 AuthenticationFailed',
    ],
    ['of the account', { ...fields, ss: 'f', srt: 'o', sp: 'r' }, 'GET /share/Dir/a.txt', '200'],
    [
      'of the account, for blobs',
      { ...fields, ss: 'b', srt: 'o', sp: 'r' },
      'GET /share/Dir/a.txt',
      '403 AuthorizationServiceMismatch',
    ],
    [
      'of the account, for shares',
      { ...fields, ss: 'f', srt: 'c', sp: 'r' },
      'GET /share/Dir/a.txt',
      '403 AuthorizationResourceTypeMismatch',
    ],
    ['by a policy', { ...fields, sr: 's', sp: 'r', si: 'p' }, 'GET /share/Dir/a.txt', '501 NotImplemented'],
  ])('%s', async (_, given, line, told) => {
    const query = signedQuery(target, given);
    expect(await ask(`${line}${line.includes('?') ? '&' : '?'}${query}`)).toBe(told);
  });

  test('a wrong key, no key, an old date', async () => {
    const service = await Service.filled();
    const line = 'GET /share/Dir/a.txt';
    const wrong = { 'x-ms-date': date, 'x-ms-version': version, authorization: 'SharedKey acct:AAAA' };
    expect(toldBy(await service.raw(line, wrong))).toBe('403 AuthenticationFailed');
    expect(toldBy(await service.raw(line, {}))).toBe('401 NoAuthenticationInformation');
    expect(await service.told(line, { 'x-ms-date': 'Sun, 22 Nov 2020 10:00:00 GMT' })).toBe(
      '403 AuthenticationFailed',
    );
    const closed = { ...account, properties: { allowSharedKeyAccess: false } };
    expect(await new Service(new MemoryStore(), closed).told(line)).toBe(
      '403 KeyBasedAuthenticationNotPermitted',
    );
  });

  test.each<[string, Caller, Record<string, string>, string, string]>([
    ['an editor', person('editor'), { 'x-ms-file-request-intent': 'backup' }, 'GET /share/Dir/a.txt', '200'],
    ['without the word', person('editor'), {}, 'GET /share/Dir/a.txt', '400 MissingRequiredHeader'],
    [
      'an owner of the account',
      person('owner'),
      { 'x-ms-file-request-intent': 'backup' },
      'GET /share/Dir/a.txt',
      '403 AuthorizationPermissionMismatch',
    ],
    ['an owner, of the share', person('owner'), {}, 'GET /share?restype=share', '200'],
    [
      'an editor, of the share',
      person('editor'),
      {},
      'DELETE /share?restype=share',
      '403 AuthorizationPermissionMismatch',
    ],
    [
      'a token that is not valid',
      invalid,
      { 'x-ms-file-request-intent': 'backup' },
      'GET /share/Dir/a.txt',
      '401 InvalidAuthenticationInfo',
    ],
  ])('a token of %s', async (_, caller, headers, line, told) => {
    expect(await ask(line, { 'x-ms-version': version, ...headers }, caller)).toBe(told);
  });

  test('nobody, where the door is shut', () => {
    const request = requestOf(account, host, 'GET /share/a', {});
    const refused = filePlane(new Files(new MemoryStore(), undefined), () => [key]).refuse(request, {
      rule: 'publicNetworkAccess is Disabled',
      flag: true,
    });
    expect(toldBy(refused)).toBe('403 AuthorizationFailure');
  });
});
