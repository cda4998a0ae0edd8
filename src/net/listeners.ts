/**
 * What answers where a packet landed: approval of a private endpoint, its sub-resource, the name, the port
 * (docs/semantics/private-endpoints.md; docs/semantics/listeners.md).
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import { type Intervals, union } from '../lib/intervals.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { protocolNumbers } from '../lib/ports.ts';
import { platformPorts } from './azure.ts';
import type { ConnectionFact, EndpointFact, NicFact, ServiceFact } from './facts.ts';
import type { Landing } from './landing.ts';
import type { Network, Service } from './model.ts';
import type { Source } from './table.ts';
import type { Packet, Recorder } from './trace.ts';

const dnsPort = 53;

const tcp: Intervals = [[protocolNumbers.tcp, protocolNumbers.tcp]];

/** What a service is asked on. */
type Asked = Pick<Packet, 'port' | 'protocol'>;

/** Which service answers where the packet landed, if any: approval, sub-resource, port. */
export function serviceAt(
  network: Network,
  landing: Landing,
  name: Fqdn | undefined,
  flow: Asked,
  address: Ip,
  rec: Recorder,
): Service | undefined {
  const named = name === undefined ? undefined : network.servedNames.get(name);
  switch (landing.kind) {
    case 'machine': {
      // Without an interface it is somebody behind a gateway.
      const nic = landing.at.nic?.id ?? 'outside';
      const by = { resource: nic, rule: 'listener' };
      const at = `${landing.at.nic ? nameOf(nic) : 'a machine outside'} is reached at ${formatIp(landing.at.address)}`;
      if (named) {
        const says = `${at}: whether it passes on what is for ${nameOf(named.fact.id)} is not known`;
        rec.stop('unknown', 'listener', by, says);
        return undefined;
      }
      if (landing.at.nic?.runs !== undefined) {
        atAzuresOwn(network, landing.at.nic, at, flow, rec);
        return undefined;
      }
      rec.assume('a-machine-listens');
      rec.pass('listener', by, at);
      return undefined;
    }
    case 'public':
      return onPublicSide(landing.services, named, name, flow, address, rec);
    case 'private-endpoint':
      return behindEndpoint(network, landing.endpoint, named, name, flow, rec);
  }
}

/** Resolvers, and firewalls that stand in for one, answer questions; nothing else of Azure's own has a port here. */
function atAzuresOwn(network: Network, nic: NicFact, at: string, flow: Asked, rec: Recorder): void {
  const by = { resource: nic.id, rule: 'listener' };
  const answers = nic.runs === 'resolver' || network.firewalls.get(keyOf(nic.id))?.dns.proxy === true;
  if (answers && rec.isIn([[dnsPort, dnsPort]], flow.port))
    rec.pass('listener', by, `${at}, and answers questions`);
  else
    rec.stop(
      'nothing-listening',
      'listener',
      by,
      `${at}, and ${answers ? `answers on port ${dnsPort} only` : 'answers nothing itself'}`,
    );
}

/** Several services may share a public address: the name that a client asks for tells them apart. */
function onPublicSide(
  services: readonly Service[],
  named: Service | undefined,
  name: Fqdn | undefined,
  flow: Asked,
  address: Ip,
  rec: Recorder,
): Service | undefined {
  const by = { resource: formatIp(address), rule: 'listener' };
  const to = formatIp(address);
  const [only] = services;
  if (!only) {
    const ports = rec.find(platformPorts, address);
    if (named) {
      const says = `${to} is not an address of ${nameOf(named.fact.id)}`;
      rec.stop('nothing-listening', 'listener', by, says);
    } else if (!ports) {
      rec.assume('the-internet-listens');
      rec.pass('listener', by, `${to} is outside the estate`);
    } else if (rec.isIn(setOf(ports), flow.port)) rec.pass('listener', by, `Azure itself answers at ${to}`);
    else rec.stop('nothing-listening', 'listener', by, `${to} answers on ports ${ports.join(', ')} only`);
    return undefined;
  }
  const service = name === undefined ? only : named;
  if (name === undefined && services.length > 1) {
    rec.stop(
      'unknown',
      'listener',
      by,
      `${services.length} services share ${to}: which one is meant needs a name`,
    );
    return undefined;
  }
  if (service && services.includes(service)) {
    return listens(service, surfaceOf(service.fact, name), flow, rec) ? service : undefined;
  }
  rec.stop('nothing-listening', 'listener', by, `no service at ${to} answers for ${name}`);
  return undefined;
}

