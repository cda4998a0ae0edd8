/**
 * What a workspace is asked to do: hand out keys, take new ones, look at what it stands on.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { keyOf } from '../../arm/id.ts';
import type { Action, Settings } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { asText, type JsonObject } from '../../lib/json.ts';
import { keysOf } from '../storage/accounts.ts';
import { provisionManagedNetwork } from './managed/network.ts';

/** What a workspace uses, and what a diagnosis calls each. */
const dependencies = [
  ['storageAccount', 'storageAccountResults'],
  ['keyVault', 'keyVaultResults'],
  ['containerRegistry', 'containerRegistryResults'],
  ['applicationInsights', 'applicationInsightsResults'],
] as const;

export const workspaceActions: Readonly<Record<string, Action>> = {
  listKeys: {
    right: 'listKeys/action',
    run: ({ resource, settings }, read) => ({
      body: {
        userStorageKey: storageKey(resource, read, settings) ?? null,
        userStorageResourceId: asText(resource.properties['storageAccount']) ?? null,
        notebookAccessKeys: notebookKeys(resource, settings),
      },
    }),
  },
  listStorageAccountKeys: {
    right: 'listStorageAccountKeys/action',
    run: ({ resource, settings }, read) => ({
      body: { userStorageKey: storageKey(resource, read, settings) ?? null },
    }),
  },
  listNotebookKeys: {
    right: 'listNotebookKeys/action',
    run: ({ resource, settings }) => ({ body: notebookKeys(resource, settings) }),
  },
  resyncKeys: {
    right: 'resyncKeys/action',
    // Keys are derived when they are asked for: there is never an old one to replace.
    run: () => ({ body: undefined }),
  },
  provisionManagedNetwork,
  diagnose: {
    right: 'diagnose/action',
    run: ({ resource }, read) => ({ body: { value: diagnosis(resource, read) } }),
  },
};

/** The storage account of a workspace, by the workspace's id. */
export function storageOf(workspaceId: string, read: Read): Resource {
  const workspace = read.get(workspaceId);
  const account = read.get(asText(workspace?.properties['storageAccount']) ?? '');
  if (account) return account;
  const name = workspace?.name ?? workspaceId;
  throw new ArmError('UserError', `Workspace ${name} has no storage account: there is nowhere to upload to.`);
}

function storageKey(workspace: Resource, read: Read, settings: Settings): string | undefined {
  const account = read.get(asText(workspace.properties['storageAccount']) ?? '');
  return account && asText(keysOf(account, settings.secret)[0]?.['value']);
}

function notebookKeys(workspace: Resource, settings: Settings): JsonObject {
  return {
    primaryAccessKey: settings.secret(`notebook ${keyOf(workspace.id)} 1`),
    secondaryAccessKey: settings.secret(`notebook ${keyOf(workspace.id)} 2`),
  };
}

/** Looks whether what the workspace uses is still there. Whether it can be reached is for `verify` to say. */
function diagnosis(workspace: Resource, read: Read): JsonObject {
  const found = dependencies.map(([member, title]) => {
    const id = asText(workspace.properties[member]);
    const lost = id !== undefined && !read.get(id);
    const message = `${id} does not exist any more.`;
    return [title, lost ? [{ code: 'ResourceNotFound', level: 'Error', message }] : []] as const;
  });
  return {
    userDefinedRouteResults: [],
    networkSecurityRuleResults: [],
    resourceLockResults: [],
    dnsResolutionResults: [],
    ...Object.fromEntries(found),
    otherResults: [],
  };
}
