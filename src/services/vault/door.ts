/**
 * How a vault words a door that is shut (docs/semantics/doors.md).
 *
 * @module
 */

import { asText, isObject } from '../../lib/json.ts';
import type { DataRequest, DoorRefusal } from '../data-plane.ts';
import { callerText, clientAddress, VaultError, vaultText } from './error.ts';

/** Returns the refusal of a connection that the door does not let in. */
export function doorError(request: DataRequest, refusal: DoorRefusal): VaultError {
  const { resource, caller } = request;
  const vault = `Vault: ${vaultText(resource)}`;
  const known = callerText(caller, resource);
  const who = known === undefined ? [] : [`Caller: ${known}`];
  if (!refusal.flag) {
    return new VaultError('ForbiddenByFirewall', [
      'Client address is not authorized and caller is not a trusted service.',
      `Client address: ${clientAddress(request)}`,
      ...who,
      vault,
    ]);
  }
  if (bypassesFor(resource.properties.networkAcls)) {
    return new VaultError('ForbiddenByConnection', [
      'Public network access is disabled and request is not from a trusted service nor via an approved private link.',
      ...who,
      vault,
    ]);
  }
  return new VaultError('ForbiddenByConnection', [
    "Connection is not an approved private link and caller was ignored because bypass is not set to 'AzureServices' and PublicNetworkAccess is set to 'Disabled'.",
    vault,
  ]);
}

/** Reports whether trusted services may come in: so it is where no rules are stored. */
function bypassesFor(acls: unknown): boolean {
  const bypass = isObject(acls) ? asText(acls.bypass) : undefined;
  return (bypass ?? 'AzureServices').toLowerCase() !== 'none';
}
