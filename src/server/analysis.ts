/**
 * Runs of a virtual network verifier: what each finds is worked out after it was written, and kept in it.
 *
 * @module
 */

import { reachabilityOf } from '../app/reachability.ts';
import type { Host } from '../arm/apply.ts';
import { settle } from '../arm/apply.ts';
import type { ResourceId } from '../arm/id.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';
import type { Network } from '../net/model.ts';
import { contentOf, runType } from '../providers/network/verifier.ts';

/** An estate that runs, with what it means. */
export interface Analysed extends Host<Fact> {
  readonly network: Network;
}

/** Works a run out, and writes what it found. */
export async function analyse(host: Analysed, id: ResourceId): Promise<void> {
  const found = resultOf(host, id);
  await host.transact(({ estate }) => {
    const run = estate.get(id);
    const writes = run ? [Object.freeze({ ...run, properties: { ...run.properties, ...found } })] : [];
    return { change: { writes, deletes: [] } };
  });
}

function resultOf({ plane, network }: Analysed, id: ResourceId): JsonObject {
  const run = plane.estate.get(id);
  if (!run) return {};
  const result = reachabilityOf(network, contentOf(run));
  return result.ok ? { analysisResult: JSON.stringify(result.value) } : { errorMessage: result.error };
}

/** Works out what a crash cut off. */
export async function resumeAnalyses(host: Analysed): Promise<void> {
  const open = host.plane.estate
    .ofType(runType)
    .filter(({ properties }) => (properties['analysisResult'] ?? properties['errorMessage']) === undefined);
  for (const { id } of open) await settle(host, [{ kind: 'analyse', resource: id }]);
}
