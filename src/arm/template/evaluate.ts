/**
 * Evaluates expressions and whole template values.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { never } from '../../lib/result.ts';
import { type Expression, ExpressionProblem, isExpression, unescapeLiteral } from './expression.ts';
import { Arguments } from './functions/contract.ts';
import { functionNamed } from './functions/registry.ts';
import { laterMember } from './later.ts';
import { describe, memberNamed, missing } from './members.ts';
import { parseExpression } from './parser.ts';
import { invalid, pathText } from './refuse.ts';
import type { Path, Scope } from './scope.ts';

/** Azure has no recursion; this many calls of user functions within one another are more than Bicep makes. */
const maxCalls = 60;

/** Azure takes templates of 4 MB, expressions evaluated. */
const maxLength = 4 * 1024 * 1024;

/** Azure's limit on the iterations of one loop. */
const maxCount = 800;

/** Evaluates a parsed expression. Throws {@link ExpressionProblem}, or ArmError for what lies elsewhere. */
export function evaluate(expression: Expression, scope: Scope): Json {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'call':
      return call(expression, scope);
    case 'member':
      return select(evaluate(expression.of, scope), evaluate(expression.key, scope), expression);
    default:
      return never(expression);
  }
}

function call(expression: Expression & { kind: 'call' }, scope: Scope): Json {
  if (expression.namespace !== undefined) return callUser(expression, expression.namespace, scope);
  const found = functionNamed(expression.name, expression.at);
  const args = new Arguments(expression, (part) => evaluate(part, scope));
  const [least, most] = found.takes;
  if (args.count < least || args.count > most) {
    const wanted =
      least === most
        ? String(least)
        : most === Number.POSITIVE_INFINITY
          ? `at least ${least}`
          : `${least} to ${most}`;
    throw new ExpressionProblem(
      expression.at,
      `the function '${expression.name}' takes ${wanted} argument${wanted === '1' ? '' : 's'}, but got ${args.count}`,
    );
  }
  const value = found.call(args, scope);
  // Thirty variables that each repeat the one before twice would fill any memory.
  if ((typeof value === 'string' || Array.isArray(value)) && value.length > maxLength) {
    throw new ExpressionProblem(
      expression.at,
      `the function '${expression.name}' gives more than ${maxLength} characters or items`,
    );
  }
  return value;
}

function callUser(expression: Expression & { kind: 'call' }, namespace: string, scope: Scope): Json {
  const { name, at, args } = expression;
  const found = scope.names.userFunction(namespace, name, at);
  if (args.length !== found.parameters.length) {
    throw new ExpressionProblem(
      at,
      `the function '${namespace}.${name}' takes ${found.parameters.length} arguments, but got ${args.length}`,
    );
  }
  if (scope.calls >= maxCalls) {
    throw new ExpressionProblem(
      at,
      `the function '${namespace}.${name}' calls itself; write it without recursion`,
    );
  }
  const values = new Map<string, Json>();
  for (const [index, parameter] of found.parameters.entries()) {
    const value = evaluate(args[index] as Expression, scope);
    const wrong = parameter.check(value);
    if (wrong !== undefined) {
      throw new ExpressionProblem(
        (args[index] as Expression).at,
        `the function '${namespace}.${name}' cannot take argument ${index + 1}, '${parameter.name}': ${wrong}`,
      );
    }
    values.set(parameter.name.toLowerCase(), value);
  }
  const place = `the function '${namespace}.${name}'`;
  const inner: Scope = {
    ...scope,
    place,
    loops: [],
    runtime: undefined,
    inDefault: false,
    calls: scope.calls + 1,
    names: {
      parameter(wanted, where) {
        const value = values.get(wanted.toLowerCase());
        if (value !== undefined) return value;
        const known = found.parameters.map((parameter) => parameter.name);
        throw new ExpressionProblem(where, missing('parameter', wanted, known, place));
      },
      variable(_, where) {
        throw new ExpressionProblem(
          where,
          `${place} cannot use variables(); hand the value in as a parameter`,
        );
      },
      userFunction: scope.names.userFunction.bind(scope.names),
    },
  };
  return evaluateValue(found.output, found.path, inner);
}

function select(value: Json, key: Json, expression: Expression & { kind: 'member' }): Json {
  const { at } = expression.key;
  if (typeof key === 'number' || typeof key === 'string') {
    const own = typeof key === 'string' && isObject(value) ? memberNamed(value, key) : undefined;
    const later = laterMember(value, key, own);
    if (later !== undefined) return later;
  }
  if (typeof key === 'number') {
    if (!Array.isArray(value)) {
      throw new ExpressionProblem(at, `expected an array before [${key}], found ${describe(value)}`);
    }
    const item: Json | undefined = value[key];
    if (item === undefined) {
      throw new ExpressionProblem(
        at,
        `the index ${key} is outside the array, which has ${value.length} items`,
      );
    }
    return item;
  }
  if (typeof key !== 'string') {
    throw new ExpressionProblem(at, `expected the name of a member or an index, found ${describe(key)}`);
  }
  if (!isObject(value)) {
    throw new ExpressionProblem(at, `expected an object that has '${key}', found ${describe(value)}`);
  }
  const found = memberNamed(value, key);
  if (found !== undefined) return found;
  const wrong = missing('member', key, Object.keys(value), 'the object');
  if (key.toLowerCase() !== 'templatelink') throw new ExpressionProblem(at, wrong);
  throw new ExpressionProblem(
    at,
    `${wrong} (only a template that is deployed from a URI has it; hand the value in as a parameter)`,
  );
}

