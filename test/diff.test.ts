/** `diff`: which flows, intents and findings a change of a template touches, what it prints and how it exits. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Diff, diff, exitCodeOf, flowChanges } from '../src/app/diff.ts';
import { open } from '../src/app/files.ts';
import { diffText, flowsText } from '../src/app/report/diff.ts';
import type { JsonObject } from '../src/lib/json.ts';
import { Prover } from '../src/verify/reach/prover.ts';
import { withFolder } from './support/scenario.ts';

const base = 'examples/secure-workspace';

/** The example, and the example changed. */
function changed(
  change: readonly JsonObject[],
  beside: JsonObject = {},
  old: readonly JsonObject[] = [],
): Promise<Diff> {
  return withFolder({ base, change: old, beside }, (before) =>
    withFolder({ base, change, beside }, (after) => diff({ paths: [before] }, { paths: [after] })),
  );
}

/** `possible internet -> vault/kv-clinic: tcp 443`. */
function told({ flows }: Diff): string[] {
  return flows.map(
    ({ turn, from, to, flows: ranges }) =>
      `${turn} ${from.join(', ')} -> ${to}: ${ranges.map((one) => Object.values(one).flat().join(' ')).join('; ')}`,
  );
}

const opened: JsonObject = {
  set: 'clinic-nsg securityRules.+',
  to: {
    name: 'AllowDns',
    properties: {
      direction: 'Outbound',
      priority: 105,
      access: 'Allow',
      protocol: 'Udp',
      sourceAddressPrefix: '10.150.1.0/28',
      sourcePortRange: '*',
      destinationAddressPrefix: '8.8.8.8',
      destinationPortRanges: ['53', '8000-8080'],
    },
  },
};

describe('diff', () => {
  it('is nothing between a folder and itself', async () => {
    const found = await diff({ paths: [base] }, { paths: [join(base, 'main.json')] });
    expect(found.flows).toEqual([]);
    const whole = await diff({ paths: [base] }, { paths: [base] });
    const none = { appeared: [], gone: [] };
    expect(whole).toEqual({ same: true, flows: [], undecided: [], intents: [], findings: none });
    expect(exitCodeOf(whole)).toBe(0);
    expect(diffText(whole)).toBe('same: no flow, no intent and no finding changes\n');
  });

  it('is what a parameter of one side opens', async () => {
    const found = await diff(
      { paths: [base] },
      { paths: [base], options: { param: ['publicNetworkAccess=Enabled'] } },
    );
    expect(told(found)).toEqual([
      'possible internet, site/branch-office -> endpoint/mlw-clinic/length-of-stay: tcp 443',
      'possible internet, site/branch-office -> registry/crclinic: tcp 443',
      'possible internet, site/branch-office -> workspace/mlw-clinic: tcp 443',
    ]);
    expect(found.flows[1]?.example).toMatchObject({
      port: 443,
      protocol: 'tcp',
      as: null,
      before: { disposition: 'refused-by-door' },
      after: { disposition: 'delivered' },
    });
    expect(exitCodeOf(found)).toBe(1);
  });

  it('tells what opens before what closes, intents and findings with it, in at most 80 columns', async () => {
    const found = await changed(
      [
        { remove: 'pe-vault/default' },
        { remove: 'pe-vault' },
        { set: 'stclinic publicNetworkAccess', to: 'Enabled' },
        { set: 'stclinic networkAcls.defaultAction', to: 'Allow' },
      ],
      { intents: [{ from: 'vm/jumpbox', must: 'reach', to: 'vault/kv-clinic' }] },
    );
    const turns = found.flows.map(({ turn }) => turn);
    expect(turns).toContain('possible');
    expect(turns).toContain('impossible');
    expect(turns).toEqual([...turns].toSorted((a, b) => (a === b ? 0 : a === 'possible' ? -1 : 1)));
    expect(told(found)).toContain('possible internet, site/branch-office -> storage/stclinic/blob: tcp 443');
    expect(found.intents).toContainEqual({
      says: 'vm/jumpbox must reach vault/kv-clinic',
      before: true,
      after: false,
    });
    expect(found.findings.appeared.map(({ code }) => code)).toContain('public-access-off-without-endpoint');
    const lines = diffText(found).split('\n');
    expect(lines[0]).toMatch(/^differs: \d+ open, \d+ close, \d+ unmet, \d+ found$/);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines).toContain('  ✗ vm/jumpbox must reach vault/kv-clinic: was met, is not met');
    expect(exitCodeOf(found)).toBe(1);
  });

  it('the other way round closes what had opened, and mends what was found', async () => {
    const there = await changed([opened]);
    const back = await changed([], {}, [opened]);
    expect(there.flows.map(({ turn }) => turn)).not.toContain('impossible');
    expect(told(back)).toEqual(told(there).map((line) => line.replace('possible', 'impossible')));
    expect(back.findings).toEqual({ appeared: there.findings.gone, gone: there.findings.appeared });
  });

  it('exits 3 where all that differs is that nobody knows', () => {
    const none = { appeared: [], gone: [] };
    const intents = [{ says: 'a must reach b', before: true, after: 'unknown' }] as const;
    expect(exitCodeOf({ same: false, flows: [], undecided: [], intents, findings: none })).toBe(3);
    const unmet = [...intents, { says: 'a must reach c', before: true, after: false }];
    expect(exitCodeOf({ same: false, flows: [], undecided: [], intents: unmet, findings: none })).toBe(1);
  });

  it('exits 3 where the budget ends before a difference is found, and says for which flows', async () => {
    const { linked } = await open([base]);
    const found = flowChanges(linked.network, linked.network, new Prover({ ways: 1 }));
    expect(found.flows).toEqual([]);
    expect(found.undecided).toContainEqual({
      from: expect.arrayContaining(['internet', 'vm/jumpbox']),
      to: 'vault/kv-clinic',
      missing: 'the budget of the proof',
    });
    const none = { appeared: [], gone: [] };
    const whole = { same: false, ...found, intents: [], findings: none };
    expect(exitCodeOf(whole)).toBe(3);
    const lines = diffText(whole).split('\n');
    expect(lines[0]).toBe(`differs: ${found.undecided.length} undecided`);
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}\? .*internet/));
    expect(flowsText(found)).toContain('undecided');
    const options = { param: ['publicNetworkAccess=Enabled'] };
    const other = await open([base], options);
    const { flows } = flowChanges(linked.network, other.linked.network);
    expect(exitCodeOf({ ...whole, flows })).toBe(1);
  });

  it('refuses what cannot be read', async () => {
    await expect(diff({ paths: ['/nowhere'] }, { paths: [base] })).rejects.toThrow(/no such file/);
    const wrong = { paths: [base], options: { param: ['nonsense=1'] } };
    await expect(diff({ paths: [base] }, wrong)).rejects.toThrow(/nonsense/);
  });
});
