/**
 * Forwarding rulesets that lead back to the network they hold in, or past its zones (docs/semantics/private-resolvers.md).
 *
 * @module
 */

import { formatIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { aboutOf, askedNames } from './asked.ts';

/** A resolver that is asked by the very network that it answers for asks itself. */
export function* loops(model: Model): Generator<Fault> {
  const { network } = model;
  for (const [address, endpoints] of network.resolvers) {
    for (const { id } of endpoints) {
      const subnet = network.nics.get(keyOf(id))?.configurations[0]?.subnet;
      const vnet = subnet === undefined ? undefined : network.subnets.get(keyOf(subnet))?.vnet.fact;
      for (const { rule, link } of (vnet && network.forwarding.get(keyOf(vnet.id))) ?? []) {
        if (!vnet || !rule.enabled || !rule.to.includes(address)) continue;
        yield {
          subject: rule.ruleset,
          at: nameOf(rule.id),
          says: `${nameOf(rule.ruleset)} forwards ${rule.suffix} to ${formatIp(address)} in ${nameOf(vnet.id)}, and is linked to ${nameOf(vnet.id)}: it asks itself`,
          concerns: [vnet.id, rule.id, id, link],
          blockers: [
            {
              resource: rule.ruleset,
              property: 'virtualNetworkLinks',
              is: `linked to ${nameOf(vnet.id)}`,
              needs: `no link to ${nameOf(vnet.id)}`,
            },
          ],
          repairs: [
            {
              says: `unlink ${nameOf(rule.ruleset)} from ${nameOf(vnet.id)}`,
              edits: [{ kind: 'delete', resource: link }],
            },
          ],
        };
      }
    }
  }
}

/** A rule is followed before the zones: a server that does not see the zone answers publicly. */
export function* conflicts(model: Model): Generator<Fault> {
  const seen = new Set<string>();
  for (const { answerer, name, link, flow } of askedNames(model)) {
    if (answerer.kind !== 'public' || answerer.rule === undefined) continue;
    const { rule } = answerer;
    if (seen.has(rule.id)) continue;
    seen.add(rule.id);
    yield {
      subject: rule.id,
      at: 'domainName',
      says: `${nameOf(rule.id)} forwards ${name.fqdn} to ${rule.to.map(formatIp).join(', ')}, which does not see ${name.zone}`,
      flow,
      concerns: [rule.ruleset, name.fqdn, ...aboutOf(model, link)],
      blockers: [
        { resource: rule.id, property: 'properties.domainName', is: rule.suffix, needs: `not ${name.fqdn}` },
      ],
      repairs: [
        { says: `remove the rule ${nameOf(rule.id)}`, edits: [{ kind: 'delete', resource: rule.id }] },
      ],
    };
  }
}
