/**
 * The instance metadata service, as a machine sees it at 169.254.169.254: what it is, and tokens for its identities.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { parseUuid } from '../../lib/uuid.ts';
import type { DataResponse } from '../data-plane.ts';
import { checkedResource } from '../sign-in/audience.ts';
import { accessToken, lifetime, type Signing } from '../sign-in/tokens.ts';

/** An identity that a machine can act as. */
export interface MachineIdentity {
  readonly kind: 'system' | 'user';
  readonly objectId: string;
  readonly clientId: string;
  /** The machine itself, or the user-assigned identity. */
  readonly resource: string;
}

/** The machine that asks. */
export interface Machine {
  readonly identities: readonly MachineIdentity[];
  /** What it may ask for with its own secret, as computes and deployments do in place of the metadata service. */
  readonly local?: Local;
  /** What `/metadata/instance` shows; undefined: there is no machine, only a place for one. */
  readonly instance: JsonObject | undefined;
}

/** Identities that are handed out to who knows a secret: what stands in the environment of a program there. */
export interface Local {
  readonly secret: string;
  readonly identities: readonly MachineIdentity[];
}

/** Where programs of machine learning find them (`MSI_ENDPOINT`). */
export const localPath = '/msi/token';

/** A request at the metadata address. */
export interface MetadataRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

class MetadataProblem extends Error {
  readonly status: number;
  readonly body: JsonObject;

