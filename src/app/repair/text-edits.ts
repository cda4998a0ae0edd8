/**
 * JSON Patch as edits of the text, so that comments, order and indentation of a template stay as people wrote them.
 *
 * @module
 */

import { type Document, readJson, type Span } from '../../arm/template/json.ts';
import type { Json } from '../../lib/json.ts';
import { type Operation, type Steps, stepsOf, valueAt } from './pointer.ts';

/** Replaces the text between two offsets. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Writes operations, in order, as edits of the document's text: by offset, none overlapping another. */
export function textEditsOf(document: Document, operations: readonly Operation[]): readonly TextEdit[] {
  let edits: readonly TextEdit[] | undefined = [];
  let now = document;
  for (const operation of operations) {
    const edit = editOf(now, operation);
    edits = edits && joined(edits, edit);
    now = readJson(edited(now.text, [edit]), document.file);
  }
  return edits ?? [difference(document.text, now.text)];
}

/** Applies edits to a text. */
export function edited(text: string, edits: readonly TextEdit[]): string {
  return edits.reduceRight((now, edit) => now.slice(0, edit.start) + edit.text + now.slice(edit.end), text);
}

/** Adds an edit of the text that edits lead to. Undefined where it goes through the border of an earlier one. */
function joined(edits: readonly TextEdit[], edit: TextEdit): readonly TextEdit[] | undefined {
  let shift = 0;
  for (const [at, { start, end, text }] of edits.entries()) {
    const from = start + shift;
    const to = from + text.length;
    if (edit.start >= from && edit.end <= to) {
      const inner = edited(text, [{ start: edit.start - from, end: edit.end - from, text: edit.text }]);
      return edits.with(at, { start, end, text: inner });
    }
    if (edit.end <= from) return edits.toSpliced(at, 0, moved(edit, -shift));
    if (edit.start < to) return undefined;
    shift += text.length - (end - start);
  }
  return [...edits, moved(edit, -shift)];
}

function moved({ start, end, text }: TextEdit, by: number): TextEdit {
  return { start: start + by, end: end + by, text };
}

/** One edit that makes a text of another. */
function difference(before: string, after: string): TextEdit {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return { start: head, end: before.length - tail, text: after.slice(head, after.length - tail) };
}

function editOf(document: Document, operation: Operation): TextEdit {
  const steps = stepsOf(operation.path);
  const found = document.span(steps);
  if (operation.op === 'remove') return removal(document, steps, found);
  const inList = Array.isArray(valueAt(document.value, steps.slice(0, -1)));
  if (found && !(operation.op === 'add' && inList)) {
    const { value: start, end } = found;
    return { start, end, text: printed(document, operation.value, indentAt(document.text, found.start)) };
  }
  return addition(document, steps, operation.value, inList);
}

function removal(document: Document, steps: Steps, found: Span | undefined): TextEdit {
  if (!found) throw new Error(`nothing stands at ${steps.join('/')}`);
  const all = membersOf(document, steps.slice(0, -1));
  const at = all.findIndex(({ start }) => start === found.start);
  const [before, after] = [all[at - 1], all[at + 1]];
  if (after) return { start: found.start, end: after.start, text: '' };
  return { start: before?.end ?? found.start, end: found.end, text: '' };
}

function addition(document: Document, steps: Steps, value: Json, inList: boolean): TextEdit {
  const parent = steps.slice(0, -1);
  const outer = document.span(parent);
  if (!outer) throw new Error(`nothing stands at ${parent.join('/')}`);
  const { text } = document;
  const all = membersOf(document, parent);
  const name = inList ? '' : `${JSON.stringify(String(steps.at(-1)))}: `;
  const next = inList ? all[Number(steps.at(-1))] : undefined;
  const first = all[0];
  const onLines = first ? text.slice(outer.value, first.start).includes('\n') : text.includes('\n');
  const indent = first ? indentAt(text, first.start) : indentAt(text, outer.start) + unitOf(text);
  const member = `${name}${printed(document, value, onLines ? indent : undefined)}`;
  const gap = onLines ? `${lineEnd(text)}${indent}` : ' ';
  if (next) return { start: next.start, end: next.start, text: `${member},${gap}` };
  const last = all.at(-1);
  if (last) return { start: last.end, end: last.end, text: `,${gap}${member}` };
  const close = onLines ? `${lineEnd(text)}${indentAt(text, outer.start)}` : ' ';
  const at = outer.value + 1;
  return { start: at, end: at, text: `${gap}${member}${close}` };
}

/** Members or items in the order of the text. */
function membersOf(document: Document, steps: Steps): readonly Span[] {
  return Object.keys(valueAt(document.value, steps) ?? {})
    .flatMap((key) => document.span([...steps, key]) ?? [])
    .toSorted((a, b) => a.start - b.start);
}

/** Blanks at the start of the line that an offset is in. */
function indentAt(text: string, offset: number): string {
  const line = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(line, offset))?.[0] ?? '';
}

function unitOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
}

function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** Prints a value over several lines; in one where the text has no lines, or the indent is undefined. */
function printed({ text }: Document, value: Json, indent: string | undefined): string {
  if (indent === undefined || !text.includes('\n')) return JSON.stringify(value);
  return JSON.stringify(value, undefined, unitOf(text)).replaceAll('\n', `${lineEnd(text)}${indent}`);
}
