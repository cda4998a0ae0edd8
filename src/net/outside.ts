/**
 * The public side: ways out of a virtual network, and what is reached by a public address (docs/semantics/security-groups.md
 * section 6; docs/semantics/outbound.md).
 *
 * @module
 */

import { formatIp, type Ip } from '../lib/ip.ts';
import { type IdKey, keyOf, nameOf } from '../lib/key.ts';
import { protocolNumbers } from '../lib/ports.ts';
import { privateAddresses } from './azure.ts';
import { distribute } from './balance.ts';
import { carried } from './balancers.ts';
import { exitBehind } from './exits.ts';
import { ingress } from './filter.ts';
import type { Landing, Passed, Sender } from './landing.ts';
import type { Network } from './model.ts';
import { type Position, positionAt } from './position.ts';
import type { Packet, Recorder } from './trace.ts';

/** Sends a packet from the internet, or from a network in a region of Azure that is not of the estate. */
export function travelFromInternet(
  network: Network,
  packet: Packet,
  region: string | undefined,
  rec: Recorder,
): Landing | undefined {
  return land(network, packet, { source: packet.source, region }, rec);
}

/** Out to the internet: there must be an outbound method, and the source becomes public. */
export function leave(
  network: Network,
  at: Position,
  packet: Packet,
  appliances: readonly Passed[],
  rec: Recorder,
): Landing | undefined {
  const { fact } = at.subnet;
  const own = at.configuration?.publicAddress;
  const sender = { region: at.vnet.fact.location, appliances: outward(appliances) };
  if (fact.natGateway !== undefined) return leaveByNat(network, fact.natGateway, packet, sender, rec);
  if (appliances.at(-1)?.standsIn === false) rec.assume('an-appliance-translates-to-the-internet');
  if (own !== undefined) {
    const shown = network.publicAddresses.get(keyOf(own));
    const by = { resource: own, rule: 'ipAddress' };
    if (shown === undefined) {
      rec.stop('unknown', 'outbound', by, `the public address ${nameOf(own)} is not in the estate`);
      return undefined;
    }
    rec.pass('outbound', by, `leaves as ${formatIp(shown)}`);
    return land(network, packet, { ...sender, source: shown }, rec);
  }
  if (at.shown) {
    rec.pass('outbound', at.shown, 'leaves as a public address that Azure picks for it');
    return land(network, packet, { ...sender, source: undefined }, rec);
  }
  const exit = exitBehind(network, at, packet, rec);
  if (exit.kind === 'lost') return undefined;
  if (exit.kind === 'shown') return land(network, packet, { ...sender, source: exit.as }, rec);
  const by = { resource: fact.id, rule: 'defaultOutboundAccess' };
  if (!fact.defaultOutbound) {
    rec.stop('no-route', 'outbound', by, `${nameOf(fact.id)} has no way out to the internet`, {
      resource: fact.id,
      property: 'properties.defaultOutboundAccess',
      is: 'false',
      needs: 'true, a NAT gateway or a public address',
    });
    return undefined;
  }
  rec.assume('default-outbound-access');
  rec.pass('outbound', by, 'leaves by default outbound access, as an address that Azure picks');
  return land(network, packet, { ...sender, source: undefined }, rec);
}

/** Outside, the last appliance shows its own address. */
export function outward(appliances: readonly Passed[]): readonly Passed[] {
  return appliances.map((each, at) => (at === appliances.length - 1 ? { ...each, standsIn: true } : each));
}

/** A NAT gateway comes before an address of one's own. It carries TCP and UDP, and needs an address to show. */
function leaveByNat(
  network: Network,
  id: string,
  packet: Packet,
  sender: Omit<Sender, 'source'>,
  rec: Recorder,
): Landing | undefined {
  const by = { resource: id, rule: 'publicIpAddresses' };
  const nat = network.natGateways.get(keyOf(id));
  if (!nat) {
    rec.stop(
      'unknown',
      'outbound',
      by,
      `the way out leads through NAT gateway ${nameOf(id)}, which is not in the estate`,
    );
    return undefined;
  }
  if (nat.publicAddresses.length + nat.publicPrefixes.length === 0) {
    rec.stop('no-route', 'outbound', by, `NAT gateway ${nameOf(id)} has no public address`, {
      resource: id,
      property: 'properties.publicIpAddresses',
      is: 'empty',
      needs: 'a public address or a public prefix',
    });
    return undefined;
  }
  if (!rec.isIn(carried, protocolNumbers[packet.protocol])) {
    rec.stop('no-route', 'outbound', by, `NAT gateway ${nameOf(id)} carries TCP and UDP only`);
    return undefined;
  }
  const shown = nat.publicAddresses.map((address) => network.publicAddresses.get(keyOf(address)));
  // With several it picks one for each flow.
  const [only] = shown;
  const source = shown.length === 1 && nat.publicPrefixes.length === 0 ? only : undefined;
  const address = source === undefined ? 'one of its addresses' : formatIp(source);
  rec.pass('outbound', by, `leaves through NAT gateway ${nameOf(id)} as ${address}`);
  return land(network, packet, { ...sender, source }, rec);
}

/** The packet is on the public side: at a service, at a machine's public address, or beyond the estate. */
export function land(network: Network, packet: Packet, sender: Sender, rec: Recorder): Landing | undefined {
  const to = formatIp(packet.destination);
  const { source, appliances = [] } = sender;
  const over = { appliances, public: true, source };
  if (rec.isIn(privateAddresses, packet.destination)) {
    const by = { resource: 'internet', rule: 'public routing' };
    rec.stop('no-route', 'route', by, `${to} is a private address: the internet has no route to it`);
    return undefined;
  }
  const attached = rec.find(network.publicAttachments, packet.destination);
  const at = attached && positionAt(network, attached.nic, attached.configuration);
  if (attached && at) {
    const by = { resource: attached.configuration.publicAddress ?? '', rule: 'ipAddress' };
    rec.pass('forward', by, `${to} is ${nameOf(attached.nic.id)}, ${formatIp(at.address)}`);
    ingress(at, { ...packet, source, destination: at.address }, rec);
    return { kind: 'machine', at, over };
  }
  const balancer = rec.find(network.publicFrontends, packet.destination);
  if (balancer) {
    return distribute(network, balancer, undefined, { ...packet, source }, over, rec);
  }
  const owner = rec.find(ownersOf(network.publicAddresses), packet.destination);
  if (owner !== undefined) {
    const by = { resource: owner, rule: 'ipAddress' };
    rec.stop('unknown', 'listener', by, `${to} is ${nameOf(owner)}, and what has it is only stored`);
    return undefined;
  }
  const services = rec.find(network.publicServices, packet.destination) ?? [];
  return { ...sender, kind: 'public', services };
}

const owners = new WeakMap<Network['publicAddresses'], ReadonlyMap<Ip, IdKey>>();

/** Public address resources by their address. */
function ownersOf(addresses: Network['publicAddresses']): ReadonlyMap<Ip, IdKey> {
  let known = owners.get(addresses);
  if (!known) {
    known = new Map([...addresses].map(([key, address]) => [address, key]));
    owners.set(addresses, known);
  }
  return known;
}