  constructor(status: number, body: JsonObject) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

/** Answers a request of a machine. */
export async function answerMetadata(
  request: MetadataRequest,
  machine: Machine,
  signing: Signing,
): Promise<DataResponse> {
  try {
    const { method, target, headers } = request;
    const url = URL.canParse(`http://metadata${target}`) ? new URL(`http://metadata${target}`) : undefined;
    const path = url?.pathname.toLowerCase().replace(/\/$/, '');
    if (url === undefined || path === undefined) throw invalid('The path of the request is malformed');
    // A request that went through a proxy of the machine's own may be somebody else's.
    if (headers['x-forwarded-for'] !== undefined) throw invalid('Requests with X-Forwarded-For are rejected');
    if (machine.local && path === localPath)
      return json(await localToken(url, request, machine.local, signing));
    if (String(headers['metadata'] ?? '').toLowerCase() !== 'true')
      throw invalid('Required metadata header not specified');
    if (method !== 'GET') throw new MetadataProblem(405, { error: 'Method not allowed' });
    if (path === '/metadata/identity/oauth2/token') return json(await token(url, request, machine, signing));
    if (path === '/metadata/instance' || path.startsWith('/metadata/instance/'))
      return instance(url, machine);
    throw new MetadataProblem(404, { error: 'Not found' });
  } catch (error) {
    if (error instanceof MetadataProblem) return json(error.body, error.status);
    throw error;
  }
}

function token(
  { searchParams }: URL,
  { now }: MetadataRequest,
  { identities }: Machine,
  signing: Signing,
): Promise<JsonObject> {
  return tokenFor(searchParams, now, identities, signing);
}

async function tokenFor(
  query: URLSearchParams,
  now: number,
  identities: readonly MachineIdentity[],
  signing: Signing,
): Promise<JsonObject> {
  if (!query.has('api-version')) throw invalid("Required query variable 'api-version' is missing");
  const asked = query.get('resource') ?? '';
  if (asked === '') throw invalid("Required query variable 'resource' is missing");
  const identity = chosen(identities, query);
  const checked = checkedResource(asked);
  if (checked.kind !== 'resource')
    throw new MetadataProblem(400, {
      error: 'invalid_resource',
      error_description: `AADSTS500011: The resource principal named ${asked.slice(0, 256)} was not found in the tenant named ${signing.tenant}.`,
    });
  const { objectId, clientId, resource: resourceId } = identity;
  const issued = Math.floor(now / 1000);
  // No secret: the place itself is the proof.
  const subject = { kind: 'app', objectId, clientId, proof: '2', resourceId } as const;
  return {
    access_token: await accessToken(signing, subject, checked.resource, issued),
    client_id: clientId,
    expires_in: `${lifetime - 1}`,
    expires_on: `${issued + lifetime}`,
    ext_expires_in: `${lifetime - 1}`,
    not_before: `${issued}`,
    resource: checked.resource,
    token_type: 'Bearer',
  };
}

/** Source: azure-identity, `AzureMLCredential`: the protocol of 2017, with the secret as a header. */
function localToken(url: URL, request: MetadataRequest, local: Local, signing: Signing): Promise<JsonObject> {
  const { method, headers, now } = request;
  if (method !== 'GET') throw new MetadataProblem(405, { error: 'Method not allowed' });
  if (headers['secret'] !== local.secret)
    throw new MetadataProblem(401, {
      error: 'unauthorized',
      error_description: 'The secret is not the one of this place',
    });
  const query = new URLSearchParams(url.searchParams);
  const client = query.get('clientid');
  if (client !== null) query.set('client_id', client);
  return tokenFor(query, now, local.identities, signing);
}

/** The identity that is asked for by an id of it; else the machine's own, or the only one it has. */
function chosen(identities: readonly MachineIdentity[], query: URLSearchParams): MachineIdentity {
  const names = ['client_id', 'object_id', 'principal_id', 'msi_res_id', 'mi_res_id'] as const;
  const given = names.filter((name) => (query.get(name) ?? '') !== '');
  const [by, another] = given;
  if (another !== undefined) throw invalid(`Only one of ${given.join(', ')} can be specified`);
  if (by !== undefined) {
    const wanted = (query.get(by) ?? '').toLowerCase();
    if (!by.includes('res_id') && parseUuid(wanted) === undefined) throw invalid(`'${by}' is not a GUID`);
    const found = identities.find((identity) => {
      const id =
        by === 'client_id'
          ? identity.clientId
          : by.includes('res_id')
            ? identity.resource
            : identity.objectId;
      return id.toLowerCase() === wanted;
    });
    if (found === undefined) throw invalid('Identity not found');
    return found;
  }
  const [only, more] = identities;
  const own = identities.find(({ kind }) => kind === 'system');
  if (own !== undefined) return own;
  if (only === undefined) throw invalid('Identity not found');
  if (more === undefined) return only;
  throw invalid(
    'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request',
  );
}

/** `/metadata/instance/compute/location?format=text` asks for a part. */
function instance(url: URL, machine: Machine): DataResponse {
  if (!url.searchParams.has('api-version'))
    throw new MetadataProblem(400, {
      error:
        'Bad request. api-version was not specified in the request. For more information refer to aka.ms/azureimds',
      'newest-versions': ['2023-07-01', '2021-12-13', '2021-02-01'],
    });
  const missing = new MetadataProblem(404, { error: 'Not found' });
  if (machine.instance === undefined) throw missing;
  let part: Json | undefined = machine.instance;
  for (const name of url.pathname.split('/').slice(3).filter(Boolean)) {
    if (Array.isArray(part)) part = part[Number(name)] as Json | undefined;
    else part = isObject(part) && Object.hasOwn(part, name) ? part[name] : undefined;
  }
  if (part === undefined) throw missing;
  const leaf = typeof part === 'string';
  const text = url.searchParams.get('format') === 'text';
  if (leaf !== text)
    throw new MetadataProblem(400, {
      error: leaf
        ? 'Bad request. The leaf is a text: ask with format=text'
        : 'Bad request. Only a leaf has the format text',
    });
  return typeof part === 'string'
    ? { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: part }
    : json(part);
}

function invalid(description: string): MetadataProblem {
  return new MetadataProblem(400, { error: 'invalid_request', error_description: description });
}

function json(body: Json, status = 200): DataResponse {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      server: 'IMDS/150.870.65.1',
      'cache-control': 'no-store',
    },
    body: JSON.stringify(body),
  };
}
