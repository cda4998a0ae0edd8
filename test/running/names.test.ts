/**
 * The resolver of a place, asked by dig and nslookup as people have them, and by what is no resolver's client at all.
 */

import { connect } from 'node:net';
import { encode } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually, group, programOf, Running, run } from '../support/running.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let running: Running;
beforeAll(async () => {
  running = await Running.example();
});
afterAll(() => running.close());

const port = async (place: string): Promise<string> =>
  (await running.instance.resolver(place)).replace('127.0.0.1:', '');
const blob = 'stclinic.blob.core.windows.net';

describe.runIf(programOf('dig'))('dig', () => {
  const dig = async (place: string, ...question: string[]): Promise<string> => {
    const { stdout } = await run('dig', [
      '@127.0.0.1',
      '-p',
      await port(place),
      '+tries=1',
      '+time=2',
      ...question,
    ]);
    return stdout;
  };

  it.each([
    ['vm/jumpbox', blob, ['stclinic.privatelink.blob.core.windows.net.', '10.150.0.4']],
    ['vm/jumpbox', 'kv-clinic.vault.azure.net', ['kv-clinic.privatelink.vaultcore.azure.net.', '10.150.0.8']],
  ])('from %s finds %s at its private address', async (place, name, lines) => {
    for (const way of ['+notcp', '+tcp'])
      expect((await dig(place, '+short', way, name)).trim().split('\n')).toEqual(lines);
  });

  it('from the internet finds the alias and a public address', async () => {
    const [alias, address, ...more] = (await dig('internet', '+short', blob)).trim().split('\n');
    expect([alias, more]).toEqual(['stclinic.privatelink.blob.core.windows.net.', []]);
    expect(address).toMatch(/^(?!10\.)\d+\.\d+\.\d+\.\d+$/);
  });

  it.each([
    ['vm/jumpbox', 'nobody.privatelink.vaultcore.azure.net', /status: NXDOMAIN/],
    [
      'vm/jumpbox',
      'www.example.com',
      /status: SERVFAIL[\s\S]*EDE: 0 \(Other\): \(www\.example\.com is not a name of this/,
    ],
    ['internet', 'somewhere.internal', /status: NXDOMAIN/],
  ])('from %s is told of %s', async (place, name, pattern) => {
    expect(await dig(place, name)).toMatch(pattern);
  });

  it('sees a record and a link as soon as ARM has answered', async () => {
    const zone = `${group}/providers/Microsoft.Network/privateDnsZones/clinic.internal`;
    const put = (path: string, body: object) =>
      running.arm('PUT', `${path}?api-version=2020-06-01`, body as never);
    expect(await dig('vm/jumpbox', 'notes.clinic.internal', 'TXT')).toMatch(/status: NXDOMAIN/);
    await put(zone, { location: 'global' });
    const records: readonly (readonly [string, object, string])[] = [
      ['TXT', { txtRecords: [{ value: ['a note', 'in two parts'] }] }, '"a note" "in two parts"'],
      ['MX', { mxRecords: [{ preference: 5, exchange: 'mail.example.org' }] }, '5 mail.example.org.'],
      ['AAAA', { aaaaRecords: [{ ipv6Address: 'fd00::4' }] }, 'fd00::4'],
      [
        'SRV',
        { srvRecords: [{ priority: 1, weight: 2, port: 3, target: 'x.example.org' }] },
        '1 2 3 x.example.org.',
      ],
      ['PTR', { ptrRecords: [{ ptrdname: 'x.example.org' }] }, 'x.example.org.'],
    ];
    for (const [type, properties] of records)
      expect((await put(`${zone}/${type}/notes`, { properties: { ttl: 7, ...properties } })).status).toBe(
        201,
      );
    const vnet = `${group}/providers/Microsoft.Network/virtualNetworks/clinic-vnet`;
    await put(`${zone}/virtualNetworkLinks/l`, {
      location: 'global',
      properties: { virtualNetwork: { id: vnet } },
    });
    for (const [type, , text] of records)
      expect([type, (await dig('vm/jumpbox', '+short', 'notes.clinic.internal', type)).trim()]).toEqual([
        type,
        text,
      ]);
    expect(await dig('vm/jumpbox', 'notes.clinic.internal', 'A')).toMatch(/status: NOERROR[\s\S]*ANSWER: 0/);
    expect(await dig('vm/jumpbox', '+noall', '+answer', 'notes.clinic.internal', 'TXT')).toMatch(
      /\s7\s+IN\s+TXT/,
    );
  });
});

it.runIf(programOf('nslookup'))(
  'nslookup gives the private address, as the troubleshooting steps want it',
  async () => {
    const { stdout } = await run('nslookup', [
      `-port=${await port('vm/jumpbox')}`,
      'kv-clinic.vault.azure.net',
      '127.0.0.1',
    ]);
    expect(stdout).toMatch(/Address: 10\.150\.0\.8/);
  },
);

describe('a client that is none', () => {
  const talk = (bytes: Buffer, to: string): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect(Number(to), '127.0.0.1', () => socket.end(bytes));
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('error', reject);
      socket.on('close', () => resolve(Buffer.concat(chunks)));
    });

  it.each([
    ['half a length', Buffer.from([0])],
    ['a message that never comes whole', Buffer.from([255, 255, 1, 2, 3])],
    ['a hundred empty messages', Buffer.alloc(200)],
    ['a request for a web page', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('that sends %s gets nothing, and the next one its answer', async (_, bytes) => {
    const to = await port('vm/jumpbox');
    expect(await talk(bytes, to)).toHaveLength(0);
    const message = encode({
      type: 'query',
      id: 0x1267,
      flags: 0x100,
      questions: [{ type: 'A', name: blob }],
    });
    const length = Buffer.from([0, message.length]);
    const answer = await talk(Buffer.concat([length, message, length, message]), to);
    expect(answer.readUInt16BE(2)).toBe(0x1267);
    // Both questions of one packet are answered, and the address is in both.
    expect(answer.toString('latin1').split(String.fromCharCode(10, 150, 0, 4))).toHaveLength(3);
  });

  it('a thousand of them at a time do not keep others from their answers', async () => {
    const to = await port('vm/jumpbox');
    const sockets = Array.from({ length: 1_000 }, () =>
      connect(Number(to), '127.0.0.1').on('error', () => {}),
    );
    await eventually(() => sockets.every((socket) => !socket.connecting));
    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await talk(Buffer.alloc(2), to).catch(() => undefined)) !== undefined);
    expect(running.errors).toEqual([]);
  });
});
