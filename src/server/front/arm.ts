/**
 * Azure Resource Manager on the wire: tokens, bodies and headers around the API.
 *
 * @module
 */

import type { ArmHost, ArmRequest } from '../../arm/api/request.ts';
import { handle } from '../../arm/api/router.ts';
import { ArmError, type ErrorCode } from '../../arm/error.ts';
import { readJson } from '../../arm/template/json.ts';
import { SyntaxProblem } from '../../arm/template/problem.ts';
import type { Json } from '../../lib/json.ts';
import type { Fact } from '../../net/facts.ts';
import { BodyTooLarge, type DataResponse } from '../../services/data-plane.ts';
import { BodyBroken } from './body.ts';
import type { FrontRequest } from './front.ts';
import { callerOf, type TokenCheck } from './token.ts';

/** A template may be large; Azure takes 4 MB, compiled modules are near that. */
const largestBody = 8 * 1024 * 1024;

const audiences = ['https://management.azure.com', 'https://management.core.windows.net'];

/** Answers a request at `management.azure.com`. */
export async function answerArm(
  host: ArmHost<Fact>,
  request: FrontRequest,
  check: TokenCheck,
): Promise<DataResponse> {
  const { incoming } = request;
  const caller = await callerOf(request.authorization, audiences, check);
  if (caller.kind !== 'principal') {
    return rendered(unauthorized(caller.kind === 'anonymous' ? undefined : caller.problem), {
      'www-authenticate': `Bearer authorization_uri="https://login.microsoftonline.com/${check.tenant}", error="invalid_token", error_description="${caller.kind === 'anonymous' ? "The authentication failed because of missing 'Authorization' header." : 'The access token is not valid.'}"`,
    });
  }
  const url = parseTarget(request.target);
  if (!url)
    return rendered(
      new ArmError('BadRequest', `The request path '${request.target.slice(0, 200)}' is malformed.`),
    );
  // A body that breaks off is the client's doing, and nothing that the control plane has to explain.
  let broken: BodyBroken | undefined;
  const body = async (): Promise<Json> => {
    try {
      return parseBody(await readBody(request));
    } catch (error) {
      if (!(error instanceof BodyBroken)) throw error;
      broken = error;
      throw new ArmError('InvalidRequestContent', error.message);
    }
  };
  const arm: ArmRequest = {
    method: incoming.method ?? 'GET',
    path: url.path,
    query: url.query,
    ifMatch: incoming.headers['if-match'],
    ifNoneMatch: incoming.headers['if-none-match'],
    body,
    caller: {
      objectId: caller.objectId,
      appId: caller.appId,
      name: caller.upn ?? caller.appId,
      upn: caller.upn,
    },
  };
  const answer = await handle(host, arm);
  if (broken) throw broken;
  const correlation = incoming.headers['x-ms-correlation-request-id'];
  return {
    status: answer.status,
    headers: {
      'cache-control': 'no-cache',
      'x-ms-correlation-request-id': typeof correlation === 'string' ? correlation : request.requestId,
      ...(answer.body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      ...answer.headers,
    },
    ...(answer.body === undefined ? {} : { body: JSON.stringify(answer.body) }),
  };
}

function rendered(error: ArmError, headers: Readonly<Record<string, string>> = {}): DataResponse {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify({ error: error.body() }),
  };
}

function unauthorized(problem: string | undefined): ArmError {
  const [code, message]: [ErrorCode, string] =
    problem === undefined
      ? ['AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing."]
      : problem === 'expired'
        ? [
            'ExpiredAuthenticationToken',
            'The access token expiry UTC time is earlier than current UTC time. Sign in again.',
          ]
        : problem === 'audience'
          ? [
              'InvalidAuthenticationTokenAudience',
              `The access token has been obtained for the wrong audience or resource. It should exactly match one of the allowed audiences '${audiences.join("','")}'.`,
            ]
          : problem === 'tenant' || problem === 'issuer'
            ? [
                'InvalidAuthenticationTokenTenant',
                'The access token is from the wrong issuer. It must match the tenant of the subscription.',
              ]
            : ['InvalidAuthenticationToken', 'The access token is invalid.'];
  return new ArmError(code, message);
}

/** Query names may come percent-encoded; the platform's own class decodes them. */
function parseTarget(target: string): { path: string; query: URLSearchParams } | undefined {
  const mark = target.indexOf('?');
  const raw = mark < 0 ? target : target.slice(0, mark);
  try {
    return {
      path: decodeURIComponent(raw).replace(/\/{2,}/g, '/'),
      query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    };
  } catch {
    return undefined;
  }
}

async function readBody(request: FrontRequest): Promise<Uint8Array> {
  try {
    return await request.body(largestBody);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new ArmError('RequestTooLarge', `The request content exceeds the limit of ${largestBody} bytes.`);
  }
}

/** Bodies are not always JSON: az splices the text of a template into them (recorded from real clients). */
function parseBody(bytes: Uint8Array): Json {
  const text = Buffer.from(bytes).toString('utf8');
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as Json;
  } catch {
    try {
      return readJson(text, 'body').value;
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      throw new ArmError(
        'InvalidRequestContent',
        `The request content was invalid and could not be deserialized: ${error.message}`,
      );
    }
  }
}
