/**
 * The errors of a container registry: one table, in the shape of the OCI distribution specification.
 *
 * @module
 */

import type { Json } from '../../lib/json.ts';
import type { DataRequest, DataResponse } from '../data-plane.ts';

/** Code -> HTTP status, and what it says where nobody says more. */
const table = {
  BAD_REQUEST: [400, 'the request is malformed'],
  BLOB_UNKNOWN: [404, 'blob unknown to registry'],
  BLOB_UPLOAD_INVALID: [400, 'blob upload invalid'],
  BLOB_UPLOAD_UNKNOWN: [404, 'blob upload unknown to registry'],
  DENIED: [403, 'requested access to the resource is denied'],
  DIGEST_INVALID: [400, 'provided digest did not match uploaded content'],
  MANIFEST_BLOB_UNKNOWN: [404, 'blob unknown to registry'],
  MANIFEST_INVALID: [400, 'manifest invalid'],
  MANIFEST_UNKNOWN: [404, 'manifest unknown'],
  NAME_INVALID: [400, 'invalid repository name'],
  NAME_UNKNOWN: [404, 'repository name not known to registry'],
  PAGINATION_NUMBER_INVALID: [400, 'invalid number of results requested'],
  RANGE_INVALID: [416, 'invalid content range'],
  SIZE_INVALID: [413, 'the content is too large'],
  TAG_INVALID: [400, 'manifest tag did not match URI'],
  TAG_UNKNOWN: [404, 'the specified tag does not exist'],
  UNAUTHORIZED: [
    401,
    'authentication required, visit https://aka.ms/acr/authorization for more information.',
  ],
  UNSUPPORTED: [501, 'The operation is unsupported.'],
} as const satisfies Readonly<Record<string, readonly [status: number, message: string]>>;

/** What an error may say beyond its code. */
export interface ErrorContext {
  readonly message?: string;
  readonly detail?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that a registry refuses. */
export class RegistryError extends Error {
  readonly code: keyof typeof table;
  readonly detail: Json | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: keyof typeof table, context: ErrorContext = {}) {
    super(context.message ?? table[code][1]);
    this.name = 'RegistryError';
    this.code = code;
    this.detail = context.detail;
    this.headers = context.headers ?? {};
  }
}

/** The refusal of something that a registry has and Cloister does not. */
export function notImplemented(name: string): RegistryError {
  return new RegistryError('UNSUPPORTED', {
    message: `The operation is unsupported: Cloister does not have '${name}' yet; it comes in a later version.`,
  });
}

/** Renders an answer with the headers that every one of a registry has. */
export function answer(
  request: DataRequest,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body?: DataResponse['body'],
): DataResponse {
  return {
    status,
    headers: {
      'docker-distribution-api-version': 'registry/2.0',
      'x-ms-correlation-request-id': request.requestId,
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    ...(body === undefined || request.method === 'HEAD' ? {} : { body }),
  };
}

/** Renders an answer in JSON. */
export function jsonAnswer(
  request: DataRequest,
  status: number,
  value: Json,
  headers: Readonly<Record<string, string>> = {},
): DataResponse {
  const type = { 'content-type': 'application/json; charset=utf-8' };
  return answer(request, status, { ...type, ...headers }, JSON.stringify(value));
}

/** Renders an error. */
export function errorAnswer(request: DataRequest, error: RegistryError): DataResponse {
  const { code, message, detail, headers } = error;
  const told = detail === undefined ? { code, message } : { code, message, detail };
  return jsonAnswer(request, table[code][0], { errors: [told] }, headers);
}
