/**
 * Network security groups.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { type JsonObject, omit } from '../../lib/json.ts';
import type { AddressSpec } from '../../net/facts.ts';
import { defaultRules } from '../../net/gates.ts';
import { define } from '../define.ts';
import { embed, inlineChildren, planInline } from '../inline.ts';
import { securityRules } from './security-rules.ts';

const properties = shape.object({
  securityRules: inlineChildren,
  ...shape.opaque('flushConnection'),
  ...shape.served(
    'provisioningState',
    'defaultSecurityRules',
    'networkInterfaces',
    'subnets',
    'flowLogs',
    'resourceGuid',
  ),
});

export const securityGroups = define('Microsoft.Network/networkSecurityGroups', {
  level: 'modelled',
  located: true,
  properties,
  put: (put, read) =>
    planInline(put, read, store(put, omit(put.properties, 'securityRules')), [
      { member: 'securityRules', provider: securityRules },
    ]),
  remove: (group, read) => {
    refuseInUse(group, read);
    return { writes: [] };
  },
  show: (group, read, settings) => ({
    ...group.properties,
    securityRules: embed(read, settings, group.id, securityRules),
    defaultSecurityRules: defaults(group),
    ...usersOf(group, read),
  }),
  views: { defaultSecurityRules: defaults },
  facts: (group) => [{ kind: 'gate', id: group.id }],
});

/** Refuses to delete what another resource names. */
export function refuseInUse(resource: Resource, read: Read): void {
  const user = read.referencing(resource.id).find((other) => other.owner !== resource.id);
  if (!user) return;
  throw new ArmError(
    'ResourceInUse',
    `${resource.type} ${resource.name} is used by ${user.id}. Detach or delete that first.`,
  );
}

function usersOf(group: Resource, read: Read): JsonObject {
  const users = read.referencing(group.id);
  const ids = (segment: string): JsonObject[] =>
    users.filter((user) => user.type.toLowerCase().endsWith(`/${segment}`)).map((user) => ({ id: user.id }));
  const [subnets, nics] = [ids('subnets'), ids('networkinterfaces')];
  return {
    ...(subnets.length === 0 ? {} : { subnets }),
    ...(nics.length === 0 ? {} : { networkInterfaces: nics }),
  };
}

/** The rules that every group ends with, as bodies. */
export function defaults(group: Resource): JsonObject[] {
  return defaultRules.map((rule) => ({
    id: `${group.id}/defaultSecurityRules/${rule.name}`,
    name: rule.name,
    type: 'Microsoft.Network/networkSecurityGroups/defaultSecurityRules',
    properties: {
      provisioningState: 'Succeeded',
      protocol: '*',
      access: rule.access,
      direction: rule.direction,
      priority: rule.priority,
      sourcePortRange: '*',
      destinationPortRange: '*',
      sourceAddressPrefix: side(rule.source),
      destinationAddressPrefix: side(rule.destination),
    },
  }));
}

function side(spec: AddressSpec): string {
  return spec.any ? '*' : (spec.tags[0] ?? '');
}
