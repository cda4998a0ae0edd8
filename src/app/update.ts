/**
 * What an update does to a running estate, told before it is deployed: the deployment is rehearsed on a copy.
 *
 * @module
 */

import { join } from 'node:path';
import { type FlowChanges, flowChanges } from './diff.ts';
import { type OpenOptions, openSources } from './open.ts';
import { InputError } from './problem.ts';
import { type Snapshot, standingOf } from './snapshot.ts';
import type { Source } from './source.ts';

/**
 * Lists the flows that change when sources are deployed onto a running estate. Deployments are incremental: what a
 * template has no more stays. Throws InputError where they would not deploy.
 */
export async function updateOf(
  snapshot: Snapshot,
  sources: readonly Source[],
  options: OpenOptions,
): Promise<FlowChanges> {
  const { subscription } = snapshot;
  if (options.subscription !== undefined && options.subscription.toLowerCase() !== subscription)
    throw new InputError({
      message: `--subscription ${options.subscription}: the instance is of ${subscription}`,
    });
  const { estate, configs, linked } = standingOf(snapshot);
  const replaced = new Set(sources.map(({ folder }) => join(folder, 'cloister.yaml')));
  const kept = configs.filter(({ file }) => !replaced.has(file));
  const after = await openSources(sources, { ...options, subscription }, { onto: { estate, beside: kept } });
  return flowChanges(linked.network, after.linked.network);
}
