/**
 * Microsoft Graph as far as command lines and SDKs need it to name who acts: look-ups in the directory and who is in
 * which group (docs/sign-in.md). Nothing can be written: the directory is in cloister.yaml.
 *
 * @module
 */

import { asList, asText, isObject, type Json, type JsonObject, member } from '../../lib/json.ts';
import type { Caller, DataResponse } from '../data-plane.ts';
import { type Collection, collections, type Objects } from './objects.ts';
import { type Page, pageOf, QueryProblem, selected } from './query.ts';

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
export const graphAudiences = [
  'https://graph.microsoft.com',
  'https://graph.windows.net',
  '00000003-0000-0000-c000-000000000000',
];

const service = 'https://graph.microsoft.com';

class GraphProblem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Answers a request from a directory. */
export function answerGraph(request: GraphRequest, objects: Objects): DataResponse {
  try {
    return answer(200, route(request, objects));
  } catch (error) {
    if (error instanceof GraphProblem) return failure(request, error.status, error.code, error.message);
    if (error instanceof QueryProblem)
      return failure(request, 400, 'Request_UnsupportedQuery', error.message);
    throw error;
  }
}

function route(request: GraphRequest, objects: Objects): JsonObject {
  const { caller, method, body } = request;
  if (caller.kind === 'anonymous') throw unauthenticated('Access token is empty.');
  if (caller.kind === 'invalid') throw unauthenticated(`The access token is not valid: ${caller.problem}.`);
  const address = `${service}${request.target}`;
  if (!request.target.startsWith('/') || !URL.canParse(address))
    throw bad('The path of the request is malformed.');
  const url = new URL(address);
  const [version = '', head = '', ...rest] = segmentsOf(url.pathname);
  if (version !== 'v1.0' && version !== 'beta') throw bad(`Invalid version: ${version}`);
  const me = head.toLowerCase() === 'me';
  const { collection, key } = me ? { collection: 'users', key: undefined } : headOf(head);
  const path = me ? [mine(objects, caller.objectId), ...rest] : key === undefined ? rest : [key, ...rest];
  const [id, verb = '', ...more] = path;
  const about = `${method} ${[collection, ...(id === undefined ? [] : ['{id}']), verb, ...more].filter(Boolean).join('/')}`;
  const unsupported = new GraphProblem(
    501,
    'NotImplemented',
    `Cloister's directory does not support '${about}': it is read from cloister.yaml, and only read.`,
  );
  if (more.length > 0) throw unsupported;
  if (collection === 'directoryObjects' && id?.toLowerCase() === 'getbyids' && method === 'POST')
    return { value: byIds(objects, objectIn(body)) };
  const list = collections.find((name) => name.toLowerCase() === collection.toLowerCase());
  if (list === undefined && collection !== 'directoryObjects') throw unsupported;
  if (id === undefined) {
    if (method !== 'GET' || list === undefined) throw unsupported;
    return listed(url, version, list, objects.lists[list]);
  }
  const found = find(objects, list, id);
  if (found === undefined)
    throw new GraphProblem(
      404,
      'Request_ResourceNotFound',
      `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
    );
  const own = String(found.item['id']);
  const groups = objects.memberships.get(own) ?? [];
  switch (`${method} ${verb.toLowerCase()}`) {
    case 'GET ':
      return {
        '@odata.context': `${service}/${version}/$metadata#${list ?? 'directoryObjects'}/$entity`,
        ...(list === undefined ? typed(found) : {}),
        ...selected(found.item, url.searchParams.get('$select')),
      };
    case 'GET memberof':
    case 'GET transitivememberof': {
      const direct = verb.toLowerCase() === 'memberof';
      const in_ = groups.filter((group) => !direct || objects.members.get(group)?.some((id) => id === own));
      return listed(url, version, 'directoryObjects', everything(objects, in_));
    }
    case 'GET members':
      if (list !== 'groups') throw unsupported;
      return listed(url, version, 'directoryObjects', everything(objects, objects.members.get(own) ?? []));
    case 'POST getmembergroups':
    case 'POST getmemberobjects':
      objectIn(body);
      return { value: groups };
    case 'POST checkmembergroups': {
      const asked = asList(member(objectIn(body), 'groupIds')).map((each) => asText(each)?.toLowerCase());
      return { value: groups.filter((group) => asked.includes(group)) };
    }
    default:
      throw unsupported;
  }
}

