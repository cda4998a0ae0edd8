/**
 * `walk`: the one evaluator for a point. It follows one flow through the tables and says how it ends and why.
 *
 * The name, then hops of route, egress gates, forwarding, ingress gates; then the door, the caller, the way back.
 * It has no rule of its own: each is in the table of the mechanism it belongs to.
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import type { Protocol } from '../lib/ports.ts';
import { platformPorts } from './azure.ts';
import { wayBack } from './back.ts';
import { askCaller, type Caller } from './callers.ts';
import { askDoor } from './doors.ts';
import type { ConnectionFact, EndpointFact, ServiceFact } from './facts.ts';
import type { Network, Service } from './model.ts';
import { travelFromInternet } from './outside.ts';
import { type Landing, travel } from './path.ts';
import { type Place, type Position, positionOf } from './position.ts';
import { resolve } from './resolve.ts';
import { internetClient } from './tags.ts';
import { Recorder, type Trace } from './trace.ts';

/** What a flow wants. `label` is how people write it. */
export type Target =
  | { readonly kind: 'name'; readonly label: string; readonly name: Fqdn }
  | { readonly kind: 'address'; readonly label: string; readonly address: Ip };

/** One question. */
export interface Flow {
  readonly from: Place;
  readonly to: Target;
  readonly port: number;
  readonly protocol: Protocol;
  readonly as?: Caller;
}

/** Where a flow arrives, for those who go on from there: the trace, and the connection a front would see. */
export interface Walked {
  readonly trace: Trace;
  readonly landing: Landing | undefined;
  readonly service: Service | undefined;
}

/** Follows a flow. */
export function walk(network: Network, flow: Flow): Trace {
  return follow(network, flow).trace;
}

/** Follows a flow and keeps where it landed. */
export function follow(network: Network, flow: Flow): Walked {
  const rec = new Recorder();
  const here = positionOf(network, flow.from);
  const name = flow.to.kind === 'name' ? flow.to.name : undefined;
  let address = flow.to.kind === 'address' ? flow.to.address : undefined;
  let landing: Landing | undefined;
  let service: Service | undefined;
  if (here || stands(flow.from, rec)) {
    if (name) address = resolve(network, flow.from, name, rec);
    landing = address === undefined ? undefined : depart(network, here, flow, address, rec);
  }
  if (landing && address !== undefined) {
    service = serviceAt(network, landing, name, flow, address, rec);
    if (service && landing.kind !== 'machine') {
      enter(network, service, landing, rec);
      if (flow.as) askCaller(network, service, flow.as, rec);
    }
    wayBack(network, here, landing, rec);
  }
  return {
    trace: {
      from: flow.from.label,
      to: flow.to.label,
      name: name ?? null,
      address: address === undefined ? null : formatIp(address),
      port: flow.port,
      protocol: flow.protocol,
      as: flow.as?.label ?? null,
      disposition: rec.disposition ?? 'delivered',
      assumed: rec.assumed,
      steps: rec.steps,
      blockers: rec.disposition === undefined ? [] : rec.blockers,
    },
    landing: rec.disposition === undefined || service ? landing : undefined,
    service,
  };
}

/** Reports whether a place that is not inside a network is one that can send at all; the recorder is told if not. */
function stands(from: Place, rec: Recorder): boolean {
  switch (from.kind) {
    case 'internet':
    case 'site':
      return true;
    case 'opaque': {
      const by = { resource: from.resource, rule: 'network' };
      const says = `${from.label} is only stored: from where in the network it sends is not known`;
      rec.stop('unknown', 'route', by, says);
      return false;
    }
    case 'nic':
    case 'subnet': {
      const resource = from.kind === 'nic' ? from.nic : from.subnet;
      const by = { resource, rule: 'addresses' };
      rec.stop('no-route', 'route', by, `${from.label} has no address to send from`);
      return false;
    }
  }
}

function depart(
  network: Network,
  here: Position | undefined,
  flow: Flow,
  destination: Ip,
  rec: Recorder,
): Landing | undefined {
  const { from, protocol, port } = flow;
  if (here) return travel(network, here, { source: here.address, destination, protocol, port }, rec);
  if (from.kind === 'site' && from.site.via !== 'internet') {
    const by = { resource: from.site.via, rule: 'via' };
    rec.stop('unknown', 'route', by, `the way leads through ${from.site.via}, which is only stored`);
    return undefined;
  }
  const source = from.kind === 'internet' ? internetClient : undefined;
  return travelFromInternet(network, { source, destination, protocol, port }, rec);
}

/** Which service answers where the packet landed, if any: approval, sub-resource, port. */
function serviceAt(
  network: Network,
  landing: Landing,
  name: Fqdn | undefined,
  flow: Flow,
  address: Ip,
  rec: Recorder,
): Service | undefined {
  const named = name === undefined ? undefined : network.servedNames.get(name);
  switch (landing.kind) {
    case 'machine': {
      const nic = landing.at.nic?.id ?? '';
      rec.assume('a-machine-listens');
      rec.pass(
        'listener',
        { resource: nic, rule: 'listener' },
        `${nameOf(nic)} is reached at ${formatIp(landing.at.address)}`,
      );
      return undefined;
    }
    case 'public':
      return onPublicSide(landing.services, named, name, flow, address, rec);
    case 'private-endpoint':
      return behindEndpoint(network, landing.endpoint, named, name, flow, rec);
  }
}

/** Several services may share a public address: the name that a client asks for tells them apart. */
function onPublicSide(
  services: readonly Service[],
  named: Service | undefined,
  name: Fqdn | undefined,
  flow: Flow,
  address: Ip,
  rec: Recorder,
): Service | undefined {
  const by = { resource: formatIp(address), rule: 'listener' };
  const to = formatIp(address);
  const [only] = services;
  if (!only) {
    const ports = platformPorts.get(address);
    if (!ports) {
      rec.assume('the-internet-listens');
      rec.pass('listener', by, `${to} is outside the estate`);
    } else if (ports.includes(flow.port)) rec.pass('listener', by, `Azure itself answers at ${to}`);
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

function behindEndpoint(
  network: Network,
  endpoint: EndpointFact,
  named: Service | undefined,
  name: Fqdn | undefined,
  flow: Flow,
  rec: Recorder,
): Service | undefined {
  const connection: ConnectionFact | undefined = network.connections.get(keyOf(endpoint.id));
  const status = connection?.status ?? 'Disconnected';
  const by = { resource: connection?.id ?? endpoint.connection, rule: 'privateLinkServiceConnectionState' };
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
  { port, protocol }: Flow,
  rec: Recorder,
): boolean {
  if (protocol === 'tcp' && surface?.ports.includes(port)) return true;
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

function enter(
  network: Network,
  service: Service,
  landing: Exclude<Landing, { kind: 'machine' }>,
  rec: Recorder,
): void {
  const decision =
    landing.kind === 'private-endpoint'
      ? askDoor(network, service, { via: 'private-endpoint', source: landing.source })
      : askDoor(network, service, {
          via: landing.subnet === undefined ? 'public' : 'service-endpoint',
          source: landing.source,
          ...(landing.subnet === undefined ? {} : { subnet: landing.subnet }),
        });
  const by = { resource: decision.resource, rule: decision.rule };
  switch (decision.action) {
    case 'open':
      rec.pass('door', by, decision.says);
      return;
    case 'shut':
      rec.stop('refused-by-door', 'door', by, decision.says, ...decision.blockers);
      return;
    case 'unknown':
      rec.stop('unknown', 'door', by, decision.says);
      return;
  }
}
