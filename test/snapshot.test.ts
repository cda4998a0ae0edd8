/** Snapshots: an estate as a file. What it says of flows is what the templates said that it was made of. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Diff, diff } from '../src/app/diff.ts';
import { open, openSnapshot, snapshotOf } from '../src/app/files.ts';
import { type Snapshot, snapshotText } from '../src/app/snapshot.ts';
import { verifySnapshot } from '../src/app/verify.ts';
import { isObject } from '../src/lib/json.ts';

const base = 'examples/secure-workspace';
const folder = mkdtempSync(join(tmpdir(), 'cloister-snapshot-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function taken(name: string, param: readonly string[] = []): Promise<string> {
  return written(name, snapshotText(snapshotOf(await open([base], { param }))));
}

function readSnapshot(file: string): Snapshot {
  const snapshot = openSnapshot(file);
  if (!snapshot) throw new Error(`${file} is no snapshot`);
  return snapshot;
}

const told = ({ flows }: Diff): string[] =>
  flows.map(({ turn, from, to }) => `${turn} ${from.join(', ')} -> ${to}`);

describe('a snapshot', () => {
  it('is the same as what it was taken of, and byte for byte the same each time', async () => {
    const one = await open([base]);
    const [first, second] = [snapshotText(snapshotOf(one)), snapshotText(snapshotOf(one))];
    expect(first).toBe(second);
    const file = written('same.json', first);
    const found = await diff({ paths: [base] }, { snapshot: readSnapshot(file) });
    expect(found).toEqual({
      same: true,
      flows: [],
      undecided: [],
      intents: [],
      findings: { appeared: [], gone: [] },
    });
  });

  it('is proven as what it was taken of, and is no template', async () => {
    const file = await taken('proven.json');
    const verdict = await verifySnapshot(readSnapshot(file));
    expect([verdict.holds, verdict.intents.every(({ holds }) => holds === true)]).toEqual([true, true]);
    await expect(open([file])).rejects.toThrow(/this is a snapshot: give it alone/);
    expect(openSnapshot(join(base, 'main.json'))).toBeUndefined();
  });

  it('differs from another as the templates do', async () => {
    const closed = readSnapshot(await taken('closed.json'));
    const opened = readSnapshot(await taken('opened.json', ['publicNetworkAccess=Enabled']));
    const templates = await diff(
      { paths: [base] },
      { paths: [base], options: { param: ['publicNetworkAccess=Enabled'] } },
    );
    const snapshots = await diff({ snapshot: closed }, { snapshot: opened });
    expect(told(snapshots)).toEqual(told(templates));
    expect(snapshots.intents).toEqual(templates.intents);
    expect(snapshots.findings.appeared.map(({ code }) => code)).toEqual(
      templates.findings.appeared.map(({ code }) => code),
    );
  });

  it('is refused where it is damaged, with what is wrong', async () => {
    const whole: unknown = JSON.parse(snapshotText(snapshotOf(await open([base]))));
    if (!isObject(whole)) throw new Error('a snapshot is an object');
    for (const [change, says] of [
      [{ version: 2 }, /version 2.*version 1/],
      [{ resources: {} }, /'resources' must be a list/],
      [{ resources: [{ id: 'x' }] }, /resources\[0\].*'id'/],
      [{ subscription: 7 }, /'subscription' must be a text/],
      [{ beside: [{ file: 'x' }] }, /beside\[0\].*'config'/],
    ] as const) {
      const file = written('damaged.json', JSON.stringify({ ...whole, ...change }));
      expect(() => readSnapshot(file)).toThrow(says);
    }
    expect(() => readSnapshot(written('cut.json', '{"cloister": "snapshot", '))).toThrow(/cut\.json:1:/);
  });
});
