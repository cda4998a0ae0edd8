/**
 * Ways out to the internet: none, or one past the firewall (docs/semantics/outbound.md).
 *
 * @module
 */

import type { Ip } from '../../../lib/ip.ts';
import { nameOf } from '../../../lib/key.ts';
import { tagAddresses } from '../../../net/tags.ts';
import { placedComputes } from '../../computes.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { setting } from '../../repair.ts';
import { hopTo, isDefault, routesOf } from './tables.ts';

/** A compute that has no public address needs another way to the platform (C-1). */
export function* missingWay(model: Model): Generator<Fault> {
  const [probe] = tagAddresses('MicrosoftContainerRegistry')?.[0] ?? [];
  const told = new Set<string>();
  for (const { fact, subnet, shown } of placedComputes(model)) {
    const { id, natGateway } = subnet.fact;
    if (shown || natGateway !== undefined || probe === undefined || told.has(id)) continue;
    if (hopTo(subnet, probe as Ip)?.kind !== 'internet') continue;
    told.add(id);
    const property = 'natGateway';
    yield {
      subject: id,
      at: property,
      says: `${nameOf(fact.id)} has no public address, and ${nameOf(id)} has no way out to the internet`,
      concerns: [fact.id],
      blockers: [{ resource: id, property, is: 'none', needs: 'a NAT gateway, or a route to a firewall' }],
      repairs: [...model.network.natGateways.values()].map((nat) => ({
        says: `leave through ${nameOf(nat.id)}`,
        edits: [setting(id, 'natGateway.id', nat.id)],
      })),
    };
  }
}

/** A service endpoint is a way to every account of its service, past the firewall that everything else has to pass. */
export function* pastFirewall(model: Model): Generator<Fault> {
  for (const { subnet } of model.network.subnets.values()) {
    const { id, routes, serviceEndpoints, servicePolicies } = subnet.fact;
    const forced = routesOf(model, routes).find((route) => isDefault(route) && typeof route.hop !== 'string');
    if (!forced || serviceEndpoints.length === 0 || servicePolicies.length > 0) continue;
    const services = serviceEndpoints.map(({ service }) => service).join(', ');
    yield {
      subject: id,
      at: 'serviceEndpoints',
      says: `${nameOf(forced.id)} sends everything from ${nameOf(id)} to an appliance, and the service endpoints for ${services} go past it to any account`,
      concerns: [routes ?? ''],
      blockers: [
        {
          resource: id,
          property: 'serviceEndpoints',
          is: services,
          needs: 'none, or a service endpoint policy',
        },
      ],
      repairs: [
        { says: 'take the service endpoints away', edits: [setting(id, 'serviceEndpoints', undefined)] },
      ],
    };
  }
}
