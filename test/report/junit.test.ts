/** JUnit: well-formed whatever the names are, one case an intent, red where the exit code is 1. */
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { describe, expect, it } from 'vitest';
import { junit } from '../../src/app/report/junit.ts';
import { exitCodeOf, type FailOn, type Finding, type Verdict } from '../../src/app/verify.ts';
import { judgeEstate } from '../support/proving.ts';

const base = 'examples/secure-workspace';
const hostile = `a<b>&"'c]]>\u0000\u0007\ud800 \ud83d\ude00\n\tend`;
const survives = `a<b>&"'c]]>\ufffd\ufffd\ufffd \ud83d\ude00\n\tend`;

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

/** Reads XML strictly: what is not well-formed throws. */
function elementsOf(xml: string): readonly Element[] {
  const parser = new SaxesParser();
  const open: Element[] = [];
  const all: Element[] = [];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }: SaxesTagPlain) => {
    const element = { name, attributes, text: '' };
    open.push(element);
    all.push(element);
  });
  parser.on('text', (text) => {
    const inner = open.at(-1);
    if (inner) inner.text += text;
  });
  parser.on('closetag', () => open.pop());
  parser.write(xml).close();
  return all;
}

function count(xml: string, name: string): number {
  return elementsOf(xml).filter((element) => element.name === name).length;
}

describe('junit', () => {
  it('has a case for each intent, and none fails on the example', async () => {
    const { verdict } = await judgeEstate({ base });
    const all = elementsOf(junit(verdict, 'warning'));
    const names = all.filter(({ name }) => name === 'testcase').map(({ attributes }) => attributes['name']);
    expect(names).toEqual(expect.arrayContaining(verdict.intents.map(({ says }) => says)));
    expect(names).toHaveLength(verdict.intents.length + 1);
    expect(all.filter(({ name }) => name === 'testsuite')).toHaveLength(1);
    expect(count(junit(verdict, 'warning'), 'failure')).toBe(0);
  });

  it('fails with the text of the finding, and counts as it prints', async () => {
    const change = [{ remove: 'pe-vault/default' }, { remove: 'pe-vault' }];
    const { verdict } = await judgeEstate({ base, change });
    const all = elementsOf(junit(verdict, 'error'));
    const failures = all.filter(({ name }) => name === 'failure');
    expect(failures.length).toBeGreaterThan(0);
    expect(failures[0]?.text).toContain('error public-access-off-without-endpoint: kv-clinic');
    expect(failures[0]?.text).toContain('fix add a private endpoint');
    const suite = all.find(({ name }) => name === 'testsuite');
    expect(Number(suite?.attributes['failures'])).toBe(failures.length);
    expect(Number(suite?.attributes['tests'])).toBe(all.filter(({ name }) => name === 'testcase').length);
  });

  it('stays well-formed with hostile names', () => {
    const verdict = verdictWith({ says: hostile, subject: `/x/${hostile}`, at: hostile }, hostile);
    const all = elementsOf(junit(verdict, 'error'));
    const [first] = all.filter(({ name }) => name === 'testcase');
    expect(first?.attributes['name']).toBe(survives);
    const failure = all.find(({ name }) => name === 'failure');
    expect(failure?.attributes['message']).toBe(survives);
    expect(failure?.text).toContain('\ud83d\ude00');
  });

  const rows: [severity: Finding['severity'], failOn: FailOn][] = [
    ['error', 'error'],
    ['error', 'warning'],
    ['warning', 'error'],
    ['warning', 'warning'],
    ['note', 'warning'],
  ];
  it.each(rows)('a %s with --fail-on %s is red where the exit code is 1', (severity, failOn) => {
    const verdict = verdictWith({ severity, intent: null }, 'a must reach b', true);
    expect(count(junit(verdict, failOn), 'failure') > 0).toBe(exitCodeOf(verdict, failOn) === 1);
    expect(count(junit(verdict, failOn), 'testcase')).toBe(2);
  });

  it('skips what is undecided and what is accepted', () => {
    const undecided = { ...verdictWith({}, 'x', 'unknown'), findings: [] };
    expect(count(junit(undecided, 'error'), 'skipped')).toBe(1);
    const found = verdictWith({}, 'x');
    const accepted = { ...found, findings: [], accepted: found.findings };
    expect(count(junit(accepted, 'error'), 'skipped')).toBe(1);
    expect(count(junit(accepted, 'error'), 'failure')).toBe(0);
  });
});

function verdictWith(finding: Partial<Finding>, intent: string, holds: boolean | 'unknown' = false): Verdict {
  const whole: Finding = {
    code: 'private-endpoint-missing',
    severity: 'error',
    subject: '/x/y',
    at: null,
    flow: null,
    requirement: null,
    nearMiss: null,
    intent,
    says: 'it is missing',
    trace: null,
    blockers: [],
    fix: null,
    where: null,
    ...finding,
  };
  return {
    holds: false,
    intents: [{ says: intent, holds, disposition: null, origin: 'estate' }],
    findings: [whole],
    accepted: [],
    unknown: holds === 'unknown' ? [{ intent, missing: 'a value' }] : [],
    unmodelled: [],
    seconds: 0.1,
  };
}
