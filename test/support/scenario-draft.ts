/**
 * A template that is being written: resources by name, so that a scenario can add, set and remove.
 *
 * @module
 */

import {
  defaultDeployer,
  defaultGroup,
  defaultLocation,
  defaultSubscription,
  offlineSettings,
} from '../../src/app/defaults.ts';
import { open } from '../../src/app/files.ts';
import { runtimeOf } from '../../src/arm/apply.ts';
import { groupId } from '../../src/arm/id.ts';
import { type PreparedResource, prepareTemplate, type Runtime } from '../../src/arm/template/prepare.ts';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { registry } from '../../src/providers/registry.ts';
import {
  groupMaker,
  groupSchema,
  makerOf,
  nested,
  nestedId,
  nestedName,
  templateOf,
} from './scenario-groups.ts';
import { bare, expand, fullType } from './scenario-words.ts';

/** A resource of the draft; `body` is what goes into the template beside type, name and apiVersion. */
interface Part {
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly id: string;
  /** Name of its resource group; undefined: that which the template is deployed to. */
  readonly home: string | undefined;
  readonly needs: Set<string>;
  body: JsonObject;
}

const group = groupId(defaultSubscription, defaultGroup);
const now = '2026-01-01T00:00:00.000Z';

/** Members that do not stand in `properties`. */
const topMembers: ReadonlySet<string> = new Set(['apiVersion', 'identity', 'kind', 'location', 'sku']);

/** Resources of another group have its name before theirs: `hub:privatelink.azurecr.io`. */
function keyIn(home: string | undefined, name: string): string {
  return home === undefined ? name : `${home}:${name}`;
}

/** Resources by name: `clinic-vnet`, `pe-blob/default`, `privatelink.azurecr.io/clinic-vnet`. */
export class Draft {
  readonly #parts = new Map<string, Part>();
  /** Ids of what was ever there: a removed resource can still be referred to. */
  readonly #ids = new Map<string, string>();

  /** A draft of everything in a template, with all its expressions worked out. */
  static async of(folder: string): Promise<Draft> {
    const { sources, estate } = await open([folder]);
    const settings = offlineSettings(defaultSubscription);
    const runtime = runtimeOf({ plane: { registry, estate, settings }, now: () => now });
    const draft = new Draft();
    for (const { document, parameters } of sources) {
      const prepared = prepareTemplate(document.value, parameters, {
        deploymentName: 'main',
        subscription: {
          subscriptionId: settings.subscription,
          tenantId: settings.tenant,
          displayName: settings.subscriptionName,
        },
        resourceGroup: { id: group, name: defaultGroup, location: defaultLocation },
        location: defaultLocation,
        deployer: { objectId: defaultDeployer.objectId, tenantId: settings.tenant },
        utcNow: now,
        newGuid: () => '00000000-0000-0000-0000-000000000000',
      });
      for (const resource of prepared.resources) draft.#put(partOf(resource, prepared.resources, runtime));
    }
    return draft;
  }

  /** One edit: `add`, a word of scenario-words.ts, `set` with `to`, or `remove`. */
  edit(edit: JsonObject): void {
    const { set, to, remove } = edit;
    if (typeof remove === 'string') {
      const [name = '', path] = remove.split(' ');
      if (path !== undefined) this.#set(name, path, undefined);
      else if (!this.#parts.delete(name)) throw new Error(this.#missing(name));
      return;
    }
    if (typeof set === 'string') {
      const [name = '', path = ''] = set.split(' ');
      this.#set(name, path, to);
      return;
    }
    for (const { add, ...body } of expand(edit)) this.#add(String(add), body);
  }

  /** The template. What is in another group has a deployment of its own there, and the group is made before it. */
  template(): JsonObject {
    const parts = [...this.#parts.values()];
    const homes = new Set(parts.flatMap(({ home }) => home ?? []));
    const places = new Map(parts.map((part, at) => [part.id, part.home ? nestedId(part.home, at) : part.id]));
    const resources = parts.map((part, at): JsonObject => {
      const dependsOn = [...part.needs].flatMap((id) => places.get(id) ?? []);
      const { type, name, apiVersion, body, home } = part;
      if (home === undefined) return { type, name, apiVersion, dependsOn, ...body };
      return {
        ...nested(nestedName(at), [{ type, name, apiVersion, ...body }], groupSchema),
        resourceGroup: home,
        dependsOn: [makerOf(home), ...dependsOn],
      };
    });
    return templateOf([...[...homes].map(groupMaker), ...resources], groupSchema);
  }

  /** `virtualNetworks/hub/virtualNetworkPeerings/to-clinic`, `Microsoft.Synapse/workspaces/lake`, `vaults/spoke:kv`. */
  #add(path: string, given: JsonObject): void {
    const [, namespace, below = ''] = /^(?:([^/]+\.[^/]+)\/)?([a-z].*)$/i.exec(path) ?? [];
    const [, home] = /^[^/]+\/([\w-]+):/.exec(below) ?? [];
    const segments = below.split('/').map(bare);
    const types = segments.filter((_, at) => at % 2 === 0);
    const type = namespace === undefined ? fullType(types) : [namespace, ...types].join('/');
    const name = segments.filter((_, at) => at % 2 === 1).join('/');
    const root = home === undefined ? group : groupId(defaultSubscription, home);
    const id = `${root}/providers/${type.slice(0, type.indexOf('/'))}/${segments.join('/')}`;
    const needs = new Set<string>();
    this.#ids.set(keyIn(home, name), id);
    const located =
      registry.find(type)?.located === true && type !== 'Microsoft.Authorization/roleAssignments';
    const location = type.startsWith('Microsoft.Network/privateDnsZones') ? 'global' : defaultLocation;
    const { after, ...rest } = given;
    const body = this.#resolved({ ...(located ? { location } : {}), ...rest }, needs, home) as JsonObject;
    if (typeof after === 'string') this.#resolved(`@${after}`, needs, home);
    // It may refer to items of its own.
    needs.delete(id);
    const parent = this.#ids.get(keyIn(home, name.split('/').slice(0, -1).join('/')));
    if (parent !== undefined) needs.add(parent);
    this.#put({ type, name, apiVersion: '2024-01-01', id, home, needs, body });
  }

  #put(part: Part): void {
    const key = keyIn(part.home, part.name);
    this.#ids.set(key, part.id);
    this.#parts.set(key, part);
  }

