/**
 * Whom a question to a network watcher is about: a machine of the watcher's region, and the interface of it that has
 * an address.
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import { partsOf, sameId } from '../../../arm/id.ts';
import { notFound } from '../../../arm/plane.ts';
import type { Read, Resource } from '../../../arm/resource.ts';
import { formatIp, type Ip } from '../../../lib/ip.ts';
import { keyOf } from '../../../lib/key.ts';
import type { NicFact } from '../../../net/facts.ts';
import type { Network } from '../../../net/model.ts';
import { type Position, positionAt } from '../../../net/position.ts';

/** The machine that an id names. Refuses what is no machine, is not there, or is elsewhere than its watcher. */
export function machineFor(watcher: Resource, id: string, target: string, read: Read): Resource {
  const { type } = partsOf(id);
  if (!sameId(type, 'Microsoft.Compute/virtualMachines')) {
    const message = `${target} must be a virtual machine: Cloister does not answer for ${type}.`;
    throw new ArmError('NotSupported', message, { target });
  }
  const machine = read.get(id);
  if (!machine) throw notFound(id);
  if (machine.location === watcher.location) return machine;
  throw new ArmError(
    'InvalidResourceReference',
    `Resource ${id} referenced by ${target} is in the region ${machine.location}, not in ${watcher.location}, where network watcher ${watcher.name} is. Ask the network watcher of ${machine.location}.`,
    { target },
  );
}

/** The interfaces of a machine, the primary one first. Refuses a machine whose interfaces are not in the estate. */
export function interfacesOf(network: Network, machine: Resource): readonly [NicFact, ...NicFact[]] {
  const ids = network.machines.get(keyOf(machine.id))?.nics ?? [];
  const [first, ...others] = ids.flatMap((id) => network.nics.get(keyOf(id)) ?? []);
  if (first) return [first, ...others];
  throw new ArmError('InvalidParameter', `Virtual machine ${machine.id} has no network interface.`);
}

/** Which interface of a machine is meant, and which of its addresses. */
export interface Wanted {
  readonly machine: Resource;
  /** `targetNicResourceId`. */
  readonly nic: string | undefined;
  readonly address: Ip;
  /** Name of the member that the address is from. */
  readonly member: string;
}

/** Where the wanted address is. Refuses an interface or an address that is not the machine's. */
export function spotOf(network: Network, { machine, nic, address, member }: Wanted): Position {
  const all = interfacesOf(network, machine);
  const target = 'targetNicResourceId';
  if (nic === undefined && all.length > 1 && all.some(({ forwarding }) => forwarding)) {
    const message = `${target} is required: ${machine.id} has several network interfaces, and one of them forwards.`;
    throw new ArmError('InvalidRequestContent', message, { target });
  }
  const nics = all.filter(({ id }) => nic === undefined || sameId(id, nic));
  if (nics.length === 0)
    throw new ArmError('InvalidParameter', `${nic} is no network interface of ${machine.id}.`, { target });
  for (const candidate of nics) {
    const configuration = candidate.configurations.find((item) => item.address === address);
    const spot = configuration && positionAt(network, candidate, configuration);
    if (spot) return spot;
  }
  const known = nics.flatMap(({ configurations }) => configurations.map((item) => formatIp(item.address)));
  const message = `${member} ${formatIp(address)} is no address of ${nic ?? machine.id}. It has ${known.join(', ')}.`;
  throw new ArmError('InvalidParameter', message, { target: member });
}

/** Refuses an answer that rests on what is not known. */
export function undecided(question: string, missing: string): ArmError {
  return new ArmError('NotSupported', `Cloister cannot tell ${question}: ${missing}.`);
}
