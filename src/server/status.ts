/**
 * Status: from live probes, never from configuration.
 *
 * @module
 */

import type { PlaceStatus, StatusAnswer } from '../api/control.ts';
import { described } from '../compute/sandbox/sandbox.ts';
import type { Probed } from '../enforce/linux/probes.ts';
import { keyOf } from '../lib/key.ts';
import { deploymentType } from '../providers/ml/online-endpoints.ts';
import type { Engine } from './engine.ts';
import { type Enforced, fabricOf } from './kernel/start.ts';
import { type Enterable, probePlaces } from './probe.ts';
import type { Serving } from './serving.ts';
import { cutOff } from './ways.ts';

/** Probes everything. Places that are only stored are no places to probe: they are listed as not modelled. */
export async function statusOf(
  engine: Engine,
  serving: Serving,
  sessions: Enterable,
  enforced: Enforced,
): Promise<StatusAnswer> {
  const { estate, registry } = engine.plane;
  const all = engine.names.places();
  const places = all.filter((place) => place.kind !== 'opaque');
  const labels = new Map(
    all.flatMap((place) => (place.kind === 'opaque' ? [[keyOf(place.resource), place.label] as const] : [])),
  );
  const unmodelled = [...estate.all()].flatMap(({ id, type }) => {
    const place = labels.get(keyOf(id));
    if (place === undefined && registry.find(type)?.level !== 'stored') return [];
    return [{ id, type, ...(place === undefined ? {} : { place }) }];
  });
  const sandbox = await serving.replicas.sandbox();
  return {
    ...fabricOf(enforced),
    ...(enforced.kernel ? { kernel: enforced.kernel.state } : {}),
    sandbox: { kind: sandbox.kind, says: described(sandbox) },
    guard: engine.guard !== undefined,
    places: enforced.kernel
      ? (await enforced.kernel.probe(places)).map(stateOf)
      : await probePlaces(sessions, () => engine.network, places),
    deployments: estate.ofType(deploymentType).map(({ id }) => {
      const counts = serving.replicas.status(keyOf(id));
      const { ready, wanted } = counts;
      const well = ready === wanted && wanted > 0;
      const cut = cutOff(engine.network, id);
      return {
        deployment: id,
        ...counts,
        state:
          cut !== undefined
            ? `degraded: ${cut}`
            : well
              ? 'active'
              : `degraded: ${ready} of ${wanted} replicas answer`,
      };
    }),
    resources: estate.size,
    unmodelled,
  };
}

function stateOf({ place, problem }: Probed): PlaceStatus {
  return { place: place.label, state: problem === undefined ? 'active' : `degraded: ${problem}` };
}
