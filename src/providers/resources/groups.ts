/**
 * Resource groups, and the record that a deployment leaves.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { deploymentType, resourceGroupType } from '../../arm/id.ts';
import { store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { define } from '../define.ts';

export const resourceGroups = define(resourceGroupType, {
  level: 'modelled',
  located: true,
  scope: 'subscription',
  properties: shape.object(shape.served('provisioningState')),
  put: (put) => {
    if (!/^[\w().-]{0,89}[\w()-]$/.test(put.id.name)) {
      throw new ArmError(
        'InvalidResourceName',
        `'${put.id.name}' is not a valid resource group name: up to 90 letters, digits, dashes, underscores, dots and parentheses, not ending in a dot.`,
      );
    }
    if (put.before && put.before.location !== put.envelope.location) {
      throw new ArmError(
        'Conflict',
        `Resource group ${put.id.name} is in ${put.before.location} and cannot move to ${put.envelope.location}.`,
        { target: 'location' },
      );
    }
    return { writes: [store(put)] };
  },
});

/** The operations that a deployment consisted of: kept below it, listed by their own endpoint. */
export const operationType = `${deploymentType}/operations`;

export const deployments = define(deploymentType, {
  level: 'modelled',
  located: false,
  scope: 'any',
  properties: shape.freeForm,
});

export const deploymentOperations = define(operationType, {
  level: 'modelled',
  located: false,
  properties: shape.freeForm,
});
