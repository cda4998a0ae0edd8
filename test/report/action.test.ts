/** The GitHub Action and the pre-commit hook: their own commands are run, as those who call them would. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cloister-action-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: {
    readonly steps: readonly {
      readonly shell: string;
      readonly env: Readonly<Record<string, string>>;
      readonly run: string;
    }[];
  };
}
interface Hook {
  readonly entry: string;
  readonly args: readonly string[];
  readonly files: string;
}

function read<T>(file: string): T {
  return parse(readFileSync(join(root, file), 'utf8')) as T;
}

describe('action.yml', () => {
  const action = read<Action>('action.yml');

  function run(given: Readonly<Record<string, string>>) {
    const [step] = action.runs.steps;
    expect(step?.shell).toBe('bash');
    const env = Object.entries(step?.env ?? {}).map(([name, text]) => {
      const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(text)?.[1] ?? '';
      return [name, given[input] ?? action.inputs[input]?.default];
    });
    return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step?.run ?? ''], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, ...Object.fromEntries(env), GITHUB_ACTION_PATH: root },
    });
  }

  it('passes on the example, and prints where it is told to', () => {
    const output = join(folder, 'cloister.sarif');
    const { status, stdout, stderr } = run({ files: 'examples/secure-workspace', format: 'sarif', output });
    expect([status, stdout], stderr).toEqual([0, '']);
    expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({ version: '2.1.0' });
  });

  it('exits as the command does, and runs nothing that a name says', () => {
    const marker = join(folder, 'ran');
    const { status, stderr } = run({ files: `$(touch${'$'}{IFS}${marker})` });
    expect(status).toBe(2);
    expect(stderr).toContain('there is no such file');
    expect(existsSync(marker)).toBe(false);
    expect(run({ files: 'examples/secure-workspace', 'fail-on': 'never' }).status).toBe(2);
  });
});

describe('.pre-commit-hooks.yaml', () => {
  const [hook] = read<readonly Hook[]>('.pre-commit-hooks.yaml');

  it('runs', () => {
    const [program = '', ...words] = hook?.entry.split(' ') ?? [];
    const asked = [...words, 'examples/secure-workspace'];
    const { status, stdout } = spawnSync(join(root, program), asked, { cwd: root, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^holds: /);
  });

  it('is asked where templates change', () => {
    const files = new RegExp(hook?.files ?? '');
    const rows = [
      'main.json',
      'infra/main.bicep',
      'cloister.yaml',
      'infra/cloister.yaml',
      'a.md',
      'mycloister.yaml',
    ];
    expect(rows.filter((file) => files.test(file))).toEqual(rows.slice(0, 4));
  });
});
