/**
 * The errors of storage: one table of codes, and the one place that renders answers.
 *
 * @module
 */

import type { DataRequest, DataResponse } from '../data-plane.ts';
import { xml, xmlHead } from './xml.ts';

interface Row {
  readonly status: number;
  readonly text: string;
}

const signature =
  'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.';
const challenge =
  'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.';

/** Code -> status and text, in Azure's words. */
const rows = {
  AuthenticationFailed: { status: 403, text: signature },
  AuthorizationFailure: { status: 403, text: 'This request is not authorized to perform this operation.' },
  AuthorizationPermissionMismatch: {
    status: 403,
    text: 'This request is not authorized to perform this operation using this permission.',
  },
  BlobAlreadyExists: { status: 409, text: 'The specified blob already exists.' },
  BlobNotFound: { status: 404, text: 'The specified blob does not exist.' },
  ConditionNotMet: {
    status: 412,
    text: 'The condition specified using HTTP conditional header(s) is not met.',
  },
  ContainerAlreadyExists: { status: 409, text: 'The specified container already exists.' },
  ContainerNotFound: { status: 404, text: 'The specified container does not exist.' },
  InvalidAuthenticationInfo: { status: 401, text: challenge },
  InvalidHeaderValue: {
    status: 400,
    text: 'The value for one of the HTTP headers is not in the correct format.',
  },
  InvalidMd5: {
    status: 400,
    text: 'The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64 encoded.',
  },
  InvalidMetadata: {
    status: 400,
    text: 'The metadata specified is invalid. It has characters that are not permitted.',
  },
  InvalidQueryParameterValue: {
    status: 400,
    text: 'Value for one of the query parameters specified in the request URI is invalid.',
  },
  InvalidRange: {
    status: 416,
    text: 'The range specified is invalid for the current size of the resource.',
  },
  InvalidResourceName: { status: 400, text: 'The specified resource name contains invalid characters.' },
  InvalidUri: { status: 400, text: 'The requested URI does not represent any resource on the server.' },
  KeyBasedAuthenticationNotPermitted: {
    status: 403,
    text: 'Key based authentication is not permitted on this storage account.',
  },
  Md5Mismatch: {
    status: 400,
    text: 'The MD5 value specified in the request did not match with the MD5 value calculated by the server.',
  },
  MetadataTooLarge: {
    status: 400,
    text: 'The metadata specified exceeds the maximum permissible limit (8KB).',
  },
  MissingContentLengthHeader: { status: 411, text: 'Content-Length HTTP header was not specified.' },
  MissingRequiredHeader: {
    status: 400,
    text: "An HTTP header that's mandatory for this request is not specified.",
  },
  NoAuthenticationInformation: { status: 401, text: challenge },
  NotImplemented: {
    status: 501,
    text: 'The requested operation is not implemented on the specified resource.',
  },
  OutOfRangeQueryParameterValue: {
    status: 400,
    text: 'One of the query parameters specified in the request URI is outside the permissible range.',
  },
  PublicAccessNotPermitted: {
    status: 409,
    text: 'Public access is not permitted on this storage account.',
  },
  RequestBodyTooLarge: {
    status: 413,
    text: 'The request body is too large and exceeds the maximum permissible limit.',
  },
  ResourceNotFound: { status: 404, text: 'The specified resource does not exist.' },
  UnsupportedHttpVerb: { status: 405, text: "The resource doesn't support specified Http Verb." },
} as const satisfies Readonly<Record<string, Row>>;

/** A code that storage answers with. */
export type StorageCode = keyof typeof rows;

/** What may come along with an error. */
export interface StorageErrorContext {
  /** A sentence of ours after Azure's. */
  readonly says?: string;
  /** Further elements of the body. */
  readonly details?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Status, where it is not the table's: reads answer an unmet condition with 304. */
  readonly status?: number;
}

/** A request that is refused. */
export class StorageError extends Error {
  readonly code: StorageCode;
  readonly status: number;
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: StorageCode, context: StorageErrorContext = {}) {
    super(context.says === undefined ? rows[code].text : `${rows[code].text} ${context.says}`);
    this.name = 'StorageError';
    this.code = code;
    this.status = context.status ?? rows[code].status;
    this.details = context.details ?? {};
    this.headers = context.headers ?? {};
  }
}

/** Returns the refusal of an operation that Azure has and Cloister does not have yet. */
export function notImplemented(operation: string): StorageError {
  return new StorageError('NotImplemented', {
    says: `Cloister does not have '${operation}' yet; it comes in a later version.`,
  });
}

/** Returns the refusal of a header's value. */
export function invalidHeader(name: string, value: string, says?: string): StorageError {
  const details = { HeaderName: name, HeaderValue: value };
  return new StorageError('InvalidHeaderValue', says === undefined ? { details } : { details, says });
}

/** Body format of errors: blob, file, queue and web speak XML, dfs JSON, table OData. */
export type ErrorFormat = 'xml' | 'json' | 'odata';

/** The version that an answer names where the request names none. */
const defaultVersion = '2021-12-02';

/** Renders an answer with the headers that every one has. */
export function answer(
  request: DataRequest,
  status: number,
  headers: Readonly<Record<string, string>>,
  body?: string | Uint8Array,
): DataResponse {
  const { 'x-ms-version': version = '', 'x-ms-client-request-id': client } = request.headers;
  return {
    status,
    headers: {
      'x-ms-request-id': request.requestId,
      'x-ms-version': isVersion(version) ? version : defaultVersion,
      ...(client !== undefined && /^[!-~]{1,1024}$/.test(client) ? { 'x-ms-client-request-id': client } : {}),
      date: new Date(request.now).toUTCString(),
      ...headers,
    },
    ...(body === undefined || request.method === 'HEAD' ? {} : { body }),
  };
}

/** Renders an error. */
export function errorAnswer(request: DataRequest, error: StorageError, format: ErrorFormat): DataResponse {
  const { code, status, details } = error;
  const headers = { ...error.headers, 'x-ms-error-code': code };
  if (status === 304) return answer(request, status, headers);
  const time = new Date(request.now).toISOString().replace('Z', '0000Z');
  const message = `${error.message}\nRequestId:${request.requestId}\nTime:${time}`;
  const body = {
    xml: () =>
      `${xmlHead}${xml('Error', [xml('Code', code), xml('Message', message), ...Object.entries(details).map(([name, value]) => xml(name, value))])}`,
    json: () => JSON.stringify({ error: { code, message } }),
    odata: () => JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: message } } }),
  }[format]();
  const type = format === 'xml' ? 'application/xml' : 'application/json;charset=utf-8';
  return answer(request, status, { ...headers, 'content-type': type }, body);
}

/** Reports whether the text is a version of the storage services. */
export function isVersion(text: string): boolean {
  return /^20\d\d-\d\d-\d\d$/.test(text);
}
