/**
 * The data plane of key vaults. Its door, tokens and rights are real; what it keeps comes later.
 *
 * @module
 */

import type { DataPlane, DataRequest, DataResponse, World } from '../data-plane.ts';
import { authenticate, authorize, vaultAudience } from './access.ts';
import { doorError } from './door.ts';
import { answer, errorAnswer, VaultError } from './error.ts';
import { operationOf } from './operations.ts';

/** What answers at `<vault>.vault.azure.net`. */
export const vaultPlane: DataPlane = {
  audiences: () => [vaultAudience],
  refuse: (request, refusal) => errorAnswer(request, doorError(request, refusal)),
  handle: async (request, world) => {
    try {
      return answerVault(request, world);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return errorAnswer(request, error);
    }
  },
};

function answerVault(request: DataRequest, world: World): DataResponse {
  const { method, target, resource } = request;
  const path = target.replace(/\?.*$/s, '');
  if (path.toLowerCase() === '/healthstatus' && (method === 'GET' || method === 'HEAD')) {
    return answer(request, 200, 'null');
  }
  const caller = authenticate(request, world);
  const found = operationOf(method, path);
  switch (found.kind) {
    case 'none':
      throw new VaultError('NotFound', [`A vault has nothing at '${path}'.`]);
    case 'method':
      throw new VaultError('MethodNotAllowed', [`'${path}' does not take the method ${method}.`]);
    case 'operation':
      authorize(resource, caller, found.operation, world);
      throw new VaultError('NotImplemented', [
        `Cloister does not have '${found.operation.name}' yet; it comes in a later version.`,
      ]);
  }
}