function segmentsOf(path: string): string[] {
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    throw bad('The path of the request is malformed.');
  }
}

/** `servicePrincipals(appId='x')` names one by another key than its object id. */
function headOf(head: string): { readonly collection: string; readonly key: string | undefined } {
  const [, collection = '', key] = /^(\w+)(?:\((?:appId|userPrincipalName)='([^']*)'\))?$/i.exec(head) ?? [];
  return { collection, key };
}

function mine(objects: Objects, objectId: string): string {
  if (objects.lists.users.some(({ id }) => id === objectId)) return objectId;
  throw bad('/me request is only valid with delegated authentication flow.');
}

interface Found {
  readonly list: Collection;
  readonly item: JsonObject;
}

/** Finds an object by its id, a user also by name, an application or service principal also by client id. */
function find(objects: Objects, list: Collection | undefined, id: string): Found | undefined {
  const wanted = id.toLowerCase();
  for (const name of list === undefined ? collections : [list]) {
    const keys = list === undefined ? ['id'] : ['id', 'userPrincipalName', 'appId'];
    const item = objects.lists[name].find((each) =>
      keys.some((key) => asText(each[key])?.toLowerCase() === wanted),
    );
    if (item) return { list: name, item };
  }
  return undefined;
}

function everything(objects: Objects, ids: readonly string[]): readonly JsonObject[] {
  return ids.flatMap((id) => {
    const found = find(objects, undefined, id);
    return found ? [{ ...typed(found), ...found.item }] : [];
  });
}

function typed({ list }: Found): JsonObject {
  return { '@odata.type': `#microsoft.graph.${list.slice(0, -1)}` };
}

function byIds(objects: Objects, body: JsonObject): readonly JsonObject[] {
  const ids = asList(body['ids']).flatMap((id) => asText(id) ?? []);
  const types = asList(body['types']).map((type) => asText(type)?.toLowerCase());
  return everything(objects, ids).filter(
    (item) =>
      types.length === 0 ||
      types.includes('directoryobject') ||
      types.includes(asText(item['@odata.type'])?.split('.').at(-1)?.toLowerCase()),
  );
}

function listed(url: URL, version: string, collection: string, all: readonly JsonObject[]): JsonObject {
  const { value, count, next }: Page = pageOf(all, url.searchParams);
  const link = new URL(url);
  if (next !== undefined) link.searchParams.set('$skiptoken', String(next));
  return {
    '@odata.context': `${service}/${version}/$metadata#${collection}`,
    ...(count === undefined ? {} : { '@odata.count': count }),
    ...(next === undefined ? {} : { '@odata.nextLink': link.href }),
    value,
  };
}

function objectIn(text: string): JsonObject {
  try {
    const body: unknown = JSON.parse(text);
    if (isObject(body)) return body;
  } catch {
    // Said below, as for any other body that is no object.
  }
  throw bad('The body of the request must be a JSON object.');
}

function bad(message: string): GraphProblem {
  return new GraphProblem(400, 'BadRequest', message);
}

function unauthenticated(message: string): GraphProblem {
  return new GraphProblem(401, 'InvalidAuthenticationToken', message);
}

function answer(status: number, body: Json): DataResponse {
  return {
    status,
    headers: { 'content-type': 'application/json;odata.metadata=minimal;charset=utf-8' },
    body: JSON.stringify(body),
  };
}

function failure({ requestId }: GraphRequest, status: number, code: string, message: string): DataResponse {
  const date = new Date().toISOString().slice(0, 19);
  const innerError = { date, 'request-id': requestId, 'client-request-id': requestId };
  return answer(status, { error: { code, message, innerError } });
}
