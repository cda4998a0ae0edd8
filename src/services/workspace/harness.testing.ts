/**
 * A workspace to ask, over a store that stays.
 *
 * @module
 */

import type { ResourceType } from '../../arm/id.ts';
import type { Resource } from '../../arm/resource.ts';
import type { Store } from '../../arm/store.ts';
import { MemoryStore } from '../../store/memory.ts';
import { assign, group, now, person, requestOf, resource, worldOf } from '../blob/harness.testing.ts';
import type { Caller, DataResponse, World } from '../data-plane.ts';
import type { Foundation } from './call.ts';
import { workspacePlane } from './plane.ts';
import { Records } from './records.ts';

export const type = 'Microsoft.MachineLearningServices/workspaces';
export const workspace = resource(type, 'ws1');
export const guid = '33333333-4444-5555-6666-777777777777';
export const host = `${guid}.workspace.eastus.api.azureml.ms`;

const artifactStore: Resource = {
  ...resource(`${type}/datastores`, 'x', { accountName: 'st1', containerName: 'azureml' }),
  id: `${workspace.id}/datastores/workspaceartifactstore` as Resource['id'],
  name: 'workspaceartifactstore',
  type: `${type}/datastores` as ResourceType,
};

/** Somebody who owns everything, somebody who may only look, and somebody who works there. */
export const world: World = worldOf(
  workspace,
  artifactStore,
  resource('Microsoft.Storage/storageAccounts', 'st1'),
  assign('owner', 'owner', group),
  assign('reader', 'reader', group),
  assign('scientist', 'dataScientist', group),
);

/** What stands behind a workspace where a test has nothing of its own. */
export function foundation(store: Store = new MemoryStore()): Foundation {
  let made = 0;
  return {
    records: new Records(store),
    arm: () => Promise.reject(new Error('a test asked the control plane')),
    pass: (_, { name }, permission) => `pass-to=${encodeURIComponent(name)}&sp=${permission}`,
    newId: () => `id-${++made}`,
  };
}

/** A workspace with a clock that the test moves. */
export class WorkspaceUnderTest {
  readonly #plane;
  /** Seconds since the beginning. */
  elapsed = 0;

  constructor(store: Store = new MemoryStore(), more: Partial<Foundation> = {}) {
    this.#plane = workspacePlane({ ...foundation(store), ...more });
  }

  /** Asks `GET history/v1.0 experiments/e1`. */
  ask(line: string, body?: unknown, caller: Caller = person('owner'), at = host): Promise<DataResponse> {
    const [method = '', service = '', path = ''] = line.split(' ');
    const bytes = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const target = `${method} /${service}${workspace.id}/${path}`;
    const more = { caller, bytes, now: now + this.elapsed * 1000 };
    return this.#plane.handle(requestOf(workspace, at, target, more), world);
  }

  /** Asks, and returns the body of a 200. */
  async have(line: string, body?: unknown): Promise<Body> {
    const response = await this.ask(line, body);
    if (response.status !== 200) throw new Error(`${line}: ${response.status} ${response.body}`);
    return bodyOf(response);
  }

  /** Asks, and returns status and message of the refusal. */
  async refusal(line: string, body?: unknown, caller?: Caller): Promise<string> {
    const response = await this.ask(line, body, caller);
    return `${response.status} ${response.status < 400 ? '' : String(bodyOf(response)['error']['message'])}`;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of answers are looked into by tests alone
export type Body = any;

/** Reads the body of an answer. */
export function bodyOf({ body }: DataResponse): Body {
  return JSON.parse(String(body));
}
