/**
 * Azure Resource Manager as a client sees it: sign in, write, deploy and watch. The same protocol as any client.
 *
 * @module
 */

import type { Json, JsonObject } from '../lib/json.ts';
import type { Session } from './control.ts';
import { type Answer, PlaceClient } from './proxied.ts';

const arm = 'https://management.azure.com';
const apiVersion = 'api-version=2021-04-01';

/** An error of the control plane. */
export class AzureError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = 'AzureError';
    this.status = status;
    this.code = code;
  }
}

/** What became of one resource of a deployment. */
export interface Progress {
  readonly id: string;
  readonly type: string;
  readonly state: string;
}

/** A client of the control plane that stands at a place. */
export class AzureClient {
  readonly #client: PlaceClient;
  readonly #session: Session;
  #token: string | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#client = new PlaceClient(session);
  }

  close(): void {
    this.#client.close();
  }

  get(path: string): Promise<JsonObject> {
    return this.#send('GET', path).then((answer) => answer.body);
  }

  post(path: string, body: Json = {}): Promise<JsonObject> {
    return this.#send('POST', path, body).then((answer) => answer.body);
  }

  put(path: string, body: Json): Promise<JsonObject> {
    return this.#send('PUT', path, body).then((answer) => answer.body);
  }

  /** Deploys a template and follows it to its end; rejects with every failure in the message. */
  async deploy(path: string, body: Json, watch: (progress: Progress) => void): Promise<JsonObject> {
    const seen = new Map<string, string>();
    const { headers } = await this.#send('PUT', path, body);
    const polling = headers['azure-asyncoperation'];
    if (typeof polling !== 'string') return this.get(path);
    for (let wait = 20; ; wait = Math.min(wait * 1.5, 250)) {
      const { body: operation } = await this.#send('GET', polling.replace(arm, '').replace(/\?.*$/, ''));
      await this.#report(path, seen, watch);
      if (operation['status'] === 'Succeeded') return this.get(path);
      if (operation['status'] !== 'InProgress') {
        const error = operation['error'] as JsonObject | undefined;
        throw new AzureError(400, String(error?.['code'] ?? 'Failed'), describe(error));
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async #report(path: string, seen: Map<string, string>, watch: (progress: Progress) => void): Promise<void> {
    const { value } = await this.get(`${path}/operations`);
    for (const item of Array.isArray(value) ? (value as JsonObject[]) : []) {
      const properties = item['properties'] as JsonObject;
      const target = properties['targetResource'] as JsonObject;
      const state = String(properties['provisioningState']);
      const id = String(target['id']);
      const type = String(target['resourceType']);
      // By operation: a resource that is written twice has two, which end at times of their own.
      const operation = String(item['id']);
      const before = seen.get(operation);
      const nested = type.toLowerCase() === 'microsoft.resources/deployments' && before !== 'Succeeded';
      if (nested) await this.#report(id, seen, watch);
      if (before === state) continue;
      seen.set(operation, state);
      watch({ id, type, state });
    }
  }

  async #send(
    method: string,
    path: string,
    body?: Json,
  ): Promise<{ body: JsonObject; headers: Readonly<Record<string, unknown>> }> {
    const token = await this.#signIn();
    const query = path.includes('?') ? '&' : '?';
    const answer = await this.#client.send(`${arm}${path}${query}${apiVersion}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const parsed = bodyOf(answer);
    if (answer.status >= 400) {
      const error = parsed['error'] as JsonObject | undefined;
      throw new AzureError(answer.status, String(error?.['code'] ?? answer.status), describe(error));
    }
    return { body: parsed, headers: answer.headers };
  }

  /** Client credentials, as every SDK does it. */
  async #signIn(): Promise<string> {
    if (this.#token !== undefined) return this.#token;
    const {
      AZURE_TENANT_ID: tenant,
      AZURE_CLIENT_ID: id,
      AZURE_CLIENT_SECRET: secret,
    } = this.#session.environment;
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id ?? '',
      client_secret: secret ?? '',
      scope: `${arm}/.default`,
    });
    const answer = await this.#client.send(`https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    const parsed = bodyOf(answer);
    if (typeof parsed['access_token'] !== 'string') {
      throw new AzureError(answer.status, String(parsed['error']), String(parsed['error_description']));
    }
    this.#token = parsed['access_token'];
    return this.#token;
  }
}

function bodyOf({ status, body }: Answer): JsonObject {
  if (body === '') return {};
  try {
    return JSON.parse(body) as JsonObject;
  } catch {
    throw new AzureError(status, String(status), body.trim().slice(0, 200));
  }
}

/** Every message of an error, the inner ones too. */
function describe(error: JsonObject | undefined): string {
  const details = Array.isArray(error?.['details']) ? (error['details'] as JsonObject[]) : [];
  const inner = details.map((detail) => `\n  ${String(detail['code'])}: ${describe(detail)}`);
  return `${String(error?.['message'] ?? 'the request failed')}${inner.join('')}`;
}
