/**
 * Types that are accepted and kept but mean nothing to packets yet: a walk that leads through one is unknown. What
 * the proof knows of them all the same are declared facts. One list an area, in `stored/`.
 *
 * @module
 */

import { type Provider, store } from '../arm/provider.ts';
import * as shape from '../arm/shape.ts';
import type { Fact } from '../net/facts.ts';
import { define } from './define.ts';
import { identityFacts, identityRights, withPrincipal } from './identity.ts';
import { storedCompute } from './stored/compute.ts';
import { storedIdentity } from './stored/identity.ts';
import { storedKubernetes } from './stored/kubernetes.ts';
import { storedNames } from './stored/name.ts';
import { storedOperations } from './stored/operations.ts';
import type { StoredType } from './stored/type.ts';

const types: readonly StoredType[] = [
  ...storedOperations,
  ...storedNames,
  ...storedIdentity,
  ...storedCompute,
  ...storedKubernetes,
];

/** One provider for each stored type. */
export const storedTypes: readonly Provider<Fact>[] = types.map(({ type, located, scope, declares }) =>
  define(type, {
    level: 'stored',
    located: located ?? true,
    ...(scope === undefined ? {} : { scope }),
    properties: shape.freeForm,
    linked: identityRights,
    put: (put, read) => {
      const identity = withPrincipal(put, read);
      return { writes: [{ ...store(put), ...(identity ? { identity } : {}) }] };
    },
    facts: (resource) => [
      {
        kind: 'opaque',
        id: resource.id,
        type: resource.type,
        place: undefined,
      },
      ...identityFacts(resource),
      ...(declares?.(resource) ?? []),
    ],
  }),
);
