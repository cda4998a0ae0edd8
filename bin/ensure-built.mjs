// Installs and builds when needed, by content: what is in src decides, not what time it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs `npm ci` when what is installed is not what the lock file says, and the compiler when dist is not src. */
export function ensureBuilt() {
  ensureInstalled();
  if (!existsSync(join(root, 'src'))) return;
  const bundle = join(root, 'bin', 'bundle.mjs');
  const wanted = digest(
    join(root, 'src'),
    join(root, 'tsconfig.base.json'),
    join(root, 'package-lock.json'),
    bundle,
  );
  const stamp = join(root, 'dist', '.built');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('building');
  run(join(root, 'node_modules', '.bin', 'tsc'), ['-b']);
  run(process.execPath, [bundle]);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Runs `npm ci` when node_modules is missing or of another lock file. */
export function ensureInstalled() {
  const stamp = join(root, 'node_modules', '.lock-digest');
  const wanted = digest(join(root, 'package-lock.json'));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing packages (npm ci)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}

function say(what) {
  process.stderr.write(`cloister: ${what} ...\n`);
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (status === 0) return;
  process.stderr.write(`cloister: ${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}\n`);
  process.exit(125);
}

function digest(...paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else if (!path.endsWith('.test.ts'))
      hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  };
  for (const path of paths) add(path);
  return hash.digest('hex');
}
