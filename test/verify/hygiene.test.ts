import { describe, expect, it } from 'vitest';
import { compileGate } from '../../src/net/gates.ts';
import { decide, type Row } from '../../src/net/table.ts';
import { type Idle, idleRules } from '../../src/verify/hygiene.ts';
import { Dice, randomPoint, randomTable } from '../../src/verify/sets/rules.testing.ts';
import { rule } from '../support/network.ts';

const context = { virtualNetwork: [[0x0a000000, 0x0affffff] as const], groups: new Map() };

/** `DenyIn200 shadowed by AllowIn100`. */
function told(...lines: readonly string[]): string[] {
  const gate = compileGate({ id: 'nsg', rules: lines.map(rule) }, context);
  return idleRules(gate.ingress).map(words);
}

function words({ rule: { rule: name }, kind, by, contradicts }: Idle): string {
  const others = by.length > 0 ? ` by ${by.map((other) => other.rule).join(', ')}` : '';
  return `${name} ${kind}${others}${contradicts ? ', which say otherwise' : ''}`;
}

describe('rules that do nothing', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['none', ['100 Allow In tcp 443 from * to *', '110 Deny In * from * to *'], []],
    [
      'shadowed by one',
      ['100 Allow In tcp 400-500 from * to *', '110 Allow In tcp 443 from 10.0.0.0/8 to *'],
      ['AllowIn110 shadowed by AllowIn100'],
    ],
    [
      'shadowed by several together',
      [
        '100 Allow In tcp 0-400 from * to *',
        '110 Allow In tcp 300-500 from * to *',
        '120 Allow In tcp 22-443 from * to *',
        '130 Allow In udp 53 from * to *',
      ],
      ['AllowIn120 shadowed by AllowIn100, AllowIn110'],
    ],
    [
      'contradicted',
      ['100 Deny In tcp 22 from * to *', '110 Allow In tcp 22 from 10.0.0.0/8 to *'],
      ['AllowIn110 shadowed by DenyIn100, which say otherwise'],
    ],
    ['never', ['100 Allow In tcp 22 from asg:nobody to *'], ['AllowIn100 never']],
    [
      'redundant, as later rules say the same',
      ['100 Allow In tcp 443 from 10.1.0.0/16 to 10.2.0.0/16'],
      ['AllowIn100 redundant by AllowVnetInBound'],
    ],
    [
      'not shadowed by what only may match',
      ['100 Deny In tcp 22 from Nonsense to *', '110 Allow In tcp 22 from 203.0.113.0/24 to *'],
      [],
    ],
    [
      'in doubt itself, and shadowed all the same',
      ['100 Deny In * from * to *', '110 Allow In tcp 22 from Nonsense to *'],
      ['DenyIn100 shadowed', 'AllowIn110 shadowed by DenyIn100, which say otherwise'].slice(1),
    ],
  ])('%s', (_, lines, expected) => {
    expect(told(...lines)).toEqual(expected);
  });

  it('are those that can be taken away', () => {
    const kinds = new Map<string, number>();
    for (let seed = 1; seed <= 80; seed++) {
      const dice = new Dice(seed);
      const table = randomTable(dice, 12, seed % 2 === 0 ? 0.3 : 0);
      const idle = idleRules(table);
      for (const { rule: by, kind } of idle) {
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        const without = table.filter((row) => row.by !== by);
        for (let i = 0; i < 40; i++) {
          const point = near(dice, table);
          const [all, fewer] = [table, without].map((rows) => decide(rows, point, (a, b) => a === b));
          expect([seed, by, answer(fewer)]).toEqual([seed, by, answer(all)]);
        }
      }
    }
    for (const kind of ['never', 'shadowed', 'redundant'])
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(5);
  });
});

/** A point in one of the rows. */
function near(dice: Dice, table: readonly Row<string>[]): ReturnType<typeof randomPoint> {
  const point = randomPoint(dice);
  const { match } = dice.pick(table);
  const [port] = match.port ?? [];
  return { ...point, ...(port ? { port: port[0] } : {}) };
}

function answer(decision: ReturnType<typeof decide<string>> | undefined): unknown {
  if (decision?.kind === 'row') return decision.row.action;
  return decision?.kind === 'unknown' ? 'unknown' : decision?.kind;
}
