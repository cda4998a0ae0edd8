/**
 * Microsoft Graph as far as command lines and SDKs need it to name who acts: service principals, and the look-up of
 * objects by id (recorded from real clients). There are no users and no groups yet.
 *
 * @module
 */

import { asList, asText, isObject, type Json, type JsonObject, member } from '../../lib/json.ts';
import type { Caller, DataResponse } from '../data-plane.ts';

/** A principal of the directory. */
export interface DirectoryPrincipal {
  readonly objectId: string;
  readonly appId: string;
  readonly displayName: string;
  readonly kind: 'Application' | 'ManagedIdentity';
}

/** A request at `graph.microsoft.com`. */
export interface GraphRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly body: string;
  readonly caller: Caller;
  readonly requestId: string;
}

/** Audiences of tokens for Graph. */
export const graphAudiences = ['https://graph.microsoft.com', 'https://graph.windows.net'];

/** Answers a request from a directory. */
export function answerGraph(request: GraphRequest, directory: readonly DirectoryPrincipal[]): DataResponse {
  if (request.caller.kind === 'anonymous')
    return failure(request, 401, 'InvalidAuthenticationToken', 'Access token is empty.');
  if (request.caller.kind === 'invalid')
    return failure(
      request,
      401,
      'InvalidAuthenticationToken',
      `The access token is not valid: ${request.caller.problem}.`,
    );
  const url = parse(request.target);
  if (!url) return failure(request, 400, 'BadRequest', 'The path of the request is malformed.');
  const [, version, collection, id, verb] = url.pathname.split('/');
  if (version !== 'v1.0' && version !== 'beta')
    return failure(request, 400, 'BadRequest', `There is no version '${version}'.`);
  const about = `${request.method} ${collection ?? ''}`;
  switch (about) {
    case 'GET servicePrincipals':
      return id === undefined ? listed(request, url, directory.map(shown)) : one(request, directory, id);
    case 'GET me':
      return failure(
        request,
        400,
        'BadRequest',
        '/me request is only valid with delegated authentication flow.',
      );
    case 'GET users':
    case 'GET groups':
    case 'GET applications':
      return id === undefined ? answer(200, { value: [] }) : notFound(request, id);
    case 'POST directoryObjects':
      if (id === 'getByIds' && verb === undefined) return byIds(request, directory);
      return unsupported(request, about);
    default:
      return unsupported(request, about);
  }
}

function parse(target: string): URL | undefined {
  try {
    return new URL(target, 'https://graph.microsoft.com');
  } catch {
    return undefined;
  }
}

function shown(principal: DirectoryPrincipal): JsonObject {
  return {
    '@odata.type': '#microsoft.graph.servicePrincipal',
    id: principal.objectId,
    appId: principal.appId,
    displayName: principal.displayName,
    appDisplayName: principal.displayName,
    servicePrincipalNames: [principal.appId],
    servicePrincipalType: principal.kind,
    accountEnabled: true,
  };
}

/** `servicePrincipalNames/any(c:c eq 'x')`, `appId eq 'x'`, `displayName eq 'x'`, joined by `or`. */
function listed(request: GraphRequest, url: URL, all: readonly JsonObject[]): DataResponse {
  const filter = url.searchParams.get('$filter');
  if (filter === null) return answer(200, { value: all });
  const tests: [string, string][] = [];
  for (const term of filter.split(/\s+or\s+/i)) {
    const any = /^servicePrincipalNames\/any\((\w+):\s*\1 eq '([^']*)'\)$/i.exec(term.trim());
    const plain = /^(appId|id|displayName) eq '([^']*)'$/i.exec(term.trim());
    if (any) tests.push(['appId', any[2] ?? '']);
    else if (plain) tests.push([plain[1] ?? '', plain[2] ?? '']);
    else
      return failure(
        request,
        400,
        'Request_UnsupportedQuery',
        `The filter '${term}' is not supported by Cloister.`,
      );
  }
  const same = (value: Json | undefined, wanted: string): boolean =>
    asText(value)?.toLowerCase() === wanted.toLowerCase();
  return answer(200, {
    value: all.filter((item) => tests.some(([name, wanted]) => same(item[name], wanted))),
  });
}

function one(request: GraphRequest, directory: readonly DirectoryPrincipal[], id: string): DataResponse {
  const found = directory.find((principal) => principal.objectId.toLowerCase() === id.toLowerCase());
  return found ? answer(200, shown(found)) : notFound(request, id);
}

function byIds(request: GraphRequest, directory: readonly DirectoryPrincipal[]): DataResponse {
  let body: Json;
  try {
    body = JSON.parse(request.body) as Json;
  } catch {
    return failure(request, 400, 'BadRequest', 'The body is not JSON.');
  }
  if (!isObject(body)) return failure(request, 400, 'BadRequest', "The body must be an object with 'ids'.");
  const wanted = new Set(asList(member(body, 'ids')).map((id) => asText(id)?.toLowerCase()));
  return answer(200, {
    value: directory.filter((principal) => wanted.has(principal.objectId.toLowerCase())).map(shown),
  });
}

function notFound(request: GraphRequest, id: string): DataResponse {
  return failure(
    request,
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

function unsupported(request: GraphRequest, about: string): DataResponse {
  return failure(request, 501, 'NotImplemented', `Cloister's directory does not support '${about}' yet.`);
}

function answer(status: number, body: Json): DataResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  };
}

function failure(request: GraphRequest, status: number, code: string, message: string): DataResponse {
  const error = {
    code,
    message,
    innerError: { 'request-id': request.requestId, 'client-request-id': request.requestId },
  };
  return answer(status, { error });
}
