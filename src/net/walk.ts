/**
 * `walk`: the one evaluator for a point. It follows one flow through the tables and says how it ends and why.
 *
 * The name, then hops of route, egress gates, forwarding, ingress gates; then the way back, the door, the caller.
 * It has no rule of its own: each is in the table of the mechanism it belongs to.
 *
 * @module
 */

import { addressIn } from '../lib/dns.ts';
import type { Fqdn } from '../lib/fqdn.ts';
import type { Intervals } from '../lib/intervals.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import type { Protocol } from '../lib/ports.ts';
import { platformPorts } from './azure.ts';
import { wayBack } from './back.ts';
import { askCaller, type Caller } from './callers.ts';
import { askDoor, type Comer } from './doors.ts';
import { heldByPolicies } from './held.ts';
import type { Landing } from './landing.ts';
import { serviceAt } from './listeners.ts';
import type { Network, Service } from './model.ts';
import { travelFromInternet } from './outside.ts';
import { travelFromOutside } from './outside-in.ts';
import { travel } from './path.ts';
import { type Place, type Position, positionOf, subnetOf, workloadAt } from './position.ts';
import { throughProxy } from './proxies.ts';
import { resolve } from './resolve.ts';
import { internetClient, tagAddresses } from './tags.ts';
import { Recorder, type Trace } from './trace.ts';

/** What a flow wants. `label` is how people write it; `name`, at an address, what is asked for there. */
export type Target =
  | { readonly kind: 'name'; readonly label: string; readonly name: Fqdn }
  | { readonly kind: 'address'; readonly label: string; readonly address: Ip; readonly name?: Fqdn };

/** One question. */
export interface Flow {
  readonly from: Place;
  readonly to: Target;
  readonly port: number;
  readonly protocol: Protocol;
  readonly as?: Caller;
  /** Which of the addresses that the place may have. Absent: the one that `positionOf` picks. */
  readonly source?: Ip;
  /** Absent: the first of the dynamic range. */
  readonly sourcePort?: number;
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
export function follow(network: Network, flow: Flow, rec = new Recorder()): Walked {
  const here = positionOf(network, flow.from, flow.source);
  const { name } = flow.to;
  let address = flow.to.kind === 'address' ? flow.to.address : undefined;
  let landing: Landing | undefined;
  let service: Service | undefined;
  if (here || stands(network, flow.from, rec)) {
    if (flow.to.kind === 'name') {
      const asker = throughProxy(flow.from, flow.to.name, flow, rec);
      if (asker) address = addressIn(resolve(network, asker, here, { name: flow.to.name, type: 'A' }, rec));
    }
    landing = address === undefined ? undefined : depart(network, here, flow, address, rec);
  }
  if (landing && address !== undefined) {
    service = serviceAt(network, landing, name, flow, address, rec);
    if (landing.kind === 'public' && landing.subnet !== undefined && landing.services.length === 0)
      pastPolicies(network, landing.subnet, address, rec);
    // Whoever is refused at a door is told so, and has to hear it.
    wayBack(network, here, landing, { destination: address, protocol: flow.protocol }, rec);
    if (service && landing.kind !== 'machine') {
      enter(network, service, landing, rec);
      if (flow.as) askCaller(network, service, flow.as, rec);
    }
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
function stands(network: Network, from: Place, rec: Recorder): boolean {
  switch (from.kind) {
    case 'internet':
    case 'site':
      return true;
    case 'workload':
      return standsAlone(network, from, rec);
    case 'opaque': {
      const by = { resource: from.resource, rule: 'network' };
      const says = `${from.label} is only stored: from where in the network it sends is not known`;
      rec.stop('unknown', 'route', by, says);
      return false;
    }
    case 'client':
    case 'nic':
    case 'subnet': {
      const resource = from.kind === 'client' ? from.gateway : from.kind === 'nic' ? from.nic : from.subnet;
      const by = { resource, rule: 'addresses' };
      rec.stop('no-route', 'route', by, `${from.label} has no address to send from`);
      return false;
    }
  }
}

/** What is in no subnet sends from Azure's own network, and arrives in public. */
function standsAlone(
  network: Network,
  from: Extract<Place, { readonly kind: 'workload' }>,
  rec: Recorder,
): boolean {
  const workload = workloadAt(network, from);
  const subnet = workload && subnetOf(network, workload);
  const by = { resource: from.workload, rule: 'subnet' };
  if (subnet === undefined) {
    rec.pass('route', by, `${from.label} is in no network of the estate: it sends from Azure's own`);
    return true;
  }
  if (network.subnets.has(keyOf(subnet)))
    rec.stop('no-route', 'route', by, `${nameOf(subnet)} has no address left for ${from.label}`);
  else rec.stop('unknown', 'route', by, `${from.label} is in ${nameOf(subnet)}, which is not in the estate`);
  return false;
}

function depart(
  network: Network,
  here: Position | undefined,
  flow: Flow,
  destination: Ip,
  rec: Recorder,
): Landing | undefined {
  const { from, to, protocol, port, sourcePort } = flow;
  const packet = {
    destination,
    protocol,
    port,
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(to.name === undefined ? {} : { name: to.name }),
  };
  if (here && (from.kind === 'site' || from.kind === 'client')) {
    return travelFromOutside(network, from, here, { ...packet, source: here.address }, rec);
  }
  if (here) return travel(network, here, { ...packet, source: here.address }, rec);
  if (from.kind === 'site' && from.site.via !== 'internet') {
    const by = { resource: from.site.via, rule: 'via' };
    rec.stop('unknown', 'route', by, `the way leads through ${from.site.via}, which is not in the estate`);
    return undefined;
  }
  if (from.kind === 'workload' && rec.find(platformPorts, destination)) {
    const by = { resource: from.workload, rule: 'platform address' };
    rec.pass('route', by, `${formatIp(destination)} is Azure's own, on the host of every machine`);
    return { kind: 'public', services: [], source: undefined, subnet: undefined };
  }
  const source = from.kind === 'internet' ? (flow.source ?? internetClient) : undefined;
  return travelFromInternet(network, { ...packet, source }, regionOf(network, from), rec);
}

/** The region of Azure that a place outside all networks is in. */
function regionOf(network: Network, from: Place): string | undefined {
  return from.kind === 'site' ? from.site.region : workloadAt(network, from)?.location;
}

function enter(
  network: Network,
  service: Service,
  landing: Exclude<Landing, { kind: 'machine' }>,
  rec: Recorder,
): void {
  const decision = askDoor(network, service, comerAt(landing), rec);
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

/** Over a service endpoint to storage that the estate does not have. */
function pastPolicies(network: Network, subnet: string, address: Ip, rec: Recorder): void {
  if (!rec.isIn(storageAddresses, address)) return;
  const held = heldByPolicies(network, subnet, undefined);
  if (!held) return;
  const by = { resource: held.resource, rule: held.rule };
  rec.stop(held.action === 'shut' ? 'refused-by-door' : 'unknown', 'door', by, held.says, ...held.blockers);
}

const storageAddresses: Intervals = tagAddresses('Storage') ?? [];

/** What a door is told of who comes. */
function comerAt(landing: Exclude<Landing, { kind: 'machine' }>): Comer {
  const { source } = landing;
  if (landing.kind === 'private-endpoint') return { via: 'private-endpoint', source };
  const { subnet, region } = landing;
  return subnet === undefined
    ? { via: 'public', source, region }
    : { via: 'service-endpoint', source, subnet };
}
