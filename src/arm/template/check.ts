/**
 * What can be told about a template from its text alone.
 *
 * @module
 */

import { asList, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { nearest } from '../../lib/near.ts';
import { located, parsed } from './evaluate.ts';
import { type Expression, isExpression, visit } from './expression.ts';
import { checkFunctionName } from './functions/registry.ts';
import { describe, isInnerTemplate, memberNamed } from './members.ts';
import { invalid, unsupported } from './refuse.ts';
import type { DeploymentContext, Path } from './scope.ts';

const known = [
  ...['$schema', 'contentVersion', 'apiProfile', 'languageVersion', 'metadata', 'parameters', 'variables'],
  ...['functions', 'resources', 'outputs', 'definitions', 'imports', 'extensions', 'asserts', 'rules'],
];

/** Parts of a template that are real but not supported. */
const refused: Readonly<Record<string, string>> = {
  asserts: 'leave it out',
  definitions: "write 'type' with string, int, bool, object or array in each parameter",
  extensions: 'declare Azure resources only',
  imports: 'declare Azure resources only',
  rules: 'leave it out',
};

/** Refuses a template whose outside is wrong. Throws ArmError. */
export function checkTemplate(
  template: Json,
  base: Path,
  context: DeploymentContext,
): asserts template is JsonObject {
  if (!isObject(template)) throw invalid(base, `A template must be an object, but is ${describe(template)}.`);
  for (const name of Object.keys(template)) {
    if (known.some((one) => one.toLowerCase() === name.toLowerCase())) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? "put remarks into 'metadata'" : `did you mean '${near}'?`;
    throw invalid([...base, name], `The template has the unknown member '${name}'; ${hint}`);
  }
  checkSchema(template, base, context);
  for (const [member, instead] of Object.entries(refused)) {
    const value = memberNamed(template, member);
    const empty = value === undefined || value === null || Object.keys(value).length === 0;
    if (!empty) throw unsupported([...base, member], `The member '${member}' of a template`, instead);
  }
  const version = memberNamed(template, 'languageVersion');
  if (version !== undefined && version !== '1.0' && version !== '2.0') {
    throw unsupported(
      [...base, 'languageVersion'],
      `The language version ${describe(version)}`,
      "write '2.0'",
    );
  }
  if (memberNamed(template, 'contentVersion') === undefined) {
    throw invalid(base, `The template has no 'contentVersion'; write "contentVersion": "1.0.0.0".`);
  }
}

function checkSchema(template: JsonObject, base: Path, context: DeploymentContext): void {
  const path = [...base, '$schema'];
  const schema = memberNamed(template, '$schema');
  const example = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
  if (typeof schema !== 'string')
    throw invalid(base, `The template has no '$schema'; write "$schema": "${example}".`);
  const kind = /\/schemas\/[^/]+\/(\w*)deploymentTemplate\.json#?$/i.exec(schema.trim())?.[1]?.toLowerCase();
  const kinds: Readonly<Record<string, string>> = {
    managementgroup: 'a management group',
    tenant: 'the tenant',
  };
  if (kind !== undefined && Object.hasOwn(kinds, kind)) {
    throw unsupported(
      path,
      `A deployment to ${kinds[kind]}`,
      'deploy to a subscription or to a resource group',
    );
  }
  if (kind !== '' && kind !== 'subscription') {
    throw invalid(path, `The '$schema' '${schema}' is none of a deployment template; write '${example}'.`);
  }
  // Nested templates often carry the schema of the template around them, and Azure takes that.
  if (base.length > 0) return;
  if (kind === 'subscription' && context.resourceGroup) {
    throw invalid(
      path,
      'The template is for a subscription, but is deployed to a resource group; deploy it to the subscription.',
    );
  }
  if (kind === '' && !context.resourceGroup) {
    throw invalid(
      path,
      `The template is for a resource group, but is deployed to a subscription; its '$schema' would be '${example.replace('deploymentTemplate', 'subscriptionDeploymentTemplate')}'.`,
    );
  }
}

/** Parses every expression of a template and refuses functions that do not exist. Throws ArmError. */
export function checkExpressions(template: JsonObject, base: Path, memo: Map<string, Expression>): void {
  for (const name of ['variables', 'functions', 'resources', 'outputs']) {
    const value = memberNamed(template, name);
    if (value !== undefined) walk(value, [...base, name], memo);
  }
  const parameters = memberNamed(template, 'parameters');
  if (!isObject(parameters)) return;
  for (const [name, declaration] of Object.entries(parameters)) {
    const value = isObject(declaration) ? memberNamed(declaration, 'defaultValue') : undefined;
    if (value !== undefined) walk(value, [...base, 'parameters', name, 'defaultValue'], memo);
  }
}

function walk(value: Json, path: Path, memo: Map<string, Expression>): void {
  if (typeof value === 'string') checkText(value, path, memo);
  else if (Array.isArray(value)) {
    for (const [index, item] of asList(value).entries()) walk(item, [...path, index], memo);
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined || name === 'metadata' || name === 'comments' || isInnerTemplate(value, name))
        continue;
      checkText(name, [...path, name], memo);
      walk(item, [...path, name], memo);
    }
  }
}

function checkText(text: string, path: Path, memo: Map<string, Expression>): void {
  if (!isExpression(text) || memo.has(text)) return;
  try {
    visit(parsed(text, memo), (part) => {
      if (part.kind === 'call' && part.namespace === undefined) checkFunctionName(part.name, part.at);
    });
  } catch (error) {
    throw located(error, text, path);
  }
}
