/**
 * What the tests of this folder share: a private temporary folder, specs, requests, and a look at what still runs.
 *
 * @module
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { findProgram } from '../sandbox/program.ts';
import type { FindSandbox } from '../sandbox/sandbox.ts';
import type { ReplicaAnswer, ReplicaSpec, Replicas } from './replicas.ts';

/** The example's model: four columns in, one out. */
export const exampleModel = fileURLToPath(
  new URL('../../../examples/secure-workspace/model', import.meta.url),
);

/** No sandbox. */
export const unconfined: FindSandbox = async () => ({ kind: 'none', why: 'a test wants none' });

/** Why tests that need Python are skipped, or undefined where they run. With CLOISTER_REQUIRE_ALL=1 they fail instead. */
export const noPython: string | undefined = reasonWithoutPython();

/** A temporary folder of this test file's own: replicas put their work folders into `run`. */
export class Sandbox {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'clt-')));
  readonly #before = process.env.TMPDIR;

  constructor() {
    mkdirSync(join(this.root, 'run'));
    process.env.TMPDIR = join(this.root, 'run');
  }

  /** Writes files into a new folder and returns it. */
  folder(name: string, files: Readonly<Record<string, string>> = {}): string {
    const folder = join(this.root, name);
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    return folder;
  }

  /** Work folders that exist now. */
  workFolders(): string[] {
    return readdirSync(join(this.root, 'run'));
  }

  /** Ids of the processes that have this folder in their command line. */
  processes(): number[] {
    return execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(`${this.root}/run`))
      .map((line) => Number.parseInt(line, 10));
  }

  /** Removes the folder. */
  remove(): void {
    if (this.#before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = this.#before;
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Returns the spec of an onnx deployment of the example's model. */
export function onnxSpec(changes: Partial<ReplicaSpec> = {}): ReplicaSpec {
  return {
    key: 'blue',
    kind: { runtime: 'onnx' },
    model: exampleModel,
    environment: {},
    instances: 1,
    readinessTimeout: 60_000,
    requestTimeout: 60_000,
    ...changes,
  };
}

/** Posts a body to /score; a text is sent as it is, all else as JSON. */
export function post(replicas: Replicas, body: unknown, key = 'blue'): Promise<ReplicaAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return replicas.score(key, {
    method: 'POST',
    path: '/score',
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(text),
  });
}

/** Returns an answer's body as text. */
export function textOf(answer: ReplicaAnswer): string {
  return new TextDecoder().decode(answer.body);
}

/** Returns an answer's body, which must be JSON. */
export function jsonOf(answer: ReplicaAnswer): unknown {
  return JSON.parse(textOf(answer));
}

/** Reports whether the process runs. One that is dead and not yet collected by its parent does not. */
export function runs(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

function reasonWithoutPython(): string | undefined {
  if (findProgram('python3', process.env.PATH ?? '') !== undefined) return undefined;
  if (process.env.CLOISTER_REQUIRE_ALL === '1') return undefined;
  const reason = 'there is no python3 on PATH';
  console.warn(`skipped: ${reason}`);
  return reason;
}

/** Waits until the check passes. A minute is no measure of anything: it only ends what never would. */
export function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 60_000 });
}
