/**
 * Which service answers for which host: the table of what runs behind the doors.
 *
 * @module
 */

import type { JsonObject } from '../lib/json.ts';
import { BodyTooLarge, type DataPlane, type DataResponse } from '../services/data-plane.ts';
import { answerGraph, graphAudiences } from '../services/graph/graph.ts';
import type { SignIn } from '../services/sign-in/sign-in.ts';
import { everybody } from './directory.ts';
import type { Engine } from './engine.ts';
import { answerArm } from './front/arm.ts';
import type { Answerer, FrontRequest } from './front/front.ts';
import type { Scoring } from './front/scoring.ts';
import { callerOf, type TokenCheck } from './front/token.ts';

const largestForm = 64 * 1024;

/** Kinds of data plane. */
export type PlaneName =
  | 'blob'
  | 'file'
  | 'queue'
  | 'table'
  | 'dfs'
  | 'web'
  | 'vault'
  | 'registry'
  | 'relay'
  | 'cluster'
  | 'workspace';

/** Everything that answers. */
export interface Answering {
  readonly engine: Engine;
  readonly signIn: SignIn;
  readonly scoring: Scoring;
  readonly check: TokenCheck;
  /** By kind of service; those of a storage account by sub-resource. */
  readonly planes: Readonly<Record<PlaneName, DataPlane>>;
}

/** Makes the one function that the front calls. */
export function answerer(parts: Answering): Answerer {
  return async (request) => {
    const { service, id } = request.service.fact;
    if (service === 'platform') return platform(parts, id, request).catch(tooLarge);
    const plane = planeFor(parts, request);
    // An online endpoint's closed door says the same as its workspace's: they are one private link.
    if (service === 'endpoint' && !request.refusal) return parts.scoring.answer(request).catch(tooLarge);
    return dataPlane(parts, plane, request);
  };
}

/** Words that a body is too large, where the service has no words of its own for it. */
function tooLarge(error: unknown): DataResponse {
  if (!(error instanceof BodyTooLarge)) throw error;
  return refused(413, 'RequestEntityTooLarge', `The request body is larger than ${error.limit} bytes.`);
}

function refused(status: number, code: string, message: string): DataResponse {
  return json(status, { error: { code, message } });
}

function json(status: number, body: JsonObject): DataResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  };
}

function planeFor({ planes }: Answering, request: FrontRequest): DataPlane {
  const { service, surfaces } = request.service.fact;
  switch (service) {
    case 'storage': {
      const group = surfaces.find((surface) => surface.name === request.host)?.group ?? '';
      return planes[group as PlaneName];
    }
    case 'vault':
    case 'registry':
    case 'relay':
    case 'cluster':
    case 'workspace':
      return planes[service];
    case 'endpoint':
    case 'platform':
      return planes.workspace;
  }
}

async function platform(parts: Answering, id: string, request: FrontRequest): Promise<DataResponse> {
  switch (id) {
    case 'azure/arm': {
      const answer = await answerArm(parts.engine, request, parts.check);
      // What a client was told holds for the packets that it sends next.
      await parts.engine.enforced();
      return answer;
    }
    case 'azure/sign-in':
      return signIn(parts, request);
    case 'azure/graph': {
      const { incoming, requestId } = request;
      const body = Buffer.from(await request.body(largestForm)).toString('utf8');
      const caller = await callerOf(request.authorization, graphAudiences, parts.check);
      const { method = 'GET', url: target = '/' } = incoming;
      return answerGraph(
        { method, target, body, caller, requestId },
        everybody(parts.engine.directory, parts.engine.plane.estate),
      );
    }
    default:
      return refused(501, 'NotImplemented', `${request.host} is not served by Cloister yet.`);
  }
}

/** Its errors are OAuth's (RFC 6749 section 5.2). */
async function signIn(parts: Answering, request: FrontRequest): Promise<DataResponse> {
  const refuse = (status: number, description: string): DataResponse =>
    json(status, { error: 'invalid_request', error_description: description });
  const address = `https://${request.host}${request.target}`;
  if (!URL.canParse(address)) return refuse(400, 'The address of the request is malformed.');
  try {
    const body = Buffer.from(await request.body(largestForm)).toString('utf8');
    const method = request.incoming.method ?? 'GET';
    return await parts.signIn.signIn({ method, url: new URL(address), headers: headersOf(request), body });
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    return refuse(413, `The request body is larger than ${error.limit} bytes.`);
  }
}

async function dataPlane(parts: Answering, plane: DataPlane, request: FrontRequest): Promise<DataResponse> {
  const { incoming, host, arrival, requestId } = request;
  const { estate, settings } = parts.engine.plane;
  const resource = estate.get(request.service.fact.id);
  if (!resource) return { status: 404, headers: {} };
  const data = {
    method: incoming.method ?? 'GET',
    host,
    target: request.target,
    headers: headersOf(request),
    body: request.body,
    pieces: request.pieces,
    caller: await callerOf(request.authorization, plane.audiences(host), parts.check),
    arrival,
    resource,
    requestId,
    now: Date.now(),
  };
  return request.refusal
    ? plane.refuse(data, request.refusal)
    : plane.handle(data, { read: estate, settings });
}

function headersOf({ incoming, authorization }: FrontRequest): Record<string, string | undefined> {
  const headers = Object.entries(incoming.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value] as const,
  );
  return { ...Object.fromEntries(headers), ...(authorization === undefined ? {} : { authorization }) };
}
