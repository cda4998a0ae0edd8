/**
 * What version 1 registers as a resource: asked of the control plane as the same caller, so that rights, checks and
 * what version 2 sees are one.
 *
 * @module
 */

import { asText, type Json, member } from '../../lib/json.ts';
import type { Call } from './call.ts';
import { type ErrorKind, WorkspaceError } from './error.ts';

const apiVersion = '2024-10-01';

const kinds: Readonly<Record<number, ErrorKind>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  412: 'conflict',
};

/** What is asked of the control plane, at a path below the workspace. */
export interface Question {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: Json;
  /** Only what is not there yet may be written. */
  readonly onlyNew?: boolean;
}

/** Asks; throws a WorkspaceError in the words of the control plane. */
export async function ask(call: Call, question: Question): Promise<Json> {
  const { caller, workspace } = call;
  const answer = await call.arm({
    method: question.method,
    path: `${workspace}/${question.path}`,
    query: new URLSearchParams({ 'api-version': apiVersion }),
    ifMatch: undefined,
    ifNoneMatch: question.onlyNew ? '*' : undefined,
    body: async () => question.body ?? {},
    caller: { objectId: caller.objectId, appId: caller.appId, name: caller.appId },
    surface: 'workspace',
  });
  if (answer.status < 400) return answer.body ?? null;
  const message = asText(member(member(answer.body, 'error'), 'message')) ?? 'The control plane refused.';
  throw new WorkspaceError(kinds[answer.status] ?? 'malformed', message);
}
