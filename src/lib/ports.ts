/**
 * Ports and transport protocols as interval sets.
 *
 * @module
 */

import type { Interval, Intervals } from './intervals.ts';

/** Every port. */
export const anyPort: Intervals = [[0, 65535]];

/** Transport protocols that a network security group can name, by IANA number. */
export const protocolNumbers = { tcp: 6, udp: 17, icmp: 1, esp: 50, ah: 51 } as const;

/** The name of a transport protocol. */
export type Protocol = keyof typeof protocolNumbers;

/** Reports whether the text names a transport protocol that we know. */
export function isProtocol(text: string): text is Protocol {
  return Object.hasOwn(protocolNumbers, text);
}

/** Parses `443` or `8000-8080`; `*` is every port. */
export function parsePorts(text: string): Interval | undefined {
  if (text === '*') return [0, 65535];
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const low = Number(match[1]);
  const high = Number(match[2] ?? match[1]);
  return low <= high && high <= 65535 ? [low, high] : undefined;
}