  #set(name: string, path: string, to: Json | undefined): void {
    const part = this.#parts.get(name);
    if (!part) throw new Error(this.#missing(name));
    const steps = path.match(/[^.[\]]+/g) ?? [];
    const top = topMembers.has(steps[0] ?? '');
    const value = to === undefined ? undefined : this.#resolved(to, part.needs, part.home);
    part.body = put(
      part.body,
      top ? steps : ['properties', ...steps],
      value,
      `${name} ${path}`,
    ) as JsonObject;
  }

  /** `@name` becomes the id of a resource of the same group, or else of the first; `@clinic-vnet/scoring` that of a subnet. */
  #resolved(value: Json, needs: Set<string>, home: string | undefined): Json {
    if (Array.isArray(value)) return value.map((item: Json) => this.#resolved(item, needs, home));
    if (isObject(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key.startsWith('@') ? String(this.#resolved(key, needs, home)) : key,
          this.#resolved(item ?? null, needs, home),
        ]),
      );
    }
    if (typeof value !== 'string' || !value.startsWith('@')) return value;
    if (value === '@group') return group;
    const wanted = value.slice(1);
    const id = this.#idOf(wanted, home);
    if (id !== undefined) {
      needs.add(id);
      return id;
    }
    const parts = wanted.split('/');
    const whole = parts.length < 3 ? undefined : this.#idOf(parts.slice(0, -2).join('/'), home);
    if (whole !== undefined) {
      needs.add(whole);
      return `${whole}/${parts.slice(-2).join('/')}`;
    }
    const cut = wanted.lastIndexOf('/');
    const vnet = this.#idOf(wanted.slice(0, cut), home);
    if (vnet === undefined || !vnet.includes('/virtualNetworks/')) throw new Error(this.#missing(wanted));
    needs.add(vnet);
    return `${vnet}/subnets/${wanted.slice(cut + 1)}`;
  }

  #idOf(name: string, home: string | undefined): string | undefined {
    return this.#ids.get(keyIn(home, name)) ?? this.#ids.get(name);
  }

  #missing(name: string): string {
    return `the scenario has no resource '${name}'; it has ${[...this.#parts.keys()].join(', ')}`;
  }
}

/** One resource of a prepared template, in words that need no evaluation any more. */
function partOf(resource: PreparedResource, all: readonly PreparedResource[], runtime: Runtime): Part {
  const { id, type, name, apiVersion, dependsOn } = resource;
  const inner = resource.nested?.(runtime);
  const body = inner
    ? {
        properties: {
          mode: inner.mode,
          expressionEvaluationOptions: { scope: 'inner' },
          parameters: escaped(inner.parameters),
          template: inner.template,
        },
      }
    : (escaped(resource.body(runtime)) as JsonObject);
  const needs = new Set(dependsOn.flatMap((at) => all[at]?.id ?? []));
  return { id, type, name, apiVersion, home: undefined, needs, body };
}

/** A text that begins with a bracket would be an expression. */
function escaped(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => escaped(item));
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escaped(item ?? null)]));
  }
  return typeof value === 'string' && value.startsWith('[') ? `[${value}` : value;
}

/**
 * Sets what a path leads to; undefined takes it away. A step in a list is the name of an item, or its number; `+` is
 * a new one. `properties` of a named item need not be written.
 */
function put(
  value: Json | undefined,
  steps: readonly string[],
  to: Json | undefined,
  what: string,
): Json | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return to;
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    if (step === '+') return [...items, to ?? null];
    const at = items.findIndex(
      (item, index) => (isObject(item) && item['name'] === step) || step === String(index),
    );
    if (at < 0) throw new Error(`${what}: there is no ${step}`);
    const item = items[at];
    const inside =
      rest.length > 0 && isObject(item) && isObject(item['properties'] ?? null) && rest[0] !== 'properties';
    const next = put(item, inside ? ['properties', ...rest] : rest, to, what);
    return next === undefined ? items.toSpliced(at, 1) : items.with(at, next);
  }
  if (step === '+') return [to ?? null];
  const object = isObject(value ?? null) ? (value as JsonObject) : {};
  const next = put(object[step], rest, to, what);
  const { [step]: _, ...others } = object;
  return next === undefined ? others : { ...object, [step]: next };
}
