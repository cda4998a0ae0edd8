/**
 * Where things are deployed unless somebody says otherwise: stated constants, so that the same template gives the
 * same answers offline and running, on every machine.
 *
 * @module
 */

import type { Caller } from '../arm/caller.ts';
import type { ResourceId } from '../arm/id.ts';
import type { Settings } from '../arm/provider.ts';
import type { Resource } from '../arm/resource.ts';
import { grantTo } from '../providers/identity.ts';

/** The one subscription of an installation. */
export const defaultSubscription = '0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f';
export const defaultTenant = '7d3f8b52-6c1a-4e0f-8a9d-0b1c2d3e4f50';
export const defaultGroup = 'cloister';
export const defaultLocation = 'eastus';

/** The service principal that deploys: owner of the subscription. */
export const defaultDeployer: Caller = {
  objectId: 'a3b0c442-98fc-4c14-9afb-f4c8996fb924',
  appId: 'f27ae41e-4649-4934-a495-991b7852b855',
  name: 'deployer',
};

const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';

/** Settings of an estate that nobody runs: secrets are marked as such and secure nothing. */
export function offlineSettings(subscription: string): Settings {
  return {
    subscription,
    subscriptionName: 'Cloister',
    tenant: defaultTenant,
    location: defaultLocation,
    secret: (purpose) => `offline:${purpose}`,
  };
}

/** What every estate begins with: the deployer owns the subscription. */
export function firstResources(settings: Settings, deployer: Caller): readonly Resource[] {
  const scope = `/subscriptions/${settings.subscription}` as ResourceId;
  const { owner: _, ...draft } = grantTo(scope, deployer.objectId, owner, scope, settings);
  return [Object.freeze({ ...draft, etag: 'W/"0"' })];
}
