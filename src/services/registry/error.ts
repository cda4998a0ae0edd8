/**
 * The errors of a container registry: one table, in the shape of the OCI distribution specification.
 *
 * @module
 */

import type { Json } from '../../lib/json.ts';
import type { DataRequest, DataResponse } from '../data-plane.ts';

/** Code -> HTTP status. */
const statusOf = { DENIED: 403, NAME_UNKNOWN: 404, UNAUTHORIZED: 401, UNSUPPORTED: 501 } as const;

/** A request that a registry refuses. */
export class RegistryError extends Error {
  readonly code: keyof typeof statusOf;
  readonly detail: Json | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: keyof typeof statusOf,
    message: string,
    context: { readonly detail?: Json; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = 'RegistryError';
    this.code = code;
    this.detail = context.detail;
    this.headers = context.headers ?? {};
  }
}

/** Renders an error. */
export function errorAnswer(request: DataRequest, error: RegistryError): DataResponse {
  const { code, message, detail, headers } = error;
  const body = JSON.stringify({
    errors: [detail === undefined ? { code, message } : { code, message, detail }],
  });
  return {
    status: statusOf[code],
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'docker-distribution-api-version': 'registry/2.0',
      'x-ms-correlation-request-id': request.requestId,
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    ...(request.method === 'HEAD' ? {} : { body }),
  };
}
