/**
 * The services that private endpoints can lead to: an explicit list.
 *
 * @module
 */

import { sameId } from '../../arm/id.ts';
import { vaultLink } from '../keyvault/link.ts';
import { workspaceLink } from '../ml/link.ts';
import { mlRegistryLink } from '../ml/registries.ts';
import { registryLink } from '../registry/link.ts';
import { relayLink } from '../relay/link.ts';
import { storageLink } from '../storage/link.ts';
import type { LinkTarget } from './target.ts';

const targets: readonly LinkTarget[] = [
  storageLink,
  vaultLink,
  registryLink,
  workspaceLink,
  mlRegistryLink,
  relayLink,
];

/** Finds what a type says about its private link. */
export function linkTarget(type: string): LinkTarget | undefined {
  return targets.find((target) => sameId(target.type, type));
}