/** Whether a private endpoint's connection is approved, and who says so. */
export function approvalOf(
  network: Network,
  endpoint: EndpointFact,
): { readonly status: ConnectionFact['status']; readonly by: Source } {
  const connection = network.connections.get(keyOf(endpoint.id));
  const by = { resource: connection?.id ?? endpoint.connection, rule: 'privateLinkServiceConnectionState' };
  return { status: connection?.status ?? 'Disconnected', by };
}

function behindEndpoint(
  network: Network,
  endpoint: EndpointFact,
  named: Service | undefined,
  name: Fqdn | undefined,
  flow: Asked,
  rec: Recorder,
): Service | undefined {
  const { status, by } = approvalOf(network, endpoint);
  if (status !== 'Approved') {
    rec.stop(
      'endpoint-not-approved',
      'endpoint',
      by,
      `the connection of ${nameOf(endpoint.id)} is ${status}`,
      {
        resource: by.resource,
        property: 'properties.privateLinkServiceConnectionState.status',
        is: status,
        needs: 'Approved',
      },
    );
  } else {
    rec.pass(
      'endpoint',
      by,
      `private endpoint ${nameOf(endpoint.id)} is Approved for ${nameOf(endpoint.target)}`,
    );
  }
  const target = network.services.get(keyOf(endpoint.target));
  const service = named ?? target;
  if (!service) {
    const says = `what ${nameOf(endpoint.target)} answers is not known: it is only stored, or not in the estate`;
    rec.stop('unknown', 'listener', { resource: endpoint.target, rule: 'service' }, says);
    return undefined;
  }
  const owner = keyOf(service.fact.behind ?? service.fact.id);
  const surface = surfaceOf(service.fact, name, endpoint.group);
  if (owner !== keyOf(endpoint.target) || surface?.group !== endpoint.group) {
    const asked = name ?? 'it';
    rec.stop(
      'nothing-listening',
      'listener',
      { resource: endpoint.id, rule: 'groupIds' },
      `private endpoint ${nameOf(endpoint.id)} serves ${endpoint.group} of ${nameOf(endpoint.target)}, not ${asked}`,
      {
        resource: endpoint.id,
        property: 'properties.privateLinkServiceConnections[0].properties.groupIds',
        is: endpoint.group,
        needs: surface?.group ?? `the group that serves ${asked}`,
      },
    );
    return undefined;
  }
  return listens(service, surface, flow, rec) ? service : undefined;
}

function surfaceOf(
  fact: ServiceFact,
  name: Fqdn | undefined,
  group?: string,
): ServiceFact['surfaces'][number] | undefined {
  return name === undefined
    ? fact.surfaces.find((surface) => group === undefined || surface.group === group)
    : fact.surfaces.find((surface) => surface.name === name);
}

function listens(
  service: Service,
  surface: ServiceFact['surfaces'][number] | undefined,
  { port, protocol }: Asked,
  rec: Recorder,
): boolean {
  if (surface && rec.isIn(tcp, protocolNumbers[protocol]) && rec.isIn(setOf(surface.ports), port))
    return true;
  const ports = surface?.ports.join(', ') ?? 'none';
  const by = { resource: service.fact.id, rule: 'ports' };
  rec.stop(
    'nothing-listening',
    'listener',
    by,
    `${nameOf(service.fact.id)} does not listen on ${protocol} ${port} (only tcp ${ports})`,
  );
  return false;
}

const sets = new WeakMap<readonly number[], Intervals>();

function setOf(members: readonly number[]): Intervals {
  let set = sets.get(members);
  if (!set) {
    set = union(members.map((member) => [member, member]));
    sets.set(members, set);
  }
  return set;
}
