/**
 * The checklist of docs/walkthroughs/README.md and the documents agree: every section that a row names is there, has the
 * command that the row names, which fails where the row says that it is refused; and every section is in some row.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { consoleSteps, partsOf, type Step } from './support/console.ts';

const folder = fileURLToPath(new URL('../docs/walkthroughs', import.meta.url));
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const documents = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md');

/** Commands of every section of every document, by how a link names the section. */
const sections = new Map(
  documents.flatMap((name) => {
    const text = read(name);
    // What looks like a heading within a block is a comment of that file.
    const headings = [...text.matchAll(/^```[\s\S]*?^```$|^#{1,2} (.*)$/gm)].filter(([, title]) => title);
    return headings.map((heading, at) => [
      `${name}#${anchor(heading[1] ?? '')}`,
      consoleSteps(text.slice(heading.index, headings[at + 1]?.index)),
    ]);
  }) as [string, Step[]][],
);

const rows = read('README.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| asked for'))
  .map((line) => {
    const [asked = '', here = ''] = line.slice(2, -2).split(' | ');
    const [link, target] = /\[[^\]]*\]\(([^)]+)\)/.exec(here) ?? [];
    const command = codeOf(here.replace(link ?? '', '')) ?? codeOf(asked);
    return { asked, here, target, command, refused: here.includes('refused:') };
  });

it.each(rows)('$asked', ({ here, target, command, refused }) => {
  if (target === undefined) {
    expect(here, 'a row without a link is a limit, with its reason').toMatch(/^limit: \S/);
    return;
  }
  const steps = sections.get(target);
  expect(steps, `there is no section ${target}`).toBeDefined();
  expect(command).toBeDefined();
  const found = (steps ?? []).filter((step) => flat(step).includes(command ?? ''));
  expect(found.length, `no step with ${command} in ${target}`).toBeGreaterThan(0);
  if (refused) expect(found.some(({ exit }) => exit !== 0)).toBe(true);
});

describe('the checklist', () => {
  it('was seen', () => expect(rows.length).toBeGreaterThan(15));

  it('is of documents that are executed, each', () => {
    const executed = readdirSync(new URL('clients/walkthroughs', import.meta.url))
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => file.replace('.test.ts', '.md'));
    expect(executed.sort()).toEqual([...documents].sort());
  });

  it('names every section that runs something', () => {
    const named = new Set(rows.map(({ target }) => target));
    const running = [...sections].filter(([, steps]) => steps.length > 0).map(([section]) => section);
    expect(running.filter((section) => !named.has(section))).toEqual([]);
  });
});

describe.each(documents)('%s', (name) => {
  it('names each file that it shows before it shows it', () => {
    const text = read(name);
    for (const part of partsOf(text)) {
      if (part.kind !== 'file') continue;
      const before = text.slice(0, text.indexOf(`\n${part.text}`));
      expect(before).toContain(`\`${part.name}\``);
    }
  });

  it('begins and ends its instance', () => {
    const steps = consoleSteps(read(name));
    expect(steps[0]?.command).toMatch(/^cloister up /);
    expect(steps.at(-1)?.command).toBe('cloister down --purge');
  });
});

function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

function codeOf(text: string): string | undefined {
  return /`([^`]+)`/.exec(text)?.[1];
}

/** A command in one line. */
function flat({ command }: Step): string {
  return command.replace(/\\?\n\s*/g, ' ').replace(/ +/g, ' ');
}
