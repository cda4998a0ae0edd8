/**
 * The body of a load balancer.
 *
 * @module
 */

import * as shape from '../../arm/shape.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';

const port = shape.int(0, 65535);
const protocol = shape.oneOf('Tcp', 'Udp', 'All');

/** Items of a load balancer have names, and ids below its own. A pool needs no more than its name. */
const named = <P extends JsonObject>(properties: shape.Shape<P>) => {
  const items = shape.list(
    shape.object({
      name: shape.required(shape.text),
      properties: shape.required(properties),
      ...shape.opaque('zones'),
      ...shape.served('id', 'etag', 'type'),
    }),
  );
  const whole = (item: Json): Json =>
    isObject(item) && item['properties'] === undefined ? { ...item, properties: {} } : item;
  return {
    ...items,
    check: (value: Json, at: string) => items.check(Array.isArray(value) ? value.map(whole) : value, at),
  };
};

const frontend = shape.object({
  subnet: shape.reference,
  privateIPAddress: shape.address,
  privateIPAllocationMethod: shape.oneOf('Dynamic', 'Static'),
  privateIPAddressVersion: shape.oneOf('IPv4'),
  publicIPAddress: shape.reference,
  ...shape.opaque('publicIPPrefix', 'gatewayLoadBalancer'),
  ...shape.served(
    'provisioningState',
    'loadBalancingRules',
    'inboundNatRules',
    'inboundNatPools',
    'outboundRules',
  ),
});

const pool = shape.object({
  loadBalancerBackendAddresses: shape.list(
    shape.object({
      name: shape.text,
      properties: shape.object({
        ipAddress: shape.address,
        virtualNetwork: shape.reference,
        subnet: shape.reference,
        adminState: shape.oneOf('None', 'Up', 'Down'),
        ...shape.served('networkInterfaceIPConfiguration', 'inboundNatRulesPortMapping'),
      }),
    }),
  ),
  virtualNetwork: shape.reference,
  ...shape.opaque('drainPeriodInSeconds', 'location', 'syncMode', 'tunnelInterfaces'),
  ...shape.served(
    'provisioningState',
    'backendIPConfigurations',
    'loadBalancingRules',
    'outboundRule',
    'outboundRules',
    'inboundNatRules',
  ),
});

const rule = shape.object({
  frontendIPConfiguration: shape.required(shape.reference),
  backendAddressPool: shape.reference,
  backendAddressPools: shape.list(shape.reference),
  probe: shape.reference,
  protocol: shape.required(protocol),
  frontendPort: shape.required(port),
  backendPort: port,
  enableFloatingIP: shape.bool,
  disableOutboundSnat: shape.bool,
  ...shape.opaque('loadDistribution', 'idleTimeoutInMinutes', 'enableTcpReset', 'enableConnectionTracking'),
  ...shape.served('provisioningState'),
});

const natRule = shape.object({
  frontendIPConfiguration: shape.required(shape.reference),
  backendAddressPool: shape.reference,
  protocol: shape.required(protocol),
  frontendPort: port,
  frontendPortRangeStart: port,
  frontendPortRangeEnd: port,
  backendPort: port,
  enableFloatingIP: shape.bool,
  ...shape.opaque('idleTimeoutInMinutes', 'enableTcpReset'),
  ...shape.served('provisioningState', 'backendIPConfiguration'),
});

const probe = shape.object({
  protocol: shape.required(shape.oneOf('Tcp', 'Http', 'Https')),
  port: shape.required(shape.int(1, 65535)),
  requestPath: shape.text,
  ...shape.opaque('intervalInSeconds', 'numberOfProbes', 'probeThreshold', 'noHealthyBackendsBehavior'),
  ...shape.served('provisioningState', 'loadBalancingRules'),
});

const outboundRule = shape.object({
  frontendIPConfigurations: shape.required(shape.list(shape.reference)),
  backendAddressPool: shape.required(shape.reference),
  protocol: shape.required(protocol),
  ...shape.opaque('allocatedOutboundPorts', 'enableTcpReset', 'idleTimeoutInMinutes'),
  ...shape.served('provisioningState'),
});

export const balancerShape = shape.object({
  frontendIPConfigurations: shape.required(named(frontend)),
  backendAddressPools: named(pool),
  loadBalancingRules: named(rule),
  probes: named(probe),
  inboundNatRules: named(natRule),
  outboundRules: named(outboundRule),
  ...shape.opaque('scope'),
  ...shape.served('provisioningState', 'resourceGuid', 'inboundNatPools'),
});

export type BalancerProperties = shape.Of<typeof balancerShape>;
