/**
 * A text that is not JSON, and where in the file that shows.
 *
 * @module
 */

/** A place in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A text that cannot be read. The message is `file:line:column: what was expected and what was found`. */
export class SyntaxProblem extends Error {
  readonly file: string;
  readonly line: number;
  readonly column: number;

  constructor(file: string, position: Position, text: string) {
    super(`${file}:${position.line}:${position.column}: ${text}`);
    this.name = 'SyntaxProblem';
    this.file = file;
    this.line = position.line;
    this.column = position.column;
  }
}

/** Turns offsets in a text into lines and columns; finds the line ends only when first asked. */
export class Lines {
  readonly #text: string;
  #starts: number[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the place of an offset. */
  at(offset: number): Position {
    this.#starts ??= lineStarts(this.#text);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] as number) + 1 };
  }
}

/** Offsets at which lines start; a byte order mark takes no column. */
function lineStarts(text: string): number[] {
  const starts = [text.startsWith('\ufeff') ? 1 : 0];
  for (const end of text.matchAll(/\r\n|\n|\r/g)) starts.push(end.index + end[0].length);
  return starts;
}
