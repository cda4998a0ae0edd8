/**
 * The part of cloister.yaml that says what must hold, and what the team has decided to live with.
 *
 * @module
 */

import * as shape from '../arm/shape.ts';
import { isProtocol } from '../lib/ports.ts';
import { codes, type FindingCode } from '../verify/codes.ts';
import type { Accept } from '../verify/intents/accept.ts';
import type { Written } from '../verify/intents/intent.ts';
import type { OwnIntent } from '../verify/intents/own.ts';
import type { Refuse } from './directory.ts';
import type { Problem } from './problem.ts';

export const intentShape = shape.object({
  from: shape.text,
  as: shape.text,
  may: shape.oneOf('reach'),
  must: shape.oneOf('reach', 'do'),
  'must-not': shape.oneOf('reach', 'do'),
  to: shape.text,
  port: shape.int(1, 65535),
  protocol: shape.text,
  action: shape.text,
  on: shape.text,
});

export const acceptShape = shape.object({
  code: shape.required(shape.text),
  subject: shape.required(shape.text),
  because: shape.required(shape.text),
  until: shape.text,
});

/** Reads one intent. */
export function readIntent(
  item: shape.Of<typeof intentShape>,
  where: Problem,
  refuse: Refuse,
  index: number,
): OwnIntent {
  const path = `intents.${index}`;
  const modes = (['may', 'must', 'must-not'] as const).filter((word) => item[word] !== undefined);
  const [mode] = modes;
  if (mode === undefined || modes.length > 1) {
    return refuse(path, 'an intent has exactly one of may, must and must-not.');
  }
  const at = writtenAt(where);
  if (item[mode] === 'do') {
    const { as, action, on } = item;
    if (mode === 'may') return refuse(path, "'may: do' says nothing: leave it out.");
    if (as === undefined) return refuse(path, "'do' needs as: who does it.");
    if (action === undefined) return refuse(path, "'do' needs action: what is done.");
    if (on === undefined) return refuse(path, "'do' needs on: the resource that it is done to.");
    return { kind: 'do', mode, as, action, on, at };
  }
  const { from, to, port, as } = item;
  const protocol = (item.protocol ?? 'tcp').toLowerCase();
  if (from === undefined) return refuse(path, "'reach' needs from: the place where it starts.");
  if (to === undefined) return refuse(path, "'reach' needs to: what is reached.");
  if (!isProtocol(protocol)) return refuse(`${path}.protocol`, 'write tcp, udp, icmp, esp or ah.');
  return { kind: 'reach', mode, from, to, port, protocol, as, at };
}

/** Reads one accept. */
export function readAccept(
  item: shape.Of<typeof acceptShape>,
  where: Problem,
  refuse: Refuse,
  index: number,
): Accept {
  const { code, subject, because, until } = item;
  if (!isCode(code)) return refuse(`accept.${index}.code`, `there is no finding code '${code}'.`);
  const isDay =
    until === undefined || (/^\d{4}-\d{2}-\d{2}$/.test(until) && !Number.isNaN(Date.parse(until)));
  if (!isDay) return refuse(`accept.${index}.until`, `'${until}' is not a day: write YYYY-MM-DD.`);
  return { code, subject, because, until, at: writtenAt(where) };
}

function isCode(text: string): text is FindingCode {
  return Object.hasOwn(codes, text);
}

function writtenAt({ file, line, column }: Problem): Written {
  return {
    file: file ?? 'cloister.yaml',
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}
