/**
 * A verdict for people: the worst first, an overview of at most ten lines before any detail.
 *
 * @module
 */

import { nameOf } from '../../lib/key.ts';
import { wrapped } from '../../lib/wrap.ts';
import type { Finding, Verdict } from '../verify.ts';

/** Lines of the overview, the first among them. */
const overview = 10;

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** The whole verdict in a line. */
export function headline(verdict: Verdict): string {
  const { findings, accepted, intents, unknown } = verdict;
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [plural(count, severity)];
  });
  const found = counts.length === 0 ? 'nothing found' : counts.join(', ');
  const held = intents.filter(({ holds }) => holds === true).length;
  const more = [
    ...(accepted.length > 0 ? [`${accepted.length} accepted`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} undecided`] : []),
  ].join(', ');
  const head = `${verdict.holds ? 'holds' : 'does not hold'}: ${found}; ${held} of ${plural(intents.length, 'intent')} met`;
  return more === '' ? head : `${head}, ${more}`;
}

/** Prints a verdict, no wider than the columns. */
export function verdictText(verdict: Verdict, columns = 80): string {
  const { findings, unknown, unmodelled } = verdict;
  const shown = findings.length > overview - 1 ? findings.slice(0, overview - 2) : findings;
  const rest = findings.length - shown.length;
  return `${[
    ...wrapped('', headline(verdict), columns).slice(0, 1),
    ...shown.map((finding) => cut(summary(finding), columns)),
    ...(rest > 0 ? [`  ... and ${rest} more, below`] : []),
    ...findings.flatMap((finding) => ['', ...detail(finding, columns)]),
    ...(unknown.length === 0 ? [] : ['', 'undecided:']),
    ...unknown.flatMap(({ intent, missing }) => wrapped('  ', `${intent}: ${missing}`, columns)),
    ...(unmodelled.length === 0 ? [] : ['', ...wrapped('only stored: ', listOf(unmodelled), columns)]),
  ].join('\n')}\n`;
}

function summary({ severity, code, subject, says }: Finding): string {
  return `  ${severity.padEnd(7)}  ${code}  ${nameOf(subject)}: ${says}`;
}

function cut(line: string, columns: number): string {
  return line.length > columns ? `${line.slice(0, columns - 3)}...` : line;
}

/** Everything about one finding, a line each. */
export function detail(finding: Finding, columns: number): readonly string[] {
  const { code, severity, subject, at, says, where, trace, blockers, requirement, nearMiss, fix } = finding;
  const place =
    where === null ? [] : wrapped('  at ', `${where.file}:${where.line}:${where.column}`, columns);
  const last = trace?.steps.at(-1);
  return [
    ...wrapped(`${severity} `, `${code}: ${nameOf(subject)}${at === null ? '' : ` ${at}`}`, columns),
    ...place,
    ...wrapped('  ', says, columns),
    ...(trace && last ? wrapped('  flow ', `${trace.from} -> ${trace.to}: ${last.says}`, columns) : []),
    ...blockers.flatMap(({ resource, property, is, needs }) =>
      wrapped('  in the way ', `${nameOf(resource)} ${property}: is ${is}; needs ${needs}`, columns),
    ),
    ...(nearMiss === null ? [] : wrapped('  near miss ', nearMiss, columns)),
    ...(requirement === null
      ? []
      : wrapped('  because ', `${requirement.says} (${requirement.source})`, columns)),
    ...(fix === null ? [] : wrapped('  fix ', fix.says, columns)),
    ...(fix?.patches ?? []).flatMap(({ patch }) =>
      patch.flatMap((operation) => wrapped('    ', JSON.stringify(operation), columns)),
    ),
  ];
}

function listOf(unmodelled: Verdict['unmodelled']): string {
  const counts = new Map<string, number>();
  for (const { type } of unmodelled) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => (count === 1 ? type : `${count} ${type}`)).join(', ');
}
