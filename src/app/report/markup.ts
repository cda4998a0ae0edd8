/**
 * Text inside XML and HTML.
 *
 * @module
 */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What no XML document may hold, not even escaped: control characters, halves of pairs, two code points. */
const forbidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Escapes a text for content and for attributes in quotes. What XML cannot hold becomes U+FFFD. */
export function escaped(text: string): string {
  return text.replace(forbidden, '\ufffd').replace(/[&<>"']/g, (letter) => entities[letter] ?? letter);
}

/** Escapes a text for an attribute; line ends survive. */
export function attribute(text: string): string {
  return escaped(text).replace(/[\t\n\r]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
