/**
 * A verdict as SARIF 2.1.0 (OASIS), for code scanning and editors: findings at their place in the templates, each flow
 * as a code flow, each fix as edits of the text.
 *
 * @module
 */

import { Lines } from '../../arm/template/problem.ts';
import { nameOf } from '../../lib/key.ts';
import type { Step } from '../../net/trace.ts';
import type { FindingCode, Severity } from '../../verify/codes.ts';
import { codes } from '../../verify/codes.ts';
import type { Fix } from '../repair/fix.ts';
import { type Location, locate } from '../repair/locate.ts';
import { textEditsOf } from '../repair/text-edits.ts';
import type { Survey } from '../survey.ts';
import type { Finding, Judgement } from '../verify.ts';

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** Answers the page of a code, as Markdown. */
type PageOf = (code: FindingCode) => string | undefined;

/** Makes a log of one run. */
export function sarif({ verdict, proof }: Judgement, pageOf: PageOf): object {
  const { survey } = proof;
  const all = [...verdict.findings, ...verdict.accepted];
  const found = [...new Set(all.map(({ code }) => code))];
  const results = all.map((finding) => ({
    ...resultOf(finding, survey),
    ruleIndex: found.indexOf(finding.code),
    ...(verdict.accepted.includes(finding)
      ? { suppressions: [{ kind: 'external', status: 'accepted' }] }
      : {}),
  }));
  return {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'cloister', rules: found.map((code) => ruleOf(code, pageOf(code))) } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: verdict.unknown.map(({ intent, missing }) => ({
              level: 'warning',
              message: { text: `undecided: ${intent}: ${missing}` },
            })),
          },
        ],
        artifacts: survey.sources.map(({ document }) => ({ location: { uri: uriOf(document.file) } })),
        results,
      },
    ],
  };
}

function ruleOf(code: FindingCode, page: string | undefined): object {
  const [first = '', ...rest] = (page ?? '').split(/\n\n+/);
  const full = first.replaceAll('\n', ' ');
  const short = /^.*?[.:](?=\s|$)/.exec(full)?.[0] ?? full;
  return {
    id: code,
    name: code.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    defaultConfiguration: { level: codes[code].severity },
    properties: { tags: ['azure', codes[code].area] },
    ...(page === undefined
      ? {}
      : {
          shortDescription: { text: short },
          fullDescription: { text: full },
          help: { text: [full, ...rest].join('\n\n'), markdown: page },
        }),
  };
}

function resultOf(finding: Finding, survey: Survey): object {
  const { code, severity, subject, at, where, trace, fix } = finding;
  const level: Severity = severity;
  const flow = finding.flow === null ? [] : [Object.values(finding.flow).join(' ')];
  return {
    ruleId: code,
    level,
    message: { text: messageOf(finding) },
    locations: [{ ...placeOf(survey, where), logicalLocations: [logical(subject)] }],
    partialFingerprints: { 'cloister/v1': [code, subject.toLowerCase(), at ?? '', ...flow].join('\n') },
    ...(trace && trace.steps.length > 0
      ? { codeFlows: [{ threadFlows: [{ locations: trace.steps.map((step) => stepOf(step, survey)) }] }] }
      : {}),
    ...(fix ? fixesOf(fix, survey) : {}),
  };
}

function messageOf({ says, flow, trace, blockers, nearMiss, requirement, fix }: Finding): string {
  const last = trace?.steps.at(-1);
  return [
    `${says}.`,
    ...(flow && last ? [`${flow.from} -> ${flow.to}: ${last.says}.`] : []),
    ...blockers.map(
      ({ resource, property, is, needs }) =>
        `In the way: ${nameOf(resource)} ${property} is ${is}; needs ${needs}.`,
    ),
    ...(nearMiss === null ? [] : [`Near miss: ${nearMiss}.`]),
    ...(requirement === null ? [] : [`Because ${requirement.says} (${requirement.source}).`]),
    ...(fix === null ? [] : [`Fix: ${fix.says}.`]),
  ].join('\n');
}

function stepOf(step: Step, survey: Survey): object {
  return {
    location: {
      message: { text: `${step.stage}: ${step.says}` },
      ...placeOf(survey, locate(survey, step.resource, step.rule) ?? null),
      logicalLocations: [logical(step.resource)],
    },
  };
}

function logical(id: string): object {
  return { name: nameOf(id), fullyQualifiedName: id, kind: 'resource' };
}

/** Where no template declares it, the first template is named without a line: code scanning wants a file. */
function placeOf(survey: Survey, where: Location | null): object {
  const file = where?.file ?? survey.sources[0]?.document.file;
  if (file === undefined) return {};
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      // Positions in Bicep's output say nothing about the Bicep file.
      ...(where && isJson(file) ? { region: { startLine: where.line, startColumn: where.column } } : {}),
    },
  };
}

function fixesOf({ says, patches }: Fix, survey: Survey): object {
  if (patches.some(({ file }) => !isJson(file))) return {};
  const artifactChanges = patches.flatMap(({ file, patch }) => {
    const document = survey.sources.find((source) => source.document.file === file)?.document;
    if (!document) return [];
    const lines = new Lines(document.text);
    const replacements = textEditsOf(document, patch).map(({ start, end, text }) => {
      const [from, to] = [lines.at(start), lines.at(end)];
      return {
        deletedRegion: {
          startLine: from.line,
          startColumn: from.column,
          endLine: to.line,
          endColumn: to.column,
        },
        insertedContent: { text },
      };
    });
    return [{ artifactLocation: { uri: uriOf(file) }, replacements }];
  });
  return { fixes: [{ description: { text: says }, artifactChanges }] };
}

function isJson(file: string): boolean {
  return !file.endsWith('.bicep');
}

/** A relative path stays relative: to where the command ran, as code scanning wants it. */
function uriOf(file: string): string {
  const path = file.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
  const uri = path.split('/').map(encodeURIComponent).join('/');
  if (path.startsWith('/')) return `file://${uri}`;
  return /^[a-z]:\//i.test(path) ? `file:///${path[0]}:${uri.slice(uri.indexOf('/'))}` : uri;
}
