/**
 * How a provider file declares its type.
 *
 * @module
 */

import type { ResourceType } from '../arm/id.ts';
import type { ActionResult, Provider } from '../arm/provider.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';
import type { Network } from '../net/model.ts';

/**
 * Declares a provider whose functions see the properties as its shape types them. The engine hands a provider only
 * what its own shape made, which is why the types may be forgotten here.
 */
export function define<P extends JsonObject>(
  type: string,
  provider: Omit<Provider<Fact, P>, 'type'>,
): Provider<Fact> {
  return { ...provider, type: type as ResourceType } as unknown as Provider<Fact>;
}

/** An action's answer that is read from the estate's compiled meaning. `answer` throws ArmError to refuse. */
export function fromNetwork(answer: (network: Network) => JsonObject): ActionResult {
  return { ask: { kind: 'meaning', of: (meaning) => answer(meaning as unknown as Network) } };
}
