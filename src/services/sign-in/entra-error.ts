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
  50049: { status: 400, error: 'invalid_instance', text: 'Unknown or invalid instance.' },
  50059: {
    status: 400,
    error: 'invalid_request',
    text: 'No tenant-identifying information found in either the request or implied by any provided credentials.',
  },
  70003: {
    status: 400,
    error: 'unsupported_grant_type',
    text: "The app requested an unsupported grant type '{0}'. Cloister signs in service principals with a client secret: grant type 'client_credentials'.",
  },
  70005: {
    status: 400,
    error: 'unsupported_response_type',
    text: "The app requested an unsupported response type due to the following reason: Cloister has no interactive sign-in; use a service principal with grant type 'client_credentials'.",
  },
  70011: {
    status: 400,
    error: 'invalid_scope',
    text: "The provided value for the input parameter 'scope' is not valid: exactly one scope can be asked for.",
  },
  90002: {
    status: 400,
    error: 'invalid_request',
    text: "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
  },
  404: { status: 404, error: 'invalid_request', text: 'Cloister has no sign-in endpoint at this path.' },
  500011: {
    status: 400,
    error: 'invalid_resource',
    text: 'The resource principal named {0} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.',
  },
  700016: {
    status: 400,
    error: 'unauthorized_client',
    text: "Application with identifier '{0}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
  },
  700027: {
    status: 401,
    error: 'invalid_client',
    text: 'Client assertion failed signature validation: certificates and federated credentials are not supported by Cloister; use a client secret.',
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
