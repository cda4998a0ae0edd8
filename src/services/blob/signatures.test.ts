/**
 * Keys and signatures: what is let in, what is refused and how, and that nothing else ever gets through.
 *
 * @module
 */

import { assert, constantFrom, dictionary, integer, property, record, string } from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { ip } from '../../lib/ip.ts';
import { MemoryStore } from '../../store/memory.ts';
import type { DataRequest, DataResponse } from '../data-plane.ts';
import { Blobs } from './blobs.ts';
import { delegationKey } from './delegation.ts';
import { StorageError } from './error.ts';
import { assign, now, person, requestOf, resource, tenant, textOf, worldOf } from './harness.testing.ts';
import { blobPlane } from './plane.ts';
import { parseSas, sasText } from './sas.ts';
import { checkSharedKey, sharedKeyLiteText, sharedKeyText } from './shared-key.ts';
import { key, signed, signedQuery } from './signed.testing.ts';

const host = 'acct.blob.core.windows.net';
const account = resource('Microsoft.Storage/storageAccounts', 'acct');
const world = worldOf(
  account,
  assign('alice', 'blobContributor', account.id),
  assign('bob', 'blobReader', account.id),
);
const at = { account: 'acct', container: 'data', name: 'a' };
const date = new Date(now).toUTCString();
const common = { 'x-ms-date': date, 'x-ms-version': '2021-12-02' };
const block = { 'x-ms-blob-type': 'BlockBlob' };

let blobs: Blobs;

beforeEach(async () => {
  blobs = new Blobs(new MemoryStore(), undefined, () => now);
  await blobs.open();
  await blobs.createContainer('acct', 'data');
  await blobs.put(at, Buffer.from('hello'));
  await blobs.put({ ...at, name: 'b' }, Buffer.from('secret'));
});

type Headers = Readonly<Record<string, string | undefined>>;

async function ask(
  line: string,
  headers: Headers = {},
  more: Partial<DataRequest> & { bytes?: string } = {},
) {
  const sent = { ...common, 'content-length': String(more.bytes?.length ?? 0), ...headers };
  const response = await blobPlane(blobs, () => ['b3RoZXI=', key]).handle(
    requestOf(account, host, line, { ...more, headers: sent }),
    world,
  );
  return { ...response, text: textOf(response.body) };
}

const told = ({ status, headers }: DataResponse) => `${status} ${headers['x-ms-error-code'] ?? ''}`.trim();
const detail = (text: string) => /<AuthenticationErrorDetail>([^<]*)/.exec(text)?.[1] ?? '';

