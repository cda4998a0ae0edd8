/**
 * Types of Kubernetes that are only stored.
 *
 * @module
 */

import { asText } from '../../lib/json.ts';
import { learningExtension } from '../kubernetes/extension.ts';
import type { StoredType } from './type.ts';

export const storedKubernetes: readonly StoredType[] = [
  {
    type: 'Microsoft.Kubernetes/connectedClusters',
    declares: ({ id, properties }) => [
      { kind: 'connected-cluster', id, distribution: asText(properties['distribution'])?.toLowerCase() },
    ],
  },
  {
    type: 'Microsoft.KubernetesConfiguration/extensions',
    located: false,
    scope: 'any',
    declares: learningExtension,
  },
];
