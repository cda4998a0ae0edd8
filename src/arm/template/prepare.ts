/**
 * Turns a template with its parameters into resources in the order in which they can be deployed.
 *
 * Nothing is deployed here and nothing is asked of an estate: what only a running estate knows is asked for when a
 * resource's body is, through the {@link Runtime} that is then handed in.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';
import { nearest } from '../../lib/near.ts';
import { keyOf, parseId, type ResourceId, type ResourceType } from '../id.ts';
import { checkExpressions, checkTemplate } from './check.ts';
import { dependencies, isDeployment, structural } from './dependencies.ts';
import { evaluateValue } from './evaluate.ts';
import { type Expression, ExpressionProblem } from './expression.ts';
import { sortByNeed } from './graph.ts';
import { Lookup } from './lookup.ts';
import { TemplateNames } from './names.ts';
import { checkNested, type NestedDeployment, nestedIn, shownProperties } from './nested.ts';
import { checkOutputs, evaluateOutputs } from './outputs.ts';
import { bindParameters, section } from './parameters.ts';
import { invalid } from './refuse.ts';
import { type Instance, unfold } from './resources.ts';
import type { DeploymentContext, Names, OuterScope, Path, Runtime, Scope } from './scope.ts';

export type { NestedDeployment } from './nested.ts';
export type { DeploymentContext, OuterScope, Path, Runtime } from './scope.ts';

/** A resource that a template asks for. */
export interface PreparedResource {
  /** Absolute. */
  readonly id: ResourceId;
  readonly type: ResourceType;
  /** All segments: `vnet/subnet`. */
  readonly name: string;
  readonly apiVersion: string;
  /** Where it is declared: `['resources', 3]`. */
  readonly path: Path;
  /** Declared `existing`: it can be referred to, and nothing is written. */
  readonly existing: boolean;
  /** Positions in {@link PreparedTemplate.resources} of those that must be done before. */
  readonly dependsOn: readonly number[];
  /**
   * Evaluates location, tags, sku, kind, identity, zones, plan, properties and whatever else is no matter of the
   * language; members that are null are left out. To be called when all dependencies are done. Throws ArmError.
   */
  body(runtime: Runtime): JsonObject;
  /** For Microsoft.Resources/deployments only: the nested template. Throws ArmError. */
  nested?(runtime: Runtime): NestedDeployment;
}

/** A template that is ready to be deployed. */
export interface PreparedTemplate {
  /** In an order that respects every dependency; among those that are free, as the template has them. */
  readonly resources: readonly PreparedResource[];
  /** `{name: {type, value}}`; secure outputs have no value. Throws ArmError. */
  readonly outputs: (runtime: Runtime) => JsonObject;
  /** Effective values as ARM echoes them, `{name: {type, value}}`; secure ones without value. */
  readonly parameters: JsonObject;
}

/**
 * Prepares a template. `parameters` are `{name: {value}}`. For a nested template hand in the `outer` and (as `base`)
 * the `path` that {@link PreparedResource.nested} answered; errors and paths then point into the whole document.
 *
 * Every error is an ArmError `InvalidTemplate` whose target is the place in the template.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
 */
export function prepareTemplate(
  template: Json,
  parameters: JsonObject,
  context: DeploymentContext,
  outer?: OuterScope,
  base: Path = [],
): PreparedTemplate {
  return guarded(base, () => {
    checkTemplate(template, base, context);
    const memo = outer?.memo ?? new Map<string, Expression>();
    checkExpressions(template, base, memo);
    checkOutputs(template, base);
    const lookup = new Lookup();
    const bound = bindParameters(section(template, 'parameters', base), parameters, base);
    const scopeWith = (names: Names): Scope => ({
      context: outer?.context ?? context,
      names: outer?.names ?? names,
      loops: outer?.loops ?? [],
      place: 'a template',
      // The template around has been deployed as far as this one depends on it, so it may be asked anywhere here.
      runtime: outer?.runtime,
      resolve: (text, at) => resolve(text, at, lookup, outer),
      inDefault: false,
      deployment: outer?.deployment ?? {
        template,
        parameters,
        mode: 'Incremental',
        provisioningState: 'Accepted',
      },
      memo,
      calls: 0,
    });
    const names = new TemplateNames(template, bound, base, scopeWith);
    const echo = names.echo();
    const scope = scopeWith(names);
    const { instances, empty } = unfold(template, base, scope, context);
    for (const name of empty) lookup.addEmpty(name);
    for (const instance of instances) lookup.add(instance);
    return {
      resources: arranged(instances, lookup, base),
      outputs: (runtime) => guarded(base, () => evaluateOutputs(template, base, { ...scope, runtime })),
      parameters: echo,
    };
  });
}

