// Verifies public templates, and compares the verdicts with those that test/public-templates.json records.
//
//   node bin/public-templates.mjs [CLONES] [--write]
//
// CLONES is a folder of clones, `<owner>+<name>`, that have the commits; without it the files come from GitHub. --write
// records what was found. Exit code 1 where a verdict is another one, or a fault has no argument.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureBuilt, root } from './ensure-built.mjs';

await ensureBuilt();
const { openFiles } = await import('../dist/app/files.js');
const { judge } = await import('../dist/app/verify.js');

const listFile = join(root, 'test', 'public-templates.json');
const write = process.argv.includes('--write');
const clones = process.argv.slice(2).find((word) => !word.startsWith('--'));
const list = JSON.parse(readFileSync(listFile, 'utf8'));
// Secrets of templates are nobody's: they are made when they are needed.
const made = '<made when it runs>';
const secret = `Aa1-${randomBytes(12).toString('base64url')}`;
const folder = mkdtempSync(join(tmpdir(), 'cloister-public-'));

async function textOf({ repository, commit }, path) {
  if (clones !== undefined) {
    const clone = join(clones, repository.replace('/', '+'));
    return execFileSync('git', ['-C', clone, 'show', `${commit}:${path}`], { maxBuffer: 64 * 1024 * 1024 });
  }
  const answer = await fetch(`https://raw.githubusercontent.com/${repository}/${commit}/${path}`);
  if (!answer.ok) throw new Error(`${repository} ${commit} ${path}: GitHub answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

async function verdictOf(from, { files }) {
  const sources = [];
  for (const { path, parameters = {} } of files) {
    const file = join(folder, from.repository, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await textOf(from, path));
    const given = Object.entries(parameters).map(([name, value]) => [
      name,
      { value: value === made ? secret : value },
    ]);
    sources.push(
      ...openFiles([file]).map((source) => ({ ...source, parameters: Object.fromEntries(given) })),
    );
  }
  try {
    const { verdict } = await judge(sources);
    const errors = verdict.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
    const types = [...new Set(verdict.unmodelled.map(({ type }) => type))].toSorted();
    return {
      verdict: verdict.holds ? 'holds' : 'errors',
      errors: [...new Set(errors)].toSorted(),
      notModelled: types,
    };
  } catch (error) {
    if (error?.name !== 'InputError') throw error;
    return {
      verdict: 'refused',
      says: error.message.replaceAll(`${join(folder, from.repository)}/`, '').split('\n')[0],
    };
  }
}

let judged = 0;
let holding = 0;
let argued = 0;
let wrong = 0;
try {
  for (const from of list) {
    for (const template of from.templates) {
      const found = await verdictOf(from, template);
      const name = template.files.at(-1).path;
      const before = JSON.stringify(template.found);
      if (write) template.found = found;
      const faults = found.verdict === 'refused' ? ['refused'] : found.errors;
      const unargued = faults.filter((code) => template.argument?.[code] === undefined);
      const differs = !write && before !== JSON.stringify(found);
      if (found.verdict !== 'refused') judged++;
      if (found.verdict === 'holds') holding++;
      argued += faults.length - unargued.length;
      wrong += unargued.length + (differs ? 1 : 0);
      const told = found.errors?.join(', ') || found.says || '';
      console.log(`${found.verdict.padEnd(8)} ${name}${told === '' ? '' : `\n         ${told}`}`);
      if (unargued.length > 0) console.log(`         no argument for ${unargued.join(', ')}`);
      if (differs) console.log(`         recorded is ${before}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (write) writeFileSync(listFile, `${JSON.stringify(list, undefined, 2)}\n`);
console.log(
  `public templates: ${judged} judged, ${holding} hold, ${argued} faults argued, ${wrong} unexpected`,
);
process.exitCode = wrong === 0 ? 0 : 1;
