/**
 * Proving what was read: the estate with everything that its templates declare, and what is wrong with it.
 *
 * @module
 */

import { keyOf } from '../lib/key.ts';
import type { Network } from '../net/model.ts';
import type { Intent } from '../verify/intents/intent.ts';
import { type OwnIntent, spellOut } from '../verify/intents/own.ts';
import { Model } from '../verify/model.ts';
import { type Report, verify } from '../verify/verify.ts';
import type { Config } from './config.ts';
import { defaultDeployer } from './defaults.ts';
import type { OpenOptions } from './open.ts';
import { InputError } from './problem.ts';
import { type Snapshot, standingOf } from './snapshot.ts';
import type { Source } from './source.ts';
import { type Survey, survey } from './survey.ts';
import { findCaller, naming } from './why.ts';

/** An estate that was proven, with everything that a repair is judged by. */
export interface Proof {
  /** Undefined: the estate is one that runs or ran, so there is nothing to patch. */
  readonly survey: Survey | undefined;
  readonly model: Model;
  readonly report: Report;
}

/** A proof of files: its findings have places, and can be mended. */
export interface ProofOfFiles extends Proof {
  readonly survey: Survey;
}

/** Proves sources, without fixes. Throws InputError where a template cannot be used, or an intent names nothing. */
export async function proofOf(
  sources: readonly Source[],
  options: OpenOptions,
  today: string,
): Promise<ProofOfFiles> {
  const surveyed = await survey(sources, options);
  const proof = proofOfNetwork(
    surveyed.linked.network,
    sources.map(({ config }) => config),
    surveyed.deployer.objectId,
    today,
  );
  refuseUnexplained(surveyed, proof.report);
  return { ...proof, survey: surveyed };
}

/** Proves a Network with what is described beside it. Throws InputError where an intent names nothing. */
export function proofOfNetwork(
  network: Network,
  configs: readonly Config[],
  deployer: string,
  today: string,
): Proof {
  const known = configs.map((config) => config.deployer).find((id) => id !== undefined);
  const model = new Model({ network, today, deployer: known });
  const own = ownIntents(model, configs, deployer);
  const accepts = configs.flatMap((config) => config.accepts);
  return { survey: undefined, model, report: verify(model, own, accepts) };
}

/** Proves an estate as it is. Throws InputError where an intent names nothing. */
export function proofOfSnapshot(snapshot: Snapshot, today: string): Proof {
  const { configs, linked } = standingOf(snapshot);
  const all = configs.map(({ config }) => config);
  return proofOfNetwork(linked.network, all, defaultDeployer.objectId, today);
}

function ownIntents(model: Model, configs: readonly Config[], deployer: string): readonly Intent[] {
  return configs
    .flatMap((config) => config.intents)
    .flatMap((own) => {
      const spelled = spelledOut(model, own, deployer);
      if (spelled.ok) return spelled.value;
      const { at, ...problem } = spelled.error;
      throw new InputError({ ...at, message: naming('intent', problem).message });
    });
}

/** Spells an intent of a cloister.yaml out. It fails where a part names nothing. */
export function spelledOut(model: Model, own: OwnIntent, deployer: string): ReturnType<typeof spellOut> {
  return spellOut(model, own, (text) => findCaller(model.network, text, deployer));
}

/** A write that the control plane refuses, and that no finding speaks of, is input that cannot be used. */
function refuseUnexplained({ declarations }: Survey, { findings, accepted }: Report): void {
  const about = new Set(
    [...findings, ...accepted].flatMap(({ subject, concerns, blockers }) =>
      [subject, ...concerns, ...blockers.map(({ resource }) => resource)].map((id) => keyOf(id)),
    ),
  );
  const problems = [...declarations.values()].flatMap(({ id, refusal, limit, source, path }) => {
    if (!refusal || limit || about.has(keyOf(id))) return [];
    const { file } = source.document;
    return [
      { file, ...source.document.at(refusal.path ?? path), message: `${refusal.code}: ${refusal.message}` },
    ];
  });
  if (problems.length > 0) throw new InputError(problems);
}
