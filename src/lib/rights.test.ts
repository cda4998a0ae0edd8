import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grants, isInScope, matchesAction, type Permission } from './rights.ts';

/** The naive model: a star takes nothing, or one more character. */
function naive(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*')
    return naive(pattern.slice(1), text) || (text !== '' && naive(pattern, text.slice(1)));
  return (
    pattern[0]?.toLowerCase() === text[0]?.toLowerCase() &&
    text !== '' &&
    naive(pattern.slice(1), text.slice(1))
  );
}

describe('action patterns', () => {
  it.each([
    // case is ignored, and a star goes across slashes.
    ['*', 'Microsoft.Storage/storageAccounts/read', true],
    ['*/read', 'Microsoft.Storage/storageAccounts/blobServices/read', true],
    ['*/read', 'Microsoft.Storage/storageAccounts/write', false],
    ['*/read', 'Microsoft.Storage/storageAccounts/read/action', false],
    ['microsoft.storage/*', 'Microsoft.Storage/storageAccounts/read', true],
    [
      'Microsoft.Storage/storageAccounts/PrivateEndpointConnectionsApproval/action',
      'microsoft.storage/storageaccounts/privateendpointconnectionsapproval/action',
      true,
    ],
    // Section 4: the middle segment has to be there.
    [
      'Microsoft.MachineLearningServices/workspaces/computes/*/write',
      'Microsoft.MachineLearningServices/workspaces/computes/write',
      false,
    ],
    [
      'Microsoft.MachineLearningServices/workspaces/*/write',
      'Microsoft.MachineLearningServices/workspaces/computes/write',
      true,
    ],
    [
      'Microsoft.MachineLearningServices/workspaces/*/write',
      'Microsoft.MachineLearningServices/workspaces/write',
      false,
    ],
    // Section 3, traps: the singular is another action.
    [
      'Microsoft.Network/virtualNetworks/subnet/join/action',
      'Microsoft.Network/virtualNetworks/subnets/join/action',
      false,
    ],
    // A dot is a dot.
    ['Microsoft.Network/*', 'MicrosoftXNetwork/virtualNetworks/read', false],
    ['a.b', 'aXb', false],
    ['(a|b)*', 'a/read', false],
    ['', '', true],
    ['', 'a', false],
  ])('%s: %s: %s', (pattern, operation, matches) => {
    expect(matchesAction(pattern, operation)).toBe(matches);
  });

  it('agree with a naive matcher', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'B', '/', '.', '+'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '+', '*'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, (p, t) => {
        expect(matchesAction(p, t)).toBe(naive(p, t));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('permissions', () => {
  const permission: Permission = {
    actions: ['*'],
    notActions: ['*/delete', 'Microsoft.Authorization/*/write'],
    dataActions: ['Microsoft.KeyVault/vaults/secrets/*'],
    notDataActions: ['*/setSecret/action'],
  };
  it.each([
    ['Microsoft.Storage/storageAccounts/write', 'control', true],
    ['Microsoft.Storage/storageAccounts/delete', 'control', false],
    ['Microsoft.Authorization/roleAssignments/write', 'control', false],
    // the halves are separate.
    ['Microsoft.KeyVault/vaults/secrets/getSecret/action', 'data', true],
    ['Microsoft.KeyVault/vaults/secrets/setSecret/action', 'data', false],
    ['Microsoft.Storage/storageAccounts/write', 'data', false],
  ] as const)('%s on the %s plane: %s', (operation, plane, granted) => {
    expect(grants(permission, operation, plane)).toBe(granted);
  });
});

describe('scopes', () => {
  it.each([
    ['/subscriptions/S/resourceGroups/RG', '/subscriptions/s', true],
    ['/subscriptions/s/resourceGroups/rg', '/subscriptions/s/', true],
    ['/subscriptions/s', '/subscriptions/s', true],
    ['/subscriptions/s', '/', true],
    ['/subscriptions/s', '', true],
    ['/subscriptions/s', '/subscriptions/s/resourceGroups/rg', false],
    ['/subscriptions/s2', '/subscriptions/s', false],
  ])('%s in %s: %s', (inner, outer, within) => expect(isInScope(inner, outer)).toBe(within));
});
