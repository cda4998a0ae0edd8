/**
 * Text for a terminal that is so many columns wide.
 *
 * @module
 */

/** Breaks a text at its blanks; all lines but the first hang below where it began. A word is never broken. */
export function wrapped(head: string, text: string, columns: number): string[] {
  const indent = ' '.repeat(head.length);
  const lines: string[] = [];
  let line = head;
  for (const word of text.split(' ')) {
    const joined = line === head || line === indent ? `${line}${word}` : `${line} ${word}`;
    if (joined.length <= columns || line === head || line === indent) line = joined;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line];
}
