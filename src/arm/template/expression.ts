/**
 * The template language as data: what an expression is once it was parsed.
 *
 * @module
 */

/** A parsed expression. `at` is its offset in the text, counted from the opening bracket. */
export type Expression =
  | { readonly kind: 'literal'; readonly at: number; readonly value: string | number }
  | {
      readonly kind: 'call';
      readonly at: number;
      /** Of a user function; undefined for those that Azure defines. */
      readonly namespace: string | undefined;
      readonly name: string;
      readonly args: readonly Expression[];
    }
  | {
      readonly kind: 'member';
      readonly at: number;
      readonly of: Expression;
      /** `x` of `.x`, or what stands in `[...]`. */
      readonly key: Expression;
    };

/** An expression that cannot be parsed or evaluated. Who knows the template turns it into an ArmError. */
export class ExpressionProblem extends Error {
  /** Offset in the text of the expression. */
  readonly at: number;

  constructor(at: number, text: string) {
    super(text);
    this.name = 'ExpressionProblem';
    this.at = at;
  }
}

/** Reports whether a template string is an expression (and not a literal). */
export function isExpression(text: string): boolean {
  return text.startsWith('[') && text.endsWith(']') && text[1] !== '[' && text.length > 1;
}

/** Returns what a template string that is no expression stands for: `[[x]` is the text `[x]`. */
export function unescapeLiteral(text: string): string {
  return text.startsWith('[[') && text.endsWith(']') ? text.slice(1) : text;
}

/** Reports whether the function's answer exists only once resources do: `reference` and `list*`. */
export function isRuntimeFunction(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'reference' || lower === 'references' || lower.startsWith('list');
}

/** Calls the visitor for the expression and everything in it. */
export function visit(expression: Expression, visitor: (part: Expression) => void): void {
  visitor(expression);
  if (expression.kind === 'call') for (const arg of expression.args) visit(arg, visitor);
  if (expression.kind === 'member') {
    visit(expression.of, visitor);
    visit(expression.key, visitor);
  }
}
