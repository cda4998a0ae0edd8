// `npm run bench`: every measurement of bench/, one after the other, as one JSON object on stdout. Names of benches
// choose among them; `--quick` shows that they work and measures nothing.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, root } from './ensure-built.mjs';

ensureBuilt();
const folder = join(root, 'bench');
const all = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = asked.find((name) => !all.includes(`${name}.mjs`));
if (unknown !== undefined) {
  const known = all.map((file) => file.replace('.mjs', '')).join(', ');
  process.stderr.write(`npm run bench: there is no '${unknown}'; there are ${known}\n`);
  process.exit(2);
}

const benches = {};
const failed = [];
let machine;
for (const file of asked.length > 0 ? asked.map((name) => `${name}.mjs`) : all) {
  const run = spawnSync(process.execPath, [join(folder, file), ...flags], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) {
    failed.push(file);
    continue;
  }
  const { bench, goals, results, machine: facts } = JSON.parse(run.stdout);
  machine ??= facts;
  benches[bench] = { goals, results };
}
const missed = Object.values(benches).flatMap(({ goals }) => goals.filter(({ met }) => !met));
const quick = flags.includes('--quick');
const report = { date: new Date().toISOString(), quick, machine, missed, failed, benches };
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
