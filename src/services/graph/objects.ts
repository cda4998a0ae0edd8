/**
 * The directory as Microsoft Graph shows it: one JSON object for each user, group, application and service principal.
 *
 * @module
 */

import { type Directory, type Memberships, membershipsOf } from '../../arm/directory.ts';
import type { JsonObject } from '../../lib/json.ts';

/** The identity of an Azure resource. */
export interface ManagedIdentity {
  readonly objectId: string;
  readonly appId: string;
  readonly name: string;
  /** The resource that it is of. */
  readonly resource: string;
}

/** Collections that can be asked. */
export const collections = ['users', 'groups', 'servicePrincipals', 'applications'] as const;

/** One of them. */
export type Collection = (typeof collections)[number];

/** Everything that can be asked. */
export interface Objects {
  readonly lists: Readonly<Record<Collection, readonly JsonObject[]>>;
  readonly memberships: Memberships;
  /** Members as they were written, by the group's object id. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

/** Shows a directory, and the identities of resources. */
export function objectsOf(directory: Directory, identities: readonly ManagedIdentity[]): Objects {
  const { users, groups, applications } = directory;
  return {
    lists: {
      users: users.map(({ objectId, upn, displayName }) => ({
        id: objectId,
        displayName,
        userPrincipalName: upn,
        mail: upn,
        givenName: null,
        surname: null,
        jobTitle: null,
        businessPhones: [],
        mobilePhone: null,
        officeLocation: null,
        preferredLanguage: null,
        accountEnabled: true,
      })),
      groups: groups.map(({ objectId, name }) => ({
        id: objectId,
        displayName: name,
        description: null,
        mailEnabled: false,
        mailNickname: name,
        securityEnabled: true,
        groupTypes: [],
      })),
      servicePrincipals: [
        ...applications.map(({ objectId, appId, name }) =>
          servicePrincipal(objectId, appId, name, 'Application', []),
        ),
        ...identities.map(({ objectId, appId, name, resource }) =>
          servicePrincipal(objectId, appId, name, 'ManagedIdentity', [resource]),
        ),
      ],
      applications: applications.map(({ applicationId, appId, name }) => ({
        id: applicationId,
        appId,
        displayName: name,
        identifierUris: [],
        signInAudience: 'AzureADMyOrg',
        keyCredentials: [],
        passwordCredentials: [],
      })),
    },
    memberships: membershipsOf(directory),
    members: new Map(groups.map(({ objectId, members }) => [objectId, members])),
  };
}

function servicePrincipal(
  id: string,
  appId: string,
  displayName: string,
  servicePrincipalType: 'Application' | 'ManagedIdentity',
  alternativeNames: readonly string[],
): JsonObject {
  return {
    id,
    appId,
    displayName,
    appDisplayName: displayName,
    servicePrincipalNames: [appId],
    servicePrincipalType,
    alternativeNames,
    accountEnabled: true,
  };
}
