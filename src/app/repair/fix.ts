/**
 * The smallest fix of a finding: every way to mend it is tried on a copy of the templates, and only what is proven
 * there is told.
 *
 * @module
 */

import { fail, ok, type Result } from '../../lib/result.ts';
import { type Finding, keyOfFinding } from '../../verify/finding.ts';
import { askIntent } from '../../verify/intents/ask.ts';
import type { Model } from '../../verify/model.ts';
import { type Repair, sizeOf } from '../../verify/repair.ts';
import { InputError } from '../problem.ts';
import type { Proof } from '../proof.ts';
import type { Source } from '../source.ts';
import { patchesFor, type TemplatePatch, withPatches } from './edits.ts';
import type { Operation } from './pointer.ts';

/** A change of the templates after which the finding is gone and nothing else broke. */
export interface Fix {
  readonly says: string;
  /** JSON Patch (RFC 6902), for each file. */
  readonly patches: readonly { readonly file: string; readonly patch: readonly Operation[] }[];
  /** Pairs of place and target that it newly connects. */
  readonly reaches: readonly string[];
}

/** The sources as a fix leaves them. */
export function withFix(sources: readonly Source[], fix: Fix): readonly Source[] {
  const patches = sources.flatMap((source) =>
    fix.patches
      .filter(({ file }) => file === source.document.file)
      .map(({ patch }) => ({ source, operations: patch })),
  );
  return withPatches(sources, patches);
}

interface Candidate {
  readonly repair: Repair;
  readonly patches: readonly TemplatePatch[];
  readonly reaches: readonly string[];
}

/** Proves the sources again. */
export type Again = (sources: readonly Source[]) => Promise<Proof>;

/** Finds the fix that changes the fewest properties; among those, the one that connects the least. Null: none was proven. */
export async function fixFor(proof: Proof, finding: Finding, again: Again): Promise<Fix | null> {
  const sizes = [...new Set(finding.repairs.map(sizeOf))].toSorted((a, b) => a - b);
  for (const size of sizes) {
    const proven: Candidate[] = [];
    for (const repair of finding.repairs.filter((item) => sizeOf(item) === size)) {
      const plain = await tryRepair(proof, finding, repair, again, false);
      // What a new value refers to may have to be deployed first.
      const candidate = plain.ok ? plain : await tryRepair(proof, finding, repair, again, true);
      if (candidate.ok) proven.push(candidate.value);
    }
    const [best] = proven.toSorted((a, b) => a.reaches.length - b.reaches.length);
    if (best) {
      const patches = best.patches.map(({ source, operations }) => ({
        file: source.document.file,
        patch: operations,
      }));
      return { says: best.repair.says, patches, reaches: best.reaches };
    }
  }
  return null;
}

/** The finding must be gone, nothing may be found that was not there before, and what held must hold. */
async function tryRepair(
  proof: Proof,
  finding: Finding,
  repair: Repair,
  again: Again,
  ordered: boolean,
): Promise<Result<Candidate>> {
  const { survey } = proof;
  if (!survey) return fail('there is no template to patch');
  const patches = patchesFor(survey, repair.edits, ordered);
  if (!patches.ok) return patches;
  let mended: Proof;
  try {
    mended = await again(withPatches(survey.sources, patches.value));
  } catch (error) {
    if (error instanceof InputError) return fail(error.message);
    throw error;
  }
  const before = new Set(proof.report.findings.map(keyOfFinding));
  const after = mended.report.findings.filter(({ severity }) => severity !== 'note').map(keyOfFinding);
  if (after.includes(keyOfFinding(finding))) return fail('it is still there');
  const broken = after.filter((key) => !before.has(key));
  if (broken.length > 0) return fail(`it breaks ${broken.join(', ')}`);
  const lost = brokenIntents(proof, mended);
  if (lost.length > 0) return fail(`it breaks ${lost.join(', ')}`);
  const connected = new Set(reachable(proof.model));
  const reaches = reachable(mended.model).filter((pair) => !connected.has(pair));
  return ok({ repair, patches: patches.value, reaches });
}

/** Intents of the estate as it was that held, and do not any more: a door that is opened was meant to be shut. */
function brokenIntents(before: Proof, after: Proof): readonly string[] {
  const outcomes = new Map(after.report.intents.map((outcome) => [outcome.says, outcome.holds]));
  return before.report.intents.flatMap(({ says, holds, asked }) => {
    if (holds !== true || outcomes.get(says) === true || asked === null) return [];
    return askIntent(after.model, asked).holds === false ? [says] : [];
  });
}

/** Pairs of place and target that are connected. */
function reachable(model: Model): readonly string[] {
  const aims = model.names.targets().flatMap((label) => {
    const aim = model.names.target(label);
    return aim.ok ? [aim.value] : [];
  });
  return model.names.places().flatMap((from) =>
    aims.flatMap(({ target, port = 443 }) => {
      const { disposition } = model.trace({ from, to: target, port, protocol: 'tcp' });
      return disposition === 'delivered' ? [`${from.label} -> ${target.label}`] : [];
    }),
  );
}
