/**
 * A verdict as JUnit XML, for the test tabs of build servers: one suite, one case an intent. A finding that no intent
 * tells of is a case of its own, so that what makes the exit code 1 is red here too.
 *
 * @module
 */

import { nameOf } from '../../lib/key.ts';
import type { Outcome } from '../../verify/intents/intent.ts';
import { type FailOn, type Finding, fails, type Verdict } from '../verify.ts';
import { attribute, escaped } from './markup.ts';
import { detail } from './text.ts';

interface Case {
  readonly name: string;
  readonly group: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Empty where it passed and there is nothing to say. */
  readonly type: string;
  readonly says: string;
  readonly text: string;
}

/** Prints a verdict. */
export function junit(verdict: Verdict, failOn: FailOn): string {
  const told = new Set(verdict.intents.map(({ says }) => says));
  const cases = [
    ...verdict.intents.map((outcome) => caseOfIntent(outcome, verdict, failOn)),
    ...verdict.findings
      .filter(({ intent }) => intent === null || !told.has(intent))
      .map(caseOfFinding(failOn)),
  ];
  const count = (result: Case['result']) => cases.filter((item) => item.result === result).length;
  const counts = `tests="${cases.length}" failures="${count('failed')}" errors="0" skipped="${count('skipped')}" time="${verdict.seconds}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="cloister" ${counts}>`,
    `  <testsuite name="cloister verify" ${counts}>`,
    ...cases.map(print),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOfIntent(outcome: Verdict['intents'][number], verdict: Verdict, failOn: FailOn): Case {
  const { says: name, holds, disposition } = outcome;
  const group = groupOf(outcome.origin);
  const about = ({ intent }: Finding): boolean => intent === name;
  const own = verdict.findings.filter(about);
  const text = own.map(textOf).join('\n\n');
  const type = own[0]?.code ?? disposition ?? '';
  const says = own.map((finding) => finding.says).join('; ');
  if (holds === true) return { name, group, result: 'passed', type, says, text };
  if (holds === 'unknown') {
    const missing = verdict.unknown.find(({ intent }) => intent === name)?.missing ?? '';
    return { name, group, result: 'skipped', type: 'unknown', says: `undecided: ${missing}`, text };
  }
  if (own.some(({ severity }) => fails(severity, failOn)))
    return { name, group, result: 'failed', type, says, text };
  if (verdict.accepted.some(about))
    return { name, group, result: 'skipped', type: 'accepted', says: 'accepted', text };
  const others = verdict.findings.some(({ severity }) => fails(severity, failOn));
  const ends = `ends ${disposition ?? 'without a right'}; another finding says why`;
  return { name, group, result: others ? 'failed' : 'skipped', type, says: says || ends, text };
}

function caseOfFinding(failOn: FailOn): (finding: Finding) => Case {
  return (finding) => ({
    name: `${finding.code}: ${nameOf(finding.subject)}${finding.at === null ? '' : ` ${finding.at}`}`,
    group: 'findings',
    result: fails(finding.severity, failOn) ? 'failed' : 'passed',
    type: finding.code,
    says: finding.says,
    text: textOf(finding),
  });
}

function groupOf(origin: Outcome['origin']): string {
  return origin === 'estate' ? 'estate' : origin.file;
}

function textOf(finding: Finding): string {
  return detail(finding, 100).join('\n');
}

function print({ name, group, result, type, says, text }: Case): string {
  const head = `    <testcase classname="${attribute(group)}" name="${attribute(name)}" time="0"`;
  if (result === 'skipped') return `${head}><skipped message="${attribute(says)}"/></testcase>`;
  if (result === 'failed')
    return `${head}><failure type="${attribute(type)}" message="${attribute(says)}">${escaped(text)}</failure></testcase>`;
  return text === '' ? `${head}/>` : `${head}><system-out>${escaped(text)}</system-out></testcase>`;
}
