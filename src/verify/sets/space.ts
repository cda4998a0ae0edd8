/**
 * The space of flows: five coordinates, asked about in this order.
 *
 * The order is that of the levels of a diagram. A coordinate is a whole number of 32 bits; an address family that is
 * wider is numbered first (the cut points of all tables, in order), which no diagram would notice.
 *
 * @module
 */

/** A coordinate, which is also a level of every diagram. */
export const fields = ['source', 'destination', 'protocol', 'port', 'sourcePort'] as const;

/** The name of a coordinate. */
export type Field = (typeof fields)[number];

/** The largest value of each coordinate; the smallest is 0. */
export const largest: Readonly<Record<Field, number>> = {
  source: 2 ** 32 - 1,
  destination: 2 ** 32 - 1,
  protocol: 255,
  port: 65535,
  sourcePort: 65535,
};

/** The level of each coordinate. */
export const levelOf: Readonly<Record<Field, number>> = {
  source: 0,
  destination: 1,
  protocol: 2,
  port: 3,
  sourcePort: 4,
};

/** The largest value at each level. */
export const largestAt: readonly number[] = fields.map((field) => largest[field]);

/** One flow: a value for each coordinate. */
export type Point5 = Readonly<Record<Field, number>>;
