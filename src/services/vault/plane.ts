/**
 * The data plane of key vaults: secrets and keys. What else a vault of Azure keeps is refused by its name.
 *
 * @module
 */

import type { DataPlane, DataRequest, DataResponse, World } from '../data-plane.ts';
import { authenticate, authorize, vaultAudience } from './access.ts';
import { checkName, queryOf, type Runner } from './call.ts';
import { doorError } from './door.ts';
import { answer, errorAnswer, notImplemented, VaultError } from './error.ts';
import { keyRunners } from './keys.ts';
import { operationOf } from './operations.ts';
import { secretRunners } from './secrets.ts';
import { useRunners } from './use.ts';
import type { Vaults } from './vaults.ts';

const runners = new Map<string, Runner>(Object.entries({ ...secretRunners, ...keyRunners, ...useRunners }));

/** Returns what answers at `<vault>.vault.azure.net`. */
export function vaultPlane(vaults: Vaults): DataPlane {
  return {
    audiences: () => [vaultAudience],
    refuse: (request, refusal) => errorAnswer(request, doorError(request, refusal)),
    handle: async (request, world) => {
      try {
        return await answerVault(vaults, request, world);
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        return errorAnswer(request, error);
      }
    },
  };
}

async function answerVault(vaults: Vaults, request: DataRequest, world: World): Promise<DataResponse> {
  const { method, target, resource } = request;
  const path = target.replace(/\?.*$/s, '');
  if (path.toLowerCase() === '/healthstatus' && (method === 'GET' || method === 'HEAD')) {
    return answer(request, 200, 'null');
  }
  // Clients send their first request without token and body, and learn from the challenge where to sign in.
  const caller = authenticate(request, world);
  const found = operationOf(method, path);
  switch (found.kind) {
    case 'none':
      throw new VaultError('NotFound', [`A vault has nothing at '${path}'.`]);
    case 'method':
      throw new VaultError('MethodNotAllowed', [`'${path}' does not take the method ${method}.`]);
    case 'operation': {
      const { operation } = found;
      const query = queryOf(target);
      if (operation.item !== '') checkName(operation.item);
      authorize(resource, caller, operation, world);
      const runner = runners.get(operation.name);
      if (!runner) throw notImplemented(operation.name);
      const body = await runner({ request, operation, query, vaults });
      return answer(request, body === undefined ? 204 : 200, body === undefined ? '' : JSON.stringify(body));
    }
  }
}
