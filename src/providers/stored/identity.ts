/**
 * Types of identities, locks and policies that are only stored.
 *
 * @module
 */

import type { StoredType } from './type.ts';

export const storedIdentity: readonly StoredType[] = [
  {
    type: 'Microsoft.Authorization/locks',
    located: false,
    scope: 'any',
    declares: ({ id, properties }) => [
      {
        kind: 'lock',
        id,
        scope: id.slice(0, id.toLowerCase().lastIndexOf('/providers/microsoft.authorization/locks')),
        level: properties['level'] === 'ReadOnly' ? 'ReadOnly' : 'CanNotDelete',
      },
    ],
  },
];
