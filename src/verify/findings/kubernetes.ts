/**
 * Findings of the area `kubernetes`: clusters, the extension and its relay.
 *
 * @module
 */

import type { Area } from './area.ts';
import { proxySkip, publicName } from './kubernetes/clusters.ts';
import { certificateUnusable, nameWithoutRecord } from './kubernetes/names.ts';
import { relayUnusable } from './kubernetes/relay.ts';
import { legacyRouter, routerPublic, routerType } from './kubernetes/router.ts';

export const kubernetes: Area<'kubernetes'> = {
  'kubernetes-router-type-invalid': routerType,
  'kubernetes-router-public': routerPublic,
  'kubernetes-tls-invalid': certificateUnusable,
  'kubernetes-router-name-without-record': nameWithoutRecord,
  'kubernetes-legacy-router-present': legacyRouter,
  'kubernetes-proxy-skip-incomplete': proxySkip,
  'kubernetes-private-cluster-public-name': publicName,
  'relay-configuration-unusable': relayUnusable,
};
