/**
 * The one subscription of an installation: chosen when its state is made, and the same ever after.
 *
 * @module
 */

import { InputError } from '../app/problem.ts';
import type { Store } from '../arm/store.ts';
import { parseUuid } from '../lib/uuid.ts';

/** Returns the subscription of a state, and keeps it. Throws InputError where another one is asked for. */
export async function subscriptionOf(
  store: Store,
  asked: string | undefined,
  otherwise: string,
): Promise<string> {
  const wanted = asked === undefined ? undefined : parseUuid(asked);
  if (asked !== undefined && wanted === undefined)
    throw new InputError({ message: `--subscription ${asked}: write a GUID` });
  const kept = await store.document('instance', 'subscription');
  if (typeof kept === 'string') {
    if (wanted === undefined || wanted === kept) return kept;
    throw new InputError({
      message: `--subscription ${wanted}: the estate here is of ${kept}. Leave the flag out, or choose another --state`,
    });
  }
  const subscription = wanted ?? otherwise;
  await store.commit({
    change: { writes: [], deletes: [] },
    documents: [{ space: 'instance', key: 'subscription', value: subscription }],
  });
  return subscription;
}
