/**
 * Just enough XML to answer with.
 *
 * @module
 */

/** A piece of XML, as opposed to text that has to be escaped. */
export class Xml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What every document begins with. */
export const xmlHead = '<?xml version="1.0" encoding="utf-8"?>';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A bare carriage return would be read back as a line feed.
  '\r': '&#xD;',
};

/** Characters that XML 1.0 cannot carry, not even escaped. */
const unspeakable = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/** Reports whether XML can carry the text. */
export function isSpeakable(text: string): boolean {
  return !unspeakable.test(text);
}

/** Makes an element of text, or of other elements. */
export function xml(
  name: string,
  content: string | readonly Xml[] = [],
  attributes: Readonly<Record<string, string>> = {},
): Xml {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const inside = typeof content === 'string' ? escaped(content) : content.join('');
  return new Xml(
    inside === '' ? `<${name}${given.join('')} />` : `<${name}${given.join('')}>${inside}</${name}>`,
  );
}

function escaped(text: string): string {
  return text.replace(/[&<>"\r]/g, (char) => escapes[char] ?? char);
}
