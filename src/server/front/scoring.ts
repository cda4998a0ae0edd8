/**
 * Scoring: the key or token of an online endpoint, the split of its traffic, and the replica behind it.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto';
import { mayDo } from '../../arm/caller.ts';
import { childId } from '../../arm/id.ts';
import { propertiesOf } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import { ReplicaError, type Replicas } from '../../compute/process/replicas.ts';
import { keyOf } from '../../lib/key.ts';
import { endpointKeys, endpointToken, tokenExpiry } from '../../providers/ml/endpoint-access.ts';
import { endpointProperties, endpointType } from '../../providers/ml/online-endpoints.ts';
import type { DataResponse } from '../../services/data-plane.ts';
import type { Engine } from '../engine.ts';
import { cutOff } from '../ways.ts';
import type { FrontRequest } from './front.ts';
import { bearerOf, callerOf, type TokenCheck } from './token.ts';

const largestBody = 16 * 1024 * 1024;
const audiences = ['https://ml.azure.com'];

/** Scores requests. It remembers whose turn it is, to split traffic exactly. */
export class Scoring {
  readonly #engine: Engine;
  readonly #replicas: Replicas;
  readonly #check: TokenCheck;
  readonly #turns = new Map<string, Turns>();

  constructor(engine: Engine, replicas: Replicas, check: TokenCheck) {
    this.#engine = engine;
    this.#replicas = replicas;
    this.#check = check;
  }

  async answer(request: FrontRequest): Promise<DataResponse> {
    const endpoint = this.#engine.plane.estate.get(request.service.fact.id);
    if (!endpoint) return problem(404, 'NotFound', 'There is no such endpoint.');
    const denied = await this.#authenticate(endpoint, request);
    if (denied) return denied;
    const deployment = this.#choose(endpoint, request.incoming.headers['azureml-model-deployment']);
    if (typeof deployment !== 'string') return deployment;
    const told = { 'azureml-model-deployment': deployment };
    const id = childId(endpoint.id, 'deployments', deployment);
    const cut = cutOff(this.#engine.network, id);
    if (cut !== undefined) return problem(503, 'ServiceUnavailable', cut, told);
    const body = await request.body(largestBody);
    const headers = Object.fromEntries(
      Object.entries(request.incoming.headers).flatMap(([name, value]) =>
        typeof value === 'string' && !['authorization', 'host', 'connection', 'content-length'].includes(name)
          ? [[name, value]]
          : [],
      ),
    );
    const path = request.target;
    const method = request.incoming.method ?? 'GET';
    const key = keyOf(id);
    try {
      const answer = await this.#replicas.score(key, { method, path, headers, body });
      if (answer.status < 400)
        return { status: answer.status, headers: { ...answer.headers, ...told }, body: answer.body };
      // A model's own error is told apart from one of the service.
      return {
        status: answer.status === 404 || answer.status === 405 ? answer.status : 424,
        headers: {
          ...answer.headers,
          ...told,
          'ms-azureml-model-error-statuscode': String(answer.status),
          'ms-azureml-model-error-reason': 'model_error',
        },
        body: answer.body,
      };
    } catch (error) {
      if (!(error instanceof ReplicaError)) throw error;
      const [status, code] =
        error.code === 'timeout'
          ? ([408, 'RequestTimeout'] as const)
          : ([503, 'ServiceUnavailable'] as const);
      return problem(status, code, error.message, told);
    }
  }

  async #authenticate(endpoint: Resource, request: FrontRequest): Promise<DataResponse | undefined> {
    const { authMode } = propertiesOf(endpointProperties, endpoint);
    const header = request.authorization;
    if (authMode === 'Key') {
      const keys = endpointKeys(endpoint, this.#engine.plane.settings.secret);
      const given = bearerOf(header);
      const known = given !== undefined && Object.values(keys).some((key) => same(given, key));
      return known
        ? undefined
        : problem(
            401,
            'Unauthorized',
            'key_auth_bad_header_forbidden: send one of the keys of the endpoint as a bearer token.',
            { 'www-authenticate': 'Bearer' },
          );
    }
    if (authMode === 'AMLToken') {
      const given = bearerOf(header) ?? '';
      const expiry = tokenExpiry(given) ?? 0;
      const wanted = endpointToken(endpoint, expiry, this.#engine.plane.settings.secret);
      if (same(given, wanted) && expiry * 1000 > this.#check.now()) return undefined;
      return problem(401, 'Unauthorized', 'Send a token of the endpoint, and one that is not over.', {
        'www-authenticate': 'Bearer',
      });
    }
    const caller = await callerOf(header, audiences, this.#check);
    if (caller.kind !== 'principal')
      return problem(401, 'Unauthorized', 'A token for https://ml.azure.com is needed.', {
        'www-authenticate': 'Bearer',
      });
    const allowed = mayDo(
      this.#engine.plane.estate,
      caller.objectId,
      `${endpointType}/score/action`,
      endpoint.id,
      'control',
    );
    return allowed
      ? undefined
      : problem(
          403,
          'Forbidden',
          `The client '${caller.appId}' lacks the action ${endpointType}/score/action.`,
        );
  }

  /** The deployment that was named, or the one whose turn it is by the shares of traffic. */
  #choose(endpoint: Resource, named: string | string[] | undefined): string | DataResponse {
    const { estate } = this.#engine.plane;
    if (typeof named === 'string') {
      const found = estate.get(childId(endpoint.id, 'deployments', named));
      return found
        ? found.name
        : problem(404, 'NotFound', `Endpoint ${endpoint.name} has no deployment '${named}'.`);
    }
    const shares = Object.entries(propertiesOf(endpointProperties, endpoint).traffic ?? {}).filter(
      ([, share]) => share > 0,
    );
    if (shares.length === 0)
      return problem(
        404,
        'NotFound',
        `Endpoint ${endpoint.name} sends no traffic to any deployment: set its traffic.`,
      );
    const split = JSON.stringify(shares);
    const known = this.#turns.get(endpoint.id);
    // Another split starts anew: what was owed under the old one is not owed any more.
    const turns = known?.split === split ? known : new Turns(split, shares);
    this.#turns.set(endpoint.id, turns);
    return turns.next();
  }
}

/** Smooth weighted turns: after 100 requests each deployment has got exactly its share. */
class Turns {
  readonly split: string;
  readonly #shares: readonly (readonly [name: string, share: number])[];
  readonly #credit = new Map<string, number>();

  constructor(split: string, shares: readonly (readonly [string, number])[]) {
    this.split = split;
    this.#shares = shares;
  }

  next(): string {
    const credit = this.#credit;
    let next = this.#shares[0]?.[0] ?? '';
    for (const [name, share] of this.#shares) {
      credit.set(name, (credit.get(name) ?? 0) + share);
      if ((credit.get(name) ?? 0) > (credit.get(next) ?? 0)) next = name;
    }
    credit.set(next, (credit.get(next) ?? 0) - this.#shares.reduce((sum, [, share]) => sum + share, 0));
    return next;
  }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function problem(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): DataResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ error: { code, message } }),
  };
}
