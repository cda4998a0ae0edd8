/**
 * Finds out which resource must be done before which.
 *
 * @module
 */

import { isObject, type Json } from '../../lib/json.ts';
import { nearest } from '../../lib/near.ts';
import { deploymentType, sameId } from '../id.ts';
import { evaluate, inLoop, isCopy, loopHead, parsed } from './evaluate.ts';
import { type Expression, isExpression, isRuntimeFunction, visit } from './expression.ts';
import type { Lookup } from './lookup.ts';
import { isInnerTemplate, memberNamed } from './members.ts';
import { invalid } from './refuse.ts';
import { dependsOn, type Instance } from './resources.ts';
import type { Path, Scope } from './scope.ts';

/** Members that say what a resource is, not what it holds. */
export const structural: ReadonlySet<string> = new Set([
  ...[
    'type',
    'name',
    'apiversion',
    'condition',
    'copy',
    'dependson',
    'resources',
    'scope',
    'comments',
    'metadata',
  ],
  ...['existing', 'resourcegroup', 'subscriptionid', '$schema', 'asserts'],
]);

/** Returns for each of the given instances (those that are deployed) the positions of those it must wait for. */
export function dependencies(instances: readonly Instance[], lookup: Lookup): number[][] {
  const position = new Map(instances.map((instance, index) => [instance, index]));
  const batches = batchesOf(instances);
  return instances.map((instance) => {
    const needs = new Set<number>();
    const need = (other: Instance): void => {
      const at = position.get(other);
      if (at !== undefined) needs.add(at);
    };
    if (instance.parent) need(instance.parent);
    for (const [text, path] of dependsOn(instance))
      for (const other of named(text, path, instance, lookup)) need(other);
    for (const other of batches.get(instance) ?? []) need(other);
    for (const other of implied(instance, lookup)) if (other !== instance) need(other);
    return [...needs].sort((a, b) => a - b);
  });
}

function named(text: string, path: Path, instance: Instance, lookup: Lookup): readonly Instance[] {
  const found = lookup.find(text);
  if (found.length === 1 || !lookup.isPlainName(text)) return found;
  const near = relative(text, instance, lookup);
  if (near) return [near];
  const distinct = new Set(found.map((other) => other.id?.toLowerCase()));
  if (distinct.size === 1) return found;
  if (distinct.size > 1) {
    throw invalid(
      path,
      `The dependency '${text}' is the name of ${distinct.size} resources; write resourceId(...) of the one.`,
    );
  }
  // A nested deployment into another group is often named as if it lay in this one.
  const alias = deploymentName.exec(text)?.[1];
  const deployments = alias === undefined ? [] : lookup.find(`${deploymentType}/${alias}`);
  if (deployments.length > 0) return deployments;
  const guess = nearest(text, lookup.names());
  const hint =
    guess === undefined
      ? 'name a resource, a copy loop or an id that the template declares, or leave it out'
      : `did you mean '${guess}'?`;
  throw invalid(path, `The resource '${text}' is not defined in the template; ${hint}`);
}

const deploymentName = new RegExp(`/providers/${deploymentType}/([^/]+)$`, 'i');

/** Finds a parent or a sibling by the short name that it was written with. */
function relative(text: string, instance: Instance, lookup: Lookup): Instance | undefined {
  for (let parent = instance.parent; parent; parent = parent.parent) {
    if (sameId(parent.local, text)) return parent;
    const siblings = lookup.find(`${parent.name}/${text}`);
    if (siblings.length === 1) return siblings[0];
  }
  return undefined;
}

