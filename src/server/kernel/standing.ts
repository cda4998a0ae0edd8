/**
 * Where the replicas of a deployment stand when the kernel enforces: at the deployment's place, with its names, and
 * trusting who answers there.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import type { ResourceId } from '../../arm/id.ts';
import type { Standing } from '../../compute/sandbox/sandbox.ts';
import { keyOf } from '../../lib/key.ts';
import type { Names } from '../../net/places.ts';
import type { Place } from '../../net/position.ts';
import type { Bundles } from '../front/bundle.ts';
import { type Enforced, entryTo } from './start.ts';

/** Our root beside the system's, as it is inside. */
const roots = '/opt/cloister/roots.pem';

/** Returns it. Undefined where gateways enforce; throws InputError where the kernel has no such place. */
export async function standingOf(
  enforced: Enforced,
  names: Names,
  deployment: ResourceId,
  bundles: Bundles,
  variables: (place: Place) => Readonly<Record<string, string>>,
): Promise<Standing | undefined> {
  const place = names
    .places()
    .find((each) => each.kind === 'workload' && keyOf(each.workload) === keyOf(deployment));
  const entry = place && (await entryTo(enforced, place));
  if (!entry) return undefined;
  return {
    network: entry.network,
    command: [...entry.kept, '/'],
    environment: {
      REQUESTS_CA_BUNDLE: roots,
      SSL_CERT_FILE: roots,
      CURL_CA_BUNDLE: roots,
      NODE_EXTRA_CA_CERTS: roots,
      ...variables(place),
    },
    files: new Map([[roots, readFileSync(bundles.bundle, 'utf8')]]),
  };
}
