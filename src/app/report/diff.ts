/**
 * A comparison for people: what opened before what closed.
 *
 * @module
 */

import { nameOf } from '../../lib/key.ts';
import { wrapped } from '../../lib/wrap.ts';
import { fields } from '../../verify/sets/space.ts';
import type { Diff, Ending, FindingChange, FlowChange, FlowChanges, IntentChange } from '../diff.ts';
import type { Ranges } from '../ranges.ts';

const counted = { possible: 'open', unclear: 'unclear', impossible: 'close' } as const;
const words = { possible: 'opens', unclear: 'unclear', impossible: 'closes' } as const;

/** Prints the flows that change, or that none does. */
export function flowsText({ flows, undecided }: FlowChanges, columns = 80): string {
  const nothing = { appeared: [], gone: [] };
  if (flows.length + undecided.length === 0) return 'no flow changes\n';
  return diffText({ same: false, flows, undecided, intents: [], findings: nothing }, columns);
}

/** Prints a comparison, no wider than the columns. */
export function diffText({ same, flows, undecided, intents, findings }: Diff, columns = 80): string {
  if (same) return 'same: no flow, no intent and no finding changes\n';
  const { appeared, gone } = findings;
  const count = (list: readonly unknown[], word: string): readonly string[] =>
    list.length === 0 ? [] : [`${list.length} ${word}`];
  const counts = [
    ...(['possible', 'unclear', 'impossible'] as const).flatMap((turn) =>
      count(
        flows.filter((change) => change.turn === turn),
        counted[turn],
      ),
    ),
    ...count(undecided, 'undecided'),
    ...count(
      intents.filter(({ after }) => after === false),
      'unmet',
    ),
    ...count(
      intents.filter(({ after }) => after !== false),
      'otherwise met',
    ),
    ...count(appeared, 'found'),
    ...count(gone, 'mended'),
  ];
  return `${[
    ...wrapped('differs: ', counts.join(', '), columns),
    ...section('flows', flows, (change) => flowLines(change, columns)),
    ...section('undecided', undecided, ({ from, to, missing }) =>
      wrapped('  ? ', `${from.join(', ')} -> ${to}: ${missing} ended`, columns),
    ),
    ...section('intents', intents, (change) => intentLines(change, columns)),
    ...section('findings', [...appeared, ...gone], (finding) =>
      findingLines(finding, appeared.includes(finding) ? '+' : '-', columns),
    ),
  ].join('\n')}\n`;
}

function section<T>(
  head: string,
  items: readonly T[],
  lines: (item: T) => readonly string[],
): readonly string[] {
  return items.length === 0 ? [] : ['', `${head}:`, ...items.flatMap(lines)];
}

function flowLines(change: FlowChange, columns: number): readonly string[] {
  const { turn, from, to, flows, complete, example } = change;
  return [
    ...wrapped(`  ${words[turn]} `, `${from.join(', ')} -> ${to}`, columns),
    ...flows.flatMap((ranges) => wrapped('    ', rangesText(ranges), columns)),
    ...(complete ? [] : ['    and more']),
    ...wrapped('    was ', endingText(example.before), columns),
    ...wrapped('    is ', endingText(example.after), columns),
  ];
}

const named = { source: 'from ', destination: 'to ', protocol: '', port: '', sourcePort: 'source port ' };

function rangesText(ranges: Ranges): string {
  const parts = fields.flatMap((field) => {
    const values = ranges[field];
    return values ? [`${named[field]}${values.join(', ')}`] : [];
  });
  return parts.length === 0 ? 'every port' : parts.join(' ');
}

function endingText(ending: Ending | null): string {
  return ending === null ? 'not there' : `${ending.disposition}: ${ending.says}`;
}

function intentLines({ says, before, after }: IntentChange, columns: number): readonly string[] {
  const text = (holds: IntentChange['after']): string =>
    holds === null ? 'not asked' : holds === 'unknown' ? 'undecided' : holds ? 'met' : 'not met';
  const mark = after === false ? '✗' : after === 'unknown' ? '?' : '✓';
  return wrapped(`  ${mark} `, `${says}: was ${text(before)}, is ${text(after)}`, columns);
}

function findingLines(
  { severity, code, subject, says }: FindingChange,
  mark: '+' | '-',
  columns: number,
): readonly string[] {
  return wrapped(`  ${mark} `, `${severity} ${code} ${nameOf(subject)}: ${says}`, columns);
}