function arranged(instances: readonly Instance[], lookup: Lookup, base: Path): PreparedResource[] {
  const included = instances.filter((instance) => instance.included);
  refuseRepeated(included);
  for (const instance of included) if (isDeployment(instance) && !instance.existing) checkNested(instance);
  const needs = dependencies(included, lookup);
  const sorted = sortByNeed(needs);
  if (!sorted.ok) {
    const chain = sorted.cycle.map((at) => `'${included[at]?.name}' (${included[at]?.type})`).join(' -> ');
    throw invalid(
      included[sorted.cycle[0] as number]?.path ?? base,
      `Circular dependency detected: ${chain}, each needing the next. Remove one dependsOn or reference() among them, or move what needs the other into a resource of its own.`,
    );
  }
  const position = new Map(sorted.order.map((from, to) => [from, to]));
  return sorted.order.map((at) =>
    prepared(
      included[at] as Instance,
      (needs[at] as number[]).map((need) => position.get(need) as number).sort((a, b) => a - b),
    ),
  );
}

function refuseRepeated(included: readonly Instance[]): void {
  const seen = new Map<string, Instance>();
  for (const instance of included) {
    if (instance.id === undefined || instance.existing) continue;
    const key = keyOf(instance.id);
    const before = seen.get(key);
    if (before) {
      const hint = instance.loop
        ? 'use copyIndex() in its name'
        : 'give each its own name, or conditions that exclude one another';
      throw invalid(
        instance.path,
        `The resource '${instance.id}' is defined multiple times in the template; ${hint}.`,
      );
    }
    seen.set(key, instance);
  }
}

function prepared(instance: Instance, dependsOn: readonly number[]): PreparedResource {
  const { type, name, apiVersion, path, existing } = instance;
  return {
    id: instance.id as ResourceId,
    type,
    name,
    apiVersion,
    path,
    existing,
    dependsOn,
    body: (runtime) => guarded(path, () => bodyOf(instance, runtime)),
    ...(isDeployment(instance) && !existing
      ? { nested: (runtime: Runtime) => guarded(path, () => nestedIn(instance, runtime)) }
      : {}),
  };
}

function bodyOf(instance: Instance, runtime: Runtime): JsonObject {
  const scope: Scope = { ...instance.scope, runtime, place: 'a resource' };
  const members: [string, Json][] = [];
  for (const [name, source] of Object.entries(instance.source)) {
    if (source === undefined || structural.has(name.toLowerCase())) continue;
    const value =
      name.toLowerCase() === 'properties' && isDeployment(instance)
        ? shownProperties(instance, scope)
        : evaluateValue(source, [...instance.path, name], scope);
    if (value !== null) members.push([name, value]);
  }
  return Object.fromEntries(members);
}

/** Turns what `reference()` names into an id: an id itself, or a resource of this template or of the one around. */
function resolve(text: string, at: number, lookup: Lookup, outer: OuterScope | undefined): ResourceId {
  if (text.startsWith('/')) {
    const parsed = /^\/subscriptions\//i.test(text) ? parseId(text) : undefined;
    if (parsed && !parsed.ok) throw new ExpressionProblem(at, parsed.error);
    return text as ResourceId;
  }
  const found = lookup.find(text);
  const ids = new Set(found.flatMap((instance) => (instance.id === undefined ? [] : [keyOf(instance.id)])));
  const first = found.find((instance) => instance.included)?.id ?? found[0]?.id;
  if (ids.size === 1 && first !== undefined) return first;
  if (ids.size > 1) {
    throw new ExpressionProblem(
      at,
      `'${text}' stands for ${ids.size} resources; write resourceId(...) of the one`,
    );
  }
  if (outer) return outer.resolve(text, at);
  const near = nearest(text, lookup.names());
  const hint =
    near === undefined ? 'write resourceId(...) for one that exists already' : `did you mean '${near}'?`;
  throw new ExpressionProblem(at, `the resource '${text}' is not defined in the template; ${hint}`);
}

/** Answers InvalidTemplate even where a template is contrived to exhaust the stack. */
function guarded<T>(path: Path, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError)
      throw invalid(
        path,
        'The template is nested too deep, or grows too large when it is evaluated; make it smaller.',
      );
    throw error;
  }
}
