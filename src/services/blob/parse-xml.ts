/**
 * Reads XML that clients send: small documents without declarations of their own.
 *
 * @module
 */

import { StorageError } from './error.ts';

/** An element that was read: its text, and the elements in it. */
export class Element {
  readonly name: string;
  readonly children: readonly Element[];
  /** The text in it, without that of the elements in it. */
  readonly own: string;

  constructor(name: string, children: readonly Element[], own: string) {
    this.name = name;
    this.children = children;
    this.own = own;
  }

  child(name: string): Element | undefined {
    return this.children.find((each) => each.name === name);
  }

  /** The text of an element in it; empty where there is none. */
  text(name: string): string {
    return this.child(name)?.own ?? '';
  }
}

/** A piece of a document: a comment, an instruction, a tag, or text. */
const pieces =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const deepest = 16;

/** Reads a document: elements and text, no declarations of its own. Throws where it is not well-formed. */
export function parseXml(text: string): Element {
  const open: { readonly name: string; readonly children: Element[]; own: string }[] = [
    { name: '', children: [], own: '' },
  ];
  const close = (): void => {
    const done = open.pop();
    if (done) open.at(-1)?.children.push(new Element(done.name, done.children, done.own));
  };
  let end = text.startsWith('\ufeff') ? 1 : 0;
  while (end < text.length) {
    pieces.lastIndex = end;
    const piece = pieces.exec(text);
    if (!piece) throw malformed();
    end = pieces.lastIndex;
    const [, verbatim, ending, name, , empty, plain] = piece;
    const top = open.at(-1);
    if (!top || open.length > deepest) throw malformed();
    if (verbatim !== undefined) top.own += verbatim;
    if (plain !== undefined) top.own += unescaped(plain);
    if (name === undefined) continue;
    if (ending === '/') {
      if (top.name !== name || empty === '/') throw malformed();
      close();
    } else {
      open.push({ name, children: [], own: '' });
      if (empty === '/') close();
    }
  }
  const [document] = open;
  const [root, more] = document?.children ?? [];
  if (open.length !== 1 || !root || more || document?.own.trim() !== '') throw malformed();
  return root;
}

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));|&/gi, (_, decimal, hex, name) => {
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    const char = Object.hasOwn(entities, name ?? '') ? entities[name ?? ''] : undefined;
    if (char === undefined) throw malformed();
    return char;
  });
}

function malformed(): StorageError {
  return new StorageError('InvalidXmlDocument');
}
