/**
 * Splits an expression into tokens.
 *
 * @module
 */

import { ExpressionProblem } from './expression.ts';

/** A piece of an expression. `at` is its offset in the text. */
export type Token =
  | { readonly kind: 'name'; readonly at: number; readonly text: string }
  | { readonly kind: 'text'; readonly at: number; readonly value: string }
  | { readonly kind: 'integer'; readonly at: number; readonly value: number }
  | { readonly kind: 'mark'; readonly at: number; readonly text: string }
  | { readonly kind: 'end'; readonly at: number };

const pattern =
  /(?<space>\s+)|(?<name>[A-Za-z_]\w*)|(?<number>[-+]?\d+(?<fraction>\.\d+)?)|(?<mark>[()[\].,])/y;
const quoted = /'((?:[^']|'')*)'/y;

/** Splits the text between the outer brackets. Throws {@link ExpressionProblem}. */
export function tokens(text: string, from: number, to: number): Token[] {
  const out: Token[] = [];
  for (let at = from; at < to; ) {
    if (text[at] === "'") {
      quoted.lastIndex = at;
      const match = quoted.exec(text);
      if (!match || quoted.lastIndex > to) {
        throw new ExpressionProblem(at, "expected a closing ' (write '' for a quote inside a text)");
      }
      out.push({ kind: 'text', at, value: (match[1] as string).replaceAll("''", "'") });
      at = quoted.lastIndex;
      continue;
    }
    pattern.lastIndex = at;
    const groups = pattern.exec(text)?.groups;
    if (!groups) throw new ExpressionProblem(at, unexpected(text[at] as string));
    if (groups.name !== undefined) out.push({ kind: 'name', at, text: groups.name });
    else if (groups.mark !== undefined) out.push({ kind: 'mark', at, text: groups.mark });
    else if (groups.number !== undefined) {
      const value = Number(groups.number);
      if (groups.fraction !== undefined) {
        throw new ExpressionProblem(
          at,
          `expected an integer, found ${groups.number}; write json('${groups.number}')`,
        );
      }
      if (!Number.isSafeInteger(value)) {
        throw new ExpressionProblem(at, `expected an integer of at most 2^53, found ${groups.number}`);
      }
      out.push({ kind: 'integer', at, value: value === 0 ? 0 : value });
    }
    at = pattern.lastIndex;
  }
  out.push({ kind: 'end', at: to });
  return out;
}

function unexpected(character: string): string {
  if (character === '"') return "expected a text in single quotes, found '\"'";
  if ('+-*/=<>!&|?'.includes(character)) {
    return `expected a function, found '${character}'; the language has no operators, only functions such as add() and equals()`;
  }
  return `expected a function, a text or an integer, found '${character}'`;
}
