/**
 * The errors of the sign-in service: one table of codes, in Entra's wording where it is known.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../lib/json.ts';

interface Row {
  /** HTTP status. */
  readonly status: number;
  /** OAuth error (RFC 6749 section 5.2, and Entra's own). */
  readonly error: string;
  /** Text after `AADSTS<code>: `; `{0}` is the one value that it names. Never a secret. */
  readonly text: string;
}

/** Entra's error codes that are answered here. */
const rows = {
  404: { status: 404, error: 'invalid_request', text: 'Cloister has no sign-in endpoint at this path.' },
  28000: {
    status: 400,
    error: 'invalid_request',
    text: 'Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {0} is not valid.',
  },
  50011: {
    status: 400,
    error: 'invalid_request',
    text: "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application. Cloister redirects to this machine only: http://localhost with any port.",
  },
  50027: { status: 401, error: 'invalid_client', text: 'JWT token is invalid or malformed: {0}.' },
  50034: {
    status: 400,
    error: 'invalid_grant',
    text: 'The user account {0} does not exist in the directory. Users are described in cloister.yaml.',
  },
  50049: { status: 400, error: 'invalid_instance', text: 'Unknown or invalid instance.' },
  50058: {
    status: 400,
    error: 'login_required',
    text: 'A silent sign-in request was sent but no user is signed in.',
  },
  50059: {
    status: 400,
    error: 'invalid_request',
    text: 'No tenant-identifying information found in either the request or implied by any provided credentials.',
  },
  50126: {
    status: 400,
    error: 'invalid_grant',
    text: 'Error validating credentials due to invalid username or password.',
  },
  50147: {
    status: 400,
    error: 'invalid_request',
    text: "The size or method of the code challenge is not valid: send 'code_challenge' with 'code_challenge_method' S256.",
  },
  50173: {
    status: 400,
    error: 'invalid_grant',
    text: 'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
  },
  54005: {
    status: 400,
    error: 'invalid_grant',
    text: 'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
  },
  65004: { status: 400, error: 'access_denied', text: 'User declined to sign in.' },
  70000: {
    status: 400,
    error: 'invalid_grant',
    text: "The provided value for the input parameter '{0}' is not valid.",
  },
  70003: {
    status: 400,
    error: 'unsupported_grant_type',
    text: "The app requested an unsupported grant type '{0}', or one that only the v2.0 endpoint takes here.",
  },
  70005: {
    status: 400,
    error: 'unsupported_response_type',
    text: "The app requested an unsupported response type '{0}': Cloister answers 'code'.",
  },
  70008: {
    status: 400,
    error: 'invalid_grant',
    text: 'The provided authorization code or refresh token has expired.',
  },
  70011: {
    status: 400,
    error: 'invalid_scope',
    text: "The provided value for the input parameter 'scope' is not valid: exactly one scope can be asked for.",
  },
  70016: {
    status: 400,
    error: 'authorization_pending',
    text: 'OAuth 2.0 device flow error. Authorization is pending. Continue polling.',
  },
  70018: {
    status: 400,
    error: 'authorization_declined',
    text: 'The user declined to sign in on the other device.',
  },
  70020: {
    status: 400,
    error: 'expired_token',
    text: "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
  },
  90002: {
    status: 400,
    error: 'invalid_request',
    text: "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
  },
  90055: { status: 429, error: 'temporarily_unavailable', text: 'Too many sign-ins wait for their user.' },
  500011: {
    status: 400,
    error: 'invalid_resource',
    text: 'The resource principal named {0} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.',
  },
  500112: {
    status: 400,
    error: 'invalid_grant',
    text: 'The reply address does not match the reply address provided when requesting the authorization code.',
  },
  501481: {
    status: 400,
    error: 'invalid_grant',
    text: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  },
  700016: {
    status: 400,
    error: 'unauthorized_client',
    text: "Application with identifier '{0}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
  },
  700021: {
    status: 401,
    error: 'invalid_client',
    text: "Client assertion application identifier doesn't match 'client_id' parameter '{0}'. Review 'iss' and 'sub'.",
  },
  700023: {
    status: 401,
    error: 'invalid_client',
    text: "Client assertion audience claim '{0}' does not match Realm issuer.",
  },
  700024: {
    status: 401,
    error: 'invalid_client',
    text: 'Client assertion is not within its valid time range.',
  },
  700027: {
    status: 401,
    error: 'invalid_client',
    text: 'Client assertion failed signature validation. [Reason - {0}]',
  },
  900144: {
    status: 400,
    error: 'invalid_request',
    text: "The request body must contain the following parameter: '{0}'.",
  },
  900561: {
    status: 400,
    error: 'invalid_request',
    text: 'The endpoint only accepts {0} requests.',
  },
  1002012: {
    status: 400,
    error: 'invalid_scope',
    text: 'The provided value for scope {0} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).',
  },
  7000215: {
    status: 401,
    error: 'invalid_client',
    text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'.",
  },
  7000216: {
    status: 401,
    error: 'invalid_client',
    text: "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  },
  7000218: {
    status: 401,
    error: 'invalid_client',
    text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'. Application '{0}' is not a public client, and signs in no users.",
  },
} as const satisfies Readonly<Record<number, Row>>;

/** A code that the sign-in service answers with. */
type EntraCode = keyof typeof rows;

/** A request that is refused: the code, and the value that its text names. */
export class EntraError extends Error {
  readonly code: EntraCode;
  readonly status: number;
  /** OAuth error where it is not the table's: discovery words a missing tenant differently from a token request. */
  readonly error: string;

  constructor(code: EntraCode, value = '', error: string = rows[code].error) {
    // A function, because `$&` in a replacement text has a meaning. Bounded, because clients print it.
    super(`AADSTS${code}: ${rows[code].text.replace('{0}', () => value.slice(0, 256))}`);
    this.name = 'EntraError';
    this.code = code;
    this.status = rows[code].status;
    this.error = error;
  }

  /** Returns the body of the answer. `now` is milliseconds since the epoch. */
  body(host: string, correlation: string, now: number): JsonObject {
    const timestamp = `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')}Z`;
    const trace = randomUUID();
    const trailer = `Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`;
    return {
      error: this.error,
      error_description: `${this.message} ${trailer}`,
      error_codes: [this.code],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://${host}/error?code=${this.code}`,
    };
  }
}

/** Throws what is said of a parameter that is not there. */
export function missing(parameter: string): never {
  throw new EntraError(900144, parameter);
}
