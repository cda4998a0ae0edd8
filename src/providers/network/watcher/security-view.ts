/**
 * Security group view: the rules of every interface of a machine, as they were written and as they take effect.
 *
 * @module
 */

import type { Action, Settings } from '../../../arm/provider.ts';
import type { Read } from '../../../arm/resource.ts';
import * as shape from '../../../arm/shape.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { NicFact } from '../../../net/facts.ts';
import type { Network } from '../../../net/model.ts';
import { fromNetwork } from '../../define.ts';
import { embed } from '../../inline.ts';
import { defaults } from '../security-groups.ts';
import { securityRules } from '../security-rules.ts';
import { groupsAt, rulesOf, spotOfInterface } from './effective.ts';
import { interfacesOf, machineFor } from './subject.ts';

const parameters = shape.object({ targetResourceId: shape.required(shape.resourceId) });

export const securityGroupView: Action = {
  right: 'securityGroupView/action',
  run: ({ resource: watcher, body, settings }, read) => {
    const { targetResourceId } = parameters.check(body, 'parameters');
    const machine = machineFor(watcher, targetResourceId, 'targetResourceId', read);
    return fromNetwork((network) => ({
      networkInterfaces: interfacesOf(network, machine).map((nic) => ({
        id: nic.id,
        securityRuleAssociations: associations(network, nic, read, settings),
      })),
    }));
  },
};

function associations(network: Network, nic: NicFact, read: Read, settings: Settings): JsonObject {
  const spot = spotOfInterface(network, nic.id);
  const groups = groupsAt(spot);
  const written = (id: string | undefined): JsonObject[] =>
    id === undefined ? [] : embed(read, settings, id, securityRules);
  const first = groups[0] && read.get(groups[0].gate.id);
  return {
    networkInterfaceAssociation: { id: nic.id, securityRules: written(nic.gate) },
    subnetAssociation: { id: spot.subnet.fact.id, securityRules: written(spot.subnet.fact.gate) },
    defaultSecurityRules: first ? defaults(first) : [],
    effectiveSecurityRules: groups.flatMap(({ gate }) => rulesOf(network, gate)),
  };
}
