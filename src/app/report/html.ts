/**
 * A verdict as one page that needs nothing else: no script, no request, readable on a phone and at a desk, by day and
 * by night. The network is drawn; the finding that is open is lit in it.
 *
 * @module
 */

import { nameOf } from '../../lib/key.ts';
import type { Trace } from '../../net/trace.ts';
import type { Finding, Judgement, Verdict } from '../verify.ts';
import { styleOf } from './html-style.ts';
import { mapOf } from './map.ts';
import { pathsOf } from './map-paths.ts';
import { svgOf } from './map-svg.ts';
import { escaped } from './markup.ts';
import { headline } from './text.ts';

/** Prints a verdict as a page. */
export function html({ verdict, proof }: Judgement): string {
  const { network } = proof.model;
  const map = mapOf(network);
  const paths = pathsOf(network, map, verdict.findings);
  const files = proof.survey.sources.map(({ document }) => document.file).join(', ');
  const caption =
    'Open a finding to light its flow. Blue: private endpoints. Dashed: not approved, or public.';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(headline(verdict))}</title>
<style>${styleOf(verdict.findings.length)}</style>
</head>
<body>
<header>
<h1 class="${verdict.holds ? 'good' : 'error'}">${escaped(headline(verdict))}</h1>
<p>${escaped(files)}</p>
</header>
<main>
<figure id="map">
${svgOf(map, paths)}
<figcaption>${caption}</figcaption>
</figure>
<div>
<h2>Findings</h2>
${verdict.findings.map(card).join('\n') || '<p class="quiet">Nothing was found.</p>'}
${undecided(verdict)}
${intents(verdict)}
${accepted(verdict)}
${unmodelled(verdict)}
</div>
</main>
</body>
</html>
`;
}

function card(finding: Finding, at: number): string {
  const { code, severity, subject, says, where, blockers, nearMiss, requirement, fix, trace } = finding;
  const rows: (readonly [string, string])[] = [
    ['resource', `${literal(nameOf(subject))}${finding.at === null ? '' : ` ${literal(finding.at)}`}`],
    ...(where ? [['place', literal(`${where.file}:${where.line}:${where.column}`)] as const] : []),
    ...(trace ? [['flow', flow(trace)] as const] : []),
    ...blockers.map(
      (b) =>
        [
          'in the way',
          `${literal(`${nameOf(b.resource)} ${b.property}`)}: is ${escaped(b.is)}; needs ${escaped(b.needs)}`,
        ] as const,
    ),
    ...(nearMiss === null ? [] : [['near miss', escaped(nearMiss)] as const]),
    ...(requirement === null
      ? []
      : [['because', `${escaped(requirement.says)}${source(requirement.source)}`] as const]),
    ...(fix === null ? [] : [['fix', fixOf(fix)] as const]),
  ];
  return `<details name="finding" id="f${at}"${at === 0 ? ' open' : ''}>
<summary><span class="severity ${severity}">${severity}</span><b>${escaped(code)}</b><span class="says">${escaped(says)}</span></summary>
<div class="body"><dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>
<a class="back" href="#map">show in the network</a></div>
</details>`;
}

const marks = { pass: '✓', stop: '✗', unknown: '?' } as const;

function flow({ from, to, port, steps }: Trace): string {
  const list = steps.map(
    ({ outcome, stage, says }) =>
      `<li class="${outcome}"><span>${marks[outcome]}</span><span>${stage}</span><span>${escaped(says)}</span></li>`,
  );
  return `${escaped(from)} → ${escaped(to)}:${port}<ol>${list.join('')}</ol>`;
}

function fixOf({ says, patches, reaches }: NonNullable<Finding['fix']>): string {
  const parts = patches.map(
    ({ file, patch }) =>
      `<pre tabindex="0">${escaped([file, ...patch.map((operation) => JSON.stringify(operation, undefined, 1))].join('\n'))}</pre>`,
  );
  const opens =
    reaches.length === 0 ? '' : `<p class="quiet">newly connected: ${escaped(reaches.join(', '))}</p>`;
  return `${escaped(says)}${opens}${parts.join('')}`;
}

function source(text: string): string {
  return /^https:\/\/\S+$/.test(text)
    ? ` (<a href="${escaped(text)}" rel="noreferrer">source</a>)`
    : ` (${escaped(text)})`;
}

function literal(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

function undecided({ unknown }: Verdict): string {
  if (unknown.length === 0) return '';
  const rows = unknown.map(
    ({ intent, missing }) => `<tr><td>?</td><td>${escaped(intent)}: ${escaped(missing)}</td></tr>`,
  );
  return `<h2>Undecided</h2><table>${rows.join('')}</table>`;
}

function intents({ intents: all }: Verdict): string {
  const mark = { true: '✓', false: '✗', unknown: '?' } as const;
  const rows = all.map(({ says, holds }) => `<tr><td>${mark[`${holds}`]}</td><td>${escaped(says)}</td></tr>`);
  return `<h2>Intents</h2><details><summary>${all.filter(({ holds }) => holds === true).length} of ${all.length} are met</summary><div class="body"><table>${rows.join('')}</table></div></details>`;
}

function accepted({ accepted: all }: Verdict): string {
  if (all.length === 0) return '';
  const rows = all.map(
    ({ code, subject, says }) =>
      `<tr><td>–</td><td>${escaped(`${code} ${nameOf(subject)}: ${says}`)}</td></tr>`,
  );
  return `<h2>Accepted</h2><table>${rows.join('')}</table>`;
}

function unmodelled({ unmodelled: all }: Verdict): string {
  if (all.length === 0) return '';
  return `<h2>Only stored</h2><p class="quiet">A walk through these is unknown: ${escaped(all.map(({ id }) => nameOf(id)).join(', '))}</p>`;
}
