/**
 * A control plane in memory, asked over the same router as the server's: what is asserted is what a client sees.
 *
 * `const plane = new TestPlane(); await plane.put(vnet('hub'), {...})`
 *
 * @module
 */

import { defaultDeployer, firstResources } from '../../src/app/defaults.ts';
import type { ArmAnswer, ArmHost } from '../../src/arm/api/request.ts';
import { handle } from '../../src/arm/api/router.ts';
import type { Caller } from '../../src/arm/caller.ts';
import type { Operation } from '../../src/arm/operation.ts';
import type { Plane } from '../../src/arm/plane.ts';
import type { Effect, Meaning, Question, Settings } from '../../src/arm/provider.ts';
import { type Change, Estate } from '../../src/arm/resource.ts';
import { asText, isObject, type Json, type JsonObject, member } from '../../src/lib/json.ts';
import type { Fact } from '../../src/net/facts.ts';
import { networkOf } from '../../src/providers/network-of.ts';
import { registry } from '../../src/providers/registry.ts';

export const subscription = '0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f';
export const root = `/subscriptions/${subscription}`;
/** The resource group that every test has. */
export const rg = `${root}/resourceGroups/rg`;

const types = {
  vnet: 'Microsoft.Network/virtualNetworks',
  nsg: 'Microsoft.Network/networkSecurityGroups',
  table: 'Microsoft.Network/routeTables',
  nic: 'Microsoft.Network/networkInterfaces',
  pip: 'Microsoft.Network/publicIPAddresses',
  asg: 'Microsoft.Network/applicationSecurityGroups',
  endpoint: 'Microsoft.Network/privateEndpoints',
  zone: 'Microsoft.Network/privateDnsZones',
  gateway: 'Microsoft.Network/virtualNetworkGateways',
  local: 'Microsoft.Network/localNetworkGateways',
  tunnel: 'Microsoft.Network/connections',
  firewall: 'Microsoft.Network/azureFirewalls',
  policy: 'Microsoft.Network/firewallPolicies',
  resolver: 'Microsoft.Network/dnsResolvers',
  ruleset: 'Microsoft.Network/dnsForwardingRulesets',
  storage: 'Microsoft.Storage/storageAccounts',
  vault: 'Microsoft.KeyVault/vaults',
  registry: 'Microsoft.ContainerRegistry/registries',
  relay: 'Microsoft.Relay/namespaces',
  workspace: 'Microsoft.MachineLearningServices/workspaces',
  vm: 'Microsoft.Compute/virtualMachines',
  watcher: 'Microsoft.Network/networkWatchers',
  identity: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  nat: 'Microsoft.Network/natGateways',
  manager: 'Microsoft.Network/networkManagers',
  bastion: 'Microsoft.Network/bastionHosts',
  balancer: 'Microsoft.Network/loadBalancers',
  servicePolicy: 'Microsoft.Network/serviceEndpointPolicies',
  deployment: 'Microsoft.Resources/deployments',
} as const;

/** `idOf('vnet/hub/subnets/a')`, `idOf('nic/one', 'other')`: a short form of ids in a group. */
export function idOf(path: string, group = 'rg'): string {
  const [kind = '', ...rest] = path.split('/');
  const type = types[kind as keyof typeof types];
  if (type === undefined) throw new Error(`unknown kind ${kind}`);
  return `${root}/resourceGroups/${group}/providers/${type}/${rest.join('/')}`;
}

/** What a client got. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  /** `properties` of a resource. */
  readonly properties: JsonObject;
  readonly value: readonly Json[];
  /** `error.code`, `error.message` and `error.target`. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly target: string | undefined;
  readonly details: readonly Json[];
}

/** How a request differs from the usual one. */
export interface Ask {
  readonly as?: Caller;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** A caller by the last digits of its object id. */
export function caller(name: string): Caller {
  const tail = Buffer.from(name).toString('hex').padStart(12, '0').slice(-12);
  const objectId = `00000000-0000-4000-8000-${tail}`;
  return { objectId, appId: `11111111-0000-4000-8000-${tail}`, name };
}

/** The caller that owns the subscription. */
export const owner = defaultDeployer;

/** A template of a resource group. */
export function template(resources: readonly Json[], more: JsonObject = {}): JsonObject {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    ...more,
    resources,
  };
}

const settings: Settings = {
  subscription,
  subscriptionName: 'Test',
  tenant: '7d3f8b52-6c1a-4e0f-8a9d-0b1c2d3e4f50',
  location: 'eastus',
  secret: (purpose) => `secret:${purpose}`,
};

/** An estate in memory behind the ARM API. */
export class TestPlane implements ArmHost<Fact> {
  readonly plane: Plane<Fact> = {
    registry,
    estate: new Estate(firstResources(settings, owner)),
    settings,
  };
  /** What effects do; tests put delays and failures here. */
  effect: (effect: Effect) => Promise<void> = async () => {};
  /** Effects that were performed, in order. */
  readonly performed: Effect[] = [];
  /** Defects: what was thrown in the background and is no ArmError. */
  readonly defects: unknown[] = [];
  readonly #operations = new Map<string, Operation>();
  readonly #running = new Set<Promise<void>>();
  #turn: Promise<unknown> = Promise.resolve();
  #clock = Date.parse('2026-01-01T00:00:00Z');
  #ids = 0;

