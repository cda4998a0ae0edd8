/**
 * Estates of any size, made by the real control plane: what a provider would store, and nothing else.
 *
 * `cells`: networks of about a hundred resources each, peered with the first as their hub, their private endpoints
 * in one central zone. `one`: all of it in a single virtual network, the worst case for compiling a network at a
 * time.
 */

import { defaultDeployer, firstResources, offlineSettings } from '../../dist/app/defaults.js';
import { groupId, parseId } from '../../dist/arm/id.js';
import { planWrite } from '../../dist/arm/plane.js';
import { Estate } from '../../dist/arm/resource.js';
import { registry } from '../../dist/providers/registry.js';

const settings = offlineSettings('0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f');
const location = 'eastus';
const now = '2026-01-01T00:00:00Z';
export const group = groupId(settings.subscription, 'bench');
export const idOf = (type, name) => `${group}/providers/${type}/${name}`;
const network = (kind, name) => idOf(`Microsoft.Network/${kind}`, name);

/** An empty control plane with its owner. */
export function emptyPlane() {
  return { registry, settings, estate: new Estate(firstResources(settings, defaultDeployer)) };
}

/** A PUT, planned; `apply` it to make it so. Throws what the control plane refuses. */
export function plan(plane, id, body) {
  const parsed = parseId(id);
  if (!parsed.ok) throw new Error(parsed.error);
  const { type } = parsed.value;
  return planWrite(plane, {
    id: parsed.value,
    body,
    apiVersion: apiVersionOf(type),
    caller: defaultDeployer,
    now,
  });
}

function apiVersionOf(type) {
  return /privateDnsZones/i.test(type) ? '2020-06-01' : '2023-09-01';
}

function put(plane, id, properties, more = { location }) {
  plane.estate.apply(plan(plane, id, { ...more, properties }).change);
}

const zone = network('privateDnsZones', 'privatelink.blob.core.windows.net');

/** An estate of about so many resources. Answers it with a rule, an interface and a connection that a bench may change. */
export function build(size, shape = 'cells') {
  const plane = emptyPlane();
  plane.estate.apply(plan(plane, group, { location }).change);
  put(plane, zone, {}, { location: 'global' });
  if (shape === 'one') {
    const units = Math.max(1, Math.round((size - 20) / 80));
    hubOf(plane, 0, units);
    for (let unit = 0; unit < units; unit++) fill(plane, 0, unit, unit);
  } else {
    const cells = Math.max(1, Math.round(size / 100));
    for (let cell = 0; cell < cells; cell++) {
      hubOf(plane, cell, 1);
      fill(plane, cell, 0, cell);
      if (cell > 0) peer(plane, cell);
    }
  }
  const rule = `${network('networkSecurityGroups', 'nsg0')}/securityRules/rule5`;
  const account = idOf('Microsoft.Storage/storageAccounts', 'st0x0');
  const connection = (estate) =>
    estate.children(account, 'Microsoft.Storage/storageAccounts/privateEndpointConnections')[0].id;
  return { plane, rule, connection, nic: network('networkInterfaces', 'nic0-3') };
}

/** A virtual network with a gate and a route table, and two subnets for each unit of what fills it. */
function hubOf(plane, cell, units) {
  const nsg = network('networkSecurityGroups', `nsg${cell}`);
  put(plane, nsg, {});
  for (let at = 0; at < 10; at++) put(plane, `${nsg}/securityRules/rule${at}`, ruleOf(at), {});
  const table = network('routeTables', `rt${cell}`);
  put(plane, table, {});
  put(plane, `${table}/routes/firewall`, hop('172.16.0.0/12', '10.0.0.4'), {});
  put(plane, `${table}/routes/none`, { addressPrefix: '203.0.113.0/24', nextHopType: 'None' }, {});
  const vnet = vnetOf(cell);
  const space = units > 1 ? '10.0.0.0/8' : `10.${cell}.0.0/16`;
  put(plane, vnet, { addressSpace: { addressPrefixes: [space] } });
  for (let unit = 0; unit < units; unit++) {
    const block = `10.${units > 1 ? unit : cell}`;
    const gates = { networkSecurityGroup: { id: nsg }, routeTable: { id: table } };
    put(plane, `${vnet}/subnets/work${unit}`, { addressPrefix: `${block}.0.0/24`, ...gates }, {});
    put(plane, `${vnet}/subnets/private${unit}`, { addressPrefix: `${block}.1.0/24` }, {});
  }
  const link = { virtualNetwork: { id: vnet }, registrationEnabled: false };
  put(plane, `${zone}/virtualNetworkLinks/link${cell}`, link, { location: 'global' });
}

/** Machines with interfaces, and storage accounts behind private endpoints. */
function fill(plane, cell, unit, label) {
  for (let at = 0; at < 24; at++) {
    const nic = network('networkInterfaces', `nic${label}-${at}`);
    put(plane, nic, nicOf(`${vnetOf(cell)}/subnets/work${unit}`));
    if (at % 3 === 0) {
      const networkProfile = { networkInterfaces: [{ id: nic, properties: { primary: true } }] };
      put(plane, idOf('Microsoft.Compute/virtualMachines', `vm${label}-${at}`), { networkProfile });
    }
  }
  for (let at = 0; at < 8; at++) {
    const account = idOf('Microsoft.Storage/storageAccounts', `st${label}x${at}`);
    const storage = { location, sku: { name: 'Standard_LRS' }, kind: 'StorageV2' };
    put(plane, account, { publicNetworkAccess: 'Disabled' }, storage);
    const endpoint = network('privateEndpoints', `pe${label}-${at}`);
    put(plane, endpoint, {
      subnet: { id: `${vnetOf(cell)}/subnets/private${unit}` },
      privateLinkServiceConnections: [
        { name: 'blob', properties: { privateLinkServiceId: account, groupIds: ['blob'] } },
      ],
    });
    const privateDnsZoneConfigs = [{ name: 'blob', properties: { privateDnsZoneId: zone } }];
    put(plane, `${endpoint}/privateDnsZoneGroups/default`, { privateDnsZoneConfigs }, {});
  }
}

function peer(plane, cell) {
  for (const [from, to] of [
    [0, cell],
    [cell, 0],
  ]) {
    const properties = { remoteVirtualNetwork: { id: vnetOf(to) }, allowVirtualNetworkAccess: true };
    put(plane, `${vnetOf(from)}/virtualNetworkPeerings/to${to}`, properties, {});
  }
}

function vnetOf(cell) {
  return network('virtualNetworks', `vnet${cell}`);
}

function hop(addressPrefix, nextHopIpAddress) {
  return { addressPrefix, nextHopType: 'VirtualAppliance', nextHopIpAddress };
}

/** A rule of a security group, told apart by its number. */
export function ruleOf(at, port = 443) {
  return {
    direction: at % 2 === 0 ? 'Inbound' : 'Outbound',
    priority: 100 + at,
    access: at % 3 === 0 ? 'Deny' : 'Allow',
    protocol: 'Tcp',
    sourceAddressPrefix: at % 4 === 0 ? 'VirtualNetwork' : `10.${at}.0.0/16`,
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: String(port + at),
  };
}

/** An interface in a subnet. */
export function nicOf(subnet, more = {}) {
  return { ipConfigurations: [{ name: 'one', properties: { subnet: { id: subnet } } }], ...more };
}
