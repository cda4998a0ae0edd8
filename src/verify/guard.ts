/**
 * What a change of an estate would break: intents that held, asked of the network as it would be.
 *
 * They are the intents of the estate as it was. A door that is opened takes the sentence along that it was to stay
 * shut, and a private endpoint that is deleted the one that it was there for: they count until their place or target is
 * gone.
 *
 * @module
 */

import type { Network } from '../net/model.ts';
import { keyOfPlace } from '../net/position.ts';
import type { Target } from '../net/walk.ts';
import { askIntent } from './intents/ask.ts';
import { intentsOf } from './intents/derive.ts';
import { type Intent, type Outcome, sayIntent } from './intents/intent.ts';
import type { Model } from './model.ts';

/** The intents that hold. `own` are the team's, spelled out. */
export function holding(model: Model, own: readonly Intent[]): readonly Intent[] {
  return intentsOf(model, own).filter((intent) => askIntent(model, intent).holds === true);
}

/** One state of an estate, with the team's intents spelled out in it. */
export interface State {
  readonly model: Model;
  readonly own: readonly Intent[];
}

/**
 * Intents that a change breaks: that were held before, or that the team says of something new, and are known not to hold
 * after. What is new need not work yet, but it must not be open. `isGone`: there was such a resource, and is no more.
 */
export function broken(
  before: State & { readonly held: readonly Intent[] },
  after: State,
  isGone: (id: string) => boolean,
): readonly Outcome[] {
  const places = new Set(after.model.names.places().map(keyOfPlace));
  const known = new Set(before.own.map(sayIntent));
  const coming = after.own.filter((intent) => intent.mode === 'must-not' && !known.has(sayIntent(intent)));
  const still = before.held.flatMap((intent): readonly Intent[] => {
    if (intent.kind === 'do') return isGone(intent.on) ? [] : [intent];
    const { flow } = intent;
    const lost = isThere(before.model.network, flow.to) && !isThere(after.model.network, flow.to);
    return places.has(keyOfPlace(flow.from)) && !lost ? [intent] : [];
  });
  return [...still, ...coming]
    .map((intent) => askIntent(after.model, intent))
    .filter(({ holds }) => holds === false);
}

/** Reports whether something of the estate has the name or the address. */
function isThere(network: Network, to: Target): boolean {
  if (to.kind === 'name') return network.servedNames.has(to.name);
  return (
    network.publicAttachments.has(to.address) ||
    [...network.vnets.values()].some(({ attachments }) => attachments.has(to.address))
  );
}
