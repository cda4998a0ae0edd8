/**
 * Connectivity check: whether a machine reaches an address, a name or another machine, over which hops, and what is in
 * the way (docs/adr/0019-network-watcher.md). It follows the flow; it sends nothing.
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import { sameId } from '../../../arm/id.ts';
import type { Action } from '../../../arm/provider.ts';
import type { Read, Resource } from '../../../arm/resource.ts';
import * as shape from '../../../arm/shape.ts';
import { parseFqdn } from '../../../lib/fqdn.ts';
import { parseIp } from '../../../lib/ip.ts';
import { asText } from '../../../lib/json.ts';
import { journeyOf } from '../../../net/journey.ts';
import type { Network } from '../../../net/model.ts';
import type { Target } from '../../../net/walk.ts';
import { fromNetwork } from '../../define.ts';
import { connectivityBody } from './hops.ts';
import { interfacesOf, machineFor } from './subject.ts';

const port = shape.int(0, 65535);

const parameters = shape.object({
  source: shape.required(shape.object({ resourceId: shape.required(shape.resourceId), port })),
  destination: shape.required(shape.object({ resourceId: shape.resourceId, address: shape.text, port })),
  protocol: shape.oneOf('Tcp', 'Http', 'Https', 'Icmp'),
  preferredIPVersion: shape.oneOf('IPv4'),
  protocolConfiguration: shape.object({
    HTTPConfiguration: shape.object({
      method: shape.oneOf('Get'),
      headers: shape.any,
      validStatusCodes: shape.list(shape.int(100, 599)),
    }),
  }),
});

type Parameters = shape.Of<typeof parameters>;

/** Ports where none is given; ICMP has none. */
const usualPorts: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
  ['icmp', 0],
]);

export const connectivityCheck: Action = {
  right: 'connectivityCheck/action',
  run: ({ resource: watcher, body }, read) => {
    const asked = parameters.check(body, 'parameters');
    const machine = machineFor(watcher, asked.source.resourceId, 'source.resourceId', read);
    checkAgent(machine, read);
    if ((asked.protocolConfiguration?.HTTPConfiguration?.validStatusCodes ?? []).length > 0) {
      const target = 'protocolConfiguration.HTTPConfiguration.validStatusCodes';
      const message = `${target} is not supported by Cloister: it follows the connection and sends no request.`;
      throw new ArmError('NotSupported', message, { target });
    }
    const aim = aimOf(asked, read);
    return fromNetwork((network) => {
      const [nic] = interfacesOf(network, machine);
      const journey = journeyOf(network, {
        from: { kind: 'nic', label: `vm/${machine.name}`, nic: nic.id },
        to: aim.machine ? addressOf(network, aim.machine) : aim.to,
        port: aim.port,
        protocol: asked.protocol === 'Icmp' ? 'icmp' : 'tcp',
        ...(asked.source.port ? { sourcePort: asked.source.port } : {}),
      });
      return connectivityBody(network, journey, nic, read);
    });
  },
};

/** Azure sends from an agent on the machine: without it there is no answer, and so there is none here. */
function checkAgent(machine: Resource, read: Read): void {
  const extensions = read.children(machine.id, 'Microsoft.Compute/virtualMachines/extensions');
  const isAgent = ({ properties }: Resource): boolean =>
    /^microsoft\.azure\.networkwatcher$/i.test(asText(properties['publisher']) ?? '');
  if (extensions.some(isAgent)) return;
  throw new ArmError(
    'BadRequest',
    `Virtual machine ${machine.id} has no Network Watcher agent. Install the extension NetworkWatcherAgentLinux or NetworkWatcherAgentWindows of Microsoft.Azure.NetworkWatcher (az vm extension set).`,
    { target: 'source.resourceId' },
  );
}

function machineAt(id: string, read: Read): Resource {
  const found = read.get(id);
  if (found && sameId(found.type, 'Microsoft.Compute/virtualMachines')) return found;
  throw new ArmError(
    'InvalidParameter',
    `destination.resourceId ${id} is no virtual machine of the estate.`,
    {
      target: 'destination.resourceId',
    },
  );
}

function addressOf(network: Network, machine: Resource): Target {
  const [{ configurations }] = interfacesOf(network, machine);
  const address = configurations[0]?.address;
  if (address !== undefined) return { kind: 'address', label: `vm/${machine.name}`, address };
  throw new ArmError('InvalidParameter', `Virtual machine ${machine.id} has no address.`);
}

/** What a check goes to. */
type Aim = { readonly port: number } & (
  | { readonly machine: Resource }
  | { readonly machine?: undefined; readonly to: Target }
);

function aimOf({ destination, protocol = 'Tcp' }: Parameters, read: Read): Aim {
  const { resourceId, address } = destination;
  const target = 'destination';
  if ((resourceId === undefined) === (address === undefined)) {
    const message = `${target} needs a resourceId or an address, and not both.`;
    throw new ArmError('InvalidRequestContent', message, { target });
  }
  // An address may be a URL.
  const [, scheme = protocol, host = address ?? '', written] =
    /^(https?):\/\/([^/:]+)(?::(\d{1,5}))?(?:\/.*)?$/i.exec(address ?? '') ?? [];
  const port = destination.port || Number(written ?? 0) || usualPorts.get(scheme.toLowerCase());
  if (port === undefined) {
    const message = `${target}.port is required for ${protocol}.`;
    throw new ArmError('InvalidRequestContent', message, { target: `${target}.port` });
  }
  if (resourceId !== undefined) return { machine: machineAt(resourceId, read), port };
  return { to: targetOf(host), port };
}

function targetOf(host: string): Target {
  const address = parseIp(host);
  if (address !== undefined) return { kind: 'address', label: host, address };
  const name = parseFqdn(host);
  if (name !== undefined) return { kind: 'name', label: name, name };
  const target = 'destination.address';
  const message = `${target} must be an IPv4 address, a name or a URL, not '${host}'.`;
  throw new ArmError('InvalidRequestContent', message, { target });
}
