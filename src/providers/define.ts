/**
 * How a provider file declares its type.
 *
 * @module
 */

import type { ResourceType } from '../arm/id.ts';
import type { Provider } from '../arm/provider.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';

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
