/**
 * Virtual machines: places with network interfaces and, maybe, an identity. What runs on them is not modelled.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { type ResourceId, sameId } from '../../arm/id.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { asText } from '../../lib/json.ts';
import { define } from '../define.ts';
import { identityFacts, identityRights, withPrincipal } from '../identity.ts';
import { inventedId } from '../ml/link.ts';
import { mustExist } from '../network/network-interfaces.ts';

const machineType = 'Microsoft.Compute/virtualMachines';

const properties = shape.object({
  networkProfile: shape.required(
    shape.object({
      networkInterfaces: shape.required(
        shape.list(
          shape.object({
            id: shape.required(shape.resourceId),
            properties: shape.object({ primary: shape.bool, ...shape.opaque('deleteOption') }),
          }),
        ),
      ),
      ...shape.opaque('networkApiVersion'),
    }),
  ),
  ...shape.opaque(
    'hardwareProfile',
    'storageProfile',
    'osProfile',
    'securityProfile',
    'diagnosticsProfile',
    'additionalCapabilities',
    'availabilitySet',
    'proximityPlacementGroup',
    'priority',
    'evictionPolicy',
    'billingProfile',
    'licenseType',
    'userData',
    'scheduledEventsProfile',
    'applicationProfile',
    'capacityReservation',
    'extensionsTimeBudget',
    'host',
    'hostGroup',
    'platformFaultDomain',
    'virtualMachineScaleSet',
  ),
  ...shape.served('provisioningState', 'vmId', 'instanceView', 'timeCreated'),
});

/** Azure shows this only when it is asked for; az does, and fails without it. */
const running = [
  { code: 'ProvisioningState/succeeded', level: 'Info', displayStatus: 'Provisioning succeeded' },
  { code: 'PowerState/running', level: 'Info', displayStatus: 'VM running' },
];

export const virtualMachines = define(machineType, {
  level: 'modelled',
  located: true,
  properties,
  linked: (put) => [
    ...put.properties.networkProfile.networkInterfaces.map((nic) => ({
      action: 'Microsoft.Network/networkInterfaces/join/action',
      scope: nic.id,
    })),
    ...identityRights(put),
  ],
  put: (put, read) => {
    const { networkInterfaces } = put.properties.networkProfile;
    if (networkInterfaces.length === 0) {
      throw new ArmError(
        'InvalidParameter',
        `Virtual machine ${put.id.name} needs at least one network interface.`,
        { target: 'properties.networkProfile.networkInterfaces' },
      );
    }
    for (const [at, { id }] of networkInterfaces.entries()) {
      const target = `properties.networkProfile.networkInterfaces[${at}].id`;
      mustExist(read, id, target, put.envelope.location);
      const other = read
        .referencing(id)
        .find((item) => sameId(item.type, machineType) && !sameId(item.id, put.id.id));
      if (other)
        throw new ArmError('ResourceInUse', `Network interface ${id} is used by ${other.id} already.`, {
          target,
        });
    }
    const identity = withPrincipal(put, read);
    const draft = store(put, { ...withoutSecrets(put.properties), vmId: inventedId(put.id.id, 'vmId') });
    return { writes: [{ ...draft, ...(identity ? { identity } : {}) }] };
  },
  remove: (machine) => ({
    writes: [],
    deletes: propertiesOf(properties, machine)
      .networkProfile.networkInterfaces.filter((nic) =>
        /^delete$/i.test(asText(nic.properties?.deleteOption) ?? ''),
      )
      .map((nic) => nic.id as ResourceId),
  }),
  show: (machine) => ({ ...machine.properties, instanceView: { statuses: running } }),
  facts: (machine) => {
    const nics = propertiesOf(properties, machine).networkProfile.networkInterfaces;
    const primary = nics.toSorted(
      (a, b) => Number(b.properties?.primary ?? false) - Number(a.properties?.primary ?? false),
    );
    return [
      { kind: 'machine', id: machine.id, nics: primary.map((nic) => nic.id) },
      ...identityFacts(machine),
    ];
  },
});

/** A password is neither kept nor shown. */
function withoutSecrets(stored: shape.Of<typeof shape.freeForm>): shape.Of<typeof shape.freeForm> {
  const profile = stored['osProfile'];
  if (typeof profile !== 'object' || profile === null || Array.isArray(profile)) return stored;
  const shown = Object.fromEntries(
    Object.entries(profile).filter(([name]) => !/^(adminPassword|customData)$/i.test(name)),
  );
  return { ...stored, osProfile: shown };
}
