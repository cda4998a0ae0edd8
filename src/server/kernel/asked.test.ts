/** Names in first bytes: what clients of TLS and HTTP send, in any pieces, and what they do not. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedIn } from './asked.ts';

/** The first bytes that Node's TLS sends. */
async function hello(servername: string | undefined): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = connect({ port, host: '127.0.0.1', ...(servername === undefined ? {} : { servername }) });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

describe('the name that is asked for', () => {
  it('is the one in the hello of TLS, once all of it is there', async () => {
    const bytes = await hello('Acct.Blob.Core.Windows.Net');
    expect(askedIn(bytes)).toEqual({ name: 'acct.blob.core.windows.net' });
    for (let end = 0; end < bytes.length; end++) expect(askedIn(bytes.subarray(0, end))).toBe('more');
  });

  it('is none where the hello has none', async () => {
    expect(askedIn(await hello(undefined))).toEqual({ name: undefined });
  });

  it.each<[string, ReturnType<typeof askedIn>]>([
    ['GET / HTTP/1.1\r\nAccept: */*\r\nHost: example.org:80\r\n\r\n', { name: 'example.org' as never }],
    ['GET / HTTP/1.0\r\n\r\n', { name: undefined }],
    ['GET / HTTP/1.1\r\nHost: exa', 'more'],
    ['GE', 'more'],
    ['', 'more'],
    ['hello', 'neither'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'neither'],
  ])('of %j', (text, expected) => {
    expect(askedIn(Buffer.from(text))).toEqual(expected);
  });

  it('is read from anything without an error', async () => {
    const bytes = await hello('example.org');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.uint8Array(), (at, value, noise) => {
        const broken = Buffer.from(bytes);
        broken[at] = value;
        askedIn(broken);
        askedIn(Buffer.from([22, ...noise]));
        askedIn(Buffer.from(noise));
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
