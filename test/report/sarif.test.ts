/** SARIF: the official schema holds, places are the template's, fixes mend the file as it is written. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import formatsOf from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { withFix } from '../../src/app/repair/fix.ts';
import { edited } from '../../src/app/repair/text-edits.ts';
import { pageOf } from '../../src/app/report/pages.ts';
import { sarif } from '../../src/app/report/sarif.ts';
import { readJson } from '../../src/arm/template/json.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { judgeEstate } from '../support/proving.ts';

interface Region {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}
interface Replacement {
  readonly deletedRegion: Region;
  readonly insertedContent: { readonly text: string };
}
interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly JsonObject[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly level: string;
      readonly ruleIndex: number;
      readonly suppressions?: readonly object[];
      readonly codeFlows?: readonly object[];
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region?: { readonly startLine: number; readonly startColumn: number };
        };
      }[];
      readonly fixes?: readonly {
        readonly artifactChanges: readonly { readonly replacements: readonly Replacement[] }[];
      }[];
    }[];
  }[];
}

const base = 'examples/secure-workspace';
const change: readonly JsonObject[] = [
  { set: 'pe-registry location', to: 'westus' },
  { remove: 'pe-vault/default' },
  { remove: 'pe-vault' },
];

/** The schema of Microsoft's SARIF SDK. It is of draft 4; but for its own name it reads the same in draft 7. */
function validator() {
  const require = createRequire(import.meta.url);
  const file = require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');
  const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
  // One of its patterns is none with the flag `u`.
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  formatsOf.default(ajv);
  return ajv.compile(schema);
}

describe('sarif', () => {
  const validate = validator();

  it('is what the official schema asks for', async () => {
    const judgement = await judgeEstate({ base, change });
    const log = sarif(judgement, pageOf);
    validate(log);
    expect(validate.errors).toBeNull();
    // A checker that takes everything proves nothing.
    expect(validate({ ...log, version: '2.0' })).toBe(false);
    expect(validate({ ...log, runs: [{ results: [{ message: 'x' }] }] })).toBe(false);
  });

  it('names rules with help, levels, and the place in the template', async () => {
    const judgement = await judgeEstate({ base, change });
    const [run] = (sarif(judgement, pageOf) as Log).runs;
    expect(run?.results.map(({ ruleId, level }) => `${level} ${ruleId}`)).toEqual([
      'error private-endpoint-region-mismatch',
      'error public-access-off-without-endpoint',
      'note control-plane-not-private',
    ]);
    for (const [at, result] of (run?.results ?? []).entries()) {
      const rule = run?.tool.driver.rules[result.ruleIndex];
      expect(rule).toMatchObject({
        id: result.ruleId,
        shortDescription: { text: expect.stringMatching(/\w/) },
        help: { text: expect.stringMatching(/\w/), markdown: expect.stringMatching(/\w/) },
      });
      const where = judgement.verdict.findings[at]?.where;
      expect(result.locations[0]?.physicalLocation.region).toEqual({
        startLine: where?.line,
        startColumn: where?.column,
      });
    }
  });

  it('shows a flow step by step', async () => {
    const intents = [{ from: 'vm/jumpbox', must: 'reach', to: 'storage/stclinic/dfs' }];
    const judgement = await judgeEstate({ base, beside: { intents } });
    const log = sarif(judgement, pageOf);
    validate(log);
    expect(validate.errors).toBeNull();
    const steps = judgement.verdict.findings[0]?.trace?.steps ?? [];
    expect(steps.length).toBeGreaterThan(2);
    const locations = steps.map(({ stage, says }) => ({
      location: { message: { text: `${stage}: ${says}` }, physicalLocation: {} },
    }));
    expect((log as Log).runs[0]?.results[0]?.codeFlows).toMatchObject([{ threadFlows: [{ locations }] }]);
  });

  it('has fixes that make of the file what the patch makes of the template', async () => {
    const { verdict, proof } = await judgeEstate({ base, change });
    const [run] = (sarif({ verdict, proof }, pageOf) as Log).runs;
    const [source] = proof.survey.sources;
    let tried = 0;
    for (const [at, { fix }] of verdict.findings.entries()) {
      const replacements = run?.results[at]?.fixes?.[0]?.artifactChanges[0]?.replacements;
      if (!fix || !source) continue;
      const starts = lineStarts(source.document.text);
      const edits = (replacements ?? []).map(({ deletedRegion: r, insertedContent }) => ({
        start: (starts[r.startLine - 1] ?? 0) + r.startColumn - 1,
        end: (starts[r.endLine - 1] ?? 0) + r.endColumn - 1,
        text: insertedContent.text,
      }));
      const mended = readJson(edited(source.document.text, edits), 'main.json').value;
      expect(mended).toEqual(withFix([source], fix)[0]?.document.value);
      tried++;
    }
    expect(tried).toBe(2);
  });

  it('suppresses what the team has accepted', async () => {
    const accept = [{ code: 'private-endpoint-region-mismatch', subject: '*', because: 'a test' }];
    const log = sarif(await judgeEstate({ base, change, beside: { accept } }), pageOf);
    validate(log);
    expect(validate.errors).toBeNull();
    const suppressed = (log as Log).runs[0]?.results.filter(({ suppressions }) => suppressions);
    expect(suppressed?.map(({ ruleId }) => ruleId)).toEqual(['private-endpoint-region-mismatch']);
  });
});

function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
}
