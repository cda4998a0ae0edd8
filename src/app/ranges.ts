/**
 * Boxes of flows as texts: addresses and ports as people write them.
 *
 * @module
 */

import type { Interval, Intervals } from '../lib/intervals.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { protocolNumbers } from '../lib/ports.ts';
import type { Box } from '../verify/sets/boxes.ts';
import { type Field, fields } from '../verify/sets/space.ts';

/** Values of each coordinate that is not any: `10.0.1.16-10.0.1.31`, `tcp`, `443`, `8000-8080`. */
export type Ranges = { readonly [F in Field]?: readonly string[] };

/** Writes a box; what is absent is any. */
export function rangesOf(box: Box): Ranges {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const values: Intervals | undefined = box[field];
      return values ? [[field, values.map((interval) => rangeText(field, interval))]] : [];
    }),
  );
}

function rangeText(field: Field, [low, high]: Interval): string {
  const text = (value: number): string => {
    if (field === 'source' || field === 'destination') return formatIp(value as Ip);
    return (field === 'protocol' ? protocolNames.get(value) : undefined) ?? String(value);
  };
  return low === high ? text(low) : `${text(low)}-${text(high)}`;
}

const protocolNames = new Map<number, string>(
  Object.entries(protocolNumbers).map(([name, number]) => [number, name]),
);
