/**
 * Findings of the area `door`: public access flags, service firewalls and bypasses.
 *
 * @module
 */

import type { Area } from './area.ts';
import { excludedComputes } from './compute/places.ts';
import { bypassOff, disabledForCaller, leftPublic, offWithoutEndpoint } from './door/flags.ts';
import { excluded, notEvaluated } from './door/lists.ts';
import {
  controlPlane,
  datastoreIdentity,
  modeRefused,
  notPremium,
  publicPathLimited,
} from './door/workspace.ts';

export const door: Area<'door'> = {
  'public-access-off-without-endpoint': offWithoutEndpoint,
  'public-access-disabled-for-caller': disabledForCaller,
  'network-acls-exclude-caller': (model) => [...excluded(model), ...excludedComputes(model)],
  'ip-rule-not-evaluated': notEvaluated,
  'trusted-bypass-off': bypassOff,
  'dependency-left-public': leftPublic,
  'control-plane-not-private': controlPlane,
  'workspace-public-path-limited': publicPathLimited,
  'studio-datastore-identity': datastoreIdentity,
  'registry-sku-not-premium': notPremium,
  'authentication-mode-refused': modeRefused,
};
