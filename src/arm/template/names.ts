/**
 * The names that a template declares: parameters, variables and functions, each evaluated when first asked for.
 *
 * @module
 */

import { asList, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { copied, evaluateValue, isCopy } from './evaluate.ts';
import { ExpressionProblem } from './expression.ts';
import { memberNamed, missing } from './members.ts';
import { checkValue, defaultOf, echoed, type Parameter, section } from './parameters.ts';
import { invalid, pathText } from './refuse.ts';
import type { Names, Path, Scope, UserFunction } from './scope.ts';
import { typeOf, violation } from './types.ts';

/** Longer chains of variables and defaults are refused, so that no template can exhaust the stack. */
const maxChain = 100;

/** The names of one template. */
export class TemplateNames implements Names {
  readonly #parameters: ReadonlyMap<string, Parameter>;
  readonly #variables: ReadonlyMap<string, Variable>;
  readonly #functions: ReadonlyMap<string, UserFunction>;
  readonly #scope: Scope;
  readonly #values = new Map<string, Json>();
  /** What is being evaluated now, outermost first: a name that comes twice is a cycle. */
  readonly #open: string[] = [];

  /** `scopeWith` makes the scope that expressions in the template see, given its names. */
  constructor(
    template: JsonObject,
    parameters: ReadonlyMap<string, Parameter>,
    base: Path,
    scopeWith: (names: Names) => Scope,
  ) {
    this.#parameters = parameters;
    this.#variables = variablesOf(section(template, 'variables', base), [...base, 'variables']);
    this.#functions = functionsOf(asList(memberNamed(template, 'functions')), [...base, 'functions']);
    this.#scope = { ...scopeWith(this), loops: [], runtime: undefined };
  }

  parameter(name: string, at: number): Json {
    const parameter = this.#parameters.get(name.toLowerCase());
    if (!parameter) {
      const names = [...this.#parameters.values()].map((one) => one.name);
      throw new ExpressionProblem(at, missing('parameter', name, names, 'the template'));
    }
    if (parameter.given !== undefined) return parameter.given;
    return this.#once(`parameters('${parameter.name}')`, at, () => {
      const value = evaluateValue(
        defaultOf(parameter.declaration) ?? null,
        [...parameter.path, 'defaultValue'],
        { ...this.#scope, place: 'the default value of a parameter', inDefault: true },
      );
      checkValue(parameter, value);
      return value;
    });
  }

  variable(name: string, at: number): Json {
    const variable = this.#variables.get(name.toLowerCase());
    if (!variable) {
      const names = [...this.#variables.values()].map((one) => one.name);
      throw new ExpressionProblem(at, missing('variable', name, names, 'the template'));
    }
    const scope: Scope = { ...this.#scope, place: 'a variable' };
    return this.#once(`variables('${variable.name}')`, at, () => variable.evaluate(scope));
  }

  userFunction(namespace: string, name: string, at: number): UserFunction {
    const found = this.#functions.get(`${namespace}.${name}`.toLowerCase());
    if (found) return found;
    throw new ExpressionProblem(
      at,
      missing('function', `${namespace}.${name}`, [...this.#functions.keys()], "the template's 'functions'"),
    );
  }

  /** Returns the value of every parameter as ARM echoes it. Evaluates all defaults. */
  echo(): JsonObject {
    const entries = [...this.#parameters.values()].map((parameter): [string, Json] => [
      parameter.name,
      echoed(parameter, this.parameter(parameter.name, 0)),
    ]);
    return Object.fromEntries(entries);
  }

  #once(label: string, at: number, compute: () => Json): Json {
    const before = this.#values.get(label);
    if (before !== undefined) return before;
    const from = this.#open.indexOf(label);
    if (from >= 0) {
      const chain = [...this.#open.slice(from), label].join(' -> ');
      throw new ExpressionProblem(
        at,
        `${label} is defined by itself: ${chain}; write one of them without the others`,
      );
    }
    if (this.#open.length >= maxChain) {
      throw new ExpressionProblem(
        at,
        `${label} stands at the end of a chain of more than ${maxChain} definitions`,
      );
    }
    this.#open.push(label);
    try {
      const value = compute();
      this.#values.set(label, value);
      return value;
    } finally {
      this.#open.pop();
    }
  }
}

interface Variable {
  readonly name: string;
  readonly evaluate: (scope: Scope) => Json;
}

function variablesOf(declared: JsonObject, path: Path): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  const add = (name: string, at: Path, evaluate: Variable['evaluate']): void => {
    if (variables.has(name.toLowerCase()))
      throw invalid(at, `The variable '${name}' is declared twice; rename one.`);
    variables.set(name.toLowerCase(), { name, evaluate });
  };
  for (const [name, value] of Object.entries(declared)) {
    if (value === undefined) continue;
    const at = [...path, name];
    if (!isCopy(name, value)) add(name, at, (scope) => evaluateValue(value, at, scope));
    else {
      for (const [index, loop] of value.entries()) {
        const loopName = memberNamed(loop, 'name');
        if (typeof loopName !== 'string' || loopName.startsWith('[')) {
          throw invalid([...at, index, 'name'], 'The name of a copied variable must be a plain text.');
        }
        add(loopName, [...at, index], (scope) => copied(loop, [...at, index], scope)[1]);
      }
    }
  }
  return variables;
}

function functionsOf(declared: readonly Json[], path: Path): Map<string, UserFunction> {
  const functions = new Map<string, UserFunction>();
  for (const [index, group] of declared.entries()) {
    const namespace = isObject(group) ? memberNamed(group, 'namespace') : undefined;
    const members = isObject(group) ? memberNamed(group, 'members') : undefined;
    const at = [...path, index];
    if (typeof namespace !== 'string' || !isObject(members)) {
      throw invalid(at, `The functions at '${pathText(at)}' need a 'namespace' and 'members'.`);
    }
    for (const [name, body] of Object.entries(members)) {
      const where = [...at, 'members', name];
      if (!isObject(body)) throw invalid(where, `The function '${namespace}.${name}' must be an object.`);
      functions.set(`${namespace}.${name}`.toLowerCase(), userFunction(`${namespace}.${name}`, body, where));
    }
  }
  return functions;
}

function userFunction(name: string, body: JsonObject, path: Path): UserFunction {
  const output = memberNamed(body, 'output');
  const value = isObject(output) ? memberNamed(output, 'value') : undefined;
  if (!isObject(output) || value === undefined) {
    throw invalid(path, `The function '${name}' has no 'output' with a 'type' and a 'value'.`);
  }
  typeOf(output, [...path, 'output']);
  const parameters = asList(memberNamed(body, 'parameters')).map((declaration, index) => {
    const at = [...path, 'parameters', index];
    const named = isObject(declaration) ? memberNamed(declaration, 'name') : undefined;
    if (!isObject(declaration) || typeof named !== 'string') {
      throw invalid(at, `The parameter ${index + 1} of the function '${name}' needs a 'name' and a 'type'.`);
    }
    typeOf(declaration, at);
    if (memberNamed(declaration, 'defaultValue') !== undefined) {
      throw invalid(
        [...at, 'defaultValue'],
        `The parameter '${named}' of the function '${name}' cannot have a default.`,
      );
    }
    return { name: named, check: (given: Json) => violation(declaration, given, at) };
  });
  return { parameters, output: value, path: [...path, 'output', 'value'] };
}
