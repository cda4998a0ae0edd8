/**
 * Forwarding rulesets: their rules, and the networks that they hold in (docs/semantics/private-resolvers.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { type Fqdn, parseFqdn } from '../../lib/fqdn.ts';
import { ip } from '../../lib/ip.ts';
import { asText, member } from '../../lib/json.ts';
import { define } from '../define.ts';
import { mustExist } from '../network/network-interfaces.ts';

const rulesetType = 'Microsoft.Network/dnsForwardingRulesets';
const ruleType = `${rulesetType}/forwardingRules` as ResourceType;
const linkType = `${rulesetType}/virtualNetworkLinks` as ResourceType;

const rulesetProperties = shape.object({
  dnsResolverOutboundEndpoints: shape.required(shape.list(shape.reference)),
  ...shape.served('provisioningState', 'resourceGuid'),
});

export const rulesets = define(rulesetType, {
  level: 'modelled',
  located: true,
  properties: rulesetProperties,
  put: (put, read) => {
    const target = 'properties.dnsResolverOutboundEndpoints';
    const endpoints = put.properties.dnsResolverOutboundEndpoints;
    if (endpoints.length === 0) {
      const message = 'A ruleset needs the outbound endpoint that asks.';
      throw new ArmError('InvalidRequestContent', message, { target });
    }
    for (const { id } of endpoints) mustExist(read, id, target, put.envelope.location);
    return { writes: [store(put)] };
  },
  remove: (ruleset, read) => {
    const [link] = read.children(ruleset.id, linkType);
    if (!link) return { writes: [] };
    const message = `Ruleset ${ruleset.name} has the virtual network link ${link.name}. Delete its links first.`;
    throw new ArmError('CannotDeleteResource', message);
  },
  facts: (ruleset) => {
    const { dnsResolverOutboundEndpoints } = propertiesOf(rulesetProperties, ruleset);
    return [{ kind: 'ruleset', id: ruleset.id, outbound: dnsResolverOutboundEndpoints.map(({ id }) => id) }];
  },
});

const ruleProperties = shape.object({
  domainName: shape.required(shape.text),
  targetDnsServers: shape.required(
    shape.list(shape.object({ ipAddress: shape.required(shape.address), port: shape.int(1, 65535) })),
  ),
  forwardingRuleState: shape.oneOf('Enabled', 'Disabled'),
  metadata: shape.any,
  ...shape.served('provisioningState'),
});

export const forwardingRules = define(ruleType, {
  level: 'modelled',
  located: false,
  properties: ruleProperties,
  put: (put, read) => {
    const { domainName, targetDnsServers } = put.properties;
    const refuse = (member: string, message: string): ArmError =>
      new ArmError('InvalidRequestContent', message, { target: `properties.${member}` });
    if (!domainName.endsWith('.') || (domainName !== '.' && parseFqdn(domainName) === undefined)) {
      throw refuse('domainName', `'${domainName}' is not a domain name with a dot at its end.`);
    }
    if (targetDnsServers.length === 0 || targetDnsServers.length > 6) {
      throw refuse('targetDnsServers', `Rule ${put.id.name} needs one to six target DNS servers.`);
    }
    const odd = targetDnsServers.find(({ port }) => port !== undefined && port !== 53);
    if (odd) {
      const message = `Rule ${put.id.name} forwards to port ${odd.port}: here DNS servers answer on 53 only.`;
      throw refuse('targetDnsServers', message);
    }
    const twin = read
      .children(put.id.parent ?? '', ruleType)
      .find(
        (other) =>
          !sameId(other.id, put.id.id) && sameId(asText(other.properties['domainName']) ?? '', domainName),
      );
    if (twin) throw new ArmError('Conflict', `Rule ${twin.name} forwards ${domainName} already.`);
    return { writes: [store(put, { forwardingRuleState: 'Enabled', ...put.properties })] };
  },
  facts: (rule) => {
    const { domainName, targetDnsServers, forwardingRuleState } = propertiesOf(ruleProperties, rule);
    const suffix: Fqdn | '.' = parseFqdn(domainName) ?? '.';
    return [
      {
        kind: 'forwarding-rule',
        id: rule.id,
        ruleset: partsOf(rule.id).parent ?? '',
        suffix,
        to: targetDnsServers.map(({ ipAddress }) => ip(ipAddress)),
        enabled: forwardingRuleState !== 'Disabled',
      },
    ];
  },
});

const linkProperties = shape.object({
  virtualNetwork: shape.required(shape.reference),
  metadata: shape.any,
  ...shape.served('provisioningState'),
});

export const rulesetLinks = define(linkType, {
  level: 'modelled',
  located: false,
  properties: linkProperties,
  linked: (put) => [
    { action: 'Microsoft.Network/virtualNetworks/join/action', scope: put.properties.virtualNetwork.id },
  ],
  put: (put, read) => {
    const { id } = put.properties.virtualNetwork;
    const target = 'properties.virtualNetwork.id';
    mustExist(read, id, target, read.get(put.id.parent ?? '')?.location);
    for (const other of read.referencing(id)) {
      if (!sameId(other.type, linkType) || sameId(other.id, put.id.id)) continue;
      if (!sameId(asText(member(other.properties['virtualNetwork'], 'id')) ?? '', id)) continue;
      // Which of two sets would forward a name that both have is not documented, so a network takes one.
      throw new ArmError('Conflict', `${id} is linked to the ruleset of ${other.id} already.`, { target });
    }
    return { writes: [store(put)] };
  },
  facts: (link) => {
    const { virtualNetwork } = propertiesOf(linkProperties, link);
    const ruleset = partsOf(link.id).parent ?? '';
    return [{ kind: 'ruleset-link', id: link.id, ruleset, vnet: virtualNetwork.id }];
  },
});
