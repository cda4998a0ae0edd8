/**
 * Estates for the kernel fabric, made by the real control plane, and the fabric's parts.
 */

import { emptyPlane, group, idOf, plan as planWrite } from './estate.mjs';

const location = 'eastus';
const of = (kind, name) => idOf(`Microsoft.Network/${kind}`, name);

/** A rule that lets nobody in whom it does not name. */
export function ruleOf(at, port) {
  return {
    priority: 100 + at,
    direction: 'Inbound',
    access: at % 3 === 0 ? 'Deny' : 'Allow',
    protocol: at % 2 === 0 ? 'Tcp' : '*',
    sourceAddressPrefix: `10.${at % 200}.${(at * 7) % 256}.0/24`,
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: String(port),
  };
}

/** Networks with some machines each, and a group of so many rules for the subnet of each. */
export function networks(count, machines, rules) {
  const plane = emptyPlane();
  const put = (id, properties, more = { location }) =>
    plane.estate.apply(planWrite(plane, id, { ...more, properties }).change);
  plane.estate.apply(planWrite(plane, group, { location }).change);
  const securityRules = Array.from({ length: rules }, (_, n) => ({
    name: `r${n}`,
    properties: ruleOf(n, 1_000 + n),
  }));
  put(of('networkSecurityGroups', 'nsg0'), { securityRules });
  const first = [...plane.estate.all()].filter(({ id }) => id.includes('/nsg0'));
  for (let at = 0; at < count; at++) {
    const nsg = of('networkSecurityGroups', `nsg${at}`);
    // Stored as the first one was: ten thousand rules are not what is measured.
    const writes = first.map((one) => JSON.parse(JSON.stringify(one).replaceAll('nsg0', `nsg${at}`)));
    if (at > 0) plane.estate.apply({ writes, deletes: [] });
    const vnet = of('virtualNetworks', `v${at}`);
    put(vnet, {
      addressSpace: { addressPrefixes: [`10.${at}.0.0/16`] },
      subnets: [
        { name: 's', properties: { addressPrefix: `10.${at}.0.0/24`, networkSecurityGroup: { id: nsg } } },
      ],
    });
    for (let n = 0; n < machines; n++) {
      const subnet = { id: `${vnet}/subnets/s` };
      const ipConfigurations = [{ name: 'c', properties: { subnet, privateIPAllocationMethod: 'Dynamic' } }];
      put(of('networkInterfaces', `n${at}x${n}`), { ipConfigurations });
    }
  }
  return { plane, ruleId: (at, n) => `${of('networkSecurityGroups', `nsg${at}`)}/securityRules/r${n}` };
}

/** Writes a rule. */
export function writeRule(plane, id, at, port) {
  plane.estate.apply(planWrite(plane, id, { properties: ruleOf(at, port) }).change);
}