/** A serial loop: each batch waits for the one before. */
function batchesOf(instances: readonly Instance[]): ReadonlyMap<Instance, readonly Instance[]> {
  const loops = new Map<string, Instance[]>();
  for (const instance of instances) {
    if (instance.loop?.batch === undefined) continue;
    const key = JSON.stringify(instance.path);
    const members = loops.get(key);
    if (members) members.push(instance);
    else loops.set(key, [instance]);
  }
  const waits = new Map<Instance, readonly Instance[]>();
  for (const members of loops.values()) {
    let before: readonly Instance[] = [];
    let current: Instance[] = [];
    let number = -1;
    for (const instance of members) {
      const { index, batch } = instance.loop as { index: number; batch: number | undefined };
      const own = Math.floor(index / (batch ?? 1));
      if (own !== number) {
        [before, current, number] = [current, [], own];
      }
      current.push(instance);
      waits.set(instance, before);
    }
  }
  return waits;
}

/** Resources that a body asks about with `reference()` or `list*()`. */
function implied(instance: Instance, lookup: Lookup): readonly Instance[] {
  const out: Instance[] = [];
  if (instance.existing) return out;
  const scope: Scope = { ...instance.scope, runtime: undefined };
  const found = (text: string): void => {
    const others = lookup.find(text);
    if (others.length === 1 || !lookup.isPlainName(text)) out.push(...others);
  };
  for (const [name, value] of Object.entries(instance.source)) {
    if (value !== undefined && !structural.has(name.toLowerCase())) scan(value, scope, found);
  }
  return out;
}

/** Finds what is referred to in a value, loops in it included. */
function scan(value: Json, scope: Scope, found: (text: string) => void): void {
  if (typeof value === 'string') {
    if (!isExpression(value) || !/reference|list/i.test(value)) return;
    const expression = attempt(() => parsed(value, scope.memo));
    if (expression) scanExpression(expression, scope, found);
  } else if (Array.isArray(value)) {
    for (const item of value) scan(item, scope, found);
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined || isInnerTemplate(value, name)) continue;
      if (!isCopy(name, item)) {
        scan(name, scope, found);
        scan(item, scope, found);
      } else if (/reference|list/i.test(JSON.stringify(item))) {
        for (const loop of item) scanLoop(loop, scope, found);
      }
    }
  }
}

function scanLoop(loop: Json, scope: Scope, found: (text: string) => void): void {
  if (!isObject(loop)) return;
  const head = attempt(() => loopHead(loop, [], scope));
  for (let index = 0; index < (head?.count ?? 0); index++) {
    const inside = inLoop(scope, { name: head?.name ?? '', index, unnamed: false });
    scan(memberNamed(loop, 'input') ?? null, inside, found);
  }
}

function scanExpression(expression: Expression, scope: Scope, found: (text: string) => void): void {
  if (expression.kind === 'literal' || !asksRuntime(expression)) return;
  if (expression.kind === 'member') {
    scanExpression(expression.of, scope, found);
    scanExpression(expression.key, scope, found);
    return;
  }
  const { name, namespace, args } = expression;
  const first = args[0];
  let parts = args;
  if (namespace === undefined && first && isRuntimeFunction(name)) {
    const text = attempt(() => evaluate(first, scope));
    if (typeof text === 'string') found(text);
  } else if (namespace === undefined && first && name.toLowerCase() === 'if') {
    // The branch that is not taken asks nobody.
    const condition = attempt(() => evaluate(first, scope));
    if (typeof condition === 'boolean') parts = args.slice(condition ? 1 : 2, condition ? 2 : 3);
  }
  for (const part of parts) scanExpression(part, scope, found);
}

function asksRuntime(expression: Expression): boolean {
  let asks = false;
  visit(expression, (part) => {
    asks ||= part.kind === 'call' && part.namespace === undefined && isRuntimeFunction(part.name);
  });
  return asks;
}

/** What cannot be evaluated before the deployment is no dependency; if it is wrong, the body will say so. */
function attempt<T>(evaluation: () => T): T | undefined {
  try {
    return evaluation();
  } catch {
    return undefined;
  }
}

/** Reports whether the resource is a nested deployment. */
export function isDeployment(instance: Instance): boolean {
  return sameId(instance.type, deploymentType);
}
