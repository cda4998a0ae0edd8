/**
 * What an update does to a running estate, told before it is deployed: the deployment is rehearsed on a copy.
 *
 * @module
 */

import { join } from 'node:path';
import { Estate, type Resource } from '../arm/resource.ts';
import type { Fact } from '../net/facts.ts';
import { networkOf } from '../providers/network-of.ts';
import { readConfig } from './config.ts';
import { type FlowChanges, flowChanges } from './diff.ts';
import { besideOf, type OpenOptions, openSources } from './open.ts';
import { InputError } from './problem.ts';
import type { Source } from './source.ts';

/** A running estate, as its instance hands it out. */
export interface Snapshot {
  readonly subscription: string;
  readonly resources: readonly Resource[];
  /** What each cloister.yaml said, by file. */
  readonly beside: readonly { readonly config: string; readonly file: string }[];
}

/**
 * Lists the flows that change when sources are deployed onto a running estate. Deployments are incremental: what a
 * template has no more stays. Throws InputError where they would not deploy.
 */
export async function updateOf(
  { subscription, resources, beside }: Snapshot,
  sources: readonly Source[],
  options: OpenOptions,
): Promise<FlowChanges> {
  if (options.subscription !== undefined && options.subscription.toLowerCase() !== subscription)
    throw new InputError({
      message: `--subscription ${options.subscription}: the instance is of ${subscription}`,
    });
  const estate = new Estate(resources);
  const configs = beside.map(({ config, file }) => ({ file, config: readConfig(config, file) }));
  const replaced = new Set(sources.map(({ folder }) => join(folder, 'cloister.yaml')));
  const kept = configs.filter(({ file }) => !replaced.has(file));
  const facts = configs.flatMap((config) => standing(config, estate));
  const before = networkOf(estate, facts).network;
  const after = await openSources(sources, { ...options, subscription }, { onto: { estate, beside: kept } });
  return flowChanges(before, after.linked.network);
}

/** What a cloister.yaml still says; a machine that it names may be gone since, and the instance holds the rest. */
function standing(config: Pick<Source, 'config'>, estate: Estate): readonly Fact[] {
  try {
    return besideOf([config], estate);
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}
