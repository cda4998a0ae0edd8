// Writes the table of limits into README.md from the registry, so that it is never out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, root } from './ensure-built.mjs';

ensureBuilt();
const { registry } = await import('../dist/providers/registry.js');
const file = join(root, 'README.md');
const begin = '<!-- limits: written by bin/limits.mjs -->';
const end = '<!-- /limits -->';

/** The table of resource types by level, grouped by namespace. */
export function limits() {
  const rows = new Map();
  for (const { type, level } of registry.all()) {
    const [namespace, ...rest] = type.split('/');
    const row = rows.get(namespace) ?? { modelled: [], stored: [] };
    row[level].push(rest.join('/'));
    rows.set(namespace, row);
  }
  const cell = (names) => names.map((name) => `\`${name}\``).join(', ') || '-';
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, { modelled, stored }]) => `| ${namespace} | ${cell(modelled)} | ${cell(stored)} |`);
  return [
    '| namespace | modelled | only stored: a walk through it is `unknown` |',
    '|---|---|---|',
    ...lines,
  ].join('\n');
}

/** README with the table as it should be. */
export function withLimits(text) {
  const [before, rest] = text.split(begin);
  const after = rest.split(end)[1];
  return `${before}${begin}\n${limits()}\n${end}${after}`;
}

if (process.argv[1]?.endsWith('limits.mjs')) writeFileSync(file, withLimits(readFileSync(file, 'utf8')));
