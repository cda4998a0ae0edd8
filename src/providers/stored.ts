/**
 * Types that are accepted and kept but mean nothing to packets yet: a walk that leads through one is unknown. What
 * the proof knows of them all the same are declared facts. One list an area, in `stored/`.
 *
 * @module
 */

import type { Provider } from '../arm/provider.ts';
import type { Resource } from '../arm/resource.ts';
import * as shape from '../arm/shape.ts';
import type { Declared } from '../net/declared.ts';
import type { Fact } from '../net/facts.ts';
import { define } from './define.ts';
import { identityFacts } from './identity.ts';
import { storedCompute } from './stored/compute.ts';
import { storedGates } from './stored/gate.ts';
import { storedIdentity } from './stored/identity.ts';
import { storedKubernetes } from './stored/kubernetes.ts';
import { storedNames } from './stored/name.ts';
import { storedOperations } from './stored/operations.ts';

/** A type that is only stored. */
export interface StoredType {
  readonly type: string;
  /** Most are. */
  readonly located?: boolean;
  /** It may stand on any resource. */
  readonly scope?: 'any' | 'subscription';
  /** What it says to the proof. Its properties are as they were written: nothing is certain about them. */
  readonly declares?: (resource: Resource) => readonly Declared[];
}

const types: readonly StoredType[] = [
  ...storedOperations,
  ...storedNames,
  ...storedGates,
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
