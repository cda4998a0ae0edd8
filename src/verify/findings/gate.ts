/**
 * Findings of the area `gate`: groups, firewalls and proxies must pass the required traffic.
 *
 * @module
 */

import type { Area } from './area.ts';
import { blockedService, computeRows } from './gate/computes.ts';
import { platformHosts, userHosts } from './gate/firewalls.ts';
import { tooNarrow } from './gate/policies.ts';
import { blockedFlows, blockedRows, clientsOf, oncePerRule } from './gate/required.ts';
import { interferingProxies } from './gate/sites.ts';
import { withoutEffect, withoutGroup } from './gate/subnets.ts';

export const gate: Area<'gate'> = {
  'nsg-outbound-required-blocked': (model) =>
    oncePerRule([
      ...blockedFlows(model, 'egress'),
      ...blockedRows(model, [...clientsOf(model), ...computeRows(model)]),
    ]),
  'nsg-inbound-required-blocked': (model) =>
    oncePerRule([...blockedFlows(model, 'ingress'), ...blockedService(model)]),
  'nsg-ignored-on-endpoint': withoutEffect,
  'firewall-platform-host-blocked': platformHosts,
  'firewall-user-host-blocked': userHosts,
  'client-egress-interferes': interferingProxies,
  'service-endpoint-policy-too-narrow': tooNarrow,
  'subnet-without-nsg': withoutGroup,
};
