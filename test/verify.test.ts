/** `verify` as people and scripts meet it: what it prints, how it exits, and the team's own intents and accepts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource } from '../src/app/files.ts';
import { formats } from '../src/app/report/formats.ts';
import { verdictText } from '../src/app/report/text.ts';
import { exitCodeOf, type Finding, judge, verdictOf } from '../src/app/verify.ts';
import type { JsonObject } from '../src/lib/json.ts';
import { proveEstate, proveSources } from './support/proving.ts';
import { withFolder } from './support/scenario.ts';

const base = 'examples/secure-workspace';
const closed: readonly JsonObject[] = [{ remove: 'pe-vault/default' }, { remove: 'pe-vault' }];
const moved: JsonObject = { set: 'pe-registry location', to: 'westus' };

describe('verify', () => {
  it('holds on the example, in well under a second', async () => {
    const verdict = (await judge([openSource(base)])).verdict;
    expect(verdict.findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'note control-plane-not-private',
    ]);
    expect(verdict.holds).toBe(true);
    expect(verdict.intents.length).toBeGreaterThan(20);
    expect(verdict.intents.filter(({ holds }) => holds !== true)).toEqual([]);
    expect(exitCodeOf(verdict, 'warning')).toBe(0);
  });

  it('prints the worst first, in lines of at most 80 columns', async () => {
    const { proof } = await proveEstate({ base, change: [...closed, moved] });
    const verdict = { ...(await verdictOf(proof, {})), seconds: 0 };
    const lines = verdictText(verdict).split('\n');
    expect(lines[0]).toMatch(/^does not hold: 2 errors, 1 note; \d+ of \d+ intents met$/);
    expect(lines[1]).toMatch(/^ {2}error {4}private-endpoint-region-mismatch {2}pe-registry: /);
    expect(lines[2]).toMatch(/^ {2}error {4}public-access-off-without-endpoint {2}kv-clinic: /);
    expect(lines[3]).toMatch(/^ {2}note {5}control-plane-not-private {2}mlw-clinic: /);
    expect(lines[4]).toBe('');
    const words = lines.filter(
      (line) => line.length > 80 && line.trim().includes(' ') && !line.includes('{'),
    );
    expect(words).toEqual([]);
    expect(exitCodeOf(verdict, 'error')).toBe(1);
  });

  it('prints one JSON document with every member', async () => {
    const { proof } = await proveEstate({ base, change: [moved] });
    const verdict = { ...(await verdictOf(proof, {})), seconds: 0 };
    const told = JSON.parse(formats['json']?.(verdict, 'error') ?? '') as Record<string, JsonObject[]>;
    expect(Object.keys(told)).toEqual([
      'holds',
      'intents',
      'findings',
      'accepted',
      'unknown',
      'unmodelled',
      'seconds',
    ]);
    const [finding] = told['findings'] ?? [];
    expect(Object.keys(finding ?? {}).toSorted()).toEqual(
      [
        ...[
          'code',
          'severity',
          'subject',
          'at',
          'flow',
          'requirement',
          'nearMiss',
          'intent',
          'says',
          'trace',
        ],
        ...['blockers', 'fix', 'where'],
      ].toSorted(),
    );
    expect(finding?.['fix']).toMatchObject({
      patches: [{ patch: [{ op: 'replace', value: 'eastus' }] }],
    });
    expect(finding?.['where']).toMatchObject({
      pointer: expect.stringMatching(/^\/resources\/\d+\/location$/),
    });
  });

  it('says where in the template', async () => {
    const found = await withFolder(
      { base, change: [moved] },
      async (folder) => (await judge([openSource(folder)])).verdict,
    );
    expect(found.findings[0]?.where).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
  });
});

describe('fixes', () => {
  it('never open what was meant to be shut, though that would change less', async () => {
    const change = [{ remove: 'pe-workspace/default' }, { remove: 'pe-workspace' }];
    const { findings } = await proveEstate({ base, change });
    const [finding] = findings;
    expect(finding?.code).toBe('public-access-off-without-endpoint');
    expect(finding?.fix?.says).toBe('add a private endpoint for amlworkspace in training');
    expect(finding?.fix?.patches.flatMap(({ patch }) => patch.map(({ op }) => op))).toEqual(['add', 'add']);
    expect(finding?.fix?.reaches).toContain('vm/jumpbox -> workspace/mlw-clinic');
  });

  it('change one of the resources that a copy makes, and leave the others', async () => {
    const text = readFileSync(`${base}/main.json`, 'utf8');
    const location = '"location": "[if(equals(copyIndex(), 1), \'westus\', parameters(\'location\'))]",';
    const broken = text.replace(
      '"location": "[parameters(\'location\')]",\n      "copy": { "name": "storageEndpoints"',
      `${location}\n      "copy": { "name": "storageEndpoints"`,
    );
    expect(broken).not.toBe(text);
    const folder = mkdtempSync(join(tmpdir(), 'cloister-copy-'));
    writeFileSync(join(folder, 'main.json'), broken);
    const { findings, sources } = await proveSources([openSource(folder)]);
    rmSync(folder, { recursive: true });
    const [finding] = findings;
    expect([finding?.code, finding?.subject.split('/').at(-1)]).toEqual([
      'private-endpoint-region-mismatch',
      'pe-file',
    ]);
    expect(finding?.fix?.patches[0]?.patch[0]).toMatchObject({
      op: 'replace',
      value: expect.stringMatching(/^\[if\(equals\(concat\('pe-', .*'pe-file'\), 'eastus', if\(equals/),
    });
    expect(sources).toHaveLength(1);
  });
});

describe('own intents', () => {
  const findingsOf = async (beside: JsonObject, change: readonly JsonObject[] = []): Promise<string[]> =>
    (await proveEstate({ base, change, beside })).findings
      .filter(({ severity }) => severity !== 'note')
      .map(({ code, says }) => `${code}: ${says}`);

  it('are asked', async () => {
    const intents = [
      { from: 'vm/jumpbox', must: 'reach', to: 'storage/*/blob' },
      { from: 'internet', 'must-not': 'reach', to: 'workspace/*' },
      { from: 'vm/jumpbox', must: 'reach', to: 'storage/stclinic/dfs' },
      {
        as: 'deployer',
        must: 'do',
        action: 'Microsoft.Network/virtualNetworks/write',
        on: 'vault/kv-clinic',
      },
      { as: 'anonymous', must: 'do', action: 'a/b/read', on: 'vault/kv-clinic' },
    ];
    expect(await findingsOf({ intents })).toEqual([
      expect.stringMatching(/^intent-not-met: anonymous must do a\/b\/read on .*: no role allows it$/),
      'intent-not-met: vm/jumpbox must reach storage/stclinic/dfs: dropped-by-gate',
    ]);
  });

  it('that name nothing are refused with their place', async () => {
    const refused = (intent: JsonObject) =>
      expect(findingsOf({ intents: [intent] })).rejects.toThrow(
        /cloister\.yaml:\d+:\d+: intent: there is no|no /,
      );
    await refused({ from: 'vm/nobody', must: 'reach', to: 'vault/kv-clinic' });
    await refused({ from: 'vm/jumpbox', must: 'reach', to: 'storage/nothing*' });
    await refused({ from: 'vm/jumpbox', must: 'reach', to: 'vault/kv-clinic', as: 'nobody' });
    await refused({ as: 'deployer', must: 'do', action: 'a/b', on: 'vault/none' });
  });

  it('that allow take away what the estate would say', async () => {
    const open = [
      { set: 'kv-clinic publicNetworkAccess', to: 'Enabled' },
      { set: 'kv-clinic networkAcls.ipRules', to: [{ value: '200.0.0.0/6' }] },
    ];
    const before = await findingsOf({}, open);
    const after = await findingsOf(
      { intents: [{ from: 'internet', may: 'reach', to: 'vault/kv-clinic' }] },
      open,
    );
    expect(before.filter((line) => line.startsWith('intent-not-met'))).toEqual([
      'intent-not-met: internet must not reach vault/kv-clinic: delivered',
    ]);
    expect(after.filter((line) => line.startsWith('intent-not-met'))).toEqual([]);
  });
});

