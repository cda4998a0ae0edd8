/**
 * Functions whose answer exists only once resources do: `reference` and every `list*`.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource
 *
 * @module
 */

import type { Json } from '../../../lib/json.ts';
import type { Runtime, Scope } from '../scope.ts';
import type { Arguments, TemplateFunction } from './contract.ts';

/** Functions on deployed resources, by name. Those named `list*` are answered by {@link listFunction}. */
export const runtimeFunctions = {
  reference: { takes: [1, 3], call: reference },
} satisfies Record<string, TemplateFunction>;

/** `listKeys(resource, apiVersion, [body])` and all others that a resource provider may offer. */
export const listFunction: TemplateFunction = {
  takes: [1, 3],
  call: (args, scope) => {
    const runtime = runtimeOf(args, scope);
    const id = scope.resolve(args.text(0), args.at);
    args.optionalText(1);
    return runtime.list(args.name, id, args.count > 2 ? args.value(2) : undefined);
  },
};

/** `reference(resource, [apiVersion], ['Full'])`. */
function reference(args: Arguments, scope: Scope): Json {
  const runtime = runtimeOf(args, scope);
  const id = scope.resolve(args.text(0), args.at);
  args.optionalText(1);
  const how = args.optionalText(2)?.toLowerCase();
  if (how !== undefined && how !== 'full' && how !== '') throw args.wrong(2, "'Full'");
  return runtime.reference(id, how === 'full');
}

function runtimeOf(args: Arguments, scope: Scope): Runtime {
  if (scope.runtime) return scope.runtime;
  throw args.problem(
    `cannot be used in ${scope.place}: what it answers exists only once the resource is deployed; use it in the properties of a resource or in an output`,
  );
}
