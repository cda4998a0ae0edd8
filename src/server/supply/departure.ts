/**
 * Where requests for a deployment or a compute begin: in its namespace where the kernel enforces, elsewhere at its gateway.
 *
 * @module
 */

import { type Dial, DialedClient } from '../../api/dialed.ts';
import { connectThrough } from '../../api/proxied.ts';
import { ancestorId, type ResourceId, sameId } from '../../arm/id.ts';
import { Dialer } from '../../enforce/linux/dialer.ts';
import type { Gateway } from '../../enforce/userspace/gateway.ts';
import { keyOf, nameOf } from '../../lib/key.ts';
import type { Place } from '../../net/position.ts';
import { deploymentType } from '../../providers/ml/online-endpoints.ts';
import type { Engine } from '../engine.ts';
import { type Enforced, entryTo } from '../kernel/start.ts';
import { unreachable, workloadLabel } from '../ways.ts';
import { Courier, type Sender } from './courier.ts';

/** What an instance has for those who set out. */
export interface Surroundings {
  readonly enforced: Enforced;
  readonly gateway: Gateway;
  /** The gateway's. */
  readonly port: number;
  /** Our root, as PEM. */
  readonly ca: string;
  /** What a program finds in its environment at a place. */
  readonly around: (place: Place) => Readonly<Record<string, string>>;
}

/** Sends somebody who fetches for a deployment or a compute. Throws InputError where the kernel has no such place. */
export async function courierFrom(
  engine: Engine,
  id: ResourceId,
  { enforced, gateway, port, ca, around }: Surroundings,
): Promise<Courier> {
  const place = engine.names
    .places()
    .find((each) => each.kind === 'workload' && keyOf(each.workload) === keyOf(id));
  if (!place) throw new Error(`${id} is gone`);
  const { dial, leave } = await setOut(place, { enforced, gateway, port });
  const departure = { client: new DialedClient(dial, ca), environment: around(place), leave };
  const sender = senderOf(id, engine.plane.estate.get(id)?.type);
  return new Courier(sender, departure, (host) => unreachable(engine.network, id, host));
}

function senderOf(id: ResourceId, type: string | undefined): Sender {
  const label = workloadLabel(id);
  if (type === undefined || !sameId(type, deploymentType)) return { label, holder: label };
  return { label, holder: `endpoint ${nameOf(ancestorId(id, 1))}` };
}

async function setOut(
  place: Place,
  { enforced, gateway, port }: Pick<Surroundings, 'enforced' | 'gateway' | 'port'>,
): Promise<{ readonly dial: Dial; readonly leave: () => Promise<void> }> {
  const entry = await entryTo(enforced, place);
  if (entry) {
    const dialer = new Dialer(entry.command);
    return { dial: (host, to) => dialer.dial(host, to), leave: () => dialer.close() };
  }
  const session = { ...gateway.grant(place.label), gateway: port };
  return {
    dial: (host, to) => connectThrough(session, host, to),
    leave: async () => gateway.revoke(session.username),
  };
}
