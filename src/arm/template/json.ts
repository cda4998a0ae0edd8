/**
 * Reads the JSON that people and clients really write, and remembers where each member stands.
 *
 * Beyond RFC 8259 it takes what Azure takes in a template (comments, trailing commas, strings over several
 * lines) and what `az` makes of one (unquoted names, single quotes). Recorded from real clients.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';
import { Lines, type Position, SyntaxProblem } from './problem.ts';

/** A value that was read from a text, with the places of its members. */
export interface Document {
  readonly value: Json;
  readonly file: string;
  /**
   * Returns where a member starts (its name, for a member of an object; else the value).
   * For a member that is absent: the place of its nearest ancestor that exists.
   */
  at(path: readonly (string | number)[]): Position;
  /** Returns where a member stands in the text; undefined where it is absent. */
  span(path: readonly (string | number)[]): Span | undefined;
  readonly text: string;
}

/** Offsets in a text: where a member begins (its name, if it has one), where its value does, and where that ends. */
export interface Span {
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

/** Deeper nesting is refused, so that nobody who walks a document can run out of stack. */
const maxDepth = 200;

/** Offsets of the members of each object and of the items of each array. */
type Offsets = WeakMap<object, ReadonlyMap<string | number, Span>>;

/** Reads a text. Throws {@link SyntaxProblem} and nothing else. */
export function readJson(text: string, file: string): Document {
  const reader = new Reader(text, file);
  const value = reader.document();
  return {
    value,
    file,
    text,
    span(path) {
      let here: Json | undefined = value;
      let span: Span | undefined = { start: reader.start, value: reader.start, end: reader.end };
      for (const step of path) {
        if (typeof here !== 'object' || here === null) return undefined;
        const key = Array.isArray(here) ? Number(step) : step;
        span = reader.offsets.get(here)?.get(key);
        if (span === undefined) return undefined;
        here = Array.isArray(here) ? here[Number(step)] : (here as JsonObject)[step];
      }
      return span;
    },
    at(path) {
      let offset = reader.start;
      let here: Json | undefined = value;
      for (const step of path) {
        if (typeof here !== 'object' || here === null) break;
        const next = reader.offsets.get(here)?.get(step);
        if (next === undefined) break;
        offset = next.start;
        here = Array.isArray(here) ? here[Number(step)] : (here as JsonObject)[step];
      }
      return reader.lines.at(offset);
    },
  };
}

const space = /[\s\ufeff]*/y;
const lineComment = /[^\r\n]*/y;
const number = /-?(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const identifier = /[A-Za-z_$][\w$]*/y;
const plain = { '"': /[^"\\]*/y, "'": /[^'\\]*/y } as const;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Reader {
  readonly lines: Lines;
  readonly offsets: Offsets = new WeakMap();
  start = 0;
  end = 0;
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.lines = new Lines(text);
  }

  document(): Json {
    this.#skip();
    this.start = this.#at;
    const value = this.#value(0);
    this.end = this.#at;
    this.#skip();
    if (this.#at < this.#text.length) throw this.#expected('the end of the text');
    return value;
  }

  #value(depth: number): Json {
    if (depth > maxDepth) throw this.#problem(`nested deeper than ${maxDepth} levels`);
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"' || next === "'") return this.#string(next);
    if (next !== undefined && /[-.\d]/.test(next)) return this.#number();
    const word = this.#match(identifier);
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'null') return null;
    this.#at -= word.length;
    throw this.#expected('a value');
  }

  #object(depth: number): JsonObject {
    const members: [string, Json][] = [];
    const places = new Map<string, Span>();
    const seen = new Map<string, number>();
    this.#at++;
    for (this.#skip(); this.#text[this.#at] !== '}'; this.#skip()) {
      const at = this.#at;
      const name = this.#name();
      const before = seen.get(name.toLowerCase());
      if (before !== undefined) {
        const first = this.lines.at(before).line;
        throw this.#problem(
          `expected each name once (case does not matter), found '${name}' again (first in line ${first})`,
          at,
        );
      }
      seen.set(name.toLowerCase(), at);
      this.#skip();
      if (this.#text[this.#at] !== ':') throw this.#expected(`':' after the name '${name}'`);
      this.#at++;
      this.#skip();
      const start = this.#at;
      members.push([name, this.#value(depth + 1)]);
      places.set(name, { start: at, value: start, end: this.#at });
      this.#skip();
      if (this.#text[this.#at] === ',') this.#at++;
      else if (this.#text[this.#at] !== '}') throw this.#expected("',' or '}'");
    }
    this.#at++;
    // fromEntries defines members, where an assignment to `__proto__` would not.
    const object: JsonObject = Object.fromEntries(members);
    this.offsets.set(object, places);
    return object;
  }

  #array(depth: number): Json {
    const items: Json[] = [];
    const places = new Map<number, Span>();
    this.#at++;
    for (this.#skip(); this.#text[this.#at] !== ']'; this.#skip()) {
      const start = this.#at;
      items.push(this.#value(depth + 1));
      places.set(items.length - 1, { start, value: start, end: this.#at });
      this.#skip();
      if (this.#text[this.#at] === ',') this.#at++;
      else if (this.#text[this.#at] !== ']') throw this.#expected("',' or ']'");
    }
    this.#at++;
    this.offsets.set(items, places);
    return items;
  }

  #name(): string {
    const next = this.#text[this.#at];
    if (next === '"' || next === "'") return this.#string(next);
    const word = this.#match(identifier);
    if (word === '') throw this.#expected("a name or '}'");
    return word;
  }

  #number(): number {
    const text = this.#match(number);
    const value = Number(text);
    if (text === '' || !Number.isFinite(value)) throw this.#expected('a number that can be held');
    return value;
  }

  #string(quote: '"' | "'"): string {
    const start = this.#at++;
    const parts: string[] = [];
    for (;;) {
      parts.push(this.#match(plain[quote]));
      const next = this.#text[this.#at];
      if (next === undefined)
        throw this.#problem(`expected a closing ${quote}, found the end of the text`, start);
      this.#at++;
      if (next === quote) return parts.join('');
      parts.push(this.#escape());
    }
  }

  #escape(): string {
    const at = this.#at - 1;
    const letter = this.#text[this.#at] ?? '';
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 1, this.#at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
        throw this.#problem(`expected four hexadecimal digits after '\\u', found '${digits}'`, at);
      }
      this.#at += 5;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meaning = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (meaning === undefined) {
      throw this.#problem(`expected an escape such as '\\n' or '\\\\', found '\\${letter}'`, at);
    }
    this.#at++;
    return meaning;
  }

  /** Steps over white space and comments. */
  #skip(): void {
    for (;;) {
      this.#match(space);
      if (this.#text.startsWith('//', this.#at)) this.#match(lineComment);
      else if (this.#text.startsWith('/*', this.#at)) {
        const end = this.#text.indexOf('*/', this.#at + 2);
        if (end < 0) throw this.#problem("expected '*/', found the end of the text");
        this.#at = end + 2;
      } else return;
    }
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #expected(what: string): SyntaxProblem {
    const rest = this.#text.slice(this.#at, this.#at + 40);
    const found = /^(?:[\w$.+-]+|[\s\S])/u.exec(rest)?.[0];
    return this.#problem(
      `expected ${what}, found ${found === undefined ? 'the end of the text' : `'${found}'`}`,
    );
  }

  #problem(text: string, offset = this.#at): SyntaxProblem {
    return new SyntaxProblem(this.#file, this.lines.at(offset), text);
  }
}
