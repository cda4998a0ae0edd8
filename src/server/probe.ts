/**
 * Probes: a place is active when a request from it went all the way to a service and back, as the walk says it must,
 * and what must be turned away was. Where a place reaches nothing, its refusal must be the one that the walk gives.
 *
 * @module
 */

import type { PlaceStatus, Session } from '../api/control.ts';
import { PlaceClient, Unreachable } from '../api/proxied.ts';
import { type Fqdn, fqdn } from '../lib/fqdn.ts';
import type { Network } from '../net/model.ts';
import type { Place } from '../net/position.ts';
import { walk } from '../net/walk.ts';
import { isConnected } from './front/passage.ts';

/** Who lets a probe in. */
export interface Enterable {
  enter(place: Place): Session;
  leave(username: string): void;
}

const nobody = 'probe.invalid';
const first = fqdn('management.azure.com');

/** Services that are tried, to find one that a place reaches. */
const mostTried = 16;

/** Probes at a time. */
const atOnce = 8;

/** Probes places. Those that are only stored have nothing to probe, and are not to be given. */
export async function probePlaces(
  instance: Enterable,
  network: () => Network,
  places: readonly Place[],
): Promise<readonly PlaceStatus[]> {
  const results: PlaceStatus[] = [];
  for (let at = 0; at < places.length; at += atOnce) {
    const some = places.slice(at, at + atOnce).map((place) => probe(instance, network, place));
    results.push(...(await Promise.all(some)));
  }
  return results;
}

async function probe(instance: Enterable, network: () => Network, place: Place): Promise<PlaceStatus> {
  const session = instance.enter(place);
  try {
    const problem = (await wayOut(session, network(), place)) ?? (await strangers(session));
    return { place: place.label, state: problem === undefined ? 'active' : `degraded: ${problem}` };
  } catch (error) {
    return {
      place: place.label,
      state: `degraded: ${error instanceof Error ? error.message : String(error)}`,
    };
  } finally {
    instance.leave(session.username);
  }
}

/** Asks a service that the place reaches, if there is one; otherwise the refusal must be the walk's. */
async function wayOut(session: Session, network: Network, place: Place): Promise<string | undefined> {
  const names = [
    first,
    ...[...network.services.values()].flatMap(({ fact }) => fact.surfaces[0]?.name ?? []),
  ];
  const ends = (name: Fqdn): string =>
    walk(network, { from: place, to: { kind: 'name', label: name, name }, port: 443, protocol: 'tcp' })
      .disposition;
  const reached = names.slice(0, mostTried).find((name) => isConnected(ends(name)));
  const name = reached ?? first;
  const answer = await ask(session, name);
  if (reached !== undefined) {
    return answer instanceof Unreachable ? `${name} is not reached: ${answer.message}` : undefined;
  }
  const expected = ends(name);
  if (!(answer instanceof Unreachable)) return `${name} is reached, and must be ${expected}`;
  return answer.disposition === expected ? undefined : `${name} is ${answer.disposition}, not ${expected}`;
}

/** A name that nobody has is refused, and a wrong password is turned away. */
async function strangers(session: Session): Promise<string | undefined> {
  if (!((await ask(session, nobody)) instanceof Unreachable)) return 'a name that does not exist is reached';
  const stranger = await ask({ ...session, password: 'wrong' }, nobody);
  const turnedAway = stranger instanceof Unreachable && stranger.status === 407;
  return turnedAway ? undefined : 'the gateway takes a wrong password';
}

/** Any answer of a service counts as one; what the gateway says of the way is returned as it is. */
async function ask(session: Session, name: string): Promise<'answered' | Unreachable> {
  const client = new PlaceClient(session);
  try {
    await client.send(`https://${name}/`);
    return 'answered';
  } catch (error) {
    if (error instanceof Unreachable) return error;
    throw error;
  } finally {
    client.close();
  }
}