describe('shared keys', () => {
  const byKey = (line: string, headers: Headers = {}, bytes = '', scheme?: 'SharedKeyLite') => {
    const all = { ...common, 'content-length': String(bytes.length), ...headers };
    return ask(line, signed('acct', line, all, scheme), { bytes });
  };

  test('what is signed', () => {
    const headers = {
      ...common,
      'content-length': '5',
      'content-type': 'text/plain',
      'x-ms-meta-b': 'two  words ',
      'x-ms-meta-a_b': '1',
      'x-ms-meta-a1': '2',
      range: 'bytes=0-1',
    };
    const request = { method: 'PUT', target: '/data/a%20b?restype=x&Comp=block&comp=a%2Cb&z', headers };
    const own = `x-ms-date:${date}\nx-ms-meta-a_b:1\nx-ms-meta-a1:2\nx-ms-meta-b:two  words\nx-ms-version:2021-12-02\n`;
    expect(sharedKeyText(request, 'acct')).toBe(
      `PUT\n\n\n5\n\ntext/plain\n\n\n\n\n\nbytes=0-1\n${own}/acct/data/a%20b\ncomp:a,b,block\nrestype:x\nz:`,
    );
    expect(sharedKeyLiteText({ ...request, target: '/data/a%20b?restype=x&comp=block' }, 'acct')).toBe(
      `PUT\n\ntext/plain\n\n${own}/acct/data/a%20b?comp=block`,
    );
  });

  test('a length of nothing is signed as 0 before version 2015-02-21', () => {
    const text = (version: string) =>
      sharedKeyText(
        { method: 'GET', target: '/', headers: { 'content-length': '0', 'x-ms-version': version } },
        'a',
      );
    expect(text('2014-02-14')).toMatch(/^GET\n\n\n0\n/);
    expect(text('2015-02-21')).toMatch(/^GET\n\n\n\n/);
  });

  test.each(['SharedKey', 'SharedKeyLite'] as const)('%s may do everything', async (scheme) => {
    const lite = scheme === 'SharedKeyLite' ? scheme : undefined;
    expect(told(await byKey('PUT /data/x%20y', { ...block, 'x-ms-meta-k': 'v' }, 'x', lite))).toBe('201');
    expect((await byKey('GET /data/x%20y', {}, '', lite)).text).toBe('x');
    expect(told(await byKey('GET /?comp=list', {}, '', lite))).toBe('200');
    expect(told(await byKey('DELETE /data?restype=container', {}, '', lite))).toBe('202');
  });

  test.each([
    ['too old', -16, 'too old'],
    ['too early', 16, 'in the future'],
    ['just in time', -14, ''],
  ])('a clock that is %s', async (_, minutes, says) => {
    const response = await byKey('GET /data/a', {
      'x-ms-date': new Date(now + minutes * 60_000).toUTCString(),
    });
    expect(told(response)).toBe(says === '' ? '200' : '403 AuthenticationFailed');
    expect(detail(response.text)).toContain(says);
  });

  test.each<[string, Headers, string]>([
    ['no date', { 'x-ms-date': undefined }, '403 AuthenticationFailed'],
    ['another account', { authorization: 'SharedKey other:AAAA' }, '403 AuthenticationFailed'],
    ['no signature', { authorization: 'SharedKey acct' }, '400 InvalidAuthenticationInfo'],
    ['a wrong signature', { authorization: 'SharedKey acct:AAAA' }, '403 AuthenticationFailed'],
  ])('%s', async (_, headers, expected) => {
    expect(told(await ask('GET /data/a', { authorization: 'SharedKey acct:AAAA', ...headers }))).toBe(
      expected,
    );
  });

  test('what was signed and what came are told, never the key', async () => {
    const { text } = await ask('GET /data/a', { authorization: 'SharedKey acct:AAAA' });
    expect(detail(text)).toContain("Server used following string to sign: 'GET\n");
    expect(text).not.toContain(key.slice(0, 8));
  });

  test('an account that takes none', async () => {
    const locked = { ...account, properties: { allowSharedKeyAccess: false } };
    const headers = signed('acct', 'GET /data/a', common);
    expect(told(await ask('GET /data/a', headers, { resource: locked }))).toBe(
      '403 KeyBasedAuthenticationNotPermitted',
    );
  });

  test('nobody gets in by changing what was signed', () => {
    const headers = { ...common, 'content-length': '5', 'x-ms-meta-k': 'v', 'content-type': 'a/b' };
    const target = '/data/a?comp=metadata&timeout=5';
    const good = signed('acct', `PUT ${target}`, headers);
    const check = (method: string, at: string, all: Headers) =>
      checkSharedKey({ method, target: at, headers: all }, 'acct', [key], now);
    check('PUT', target, good);
    assert(
      property(
        constantFrom(...Object.keys(good), 'method', 'target', 'x-ms-new'),
        string(),
        (name, value) => {
          const method = name === 'method' ? `PUT${value}x` : 'PUT';
          const aim = name === 'target' ? `${target}&${encodeURIComponent(value)}x=1` : target;
          const plain = name === 'method' || name === 'target';
          const all = plain ? good : { ...good, [name]: `${good[name] ?? ''}x${value}` };
          expect(() => check(method, aim, all)).toThrow(StorageError);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('nothing else is ever thrown', () => {
    const headers = dictionary(string(), string({ unit: 'binary' }));
    assert(
      property(
        string({ unit: 'binary' }),
        string({ unit: 'binary' }),
        headers,
        (target, authorization, others) => {
          for (const scheme of ['', 'SharedKey acct:', 'SharedKeyLite acct:']) {
            const all = { ...others, ...common, authorization: `${scheme}${authorization}` };
            const check = () => checkSharedKey({ method: 'GET', target, headers: all }, 'acct', [key], now);
            expect(check).toThrow(StorageError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('shared access signatures', () => {
  const service = { sv: '2021-12-02', sr: 'c', sp: 'r', se: '2026-11-23T00:00:00Z' };
  const whole = { sv: '2021-12-02', ss: 'b', srt: 'sco', sp: 'r', se: '2026-11-23T00:00:00Z' };
  const by = (line: string, fields: Readonly<Record<string, string>>, headers: Headers = {}, more = {}) => {
    const [path = '', query = ''] = line.split('?');
    const [, container = '', ...rest] = path.split('/');
    const sas = signedQuery({ account: 'acct', container, name: rest.join('/') }, fields);
    return ask(`${path}?${query}${query === '' ? '' : '&'}${sas}`, headers, more);
  };

  test.each([
    ['2015-04-05', 'r\n\nE\n/blob/acct/data\n\n\n\n2015-04-05\n\n\n\n\n'],
    ['2018-11-09', 'r\n\nE\n/blob/acct/data\n\n\n\n2018-11-09\nc\n\n\n\n\n\n'],
    ['2020-12-06', 'r\n\nE\n/blob/acct/data\n\n\n\n2020-12-06\nc\n\n\n\n\n\n\n'],
  ])('what is signed for a container in %s', (sv, expected) => {
    const sas = parseSas(`/data/a?sv=${sv}&sr=c&sp=r&se=E&sig=x`);
    expect(sas && sasText(sas, at)).toBe(expected);
  });

  test.each([
    ['2018-11-09', 'o\nt\nS\nE\nb\nV\nI\nP\n2018-11-09\nb\n\n\n\n\n\n'],
    ['2020-02-10', 'o\nt\nS\nE\nb\nV\n\n\nC\nI\nP\n2020-02-10\nb\n\n\n\n\n\n'],
    ['2020-12-06', 'o\nt\nS\nE\nb\nV\n\n\nC\nI\nP\n2020-12-06\nb\n\n\n\n\n\n\n'],
    ['2025-07-05', 'o\nt\nS\nE\nb\nV\n\n\nC\n\n\nI\nP\n2025-07-05\nb\n\n\n\n\n\n\n'],
  ])('what is signed in the name of a user in %s', (sv, expected) => {
    const sas = parseSas(
      `/data/a?sv=${sv}&sr=b&sp=r&skoid=o&sktid=t&skt=S&ske=E&sks=b&skv=V&scid=C&sip=I&spr=P&sig=x`,
    );
    expect(sas && sasText(sas, at)).toBe(`r\n\n\n/blob/acct/data/a\n${expected}`);
  });

  test.each([
    ['2018-11-09', 'acct\nr\nb\no\n\nE\n\n\n2018-11-09\n'],
    ['2020-12-06', 'acct\nr\nb\no\n\nE\n\n\n2020-12-06\n\n'],
  ])('what is signed for an account in %s', (sv, expected) => {
    const sas = parseSas(`/?sv=${sv}&ss=b&srt=o&sp=r&se=E&sig=x`);
    expect(sas && sasText(sas, at)).toBe(expected);
  });

  test.each<[string, string, Readonly<Record<string, string>>, string, Headers?]>([
    ['reads', 'GET /data/a', service, '200'],
    ['reads its blob', 'GET /data/a', { ...service, sr: 'b' }, '200'],
    ['does not write', 'PUT /data/a', service, '403 AuthorizationPermissionMismatch', block],
    [
      'does not list',
      'GET /data?restype=container&comp=list',
      service,
      '403 AuthorizationPermissionMismatch',
    ],
    ['lists', 'GET /data?restype=container&comp=list', { ...service, sp: 'l' }, '200'],
    ['writes', 'PUT /data/a', { ...service, sp: 'w' }, '201', block],
    ['creates', 'PUT /data/new', { ...service, sp: 'c' }, '201', block],
    ['creates, not over', 'PUT /data/a', { ...service, sp: 'c' }, '403 UnauthorizedBlobOverwrite', block],
    [
      'is not for containers',
      'DELETE /data?restype=container',
      { ...service, sp: 'rwdl' },
      '403 AuthorizationPermissionMismatch',
    ],
    ['is over', 'GET /data/a', { ...service, se: '2026-11-22T10:00:00Z' }, '403 AuthenticationFailed'],
    ['has not begun', 'GET /data/a', { ...service, st: '2026-11-22T10:00:01Z' }, '403 AuthenticationFailed'],
    ['has no end', 'GET /data/a', { ...service, se: '' }, '403 AuthenticationFailed'],
    ['has an odd end', 'GET /data/a', { ...service, se: 'soon' }, '403 AuthenticationFailed'],
    ['is for an address', 'GET /data/a', { ...service, sip: '203.0.113.0-203.0.113.9' }, '200'],
    [
      'is for another address',
      'GET /data/a',
      { ...service, sip: '203.0.113.8' },
      '403 AuthorizationSourceIPMismatch',
    ],
    ['is for HTTP', 'GET /data/a', { ...service, spr: 'http' }, '403 AuthorizationProtocolMismatch'],
    ['is for both', 'GET /data/a', { ...service, spr: 'https,http' }, '200'],
    ['is for a folder', 'GET /data/a', { ...service, sr: 'd' }, '501 NotImplemented'],
    ['has no policy', 'GET /data/a', { ...service, si: 'p' }, '403 AuthenticationFailed'],
    ['of the account', 'GET /data/a', whole, '200'],
    ['of another service', 'GET /data/a', { ...whole, ss: 'qt' }, '403 AuthorizationServiceMismatch'],
    ['of other types', 'GET /data/a', { ...whole, srt: 'sc' }, '403 AuthorizationResourceTypeMismatch'],
    ['of the account, reads', 'DELETE /data/a', whole, '403 AuthorizationPermissionMismatch'],
    ['of the account, containers', 'PUT /new?restype=container', { ...whole, sp: 'c' }, '201'],
    [
      'of the account, policies',
      'GET /data?restype=container&comp=acl',
      whole,
      '403 AuthorizationPermissionMismatch',
    ],
  ])('%s', async (_, line, fields, expected, headers = {}) => {
    expect(told(await by(line, fields, headers))).toBe(expected);
  });

  test('one blob is not another', async () => {
    const own = signedQuery(at, { ...service, sr: 'b' });
    expect(told(await ask(`GET /data/a?${own}`))).toBe('200');
    const other = await ask(`GET /data/b?${own}`);
    expect([told(other), detail(other.text)]).toEqual([
      '403 AuthenticationFailed',
      'Signature did not match.',
    ]);
    // Not by way of a copy either.
    const writes = signedQuery({ ...at, name: 'c' }, { ...service, sr: 'b', sp: 'rcw' });
    const copy = { 'x-ms-copy-source': `https://${host}/data/b` };
    expect(told(await ask(`PUT /data/c?${writes}`, copy))).toBe('401 CannotVerifyCopySource');
    const wrong = { 'x-ms-copy-source': `https://${host}/data/b?${own}` };
    expect(told(await ask(`PUT /data/c?${writes}`, wrong))).toBe('403 AuthenticationFailed');
    const right = { 'x-ms-copy-source': `https://${host}/data/a?${own}` };
    expect(told(await ask(`PUT /data/c?${writes}`, right))).toBe('202');
  });

  test('sets headers of the answer, and the version', async () => {
    const fields = { ...service, rscd: 'attachment', rsct: 'text/x-odd' };
    const { headers } = await by('GET /data/a', fields, { 'x-ms-version': undefined });
    expect(headers).toMatchObject({
      'content-disposition': 'attachment',
      'content-type': 'text/x-odd',
      'x-ms-version': '2021-12-02',
    });
  });

  test('an address that nobody knows is none', async () => {
    const arrival = { via: 'public', address: ip('20.0.0.4'), source: undefined } as const;
    const response = await by('GET /data/a', { ...service, sip: '1.1.1.1' }, {}, { arrival });
    expect(told(response)).toBe('403 AuthorizationSourceIPMismatch');
  });

  test('a stored policy says what the signature leaves out, and takes it back', async () => {
    const put = (body: string) =>
      ask(
        'PUT /data?restype=container&comp=acl',
        signed('acct', 'PUT /data?restype=container&comp=acl', {
          ...common,
          'content-length': String(body.length),
        }),
        { bytes: body },
      );
    const policy =
      '<SignedIdentifiers><SignedIdentifier><Id>p</Id><AccessPolicy><Expiry>2026-12-01</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>';
    expect(told(await put(policy))).toBe('200');
    const fields = { sv: '2021-12-02', sr: 'c', si: 'p' };
    expect(told(await by('GET /data/a', fields))).toBe('200');
    expect(told(await by('GET /data/a', { ...fields, sp: 'rw' }))).toBe('403 AuthenticationFailed');
    expect(told(await put('<SignedIdentifiers />'))).toBe('200');
    expect(told(await by('GET /data/a', fields))).toBe('403 AuthenticationFailed');
  });

  test('in the name of a user: a key on request, and never more than the user may', async () => {
    const line = 'POST /?restype=service&comp=userdelegationkey';
    const bytes =
      '<KeyInfo><Start>2026-11-22T09:00:00Z</Start><Expiry>2026-11-24T00:00:00Z</Expiry></KeyInfo>';
    const locked = { ...account, properties: { allowSharedKeyAccess: false } };
    const asked = await ask(line, {}, { caller: person('bob'), bytes, resource: locked });
    expect(told(asked)).toBe('200');
    const text = (name: string) => new RegExp(`<${name}>([^<]*)`).exec(asked.text)?.[1] ?? '';
    expect([text('SignedOid'), text('SignedTid'), text('SignedService')]).toEqual(['bob', tenant, 'b']);
    const fields = {
      ...service,
      sp: 'rw',
      skoid: 'bob',
      sktid: tenant,
      skt: text('SignedStart'),
      ske: text('SignedExpiry'),
      sks: 'b',
      skv: text('SignedVersion'),
    };
    const use = (verb: string, more: Readonly<Record<string, string>> = {}) =>
      ask(`${verb} /data/a?${signedQuery(at, { ...fields, ...more }, text('Value'))}`, block, {
        resource: locked,
      });
    expect(told(await use('GET'))).toBe('200');
    expect(told(await use('PUT'))).toBe('403 AuthorizationPermissionMismatch');
    expect(told(await use('GET', { skoid: 'alice' }))).toBe('403 AuthenticationFailed');
    expect(told(await use('GET', { ske: '2030-01-01T00:00:00Z' }))).toBe('403 AuthenticationFailed');
    const late = bytes.replace('2026-11-24', '2026-12-24');
    expect(told(await ask(line, {}, { caller: person('bob'), bytes: late }))).toBe('400 InvalidXmlNodeValue');
    expect(told(await ask(line, signed('acct', line, common), { bytes }))).toBe('403 AuthenticationFailed');
    expect(told(await ask(line, {}, { caller: person('nobody'), bytes }))).toBe(
      '403 AuthorizationPermissionMismatch',
    );
  });

  test('the key of a user is of this account and these fields', () => {
    const field = (name: string) => name;
    const secret = (purpose: string) => Buffer.from(purpose).toString('base64');
    const other = resource('Microsoft.Storage/storageAccounts', 'other');
    expect(delegationKey(secret, account, field)).not.toBe(delegationKey(secret, other, field));
    expect(delegationKey(secret, account, field)).not.toBe(delegationKey(secret, account, () => 'x'));
  });

  test('nobody gets in by changing what was signed', async () => {
    const good = signedQuery(at, { ...service, sr: 'b' });
    const fields = [
      'sv',
      'sr',
      'sp',
      'se',
      'st',
      'sip',
      'spr',
      'si',
      'ss',
      'srt',
      'sig',
      'skoid',
      'rscd',
      'ses',
    ];
    const some = record({
      name: constantFrom(...fields),
      value: string(),
      place: integer({ min: 0, max: 3 }),
    });
    const plane = blobPlane(blobs, () => [key]);
    const tries: Promise<void>[] = [];
    assert(
      property(some, ({ name, value, place }) => {
        const query = new URLSearchParams(good);
        const before = query.get(name) ?? '';
        const after = place === 0 ? value : before.slice(0, place) + value + before.slice(place + 1);
        if (after === before || after.replaceAll(' ', '+') === before) return;
        query.set(name, after);
        const target = `/data/a?${query.toString().replaceAll('+', '%20')}`;
        tries.push(
          plane
            .handle(requestOf(account, host, `GET ${target}`, { headers: common }), world)
            .then((response) => {
              expect([400, 401, 403, 501], target).toContain(response.status);
            }),
        );
      }),
      { numRuns: 500 },
    );
    await Promise.all(tries);
  });

  test('nothing else is ever thrown', () => {
    assert(
      property(
        string({ unit: 'binary' }),
        dictionary(constantFrom('sig', 'sv', 'ss', 'sr', 'skoid', 'SV'), string()),
        (text, fields) => {
          for (const target of [
            text,
            `/?${text}`,
            `/?sig=x&sv=2021-12-02&${text}`,
            `/?${new URLSearchParams(fields)}`,
          ]) {
            try {
              const sas = parseSas(target);
              if (sas) expect(typeof sasText(sas, at)).toBe('string');
            } catch (error) {
              expect(error).toBeInstanceOf(StorageError);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
