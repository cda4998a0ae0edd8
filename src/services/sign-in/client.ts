/**
 * The client of a token request: an application that proves itself, or a public client that cannot.
 *
 * @module
 */

import { type Application, type Issuing, publicClients } from './accounts.ts';
import { assertionType, verifyAssertion } from './assertion.ts';
import { issuers } from './discovery.ts';
import { EntraError, missing } from './entra-error.ts';
import { secretMatches } from './secret.ts';

/** An application that proved itself. */
export interface Confidential {
  readonly clientId: string;
  readonly application: Application;
  /** How: 1 a secret, 2 a certificate. */
  readonly proof: '1' | '2';
}

/** Finds out which application asks, and makes it prove that: by secret, HTTP Basic (RFC 6749 section 2.3.1) or assertion. */
export async function confidentialClient(
  issuing: Issuing,
  form: URLSearchParams,
  authorization: string | undefined,
): Promise<Confidential> {
  const basic = basicCredentials(authorization);
  const clientId = form.get('client_id') || basic?.clientId || missing('client_id');
  const application = issuing.applications(clientId);
  if (application === undefined) throw new EntraError(700016, clientId);
  const secret = form.get('client_secret') || basic?.secret;
  const assertion = form.get('client_assertion');
  if (!secret && assertion) {
    const type = form.get('client_assertion_type') || missing('client_assertion_type');
    if (type !== assertionType) throw new EntraError(50027, `client_assertion_type must be ${assertionType}`);
    const { certificates = [] } = application;
    const expected = { clientId, certificates, audiences: audiencesOf(issuing.tenant), now: issuing.now() };
    await verifyAssertion(assertion, expected);
    return { clientId, application, proof: '2' };
  }
  if (!secret) throw new EntraError(7000216);
  // Basic credentials of another application do not prove this one.
  const same = Boolean(form.get('client_secret')) || basic?.clientId === clientId;
  if (!secretMatches(secret, application.secretHashes) || !same) throw new EntraError(7000215, clientId);
  return { clientId, application, proof: '1' };
}

/** Returns the id of a client that signs users in. Such clients prove nothing. */
export function publicClient({ applications }: Issuing, clientId: string): string {
  const known = clientId.toLowerCase();
  if (publicClients.has(known)) return known;
  throw new EntraError(applications(clientId) === undefined ? 700016 : 7000218, clientId);
}

/** What assertions may be addressed to: the token endpoint in either version, or the issuer. */
function audiencesOf(tenant: string): readonly string[] {
  const hosts = ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'];
  const paths = ['oauth2/v2.0/token', 'oauth2/token', 'v2.0', ''];
  return [
    ...hosts.flatMap((host) => paths.map((path) => `https://${host}/${tenant}/${path}`)),
    ...Object.values(issuers(tenant)),
  ].map((address) => address.toLowerCase());
}

function basicCredentials(
  authorization: string | undefined,
): { readonly clientId: string; readonly secret: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [, clientId, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  if (clientId === undefined || secret === undefined) return undefined;
  return { clientId: formDecoded(clientId), secret: formDecoded(secret) };
}

/** Undoes the form encoding that RFC 6749 section 2.3.1 asks for, and leaves alone what was never encoded. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return text;
  }
}
