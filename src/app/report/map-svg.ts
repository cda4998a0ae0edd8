/**
 * Paints the drawing of a network as SVG. What belongs to finding 3 has the class `f3`; the page's style lights it.
 *
 * @module
 */

import type { Box, Line, NetworkMap } from './map.ts';
import type { Path } from './map-paths.ts';
import { escaped } from './markup.ts';

/** Where lines run up and down, between networks and services. */
const lane = 258;

/** Paints a drawing with the paths of findings. */
export function svgOf(map: NetworkMap, paths: readonly Path[]): string {
  const { width, height, boxes, lines } = map;
  const classesOf = (box: Box): string =>
    ['box', box.kind, ...paths.flatMap(({ lit }, at) => (lit.has(box.id) ? [`f${at}`] : []))].join(' ');
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="map-title">`,
    '<title id="map-title">The network: virtual networks and their subnets on the left, services on the right</title>',
    ...boxes.filter(isAround).map((box) => paint(box, classesOf(box))),
    ...lines.flatMap((line) => paintLine(line, boxes)),
    ...boxes.filter((box) => !isAround(box)).map((box) => paint(box, classesOf(box))),
    ...paths.map(paintPath),
    '</svg>',
  ].join('\n');
}

function isAround({ kind }: Box): boolean {
  return kind === 'network' || kind === 'subnet';
}

function paint(box: Box, classes: string): string {
  const { kind, name, note, x, y, width, height } = box;
  const title = `<title>${escaped(`${kind === 'endpoint' ? 'private endpoint' : kind} ${name}${note === '' ? '' : `, ${note}`}`)}</title>`;
  const frame = `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${isAround(box) ? 8 : 5}"/>`;
  const below = kind === 'service';
  const noteWidth = below || note === '' ? 0 : Math.min(note.length * 5.6, width * 0.5) + 8;
  const middle = isAround(box) ? y + 14 : below ? y + 14 : y + height / 2 + 4;
  const parts = [
    `<text x="${x + 7}" y="${middle}">${escaped(fitted(name, width - 14 - noteWidth, 6.3))}</text>`,
    note === ''
      ? ''
      : below
        ? `<text class="note" x="${x + 7}" y="${y + 27}">${escaped(fitted(note, width - 14, 5.6))}</text>`
        : `<text class="note" text-anchor="end" x="${x + width - 7}" y="${middle}">${escaped(fitted(note, noteWidth, 5.6))}</text>`,
  ];
  return `<g class="${classes}">${title}${frame}${parts.join('')}</g>`;
}

/** Cuts a text that is too long; the whole of it is in the title. */
function fitted(text: string, room: number, letter: number): string {
  const most = Math.max(3, Math.floor(room / letter));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Where lines leave a box: on the side of the lane. */
function portOf({ kind, x, y, width, height }: Box): { readonly x: number; readonly y: number } {
  if (kind === 'service') return { x, y: y + height / 2 };
  if (kind === 'internet' || kind === 'site')
    return { x: Math.max(x + 12, Math.min(lane, x + width - 12)), y: y + height };
  return { x: x + width, y: y + (kind === 'network' || kind === 'subnet' ? 10 : height / 2) };
}

function paintLine({ from, to, kind }: Line, boxes: readonly Box[]): readonly string[] {
  const a = boxes.find(({ id }) => id === from);
  const b = boxes.find(({ id }) => id === to);
  if (!a || !b) return [];
  const [p, q] = [portOf(a), portOf(b)];
  const side = kind === 'peering' ? lane - 8 : (p.x + q.x) / 2;
  const curve =
    kind === 'peering' ? `H${side} V${q.y} H${q.x}` : `C${side} ${p.y} ${side} ${q.y} ${q.x} ${q.y}`;
  const way = kind === 'outside' ? wayBetween(a, b) : `M${p.x} ${p.y} ${curve}`;
  return [`<path class="line ${kind}" d="${way}"/>`];
}

/** Along the lane, from one box to the other. */
function wayBetween(a: Box, b: Box): string {
  const [p, q] = [portOf(a), portOf(b)];
  return p.x === lane ? `M${p.x} ${p.y} V${q.y} H${q.x}` : `M${p.x} ${p.y} H${lane} V${q.y} H${q.x}`;
}

function paintPath({ passed, missed, stopped }: Path, at: number): string {
  const steps = passed.slice(1).map((box, index) => wayBetween(passed[index] ?? box, box));
  const last = passed.at(-1);
  const end = last && portOf(last);
  const rest = last && missed ? `<path class="missed" d="${wayBetween(last, missed)}"/>` : '';
  const stop =
    end && stopped ? `<path class="cross" d="M${end.x - 5} ${end.y - 5} l10 10 m0 -10 l-10 10"/>` : '';
  return `<g class="path f${at}">${steps.map((d) => `<path d="${d}"/>`).join('')}${rest}${stop}</g>`;
}
