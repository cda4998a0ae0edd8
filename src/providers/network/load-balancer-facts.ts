/**
 * What a load balancer means for the network (docs/semantics/load-balancers.md).
 *
 * @module
 */

import { propertiesOf } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import type { Intervals } from '../../lib/intervals.ts';
import { parseIp } from '../../lib/ip.ts';
import { asText } from '../../lib/json.ts';
import { anyPort } from '../../lib/ports.ts';
import type { BalancerFact, BalancerRule, Fact, NicConfiguration } from '../../net/facts.ts';
import { protocolSet } from '../../net/gates.ts';
import { type BalancerProperties, balancerShape } from './load-balancer-shape.ts';

/** The load balancer, and its private frontends as addresses of an interface that it is. */
export function balancerFacts(balancer: Resource): readonly Fact[] {
  const stored = propertiesOf(balancerShape, balancer);
  const { id } = balancer;
  const fact: BalancerFact = {
    kind: 'balancer',
    id,
    standard: asText(balancer.sku?.['name'])?.toLowerCase() !== 'basic',
    frontends: stored.frontendIPConfigurations.map(({ name, properties }) => ({
      id: `${id}/frontendIPConfigurations/${name}`,
      address: properties.subnet ? parseIp(properties.privateIPAddress ?? '') : undefined,
      publicAddress: properties.publicIPAddress?.id,
    })),
    pools: (stored.backendAddressPools ?? []).map(({ name, properties }) => ({
      id: `${id}/backendAddressPools/${name}`,
      addresses: (properties.loadBalancerBackendAddresses ?? []).flatMap((item) => {
        const address = parseIp(item.properties?.ipAddress ?? '');
        const vnet = item.properties?.virtualNetwork?.id ?? properties.virtualNetwork?.id;
        return address === undefined ? [] : [{ vnet, address }];
      }),
    })),
    rules: [...balancing(stored), ...translating(id, stored)],
    outbound: (stored.outboundRules ?? []).map(({ name, properties }) => ({
      name: `outboundRules/${name}`,
      frontends: properties.frontendIPConfigurations.map((frontend) => frontend.id),
      pool: properties.backendAddressPool.id,
      protocol: protocolOf(properties.protocol),
    })),
  };
  const configurations = stored.frontendIPConfigurations.flatMap(({ properties }): NicConfiguration[] => {
    const address = parseIp(properties.privateIPAddress ?? '');
    const subnet = properties.subnet?.id;
    if (address === undefined || subnet === undefined) return [];
    return [{ subnet, address, publicAddress: undefined, groups: [] }];
  });
  if (configurations.length === 0) return [fact];
  return [
    fact,
    {
      kind: 'nic',
      id,
      configurations,
      gate: undefined,
      dnsServers: [],
      forwarding: false,
      endpoint: undefined,
      runs: 'balancer',
    },
  ];
}

function balancing({ loadBalancingRules = [], probes = [] }: BalancerProperties): BalancerRule[] {
  return loadBalancingRules.map(({ name, properties: rule }) => {
    const all = rule.frontendPort === 0;
    const probe = probes.find((item) =>
      rule.probe?.id.toLowerCase().endsWith(`/probes/${item.name.toLowerCase()}`),
    );
    const pools = [
      ...(rule.backendAddressPool ? [rule.backendAddressPool] : []),
      ...(rule.backendAddressPools ?? []),
    ];
    return {
      name: `loadBalancingRules/${name}`,
      frontend: rule.frontendIPConfiguration.id,
      protocol: protocolOf(rule.protocol),
      ports: all ? anyPort : portSet(rule.frontendPort),
      backendPort:
        all || rule.enableFloatingIP === true ? undefined : (rule.backendPort ?? rule.frontendPort),
      to: { pools: [...new Set(pools.map(({ id }) => id))] },
      probe: probe?.properties.port,
      translates: rule.disableOutboundSnat !== true,
    };
  });
}

function translating(id: string, { inboundNatRules = [] }: BalancerProperties): BalancerRule[] {
  return inboundNatRules.map(({ name, properties: rule }) => {
    const {
      frontendPort = 0,
      frontendPortRangeStart: low = frontendPort,
      frontendPortRangeEnd: high = low,
    } = rule;
    return {
      name: `inboundNatRules/${name}`,
      frontend: rule.frontendIPConfiguration.id,
      protocol: protocolOf(rule.protocol),
      ports: [[low, high]],
      backendPort: rule.enableFloatingIP === true ? undefined : (rule.backendPort ?? low),
      to: rule.backendAddressPool
        ? { pools: [rule.backendAddressPool.id] }
        : { natRule: `${id}/inboundNatRules/${name}` },
      probe: undefined,
      translates: false,
    };
  });
}

function protocolOf(word: string): Intervals | undefined {
  return word === 'All' ? undefined : protocolSet(word);
}

function portSet(port: number): Intervals {
  return [[port, port]];
}
