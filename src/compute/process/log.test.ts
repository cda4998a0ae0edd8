import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { Log, maxBytes, maxLines } from './log.ts';

describe('Log', () => {
  it('keeps the newest lines only', () => {
    const log = new Log();
    for (let at = 0; at < 3 * maxLines + 5; at++) log.add(`line ${at}`);
    const lines = log.tail(Number.POSITIVE_INFINITY).trimEnd().split('\n');
    expect(lines).toHaveLength(maxLines);
    expect(lines[0]).toBe(`line ${2 * maxLines + 5}`);
    expect(lines.at(-1)).toBe(`line ${3 * maxLines + 4}`);
    expect(log.tail(2)).toBe(`line ${3 * maxLines + 3}\nline ${3 * maxLines + 4}\n`);
    expect(log.tail(0)).toBe('');
  });

  it('keeps no more bytes than it may, whatever the lines', () => {
    const log = new Log();
    for (let at = 0; at < 200; at++) log.add('\u00e9'.repeat(10_000));
    const kept = Buffer.byteLength(log.tail(maxLines));
    expect(kept).toBeLessThanOrEqual(maxBytes);
    expect(kept).toBeGreaterThan(maxBytes - 20_001);
  });

  it('cuts a stream into lines across chunks, and breaks output without line ends', async () => {
    const log = new Log();
    const stream = new PassThrough();
    log.follow(stream);
    const bytes = Buffer.from('one\r\ntw\u00f6\nthree');
    for (const byte of bytes) stream.write(Buffer.from([byte]));
    await ended(stream);
    expect(log.tail(10)).toBe('one\ntw\u00f6\nthree\n');

    const endless = new PassThrough();
    log.follow(endless);
    for (let at = 0; at < 100; at++) endless.write('x'.repeat(50_000));
    await ended(endless);
    expect(Buffer.byteLength(log.tail(maxLines))).toBeLessThanOrEqual(maxBytes);
    expect(log.tail(2).split('\n')[0]).toMatch(/^x+$/);
  });
});

async function ended(stream: PassThrough): Promise<void> {
  stream.end();
  await finished(stream);
  await new Promise((resolve) => setImmediate(resolve));
}
