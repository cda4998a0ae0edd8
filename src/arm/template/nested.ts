/**
 * Nested deployments: a template inside a resource.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { partsOf } from '../id.ts';
import { evaluateValue } from './evaluate.ts';
import { builtIn } from './linked.ts';
import { describe, isInnerTemplate, memberNamed } from './members.ts';
import { invalid, unsupported } from './refuse.ts';
import type { Instance } from './resources.ts';
import type { OuterScope, Path, Runtime, Scope } from './scope.ts';

/** A template inside a resource, to be prepared in its own deployment. */
export interface NestedDeployment {
  readonly template: Json;
  /** `{name: {value}}`. */
  readonly parameters: JsonObject;
  readonly mode: 'Incremental' | 'Complete';
  /** Absent for a deployment to a subscription. */
  readonly resourceGroup?: string;
  readonly subscriptionId?: string;
  /** What its expressions see when they belong to the template around it (the default). */
  readonly outer?: OuterScope;
  /** Where the template stands in the document: the `base` to prepare it with. */
  readonly path: Path;
}

/** Members of a deployment's properties that are real but not supported. */
const refused: Readonly<Record<string, string>> = {
  onErrorDeployment: 'leave it out',
  parametersLink: "hand the values in as 'parameters'",
  templateLink: "put the template itself into 'properties.template'",
};

/** Refuses what is not supported, as far as it can be told before anything is deployed. Throws ArmError. */
export function checkNested(instance: Instance): void {
  const path = [...instance.path, 'properties'];
  const properties = propertiesOf(instance);
  const linked = builtIn(memberNamed(properties, 'templateLink'));
  for (const [member, instead] of Object.entries(refused)) {
    if (member === 'templateLink' && linked !== undefined) continue;
    if ((memberNamed(properties, member) ?? null) !== null) {
      throw unsupported([...path, member], `The linked or conditional deployment ('${member}')`, instead);
    }
  }
  if (memberNamed(properties, 'template') === undefined && linked === undefined) {
    throw invalid(path, `The nested deployment '${instance.name}' has no 'template' in its properties.`);
  }
  modeOf(properties, path, { ...instance.scope, runtime: undefined, place: 'the mode of a deployment' });
}

/** Evaluates everything of a nested deployment but the expressions in its template. Throws ArmError. */
export function nestedIn(instance: Instance, runtime: Runtime): NestedDeployment {
  const path = [...instance.path, 'properties'];
  const properties = propertiesOf(instance);
  const scope: Scope = { ...instance.scope, runtime };
  const linked = builtIn(memberNamed(properties, 'templateLink'));
  const declared = memberNamed(properties, 'template') ?? linked ?? null;
  const template =
    typeof declared === 'string' ? evaluateValue(declared, [...path, 'template'], scope) : declared;
  // A template that an expression answers has been evaluated by that; what it holds now is its own.
  const own = typeof declared === 'string' || declared === linked || isInnerTemplate(properties, 'template');
  const parameters = evaluateValue(
    memberNamed(properties, 'parameters') ?? {},
    [...path, 'parameters'],
    scope,
  );
  if (!isObject(parameters)) {
    throw invalid(
      [...path, 'parameters'],
      `The parameters of '${instance.name}' must be an object, but are ${describe(parameters)}.`,
    );
  }
  const { subscription, resourceGroup } = partsOf(instance.id ?? '');
  return {
    template,
    parameters,
    mode: modeOf(properties, path, scope),
    subscriptionId: subscription,
    ...(resourceGroup === undefined ? {} : { resourceGroup }),
    ...(own ? {} : { outer: scope }),
    path: [...path, 'template'],
  };
}

/** Returns the properties as the deployment resource shows them: without the template. */
export function shownProperties(instance: Instance, scope: Scope): Json {
  const shown = Object.entries(propertiesOf(instance)).filter(([name]) => name.toLowerCase() !== 'template');
  return evaluateValue(Object.fromEntries(shown), [...instance.path, 'properties'], scope);
}

function propertiesOf(instance: Instance): JsonObject {
  const properties = memberNamed(instance.source, 'properties');
  if (isObject(properties)) return properties;
  throw invalid(instance.path, `The nested deployment '${instance.name}' has no 'properties'.`);
}

function modeOf(properties: JsonObject, path: Path, scope: Scope): 'Incremental' {
  const mode = evaluateValue(memberNamed(properties, 'mode') ?? 'Incremental', [...path, 'mode'], scope);
  const name = typeof mode === 'string' ? mode.toLowerCase() : '';
  if (name === 'incremental') return 'Incremental';
  if (name === 'complete')
    throw unsupported([...path, 'mode'], "The deployment mode 'Complete'", "write 'Incremental'");
  throw invalid([...path, 'mode'], `The deployment mode must be 'Incremental', but is ${describe(mode)}.`);
}
