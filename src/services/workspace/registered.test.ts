/**
 * What version 1 registers with the control plane: as whom it asks, and what becomes of a refusal.
 *
 * @module
 */

import { expect, test } from 'vitest';
import type { ArmAnswer, ArmRequest } from '../../arm/api/request.ts';
import { MemoryStore } from '../../store/memory.ts';
import { person } from '../blob/harness.testing.ts';
import { bodyOf, WorkspaceUnderTest, workspace } from './harness.testing.ts';

/** A workspace whose control plane answers the same to everything, and what it was asked. */
function answering(answer: ArmAnswer): { readonly ws: WorkspaceUnderTest; readonly asked: ArmRequest[] } {
  const asked: ArmRequest[] = [];
  const arm = async (request: ArmRequest): Promise<ArmAnswer> => {
    asked.push(request);
    return answer;
  };
  return { ws: new WorkspaceUnderTest(new MemoryStore(), { arm }), asked };
}

const refusal = (status: number): ArmAnswer => ({ status, body: { error: { code: 'X', message: 'no' } } });
const store = 'datastore/v1.0 datastores/workspaceartifactstore';

test('secrets are asked for as the caller, and left out where the caller may not have them', async () => {
  const { ws, asked } = answering(refusal(403));
  const response = await ws.ask(`GET ${store}`, undefined, person('reader'));
  expect(bodyOf(response).azureStorageSection).toMatchObject({ credentialType: 'None', credential: null });
  const [{ caller, path, method, surface } = {}] = asked as readonly Partial<ArmRequest>[];
  expect([caller?.objectId, method, path, surface]).toEqual([
    'reader',
    'POST',
    `${workspace.id}/datastores/workspaceartifactstore/listSecrets`,
    'workspace',
  ]);
  const { ws: own } = answering({ status: 200, body: { secretsType: 'AccountKey', key: 'k' } });
  const seen = bodyOf(await own.ask(`GET ${store}`));
  expect(seen.azureStorageSection).toMatchObject({ credentialType: 'AccountKey', credential: 'k' });
});

test.each([
  [401, 401],
  [403, 403],
  [404, 404],
  [409, 409],
  [412, 409],
  [400, 400],
  [500, 400],
])('a %i of the control plane is told as %i', async (status, told) => {
  const { ws } = answering(refusal(status));
  expect(await ws.refusal(`DELETE ${store}`)).toBe(`${told} no`);
});

test('a reader does not come as far as the control plane', async () => {
  const { ws, asked } = answering({ status: 200 });
  expect(await ws.refusal(`DELETE ${store}`, undefined, person('reader'))).toMatch(
    /^403 .*datastores\/delete/,
  );
  expect(asked).toEqual([]);
});
