/**
 * Private resolvers: where they can be asked, and what the networks that their rulesets are linked to forward
 * (docs/semantics/private-resolvers.md).
 *
 * @module
 */

import { type Fqdn, isWithin } from '../lib/fqdn.ts';
import { type IdKey, keyOf } from '../lib/key.ts';
import type { ForwardingRuleFact } from './facts.ts';
import { type Gathered, grouped } from './gather.ts';
import type { Forwarding, Network } from './model.ts';

/** Joins inbound endpoints with their addresses, and rules with the networks they hold in. */
export function linkResolvers(all: Gathered): Pick<Network, 'resolvers' | 'forwarding'> {
  const { lists } = all;
  const outbound = new Map(lists['resolver-outbound'].map((fact) => [keyOf(fact.id), fact.subnet]));
  const rulesets = new Map(lists.ruleset.map((fact) => [keyOf(fact.id), fact]));
  const rules = grouped(lists['forwarding-rule'], (fact) => [keyOf(fact.ruleset)], undefined);
  const forwarding = new Map<IdKey, Forwarding[]>();
  for (const { id: link, ruleset, vnet } of lists['ruleset-link']) {
    const [first = ''] = rulesets.get(keyOf(ruleset))?.outbound ?? [];
    const from = outbound.get(keyOf(first));
    const known = forwarding.get(keyOf(vnet)) ?? [];
    known.push(...(rules.get(keyOf(ruleset)) ?? []).map((rule) => ({ rule, link, from })));
    forwarding.set(keyOf(vnet), known);
  }
  for (const list of forwarding.values()) list.sort((a, b) => lengthOf(b.rule) - lengthOf(a.rule));
  return { resolvers: grouped(lists['resolver-inbound'], ({ address }) => [address], undefined), forwarding };
}

/** The enabled rule with the longest suffix that a name has. */
export function forwardingOf(network: Network, vnet: string, name: Fqdn): Forwarding | undefined {
  return network.forwarding
    .get(keyOf(vnet))
    ?.find(({ rule }) => rule.enabled && (rule.suffix === '.' || isWithin(name, rule.suffix)));
}

function lengthOf({ suffix }: ForwardingRuleFact): number {
  return suffix === '.' ? 0 : suffix.length;
}
