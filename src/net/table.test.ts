import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Intervals } from '../lib/intervals.ts';
import { type Ip, ip } from '../lib/ip.ts';
import { keyOf } from '../lib/key.ts';
import { publicAddresses } from './azure.ts';
import { type Decision, decide, type Gap, type Match, type Point, type Row } from './table.ts';

type Action = 'allow' | 'deny';
const same = (a: Action, b: Action): boolean => a === b;
const gap = (missing: string, within: Intervals = [[0, 2 ** 32 - 1]]): Gap => ({ missing, within });

const row = (
  rule: string,
  action: Action,
  match: Match = {},
  unknown?: Row<Action>['unknown'],
): Row<Action> => ({
  match,
  action,
  by: { resource: 'nsg', rule },
  ...(unknown ? { unknown } : {}),
});

const point: Point = {
  source: ip('10.0.0.4'),
  destination: ip('10.0.1.4'),
  protocol: 6,
  port: 443,
  sourcePort: 49152,
};
const here: Intervals = [[point.destination, point.destination]];
const elsewhere: Intervals = [[ip('10.9.9.9'), ip('10.9.9.9')]];

/** `row a`, `unknown a: what is missing`, `none`. */
const print = (decision: Decision<Action>): string =>
  decision.kind === 'none'
    ? 'none'
    : decision.kind === 'row'
      ? `row ${decision.row.by.rule}`
      : `unknown ${decision.row.by.rule}: ${decision.missing}`;

const may = (rule: string, action: Action): Row<Action> =>
  row(rule, action, { destination: [] }, { destination: gap(`tag ${rule}`) });

describe('decide, three-valued', () => {
  it.each<[why: string, table: Row<Action>[], answer: string]>([
    ['an empty table', [], 'none'],
    ['nothing matches', [row('a', 'deny', { destination: elsewhere })], 'none'],
    ['the first match', [row('a', 'allow'), row('b', 'deny')], 'row a'],
    [
      'a row that may match, another action after it',
      [may('a', 'allow'), row('b', 'deny')],
      'unknown a: tag a',
    ],
    ['a row that may match, the same action after it', [may('a', 'deny'), row('b', 'deny')], 'row b'],
    ['a row that may match, after the decision', [row('a', 'deny'), may('b', 'allow')], 'row a'],
    ['two that may match, all the same', [may('a', 'deny'), may('b', 'deny'), row('c', 'deny')], 'row c'],
    [
      'two that may match, the second is another',
      [may('a', 'deny'), may('b', 'allow'), row('c', 'deny')],
      'unknown b: tag b',
    ],
    [
      'two that may match, both are others',
      [may('a', 'allow'), may('b', 'allow'), row('c', 'deny')],
      'unknown a: tag a',
    ],
    [
      'three that may match, the last is another',
      [may('a', 'deny'), may('b', 'deny'), may('c', 'allow'), row('d', 'deny')],
      'unknown c: tag c',
    ],
    ['may match, then nothing', [may('a', 'deny')], 'unknown a: tag a'],
    [
      'may match, but not on this port',
      [{ ...may('a', 'allow'), match: { destination: [], port: [[80, 80]] } }, row('b', 'deny')],
      'row b',
    ],
    [
      'known and unknown members: in the known part',
      [row('a', 'allow', { destination: here }, { destination: gap('x') }), row('b', 'deny')],
      'row a',
    ],
    [
      'unknown members cannot lie here',
      [row('a', 'allow', { destination: [] }, { destination: gap('x', publicAddresses) }), row('b', 'deny')],
      'row b',
    ],
    [
      'source may match, destination does not',
      [row('a', 'allow', { source: [], destination: elsewhere }, { source: gap('x') }), row('b', 'deny')],
      'row b',
    ],
    [
      'source may match, destination does',
      [row('a', 'allow', { source: [], destination: here }, { source: gap('x') }), row('b', 'deny')],
      'unknown a: x',
    ],
    [
      'both may match',
      [
        row('a', 'allow', { source: [], destination: [] }, { source: gap('s'), destination: gap('d') }),
        row('b', 'deny'),
      ],
      'unknown a: d',
    ],
  ])('%s', (_, table, answer) => expect(print(decide(table, point, same))).toBe(answer));
});

