/**
 * Sign-in by people: the authorization page (code with PKCE, RFC 7636) and the page for device codes (RFC 8628).
 *
 * There are no cookies: who signs in types name and password each time.
 *
 * @module
 */

import type { JsonObject } from '../../lib/json.ts';
import { type Issuing, publicClients } from './accounts.ts';
import { publicClient } from './client.ts';
import { deviceCodeLife } from './codes.ts';
import { EntraError, missing } from './entra-error.ts';
import { type Allowed, clientInfoOf, codeFor, delegated, signedIn, type UnderWay } from './grants.ts';
import { devicePage, type Page, postingPage, saying, signInPage } from './pages.ts';

/** A page, or a redirection to the client. */
export type Shown = Page | { readonly location: string };

/** Seconds between two questions of a client that waits for its user. */
const interval = 1;

/** Begins a sign-in on another device. */
export function beginDevice(issuing: Issuing, { devices }: UnderWay, form: URLSearchParams): JsonObject {
  const clientId = publicClient(issuing, form.get('client_id') || missing('client_id'));
  const scope = form.get('scope') || missing('scope');
  delegated(scope);
  const waiting = devices.begin(clientId, scope, issuing.now() / 1000);
  if (waiting === undefined) throw new EntraError(90055);
  const { deviceCode, userCode } = waiting;
  const address = 'https://login.microsoft.com/device';
  return {
    user_code: userCode,
    device_code: deviceCode,
    verification_uri: address,
    expires_in: deviceCodeLife,
    interval,
    message: `To sign in, use a web browser to open the page ${address} and enter the code ${userCode} to authenticate.`,
  };
}

/** Shows the page for device codes, or takes what was typed there. */
export function answerDevice(
  issuing: Issuing,
  { devices }: UnderWay,
  method: string,
  fields: URLSearchParams,
): Page {
  const code = fields.get('otc') ?? fields.get('user_code') ?? '';
  if (method !== 'POST') return devicePage(code);
  const waiting = devices.pending(code, issuing.now() / 1000);
  if (waiting === undefined) return devicePage(code, 'That code did not work. Check the code and try again.');
  if (fields.get('answer') === 'decline') {
    devices.answer(waiting, 'declined');
    return saying(200, 'Declined', 'Nobody is signed in on the other device. You can close this window.');
  }
  try {
    const { objectId, upn } = signedIn(issuing, fields.get('login') ?? '', fields.get('passwd') ?? '');
    devices.answer(waiting, { objectId });
    const client = publicClients.get(waiting.clientId) ?? waiting.clientId;
    return saying(
      200,
      'Signed in',
      `${upn} is signed in to ${client} on the other device. You can close this window.`,
    );
  } catch (error) {
    if (error instanceof EntraError) return devicePage(code, error.message);
    throw error;
  }
}

/** What an authorization request asks for. */
interface Asking extends Allowed {
  readonly state: string | undefined;
  readonly mode: 'query' | 'fragment' | 'form_post';
}

/** Shows the authorization page, or takes what was typed there. `fields` is the query, or the form that came back. */
export async function authorize(
  issuing: Issuing,
  tenant: string,
  method: string,
  fields: URLSearchParams,
): Promise<Shown> {
  const clientId = publicClient(issuing, fields.get('client_id') || missing('client_id'));
  // Where the answer goes is checked before anything is answered there.
  const redirectUri = loopbackOf(fields.get('redirect_uri') || missing('redirect_uri'));
  const state = fields.get('state') ?? undefined;
  const mode = modeOf(fields.get('response_mode'));
  const back = (answer: Readonly<Record<string, string>>): Shown =>
    returned({ redirectUri, state, mode }, answer);
  try {
    const asking = askingOf(fields, { clientId, redirectUri, state, mode });
    if (fields.get('prompt') === 'none') throw new EntraError(50058);
    if (method !== 'POST') return typed(tenant, fields, clientId, fields.get('login_hint') ?? '');
    if (fields.get('answer') === 'decline') throw new EntraError(65004);
    const name = fields.get('login') ?? '';
    try {
      const account = signedIn(issuing, name, fields.get('passwd') ?? '');
      const info =
        fields.get('client_info') === '1' ? { client_info: clientInfoOf(account, issuing.tenant) } : {};
      return back({ code: await codeFor(issuing, account, asking), ...info });
    } catch (error) {
      if (error instanceof EntraError) return typed(tenant, fields, clientId, name, error.message);
      throw error;
    }
  } catch (error) {
    if (!(error instanceof EntraError)) throw error;
    return back({ error: error.error, error_description: error.message });
  }
}

/** What a browser may be sent back to: a program on this machine that waits for it. */
function loopbackOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const here = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '');
  if (url?.protocol !== 'http:' || !here || url.hash !== '' || url.username !== '')
    throw new EntraError(50011, address);
  return address;
}

function modeOf(text: string | null): Asking['mode'] {
  return text === 'form_post' || text === 'fragment' ? text : 'query';
}

function askingOf(
  fields: URLSearchParams,
  known: Pick<Asking, 'clientId' | 'redirectUri' | 'state' | 'mode'>,
): Asking {
  const type = fields.get('response_type') || missing('response_type');
  if (type !== 'code') throw new EntraError(70005, type);
  const scope = fields.get('scope') || missing('scope');
  delegated(scope);
  const challenge = fields.get('code_challenge') ?? '';
  // A SHA-256 in base64url.
  const hashed = /^[A-Za-z0-9_-]{43}$/.test(challenge) && fields.get('code_challenge_method') === 'S256';
  if (!hashed) throw new EntraError(50147);
  return { ...known, scope, challenge, nonce: fields.get('nonce') ?? undefined };
}

const passedOn = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'client_info',
];

function typed(
  tenant: string,
  fields: URLSearchParams,
  clientId: string,
  name: string,
  problem?: string,
): Page {
  const hidden = new Map(
    passedOn.flatMap((key) => [[key, fields.get(key) ?? ''] as const]).filter(([, it]) => it !== ''),
  );
  const client = publicClients.get(clientId) ?? clientId;
  return signInPage(`/${tenant}/login`, hidden, {
    client,
    name,
    ...(problem === undefined ? {} : { problem }),
  });
}

function returned(
  { redirectUri, state, mode }: Pick<Asking, 'redirectUri' | 'state' | 'mode'>,
  answer: Readonly<Record<string, string>>,
): Shown {
  const fields = new URLSearchParams({ ...answer, ...(state === undefined ? {} : { state }) });
  if (mode === 'form_post') return postingPage(redirectUri, fields);
  if (mode === 'fragment') return { location: `${redirectUri}#${fields}` };
  const url = new URL(redirectUri);
  for (const [name, value] of fields) url.searchParams.set(name, value);
  return { location: url.href };
}