/** Evaluates one template string. Throws ArmError with the place. */
export function evaluateText(text: string, path: Path, scope: Scope): Json {
  if (!isExpression(text)) return unescapeLiteral(text);
  try {
    return evaluate(parsed(text, scope.memo), scope);
  } catch (error) {
    throw located(error, text, path);
  }
}

/** Returns the parsed form of a text. Throws {@link ExpressionProblem}. */
export function parsed(text: string, memo: Map<string, Expression>): Expression {
  const known = memo.get(text);
  if (known) return known;
  const expression = parseExpression(text);
  memo.set(text, expression);
  return expression;
}

/** Says which expression at which place has the problem; leaves every other error as it is. */
export function located(error: unknown, text: string, path: Path): unknown {
  if (!(error instanceof ExpressionProblem)) return error;
  const shown = text.length > 300 ? `${text.slice(0, 300)}...` : text;
  return invalid(
    path,
    `The expression '${shown}' at '${pathText(path)}' is not valid: ${error.message} (at character ${error.at + 1}).`,
  );
}

/** Evaluates a template value with everything in it: strings, names of members, `copy` loops. Throws ArmError. */
export function evaluateValue(value: Json, path: Path, scope: Scope): Json {
  if (typeof value === 'string') return evaluateText(value, path, scope);
  if (Array.isArray(value)) {
    const items = value.map((item: Json, index) => evaluateValue(item, [...path, index], scope));
    // What has no expression in it is shared, not copied.
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  return isObject(value) ? evaluateObject(value, path, scope) : value;
}

function evaluateObject(value: JsonObject, path: Path, scope: Scope): JsonObject {
  const members: [string, Json][] = [];
  let same = true;
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const at = [...path, name];
    if (isCopy(name, item)) {
      same = false;
      for (const [index, loop] of item.entries()) members.push(copied(loop, [...at, index], scope));
      continue;
    }
    const key = evaluateText(name, at, scope);
    if (typeof key !== 'string') {
      throw invalid(
        at,
        `The name of the member at '${pathText(at)}' must be a text, but is ${describe(key)}.`,
      );
    }
    const result = evaluateValue(item, at, scope);
    same &&= key === name && result === item;
    members.push([key, result]);
  }
  if (same) return value;
  const names = new Set<string>();
  for (const [name] of members) {
    const lower = name.toLowerCase();
    if (names.has(lower)) {
      throw invalid(
        path,
        `The object at '${pathText(path)}' gets the member '${name}' twice; give each its own name.`,
      );
    }
    names.add(lower);
  }
  return Object.fromEntries(members);
}

/** Reports whether a member is a property loop and not a property that happens to have this name. */
export function isCopy(name: string, value: Json): value is readonly JsonObject[] {
  return (
    name.toLowerCase() === 'copy' &&
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (item: Json) =>
        isObject(item) && memberNamed(item, 'name') !== undefined && memberNamed(item, 'count') !== undefined,
    )
  );
}

/** Evaluates one `{name, count, input}` to the member that it stands for. */
export function copied(loop: JsonObject, path: Path, scope: Scope): [string, Json] {
  const { name, count } = loopHead(loop, path, scope);
  const input = memberNamed(loop, 'input');
  if (input === undefined) {
    throw invalid(
      path,
      `The copy loop '${name}' at '${pathText(path)}' has no 'input'; say what each item is.`,
    );
  }
  const items = Array.from({ length: count }, (_, index) =>
    evaluateValue(input, [...path, 'input'], inLoop(scope, { name, index, unnamed: false })),
  );
  return [name, items];
}

/** Returns the scope inside one iteration. */
export function inLoop(scope: Scope, loop: Scope['loops'][number]): Scope {
  return { ...scope, loops: [...scope.loops, loop] };
}

/** Evaluates the name and the count of a loop. Throws ArmError. */
export function loopHead(
  loop: JsonObject,
  path: Path,
  scope: Scope,
): { readonly name: string; readonly count: number } {
  const early: Scope = { ...scope, runtime: undefined, place: 'the count of a copy loop' };
  const name = evaluateValue(memberNamed(loop, 'name') ?? 'copy', [...path, 'name'], early);
  if (typeof name !== 'string' || name === '') {
    throw invalid([...path, 'name'], `The name of the copy loop at '${pathText(path)}' must be a text.`);
  }
  const count = evaluateValue(memberNamed(loop, 'count') ?? null, [...path, 'count'], early);
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > maxCount) {
    throw invalid(
      [...path, 'count'],
      `The count of the copy loop '${name}' at '${pathText(path)}' must be an integer from 0 to ${maxCount}, but is ${
        typeof count === 'number' ? count : describe(count)
      }.`,
    );
  }
  return { name, count };
}

/** Evaluates a value that must be a text. Throws ArmError. */
export function evaluateToText(value: Json | undefined, path: Path, scope: Scope): string {
  const result = value === undefined ? undefined : evaluateValue(value, path, scope);
  if (typeof result === 'string') return result;
  const found = result === undefined ? 'is missing' : `is ${describe(result)}`;
  throw invalid(path, `The value at '${pathText(path)}' must be a text, but ${found}.`);
}