  /** A plane with the group `rg` in eastus. */
  static async start(): Promise<TestPlane> {
    const plane = new TestPlane();
    await plane.put(rg, { location: 'eastus' });
    return plane;
  }

  get estate(): Estate {
    return this.plane.estate;
  }

  /** The estate's meaning. */
  network(): ReturnType<typeof networkOf>['network'] {
    return networkOf(this.estate).network;
  }

  async transact<T extends { readonly change: Change }>(plan: (plane: Plane<Fact>) => T): Promise<T> {
    const work = this.#turn.then(async () => {
      const planned = plan(this.plane);
      await Promise.resolve();
      this.estate.apply(planned.change);
      return planned;
    });
    this.#turn = work.catch(() => {});
    return work;
  }

  async perform(effect: Effect): Promise<void> {
    this.performed.push(effect);
    await this.effect(effect);
  }

  now(): string {
    this.#clock += 1000;
    return new Date(this.#clock).toISOString();
  }

  newId(): string {
    this.#ids += 1;
    return `22222222-0000-4000-8000-${String(this.#ids).padStart(12, '0')}`;
  }

  url(path: string): string {
    return `https://management.azure.com${path}`;
  }

  async keep(operation: Operation): Promise<void> {
    this.#operations.set(operation.id, operation);
  }

  async operation(id: string): Promise<Operation | undefined> {
    return this.#operations.get(id);
  }

  async answer(question: Question): Promise<Json> {
    if (question.kind === 'meaning') return question.of(this.network() as unknown as Meaning);
    if (question.kind !== 'logs') return 'sig=pass';
    return { content: `logs of ${question.resource} (${question.tail})` };
  }

  background(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => {
        this.defects.push(error);
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for what goes on behind answers. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#turn;
  }

  async ask(method: string, path: string, body: Json | undefined, ask: Ask = {}): Promise<Answer> {
    const query = new Map([['api-version', '2024-01-01'], ...Object.entries(ask.query ?? {})]);
    const answer = await handle(this, {
      method,
      path,
      query: { get: (name) => query.get(name) ?? null },
      ifMatch: ask.ifMatch,
      ifNoneMatch: ask.ifNoneMatch,
      body: async () => body ?? null,
      caller: ask.as ?? owner,
    });
    return answerOf(answer);
  }

  /** Deletions and writes go on behind the answer; these wait for the end of it. */
  async put(path: string, body: Json, ask?: Ask): Promise<Answer> {
    const answer = await this.ask('PUT', path, body, ask);
    await this.idle();
    return answer;
  }

  async patch(path: string, body: Json, ask?: Ask): Promise<Answer> {
    const answer = await this.ask('PATCH', path, body, ask);
    await this.idle();
    return answer;
  }

  get(path: string, ask?: Ask): Promise<Answer> {
    return this.ask('GET', path, undefined, ask);
  }

  head(path: string, ask?: Ask): Promise<Answer> {
    return this.ask('HEAD', path, undefined, ask);
  }

  post(path: string, body: Json = {}, ask?: Ask): Promise<Answer> {
    return this.ask('POST', path, body, ask);
  }

  async remove(path: string, ask?: Ask): Promise<Answer> {
    const answer = await this.ask('DELETE', path, undefined, ask);
    await this.idle();
    return answer;
  }

  /** Names of a collection. */
  async list(path: string, filter?: string): Promise<readonly (string | undefined)[]> {
    const { value } = await this.get(path, filter === undefined ? {} : { query: { $filter: filter } });
    return value.map((item) => asText(member(item, 'name')));
  }

  /** Puts, and throws what was refused: for what a test takes for granted. */
  async have(path: string, body: Json): Promise<JsonObject> {
    const answer = await this.put(path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.code}: ${answer.message}`);
    return answer.body;
  }

  /** Deploys and answers the deployment as it ended; a template that is refused is that answer. */
  async deploy(
    content: Json,
    ask: Ask & { readonly name?: string; readonly parameters?: Json; readonly scope?: string } = {},
  ): Promise<Answer> {
    const path = `${ask.scope ?? rg}/providers/Microsoft.Resources/deployments/${ask.name ?? 'main'}`;
    const properties = { mode: 'Incremental', template: content, parameters: ask.parameters ?? {} };
    const started = await this.put(path, { properties, location: 'eastus' }, ask);
    return started.status >= 300 ? started : this.get(path);
  }

  /** Gives a caller a built-in role, or a custom one, at a scope. */
  async allow(who: Caller, role: string, scope: string): Promise<Caller> {
    const name = this.newId();
    await this.have(`${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`, {
      properties: {
        principalId: who.objectId,
        roleDefinitionId: `${root}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
      },
    });
    return who;
  }
}

function answerOf({ status, headers, body }: ArmAnswer): Answer {
  const shown = isObject(body) ? body : {};
  const error = isObject(shown['error']) ? shown['error'] : undefined;
  const details = error?.['details'];
  return {
    status,
    headers: headers ?? {},
    body: shown,
    properties: isObject(shown['properties']) ? shown['properties'] : {},
    value: Array.isArray(shown['value']) ? shown['value'] : [],
    code: asText(error?.['code']),
    message: asText(error?.['message']),
    target: asText(error?.['target']),
    details: Array.isArray(details) ? details : [],
  };
}
