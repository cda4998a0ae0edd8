/** The flow log on disk: bounded, whole after a kill, and never in the way. */

import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FlowLine } from '../api/control.ts';
import { FlowLog } from './flow-log.ts';

const line = (port: number): FlowLine => ({
  time: '2026-01-01T00:00:00.000Z',
  at: 'gateway',
  place: 'vm/one',
  protocol: 'tcp',
  source: null,
  sourcePort: null,
  destination: 'acct.blob.core.windows.net',
  port,
  decision: 'passed',
  gate: null,
  rule: null,
});
const lines = (from: number, to: number): FlowLine[] =>
  Array.from({ length: to - from }, (_, at) => line(from + at));

describe('the flow log', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cloister-flows-'));
    file = join(folder, 'flows.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const portsIn = (path: string): number[] =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((text) => (JSON.parse(text) as FlowLine).port);

  it('has a line of JSON a flow, for the user alone, and goes on where it was', async () => {
    const log = await FlowLog.open({ file });
    await Promise.all([log.add(lines(1, 3)), log.add(lines(3, 5)), log.add([])]);
    expect(portsIn(file)).toEqual([1, 2, 3, 4]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const next = await FlowLog.open({ file });
    expect(next.recent).toEqual(lines(1, 5));
    await next.add([line(5)]);
    expect(portsIn(file)).toEqual([1, 2, 3, 4, 5]);
    expect(next.problem).toBeUndefined();
  });

  it('keeps two files of a size, and the last lines in mind', async () => {
    const log = await FlowLog.open({ file, fileSize: 3_000 });
    for (let at = 0; at < 100; at++) await log.add([line(at)]);
    const former = join(folder, 'flows.1.jsonl');
    expect(portsIn(former).concat(portsIn(file)).at(-1)).toBe(99);
    expect(portsIn(former).at(-1)).toBe((portsIn(file)[0] ?? 0) - 1);
    for (const path of [former, file]) expect(statSync(path).size).toBeLessThanOrEqual(3_000);
    expect(log.recent.map(({ port }) => port)).toEqual(Array.from({ length: 100 }, (_, at) => at));
    await log.add(lines(100, 2_000));
    expect(log.recent).toHaveLength(1_000);
    expect((await FlowLog.open({ file })).recent.at(-1)?.port).toBe(1_999);
  });

  it('reads past half a line that a kill left, and writes behind it', async () => {
    writeFileSync(file, `${JSON.stringify(line(1))}\n`);
    appendFileSync(file, '{"time":"20');
    const log = await FlowLog.open({ file });
    expect(log.recent).toEqual([line(1)]);
    await log.add([line(2)]);
    expect((await FlowLog.open({ file })).recent).toEqual([line(1), line(2)]);
  });

  it('waits for a disk that takes nothing, up to a limit, and says so', async () => {
    const gone = join(folder, 'later', 'flows.jsonl');
    const log = await FlowLog.open({ file: gone, mostWaiting: 10 });
    await log.add(lines(0, 8));
    expect(log.problem).toMatch(/^8 lines wait: ENOENT/);
    await log.add(lines(8, 12));
    expect(log.problem).toMatch(/^10 lines wait: ENOENT.*; 2 lines were not written$/);
    mkdirSync(join(folder, 'later'));
    await log.add([line(12)]);
    expect(portsIn(gone)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(log.problem).toBe('3 lines were not written');
    expect(log.recent).toEqual(lines(0, 13));
  });

  it('writes nothing where nothing is to be kept', async () => {
    const log = await FlowLog.open({ file: undefined });
    await log.add(lines(0, 3));
    expect([log.recent, log.problem]).toEqual([lines(0, 3), undefined]);
  });
});
