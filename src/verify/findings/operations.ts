/**
 * Findings of the area `operations`: versions, products and account kinds.
 *
 * @module
 */

import type { Area } from './area.ts';
import { exfiltration, hierarchical, unprotected } from './operations/products.ts';
import { ineffective } from './operations/settings.ts';

export const operations: Area<'operations'> = {
  'setting-ineffective': ineffective,
  'synapse-exfiltration-protection': exfiltration,
  'cmk-vault-unprotected': unprotected,
  'default-storage-hierarchical': hierarchical,
};
