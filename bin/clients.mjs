// `node bin/clients.mjs DIR`: the client programs that the tests run unmodified, pinned, each in an environment of its
// own: DIR/az, DIR/aml and DIR/amlv1 (Python), DIR/node (npm SDKs, Azurite). What is there as it should be stays.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from './ensure-built.mjs';

const pins = join(root, 'test', 'clients', 'environments');
const python = 'python3';

const environments = {
  az: { pins: ['az.txt'], make: makePython },
  aml: { pins: ['aml.txt'], make: makePython },
  amlv1: { pins: ['amlv1.txt'], make: makePython },
  node: { pins: ['package.json', 'package-lock.json'], make: makeNode },
};

const [target, ...more] = process.argv.slice(2);
if (target === undefined || more.length > 0) {
  say('usage: node bin/clients.mjs DIR');
  process.exit(2);
}
const versions = { [makePython.name]: output(python, ['--version']), [makeNode.name]: process.version };

for (const [name, environment] of Object.entries(environments)) {
  const folder = join(resolve(target), name);
  const files = environment.pins.map((file) => join(pins, file));
  const stamp = join(folder, '.made-from');
  // Where it stands is part of it: the programs of a Python environment name their interpreter by its full path.
  const wanted = digest(folder, versions[environment.make.name], ...files.map((file) => readFileSync(file)));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    say(`${name}: is there`);
    continue;
  }
  const began = Date.now();
  say(`${name}: installing into ${folder} ...`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  environment.make(folder, files);
  writeFileSync(stamp, wanted);
  say(`${name}: installed in ${Math.round((Date.now() - began) / 1000)} s`);
}

function makePython(folder, [requirements]) {
  run(python, ['-m', 'venv', folder]);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  // What is pinned is all that is needed: nothing is looked for beyond it.
  run(join(folder, 'bin', 'pip'), ['install', ...quiet, '--no-deps', '--requirement', requirements]);
  run(join(folder, 'bin', 'pip'), ['check']);
}

function makeNode(folder, [description, lock]) {
  copyFileSync(description, join(folder, 'package.json'));
  copyFileSync(lock, join(folder, 'package-lock.json'));
  run('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
}

function digest(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

function output(command, args) {
  return spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '';
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', process.stderr, process.stderr] });
  if (status === 0) return;
  say(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
  process.exit(1);
}

function say(what) {
  process.stderr.write(`clients: ${what}\n`);
}
