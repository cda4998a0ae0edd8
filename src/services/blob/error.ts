/**
 * The errors of storage: the one place that renders answers.
 *
 * @module
 */

import type { DataRequest, DataResponse } from '../data-plane.ts';
import { codes } from './codes.ts';
import { xml, xmlHead } from './xml.ts';

/** A code that storage answers with. */
export type StorageCode = keyof typeof codes;

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
    super(context.says === undefined ? codes[code].text : `${codes[code].text} ${context.says}`);
    this.name = 'StorageError';
    this.code = code;
    this.status = context.status ?? codes[code].status;
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
  body?: DataResponse['body'],
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