function codesOf(findings: readonly Finding[]): readonly string[] {
  return findings.flatMap(({ severity, code }) => (severity === 'note' ? [] : [code]));
}

describe('intents are about every address', () => {
  it('so a list that lets in more than it should is found, wherever the client stands', async () => {
    const lets = async (value: string): Promise<string[]> => {
      const change = [
        { set: 'kv-clinic publicNetworkAccess', to: 'Enabled' },
        { set: 'kv-clinic networkAcls.ipRules', to: [{ value }] },
      ];
      return (await proveEstate({ base, change })).findings.flatMap(({ code, says }) =>
        code === 'intent-not-met' ? [says] : [],
      );
    };
    // The client of `why` is 203.0.113.10, in neither.
    expect(await lets('8.0.0.0/6')).toEqual(['internet must not reach vault/kv-clinic: delivered']);
    expect(await lets('8.8.8.0/24')).toEqual([]);
  });
});

describe('accepts', () => {
  const accept = (until?: string) => ({
    code: 'public-access-off-without-endpoint',
    subject: 'vaults/kv-*',
    because: 'a test',
    ...(until === undefined ? {} : { until }),
  });
  // Every proof in tests is of 2026-06-01.
  const rows: [until: string | undefined, codes: string[], accepted: number][] = [
    [undefined, [], 1],
    ['2027-01-01', [], 1],
    ['2026-06-16', [], 1],
    ['2026-06-15', ['accept-expiring'], 1],
    ['2026-06-01', ['accept-expiring'], 1],
    ['2026-05-31', ['public-access-off-without-endpoint', 'accept-expiring'], 0],
  ];
  it.each(rows)('until %s: %j', async (until, codes, count) => {
    const { findings, proof } = await proveEstate({
      base,
      change: closed,
      beside: { accept: [accept(until)] },
    });
    expect(codesOf(findings)).toEqual(codes);
    expect(proof.report.accepted).toHaveLength(count);
  });

  it('that match nothing are reported', async () => {
    const { findings } = await proveEstate({ base, beside: { accept: [accept()] } });
    expect(codesOf(findings)).toEqual(['accept-unused']);
  });
});

describe('input that no finding speaks of', () => {
  it('is refused with its place', async () => {
    const change = [{ set: 'stclinic networkAcls.ipRules', to: [{ value: '10.0.0.1' }] }];
    await expect(proveEstate({ base, change })).rejects.toThrow(/main\.json:\d+:\d+: InvalidParameter/);
  });
});
