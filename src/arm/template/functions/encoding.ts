/**
 * Functions that turn values into texts for other systems and back: Base64, URIs, JSON.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string
 *
 * @module
 */

import type { Json } from '../../../lib/json.ts';
import { readJson } from '../json.ts';
import { SyntaxProblem } from '../problem.ts';
import { fromBase64, toBase64 } from './base64.ts';
import type { Arguments, TemplateFunction } from './contract.ts';

/** Encoders and decoders, by name. */
export const encodingFunctions = {
  base64: { takes: [1, 1], call: (args) => toBase64(args.text(0)) },
  base64ToJson: { takes: [1, 1], call: (args) => parse(args, decode(args)) },
  base64ToString: { takes: [1, 1], call: decode },
  dataUri: { takes: [1, 1], call: (args) => `data:text/plain;charset=utf8;base64,${toBase64(args.text(0))}` },
  dataUriToString: { takes: [1, 1], call: dataUriToString },
  json: { takes: [1, 1], call: (args) => parse(args, args.text(0)) },
  uri: { takes: [2, 2], call: (args) => resolve(args.text(0), args.text(1)) },
  uriComponent: { takes: [1, 1], call: uriComponent },
  uriComponentToString: { takes: [1, 1], call: (args) => unescaped(args, args.text(0)) },
} satisfies Record<string, TemplateFunction>;

function decode(args: Arguments): string {
  const text = fromBase64(args.text(0));
  if (text === undefined) throw args.wrong(0, 'Base64 of a UTF-8 text');
  return text;
}

function parse(args: Arguments, text: string): Json {
  try {
    return readJson(text, 'json').value;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw args.problem(`expects JSON as argument 1: ${error.message}`, 0);
  }
}

function dataUriToString(args: Arguments): Json {
  const match = /^data:(?<type>[^,]*),(?<data>[\s\S]*)$/i.exec(args.text(0))?.groups;
  if (match?.type === undefined || match.data === undefined) throw args.wrong(0, 'a data URI');
  if (!/;base64$/i.test(match.type)) return unescaped(args, match.data);
  const text = fromBase64(match.data);
  if (text === undefined) throw args.wrong(0, 'a data URI that holds Base64 of a UTF-8 text');
  return text;
}

function unescaped(args: Arguments, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw args.wrong(0, 'a text that was escaped for a URI');
  }
}

function uriComponent(args: Arguments): Json {
  try {
    // .NET escapes the five characters that JavaScript leaves.
    return encodeURIComponent(args.text(0)).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  } catch {
    throw args.wrong(0, 'a text without halves of surrogate pairs');
  }
}

/** Resolves a relative URI the way RFC 3986 section 5.2 says, which is what .NET and so Azure do. */
function resolve(base: string, relative: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(relative)) return relative;
  const parts = /^(?<origin>[a-z][a-z0-9+.-]*:\/\/[^/?#]*|)(?<path>[^?#]*)/i.exec(base)?.groups ?? {};
  const { origin = '', path = '' } = parts;
  if (relative.startsWith('//')) return `${/^[^/]*/.exec(origin)?.[0] ?? ''}${relative}`;
  const [, target = '', tail = ''] = /^([^?#]*)([\s\S]*)$/.exec(relative) ?? [];
  if (target === '') return origin + (path || '/') + tail;
  const merged = target.startsWith('/')
    ? target
    : `${path.slice(0, path.lastIndexOf('/') + 1) || '/'}${target}`;
  const out: string[] = [];
  for (const segment of merged.split('/')) {
    if (segment === '..') {
      if (out.length > 1) out.pop();
    } else if (segment !== '.') out.push(segment);
  }
  if (/\/\.{1,2}$/.test(merged)) out.push('');
  return origin + out.join('/') + tail;
}
