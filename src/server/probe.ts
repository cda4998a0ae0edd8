/**
 * Probes: a place is active when a request from it came through its gateway, and a name that nobody has was refused.
 *
 * @module
 */

import type { PlaceStatus, Session } from '../api/control.ts';
import { PlaceClient, Unreachable } from '../api/proxied.ts';

/** Who lets a probe in. */
export interface Enterable {
  enter(place: string): Session;
  leave(username: string): void;
}

const forbidden = 'https://probe.invalid/';

/** Probes places, a few at a time. */
export async function probePlaces(
  instance: Enterable,
  places: readonly string[],
): Promise<readonly PlaceStatus[]> {
  const results: PlaceStatus[] = [];
  for (let at = 0; at < places.length; at += 8) {
    results.push(...(await Promise.all(places.slice(at, at + 8).map((place) => probe(instance, place)))));
  }
  return results;
}

/**
 * Sends a request that must be refused: only a gateway that is up, knows the place and decides can answer it so.
 * A wrong password must be turned away, or the gateway lets anybody in.
 */
async function probe(instance: Enterable, place: string): Promise<PlaceStatus> {
  const session = instance.enter(place);
  try {
    const refused = await refusalOf(session);
    if (refused.status !== 502 && refused.status !== 504)
      return { place, state: `degraded: the gateway answers ${refused.status}` };
    const stranger = await refusalOf({ ...session, password: 'wrong' });
    return {
      place,
      state: stranger.status === 407 ? 'active' : 'degraded: the gateway takes a wrong password',
    };
  } catch (error) {
    return { place, state: `degraded: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    instance.leave(session.username);
  }
}

async function refusalOf(session: Session): Promise<Unreachable> {
  const client = new PlaceClient(session);
  try {
    await client.send(forbidden);
    throw new Error('a name that does not exist was reached');
  } catch (error) {
    if (error instanceof Unreachable) return error;
    throw error;
  } finally {
    client.close();
  }
}