describe('decide, a public source that nobody knows', () => {
  const unknown: Point = { ...point, source: undefined };
  const missing = 'the address that the connection leaves from';
  it.each<[why: string, source: Intervals, answer: string]>([
    ['private sources cannot be it', [[ip('10.0.0.0'), ip('10.255.255.255')]], 'row b'],
    ['no sources at all', [], 'row b'],
    ['every source', [[0, 2 ** 32 - 1]], 'row a'],
    ['every public source', publicAddresses, 'row a'],
    ['some public sources', [[ip('203.0.113.0'), ip('203.0.113.255')]], `unknown a: ${missing}`],
    ['private and public sources', [[ip('10.0.0.0'), ip('11.0.0.0')]], `unknown a: ${missing}`],
  ])('%s', (_, source, answer) => {
    expect(print(decide([row('a', 'allow', { source }), row('b', 'deny')], unknown, same))).toBe(answer);
  });
});

describe('decide, other coordinates', () => {
  const subnet = keyOf('/vnets/v/subnets/a');
  const atDoor: Point = { ...point, via: 'service-endpoint', subnet };
  it.each<[why: string, match: Match, at: Point, answer: string]>([
    ['protocol', { protocol: [[17, 17]] }, point, 'row b'],
    ['source port', { sourcePort: [[443, 443]] }, point, 'row b'],
    [
      'source port that counts as any',
      { sourcePort: [[443, 443]] },
      { ...point, sourcePort: undefined },
      'row a',
    ],
    ['via', { via: 'service-endpoint' }, atDoor, 'row a'],
    ['another via', { via: 'private-endpoint' }, atDoor, 'row b'],
    ['no via', { via: 'public' }, point, 'row b'],
    ['subnet', { subnets: new Set([subnet]) }, atDoor, 'row a'],
    ['another subnet', { subnets: new Set([keyOf('/x')]) }, atDoor, 'row b'],
    ['no subnet', { subnets: new Set([subnet]) }, point, 'row b'],
  ])('%s', (_, match, at, answer) => {
    expect(print(decide([row('a', 'allow', match), row('b', 'deny')], at, same))).toBe(answer);
  });
});

describe('decide, on random tables', () => {
  const interval = fc
    .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }))
    .map(([a, b]): Intervals => [[Math.min(a, b), Math.max(a, b)]]);
  const rows = fc.array(
    fc.record({
      source: interval,
      destination: interval,
      port: interval,
      allow: fc.boolean(),
      hidden: fc.boolean(),
    }),
    { maxLength: 8 },
  );
  const digit = fc.integer({ min: 0, max: 9 });
  const inside = ([[low, high] = [0, 0]]: Intervals, at: number): boolean => at >= low && at <= high;

  it('agrees with a naive first match', () => {
    fc.assert(
      fc.property(rows, digit, digit, digit, (list, source, destination, port) => {
        const table = list.map((r, at) =>
          row(`${at}`, r.allow ? 'allow' : 'deny', {
            source: r.source,
            destination: r.destination,
            port: r.port,
          }),
        );
        const at = list.findIndex(
          (r) => inside(r.source, source) && inside(r.destination, destination) && inside(r.port, port),
        );
        const asked = { ...point, source: source as Ip, destination: destination as Ip, port };
        expect(print(decide(table, asked, same))).toBe(at < 0 ? 'none' : `row ${at}`);
      }),
    );
  });

  it('is unknown exactly where filling the gaps in could change the action', () => {
    fc.assert(
      fc.property(rows, digit, digit, (list, source, destination) => {
        // A hidden row's destination is not known at all; the naive way tries each row as matching and as not.
        const table = [
          ...list.map((r, at) =>
            r.hidden
              ? row(
                  `${at}`,
                  r.allow ? 'allow' : 'deny',
                  { source: r.source, destination: [] },
                  { destination: gap('x') },
                )
              : row(`${at}`, r.allow ? 'allow' : 'deny', { source: r.source, destination: r.destination }),
          ),
          row('last', 'deny'),
        ];
        const outcomes = new Set<Action>();
        for (let world = 0; world < 2 ** list.length; world++) {
          const hit = list.find(
            (r, at) =>
              inside(r.source, source) &&
              (r.hidden ? ((world >> at) & 1) === 1 : inside(r.destination, destination)),
          );
          outcomes.add(hit?.allow ? 'allow' : 'deny');
        }
        const decision = decide(
          table,
          { ...point, source: source as Ip, destination: destination as Ip },
          same,
        );
        expect(decision.kind).toBe(outcomes.size === 1 ? 'row' : 'unknown');
        if (decision.kind === 'row') expect(outcomes.has(decision.row.action)).toBe(true);
      }),
    );
  });
});
