/**
 * Which service answers for which host: the table of what runs behind the doors.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { DataPlane, DataResponse } from '../services/data-plane.ts';
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
    if (service === 'platform') return platform(parts, id, request);
    const plane = planeFor(parts, request);
    // An online endpoint's closed door says the same as its workspace's: they are one private link.
    if (service === 'endpoint' && !request.refusal) return parts.scoring.answer(request);
    return dataPlane(parts, plane, request);
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
    case 'workspace':
      return planes[service];
    case 'endpoint':
    case 'platform':
      return planes.workspace;
  }
}

async function platform(parts: Answering, id: string, request: FrontRequest): Promise<DataResponse> {
  switch (id) {
    case 'azure/arm':
      return answerArm(parts.engine, request, parts.check);
    case 'azure/sign-in': {
      const { incoming } = request;
      const address = `https://${request.host}${request.target}`;
      if (!URL.canParse(address)) return { status: 400, headers: {} };
      const body = Buffer.from(await request.body(largestForm)).toString('utf8');
      const method = incoming.method ?? 'GET';
      return parts.signIn.signIn({ method, url: new URL(address), headers: headersOf(incoming), body });
    }
    case 'azure/graph': {
      const { incoming, requestId } = request;
      const body = Buffer.from(await request.body(largestForm)).toString('utf8');
      const caller = await callerOf(incoming.headers.authorization, graphAudiences, parts.check);
      const { method = 'GET', url: target = '/' } = incoming;
      return answerGraph(
        { method, target, body, caller, requestId },
        everybody(parts.engine.directory, parts.engine.plane.estate),
      );
    }
    default:
      return {
        status: 501,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          error: { code: 'NotImplemented', message: `${request.host} is not served by Cloister yet.` },
        }),
      };
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
    headers: headersOf(incoming),
    body: request.body,
    pieces: request.pieces,
    caller: await callerOf(incoming.headers.authorization, plane.audiences(host), parts.check),
    arrival,
    resource,
    requestId,
    now: Date.now(),
  };
  return request.refusal
    ? plane.refuse(data, request.refusal)
    : plane.handle(data, { read: estate, settings });
}

function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
