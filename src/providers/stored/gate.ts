/**
 * Types of gateways and firewalls that are only stored.
 *
 * @module
 */

import type { StoredType } from './type.ts';

export const storedGates: readonly StoredType[] = [{ type: 'Microsoft.Network/bastionHosts' }];
