/**
 * Outbound rules of a workspace's managed network: written into the workspace, or as resources of their own.
 *
 * Source: Azure's REST specifications, `workspaces/outboundRules`.
 *
 * @module
 */

import { ancestorId } from '../../arm/id.ts';
import type { Resource } from '../../arm/resource.ts';
import { asText, isObject, type Json, member } from '../../lib/json.ts';
import type { OutboundRuleFact } from '../../net/declared/compute.ts';

/** The rules that a workspace brings itself. */
export function outboundRules(workspace: string, rules: Json | undefined): readonly OutboundRuleFact[] {
  if (!isObject(rules)) return [];
  return Object.entries(rules).flatMap(([name, rule]) =>
    ruleFact({ id: workspace, at: `managedNetwork.outboundRules.${name}`, workspace, name }, rule),
  );
}

/** The rule that is a resource. */
export function outboundRule({ id, name, properties }: Resource): readonly OutboundRuleFact[] {
  return ruleFact({ id, at: 'destination', workspace: ancestorId(id, 1), name }, properties);
}

type Where = Pick<OutboundRuleFact, 'id' | 'at' | 'workspace' | 'name'>;

function ruleFact(where: Where, rule: Json | undefined): readonly OutboundRuleFact[] {
  const destination = member(rule, 'destination');
  const text = (name: string): string | undefined => asText(member(destination, name));
  const required = asText(member(rule, 'category')) === 'Required';
  const fact = { kind: 'outbound-rule', ...where, required } as const;
  switch (asText(member(rule, 'type'))) {
    case 'PrivateEndpoint':
      return [
        {
          ...fact,
          type: 'PrivateEndpoint',
          destination: text('serviceResourceId') ?? '',
          group: text('subresourceTarget'),
          spark: member(destination, 'sparkEnabled') === true,
        },
      ];
    case 'ServiceTag':
      return [
        {
          ...fact,
          type: 'ServiceTag',
          destination: text('serviceTag') ?? '',
          group: undefined,
          spark: false,
        },
      ];
    case 'FQDN':
      return [
        { ...fact, type: 'FQDN', destination: asText(destination) ?? '', group: undefined, spark: false },
      ];
    default:
      return [];
  }
}
