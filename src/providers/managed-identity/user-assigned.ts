/**
 * User-assigned identities: a principal that several resources can act as.
 *
 * @module
 */

import { store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { asText } from '../../lib/json.ts';
import { define } from '../define.ts';
import { userAssignedType } from '../identity.ts';
import { inventedId } from '../ml/link.ts';
import { refuseInUse } from '../network/security-groups.ts';

export const userAssignedIdentities = define(userAssignedType, {
  level: 'modelled',
  located: true,
  properties: shape.object({
    ...shape.opaque('isolationScope'),
    ...shape.served('provisioningState', 'tenantId', 'principalId', 'clientId'),
  }),
  put: (put) => ({
    writes: [
      store(put, {
        ...put.properties,
        tenantId: put.settings.tenant,
        principalId: inventedId(put.id.id, 'principalId'),
        clientId: inventedId(put.id.id, 'clientId'),
      }),
    ],
  }),
  remove: (identity, read) => {
    refuseInUse(identity, read);
    return { writes: [] };
  },
  facts: (identity) => {
    const principal = asText(identity.properties['principalId']);
    return principal === undefined
      ? []
      : [
          { kind: 'identity', resource: identity.id, principal },
          { kind: 'user-identity', id: identity.id },
        ];
  },
});
