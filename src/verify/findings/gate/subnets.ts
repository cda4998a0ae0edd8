/**
 * Subnets without a group, and groups without effect (docs/semantics/network-policies.md).
 *
 * @module
 */

import { has } from '../../../lib/intervals.ts';
import { formatIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import { reservedSubnets } from '../../../net/azure.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { setting } from '../../repair.ts';

/** Services whose subnets need no group: Azure keeps them for the resolver alone. */
const resolver = 'microsoft.network/dnsresolvers';

/** A subnet that nothing filters. */
export function* withoutGroup(model: Model): Generator<Fault> {
  const policies = model.network.declared.of('subnet-policies');
  for (const { subnet } of model.network.subnets.values()) {
    const { id, gate } = subnet.fact;
    if (gate !== undefined || reservedSubnets.has(nameOf(id).toLowerCase())) continue;
    const delegated = policies.find((item) => keyOf(item.id) === keyOf(id))?.delegations ?? [];
    if (delegated.some((service) => service.toLowerCase() === resolver)) continue;
    const property = 'networkSecurityGroup.id';
    yield {
      subject: id,
      at: 'networkSecurityGroup',
      says: `${nameOf(id)} has no network security group: nothing is filtered there`,
      blockers: [
        { resource: id, property: 'networkSecurityGroup', is: 'none', needs: 'a network security group' },
      ],
      repairs: [...model.network.gateRules.keys()].flatMap((key) => {
        const name = model.network.gateRules.get(key)?.[0]?.gate;
        return name === undefined
          ? []
          : [{ says: `attach ${nameOf(name)}`, edits: [setting(id, property, name)] }];
      }),
    };
  }
}

/** Rules that would stop somebody at a private endpoint, and are not looked at there (N-9). */
export function* withoutEffect(model: Model): Generator<Fault> {
  for (const { subnet } of model.network.subnets.values()) {
    const { id, endpointPolicies } = subnet.fact;
    if (endpointPolicies.gates || !subnet.gate) continue;
    const home = [...model.network.endpoints.values()].filter(
      // That of a cluster's API server is put among the nodes, and rules there mean the nodes.
      ({ subnet: where, target }) =>
        keyOf(where) === keyOf(id) && model.service(target)?.fact.service !== 'cluster',
    );
    const addresses = home.flatMap((endpoint) => endpoint.members.map(({ address }) => address));
    const idle = subnet.gate.ingress.find(
      ({ builtIn, action, match }) =>
        !builtIn &&
        action === 'deny' &&
        addresses.some((address) => match.destination === undefined || has(match.destination, address)),
    );
    const [first] = addresses;
    if (!idle || first === undefined) continue;
    const property = 'privateEndpointNetworkPolicies';
    yield {
      subject: id,
      at: property,
      says: `${idle.by.rule} of ${nameOf(idle.by.resource)} means the private endpoints in ${nameOf(id)} (${formatIp(first)}), where no group applies to them`,
      nearMiss: `${nameOf(idle.by.resource)} ${idle.by.rule}`,
      concerns: [idle.by.resource],
      blockers: [{ resource: id, property, is: 'Disabled', needs: 'NetworkSecurityGroupEnabled' }],
      repairs: [
        {
          says: 'let groups apply to private endpoints',
          edits: [setting(id, property, 'NetworkSecurityGroupEnabled')],
        },
      ],
    };
  }
}
