/**
 * Findings of the area `caller`: identities and their rights.
 *
 * @module
 */

import type { Area } from './area.ts';
import { invalidDefinition } from './caller/definitions.ts';
import { joinRight } from './caller/joins.ts';
import { actionMissing, approvalRight } from './caller/people.ts';
import { dataRole, endpointReader, notTrusted, primaryMissing, pullRole } from './caller/workspaces.ts';

export const caller: Area<'caller'> = {
  'role-action-missing': actionMissing,
  'role-definition-invalid': invalidDefinition,
  'network-join-right-missing': joinRight,
  'endpoint-approval-right-missing': approvalRight,
  'workspace-identity-not-trusted': notTrusted,
  'workspace-primary-identity-missing': primaryMissing,
  'storage-data-role-missing': dataRole,
  'storage-endpoint-reader-missing': endpointReader,
  'registry-pull-role-missing': pullRole,
};
