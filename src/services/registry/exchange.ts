/**
 * The exchange of tokens: one of Microsoft Entra for a refresh token, and that, or a password, for access tokens.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import { asText, member } from '../../lib/json.ts';
import type { Caller, DataRequest, DataResponse, World } from '../data-plane.ts';
import { type Credentials, credentialsOf, isCurrent, signedIn, tokenContext } from './credentials.ts';
import { jsonAnswer, notImplemented, RegistryError } from './error.ts';
import { grantOf, mayAnything, parseScope } from './rights.ts';
import { type Grant, loginServer, readToken, type Subject, signToken, type TokenContext } from './tokens.ts';

/** Says who a token of Microsoft Entra is for, where it has one of the audiences. */
export type Identify = (token: string, audiences: readonly string[]) => Promise<Caller>;

/** Audiences of tokens that a registry exchanges. */
export const audiences = ['https://containerregistry.azure.net', 'https://management.azure.com'];

/** A registry may refuse tokens that are for the control plane. */
function audiencesOf({ properties }: Resource): readonly string[] {
  const policy = member(properties['policies'], 'azureADAuthenticationAsArmPolicy');
  const status = asText(member(policy, 'status'))?.toLowerCase();
  return status === 'disabled' ? audiences.slice(0, 1) : audiences;
}

const largestForm = 64 * 1024;

/** Exchanges a token of Microsoft Entra for a refresh token. */
export async function exchangeToken(
  request: DataRequest,
  world: World,
  identify: Identify,
): Promise<DataResponse> {
  const form = await formOf(request);
  const grantType = form.get('grant_type');
  if (grantType === 'refresh_token' || grantType === 'access_token_refresh_token') {
    throw notImplemented(`Exchange Token (grant_type=${grantType}, deprecated)`);
  }
  if (grantType !== 'access_token') throw badRequest('grant_type must be access_token');
  requireService(form, request);
  const tenant = form.get('tenant');
  if (tenant && tenant.toLowerCase() !== world.settings.tenant.toLowerCase()) {
    throw refused(`the tenant ${tenant} is not the registry's`);
  }
  const caller = await identify(form.get('access_token') ?? '', audiencesOf(request.resource));
  if (caller.kind !== 'principal') {
    throw refused(
      caller.kind === 'invalid' ? `the access token is not accepted: ${caller.problem}` : 'no access token',
    );
  }
  const subject: Subject = caller;
  if (!mayAnything(subject, request.resource, world)) {
    throw refused('the caller has no role at this registry that lets it pull, push or delete');
  }
  const context = tokenContext(request.resource, world, request.now);
  return jsonAnswer(request, 200, { refresh_token: signToken({ kind: 'refresh', subject }, context) });
}

/** Gives out an access token for what is asked for, as far as it is allowed. */
export async function giveToken(request: DataRequest, world: World): Promise<DataResponse> {
  const form = request.method === 'POST' ? await formOf(request) : queryOf(request.target);
  requireService(form, request);
  const context = tokenContext(request.resource, world, request.now);
  const credentials = askerOf(request, form, context);
  if (credentials.kind === 'none' || credentials.kind === 'invalid')
    throw refused('invalid username or password');
  const subject = credentials.kind === 'access' ? credentials.token.subject : credentials.subject;
  if (!isCurrent(subject, context)) throw refused('the admin user is disabled');
  const access = scopesOf(form).flatMap((scope): readonly Grant[] => {
    const grant = grantOf(subject, scope, request.resource, world);
    if (!grant) return [];
    return [credentials.kind === 'access' ? narrowed(grant, credentials.token.access) : grant];
  });
  const ends = credentials.kind === 'access' ? credentials.token.ends : undefined;
  const token = signToken({ kind: 'access', subject, access, ...(ends && { ends }) }, context);
  return jsonAnswer(request, 200, { access_token: token }, { 'cache-control': 'no-store' });
}

/** Who asks for an access token. */
function askerOf(request: DataRequest, form: URLSearchParams, context: TokenContext): Credentials {
  const { authorization } = request.headers;
  const grantType = form.get('grant_type');
  if (grantType === 'refresh_token') {
    const token = readToken(form.get('refresh_token') ?? '', context);
    return token?.kind === 'refresh' ? { kind: 'subject', subject: token.subject } : { kind: 'invalid' };
  }
  if (grantType === 'password' && form.has('username')) {
    return signedIn(form.get('username') ?? '', form.get('password') ?? '', context);
  }
  if (grantType !== null && grantType !== 'password') {
    throw badRequest('grant_type must be refresh_token or password');
  }
  if (authorization !== undefined) return credentialsOf(authorization, context);
  return request.resource.properties['anonymousPullEnabled'] === true
    ? { kind: 'subject', subject: { kind: 'anonymous' } }
    : { kind: 'none' };
}

/** A token never gives more than the one it was had for. */
function narrowed(grant: Grant, access: readonly Grant[]): Grant {
  const own = access.find((each) => each.type === grant.type && each.name === grant.name);
  return { ...grant, actions: grant.actions.filter((action) => own?.actions.includes(action)) };
}

/** Scopes come as one parameter, as several, or as several in one. */
function scopesOf(form: URLSearchParams): readonly Grant[] {
  const words = form.getAll('scope').flatMap((text) => text.split(' '));
  return words.filter((text) => text !== '').flatMap((text) => parseScope(text) ?? []);
}

function requireService(form: URLSearchParams, { resource }: DataRequest): void {
  const service = form.get('service');
  if (service === null || service.toLowerCase() === loginServer(resource)) return;
  throw badRequest(`service must be ${loginServer(resource)}`);
}

async function formOf(request: DataRequest): Promise<URLSearchParams> {
  return new URLSearchParams(Buffer.from(await request.body(largestForm)).toString('utf8'));
}

function queryOf(target: string): URLSearchParams {
  return new URLSearchParams(/\?(.*)$/s.exec(target)?.[1] ?? '');
}

function badRequest(message: string): RegistryError {
  return new RegistryError('BAD_REQUEST', { message });
}

function refused(detail: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', { detail });
}
