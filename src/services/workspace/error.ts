/**
 * The errors of the machine-learning service: one table, in the one shape that its clients read.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';
import type { DataRequest, DataResponse } from '../data-plane.ts';

interface Row {
  readonly status: number;
  readonly inner: string;
}

/** What went wrong -> status and inner code. The outer code is `UserError` wherever the client can help it. */
const rows = {
  denied: { status: 403, inner: 'ForbiddenError' },
  unauthenticated: { status: 401, inner: 'UnauthorizedError' },
  forbidden: { status: 403, inner: 'ForbiddenError' },
  malformed: { status: 400, inner: 'BadArgument' },
  notFound: { status: 404, inner: 'NotFoundError' },
  conflict: { status: 409, inner: 'ConflictError' },
  tooLarge: { status: 413, inner: 'BadArgument' },
  unimplemented: { status: 501, inner: 'NotImplementedError' },
} as const satisfies Readonly<Record<string, Row>>;

/** Kinds of what goes wrong. */
export type ErrorKind = keyof typeof rows;

/** What a refusal is about. */
export interface Refusal {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that a service of a workspace does not do, for a reason that the client is told. */
export class WorkspaceError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string) {
    super(message);
    this.name = 'WorkspaceError';
    this.kind = kind;
  }
}

/** Renders a refusal. `component` is the part of the service that clients' logs name. */
export function refusalAnswer(request: DataRequest, refusal: Refusal, component: string): DataResponse {
  const { status, inner } = rows[refusal.kind];
  const location = request.resource.location ?? '';
  const body: JsonObject = {
    error: {
      code: 'UserError',
      severity: null,
      message: refusal.message,
      messageFormat: null,
      messageParameters: null,
      referenceCode: null,
      detailsUri: null,
      target: null,
      details: [],
      innerError: { code: inner, innerError: null },
      debugInfo: null,
      additionalInfo: null,
    },
    correlation: { operation: request.requestId.replaceAll('-', ''), request: request.requestId },
    environment: location,
    location,
    time: new Date(request.now).toISOString(),
    componentName: component,
    statusCode: status,
  };
  return answer(request, status, body, refusal.headers);
}

/** Renders an answer with the headers that every one has. */
export function answer(
  request: DataRequest,
  status: number,
  body: Json | undefined,
  headers: Readonly<Record<string, string>> = {},
): DataResponse {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': request.requestId,
      'x-ms-client-request-id': request.headers['x-ms-client-request-id'] ?? request.requestId,
      'strict-transport-security': 'max-age=15724800; includeSubDomains; preload',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    ...(request.method === 'HEAD' || body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}
