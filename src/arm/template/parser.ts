/**
 * Parses the template language: calls, member access, texts and integers.
 *
 * Grammar: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
 *
 * @module
 */

import { type Expression, ExpressionProblem } from './expression.ts';
import { type Token, tokens } from './lexer.ts';

/** Azure's own limit on an expression. */
const maxLength = 24_576;

/** Deeper nesting is refused, so that nobody who walks an expression can run out of stack. */
const maxDepth = 250;

/** Parses a text such as `[concat('a', 'b')]`, brackets included. Throws {@link ExpressionProblem}. */
export function parseExpression(text: string): Expression {
  if (!text.startsWith('[') || !text.endsWith(']') || text.length < 2) {
    throw new ExpressionProblem(0, 'expected an expression in brackets');
  }
  if (text.length > maxLength) {
    throw new ExpressionProblem(maxLength, `expected at most ${maxLength} characters, found ${text.length}`);
  }
  const parser = new Parser(tokens(text, 1, text.length - 1));
  return parser.whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  /** How deep each part is nested, counted from its leaves: `f().a.b` is deep without being recursive here. */
  readonly #heights = new Map<Expression, number>();
  #next = 0;

  constructor(all: readonly Token[]) {
    this.#tokens = all;
  }

  whole(): Expression {
    const expression = this.#expression(0);
    if (this.#peek().kind !== 'end') throw this.#expected("'.', '[' or the end of the expression");
    return expression;
  }

  #expression(depth: number): Expression {
    if (depth > maxDepth) throw this.#tooDeep(this.#peek().at);
    let expression = this.#primary(depth);
    for (;;) {
      const at = this.#peek().at;
      let key: Expression;
      if (this.#take('.')) {
        const name = this.#peek();
        if (name.kind !== 'name') throw this.#expected("a name after '.'");
        this.#next++;
        key = { kind: 'literal', at: name.at, value: name.text };
      } else if (this.#take('[')) {
        key = this.#expression(depth + 1);
        if (!this.#take(']')) throw this.#expected("']'");
      } else return expression;
      expression = this.#measured({ kind: 'member', at, of: expression, key }, [expression, key]);
    }
  }

  #primary(depth: number): Expression {
    const token = this.#peek();
    switch (token.kind) {
      case 'text':
      case 'integer':
        this.#next++;
        return { kind: 'literal', at: token.at, value: token.value };
      case 'name':
        this.#next++;
        return this.#call(token.at, token.text, depth);
      case 'mark':
      case 'end':
        throw this.#expected('a function, a text or an integer');
    }
  }

  #call(at: number, first: string, depth: number): Expression {
    let namespace: string | undefined;
    let name = first;
    // `ns.name(`: a namespace may have dots of its own, as in the `__bicep.` functions.
    while (this.#take('.')) {
      const token = this.#peek();
      if (token.kind !== 'name') throw this.#expected("a name after '.'");
      this.#next++;
      namespace = namespace === undefined ? name : `${namespace}.${name}`;
      name = token.text;
    }
    if (!this.#take('(')) throw this.#expected(`'(' after '${name}'${hint(name)}`);
    const args: Expression[] = [];
    if (!this.#take(')')) {
      do args.push(this.#expression(depth + 1));
      while (this.#take(','));
      if (!this.#take(')')) throw this.#expected("',' or ')'");
    }
    return this.#measured({ kind: 'call', at, namespace, name, args }, args);
  }

  #measured(expression: Expression, parts: readonly Expression[]): Expression {
    const height = 1 + Math.max(0, ...parts.map((part) => this.#heights.get(part) ?? 1));
    if (height > maxDepth) throw this.#tooDeep(expression.at);
    this.#heights.set(expression, height);
    return expression;
  }

  #tooDeep(at: number): ExpressionProblem {
    return new ExpressionProblem(at, `expected at most ${maxDepth} levels of nesting`);
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(mark: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'mark' || token.text !== mark) return false;
    this.#next++;
    return true;
  }

  #expected(what: string): ExpressionProblem {
    const token = this.#peek();
    return new ExpressionProblem(token.at, `expected ${what}, found ${describe(token)}`);
  }
}

function describe(token: Token): string {
  switch (token.kind) {
    case 'name':
    case 'mark':
      return `'${token.text}'`;
    case 'text':
      return `the text '${token.value.slice(0, 40)}'`;
    case 'integer':
      return String(token.value);
    case 'end':
      return 'the end of the expression';
  }
}

function hint(name: string): string {
  return /^(true|false|null)$/i.test(name) ? ` (write ${name.toLowerCase()}())` : '';
}
