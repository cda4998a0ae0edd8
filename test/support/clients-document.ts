/**
 * docs/clients.md: what unmodified clients do here, read from the programs and the documents that the test suite runs.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { consoleSteps } from './console.ts';
import { root } from './running.ts';

/** What comes of a step. */
const outcomes = {
  works: 'works',
  refuses: 'refused, as in Azure',
  limit: '**limit**: works in Azure, refused here by name',
} as const;
type Outcome = keyof typeof outcomes;

/** A step that a program declares: `works('groups: create', ...)`. */
export interface Declared {
  readonly step: string;
  readonly outcome: Outcome;
}

const programs = join(root, 'test', 'clients', 'programs');
const walkthroughs = join(root, 'docs', 'walkthroughs');
const pins = join(root, 'test', 'clients', 'environments');

const calls = /^\s*(?:\w+ = )?(?:await )?(works|does|refuses|refused|limit)\(\s*f?(["'`])(.*?)\2/gm;

/** Steps that a program of test/clients/programs declares, in its order. */
export function declaredBy(program: string): readonly Declared[] {
  const text = readFileSync(join(programs, program), 'utf8');
  return [...text.matchAll(calls)].map(([, verb = '', , step = '']) => {
    const outcome = verb === 'limit' ? 'limit' : verb.startsWith('refuse') ? 'refuses' : 'works';
    return { step, outcome };
  });
}

/** Declared steps that are not among those that ran; what a program fills in may be anything. */
export function neverRan(program: string, ran: ReadonlySet<string>): readonly string[] {
  return declaredBy(program)
    .map(({ step }) => step)
    .filter((step) => {
      const texts = step.split(/\$?\{[^}]*\}/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      const pattern = new RegExp(`^${texts.join('.+')}$`);
      return ![...ran].some((name) => pattern.test(name));
    });
}

/** The whole document. */
export function clientsDocument(): string {
  const sections = [azSection(), ...programSections()];
  return `${[heading, ...sections].join('\n\n')}\n`;
}

const heading = `# What clients do here

Unmodified programs from the package registries, run by the test suite at places of a running Cloister (\`test/clients\`).
Written from what they run: \`npx vitest run test/clients-document.test.ts -u\`. What the walkthroughs leave out, and why,
is in [walkthroughs/README.md](walkthroughs/README.md).`;

/** Commands of `az` in the walkthroughs, each with the documents that it is in. */
function azSection(): string {
  const found = new Map<string, { outcomes: Set<Outcome>; documents: Set<string> }>();
  for (const name of readdirSync(walkthroughs).filter(
    (file) => file.endsWith('.md') && file !== 'README.md',
  )) {
    for (const { command, output, exit } of consoleSteps(readFileSync(join(walkthroughs, name), 'utf8'))) {
      for (const [, words = ''] of command.matchAll(/\baz ((?:[a-z][\w-]*(?: |$|\n))+)/g)) {
        const known = found.get(words.trim()) ?? { outcomes: new Set(), documents: new Set() };
        const limited = output.some((line) => line.includes('not supported'));
        known.outcomes.add(exit === 0 ? 'works' : limited ? 'limit' : 'refuses');
        known.documents.add(name);
        found.set(words.trim(), known);
      }
    }
  }
  const rows = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([words, { outcomes: came, documents }]) => {
      const links = [...documents].map((name) => `[${name.replace('.md', '')}](walkthroughs/${name})`);
      const said = [...came]
        .sort()
        .reverse()
        .map((outcome) => outcomes[outcome]);
      return `| \`az ${words}\` | ${said.join('; ')} | ${links.join(', ')} |`;
    });
  const title = `## az ${pythonVersion('az', 'azure-cli')}`;
  return [title, '', '| command | | in |', '|---|---|---|', ...rows].join('\n');
}

function programSections(): readonly string[] {
  return readdirSync(programs)
    .filter((program) => declaredBy(program).length > 0)
    .map((program) => {
      const rows = declaredBy(program).map(({ step, outcome }) => {
        const shown = step.replace(/\$?\{(\w+)[^}]*\}/g, '`$1`');
        return `| ${shown} | ${outcomes[outcome]} |`;
      });
      return [`## ${titleOf(program)}`, '', '| step | |', '|---|---|', ...rows].join('\n');
    });
}

/** The clients that a program uses, with their versions. */
function titleOf(program: string): string {
  const name = program.replace(/\.\w+$/, '');
  if (program.endsWith('.py')) {
    const [, client = '', about = ''] = /^(azure-ai-ml)(?:-(.*))?$/.exec(name) ?? [];
    return `${client} ${pythonVersion('aml', client)}${about && `: ${about}`}`;
  }
  const { dependencies } = JSON.parse(readFileSync(join(pins, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return (
    Object.entries(dependencies)
      .filter(([client]) => client.startsWith(`@azure/${name}`) || `@azure/${name}`.startsWith(`${client}-`))
      // A second program of one client is named for what it is about.
      .map(
        ([client, version]) =>
          `${client} ${version}${`@azure/${name}`.slice(client.length).replace('-', ': ')}`,
      )
      .join(', ')
  );
}

function pythonVersion(environment: string, client: string): string {
  const text = readFileSync(join(pins, `${environment}.txt`), 'utf8');
  return new RegExp(`^${client}==(.*)$`, 'm').exec(text)?.[1] ?? '';
}
