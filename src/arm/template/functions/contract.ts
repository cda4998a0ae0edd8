/**
 * What a function of the template language is, and how it reads its arguments.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { type Expression, ExpressionProblem } from '../expression.ts';
import { describe } from '../members.ts';
import type { Scope } from '../scope.ts';

/** A function that Azure defines. */
export interface TemplateFunction {
  /** Fewest and most arguments. */
  readonly takes: readonly [number, number];
  /** Answers, or throws ExpressionProblem (or the ArmError of a runtime). */
  readonly call: (args: Arguments, scope: Scope) => Json;
}

/**
 * The arguments of one call. Each is evaluated when it is first read, so a function that does not read one
 * (`if`, `and`, `coalesce`) is lazy in it. Readers of a kind throw ExpressionProblem where the kind is another.
 */
export class Arguments {
  /** The function's name as the template spells it. */
  readonly name: string;
  /** Offset of the call. */
  readonly at: number;
  readonly #expressions: readonly Expression[];
  readonly #evaluate: (expression: Expression) => Json;
  readonly #values: (Json | undefined)[] = [];

  constructor(call: Expression & { kind: 'call' }, evaluate: (expression: Expression) => Json) {
    this.name = call.name;
    this.at = call.at;
    this.#expressions = call.args;
    this.#evaluate = evaluate;
  }

  get count(): number {
    return this.#expressions.length;
  }

  /** Returns any value. The caller knows that the argument exists. */
  value(index: number): Json {
    let value = this.#values[index];
    if (value === undefined) {
      value = this.#evaluate(this.#expressions[index] as Expression);
      this.#values[index] = value;
    }
    return value;
  }

  /** Returns every value. */
  values(): readonly Json[] {
    return this.#expressions.map((_, index) => this.value(index));
  }

  text(index: number): string {
    const value = this.value(index);
    if (typeof value !== 'string') throw this.wrong(index, 'a text');
    return value;
  }

  /** Returns the text, or undefined where the argument is not given or null. */
  optionalText(index: number): string | undefined {
    return index >= this.count || this.value(index) === null ? undefined : this.text(index);
  }

  texts(): readonly string[] {
    return this.#expressions.map((_, index) => this.text(index));
  }

  integer(index: number): number {
    const value = this.value(index);
    if (typeof value !== 'number' || !Number.isInteger(value)) throw this.wrong(index, 'an integer');
    return value;
  }

  /** Returns the integer, or undefined where the argument is not given. */
  optionalInteger(index: number): number | undefined {
    return index >= this.count ? undefined : this.integer(index);
  }

  boolean(index: number): boolean {
    const value = this.value(index);
    if (typeof value !== 'boolean') throw this.wrong(index, 'a boolean');
    return value;
  }

  list(index: number): readonly Json[] {
    const value = this.value(index);
    if (!Array.isArray(value)) throw this.wrong(index, 'an array');
    return value;
  }

  object(index: number): JsonObject {
    const value = this.value(index);
    if (!isObject(value)) throw this.wrong(index, 'an object');
    return value;
  }

  /** Makes the error for an argument that is not what the function wants. */
  wrong(index: number, wanted: string): ExpressionProblem {
    return this.problem(
      `expects ${wanted} as argument ${index + 1}, but got ${describe(this.value(index))}`,
      index,
    );
  }

  /** Makes an error about the call, or about one of its arguments: `the function 'x' <text>`. */
  problem(text: string, index?: number): ExpressionProblem {
    const at = index === undefined ? this.at : (this.#expressions[index]?.at ?? this.at);
    return new ExpressionProblem(at, `the function '${this.name}' ${text}`);
  }
}

/** Any number of arguments. */
export const any = Number.POSITIVE_INFINITY;
