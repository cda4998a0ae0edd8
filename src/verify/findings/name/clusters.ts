/**
 * Zones of private clusters: one that the service makes with a cluster can be linked only once it is there.
 *
 * @module
 */

import { relativeTo } from '../../../lib/fqdn.ts';
import { keyOf } from '../../../lib/key.ts';
import type { ClusterDeclared } from '../../../net/declared/kubernetes.ts';
import type { Model } from '../../model.ts';
import { groupsOf } from '../../private-link.ts';
import { type Edit, type Repair, setting } from '../../repair.ts';

/** The property that says which zone a private cluster uses. */
export const zoneProperty = 'apiServerAccessProfile.privateDNSZone';

/** The cluster that a private endpoint leads to, where its zone is made with it. */
export function makerOf({ network }: Model, target: string): ClusterDeclared | undefined {
  const found = network.declared.of('cluster').find(({ id }) => keyOf(id) === keyOf(target));
  return found?.zone.toLowerCase() === 'system' ? found : undefined;
}

/** Zones of the estate that a cluster could use instead of its own, linked to a network beforehand. */
export function ownZones(model: Model, { id }: ClusterDeclared, vnet: string): readonly Repair[] {
  const { network } = model;
  const made = groupsOf(model, id)[0]?.names[0]?.alias;
  if (made === undefined) return [];
  return [...network.zones.values()]
    .flat()
    .filter(({ name }) => made.endsWith(`.${name}`) && relativeTo(made, name).split('.').length === 2)
    .map((zone) => {
      const linked = network.views.get(keyOf(vnet))?.get(zone.name)?.zone.id === zone.id;
      const link: Edit = { kind: 'create', creation: { what: 'zone-link', zone: zone.id, vnet } };
      return {
        says: `have the cluster use ${zone.name}`,
        edits: [setting(id, zoneProperty, zone.id), ...(linked ? [] : [link])],
      };
    });
}
