/**
 * What to run for a replica: the program, its arguments and its environment.
 *
 * @module
 */

import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReplicaError } from './replica-error.ts';
import { scriptServer } from './script-server.ts';

/** The part of a deployment that its processes are made from: where it changes, they are replaced. */
export interface Program {
  /** Only a model, or a model with a Python script that scores. */
  readonly kind:
    | { readonly runtime: 'onnx' }
    | {
        readonly runtime: 'script';
        /** Folder with the user's code. */
        readonly code: string;
        /** The scoring script, relative to that folder. */
        readonly entry: string;
      };
  /** Folder with the model's files. */
  readonly model: string;
  /** Variables for the process, beside the few that it always gets. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A process that can be started. */
export interface Command {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Returns the command that serves the program on the socket. Writes what it needs into the work folder.
 *
 * @throws ReplicaError `not-ready` where the model, the script or Python is missing.
 */
export function commandFor(program: Program, work: string, socket: string): Command {
  const { kind } = program;
  const model = resolve(program.model);
  if (!isFolder(model)) throw new ReplicaError('not-ready', `there is no model folder ${model}`);
  const environment = {
    PATH: process.env.PATH ?? '',
    LANG: process.env.LANG ?? 'C.UTF-8',
    TMPDIR: work,
    ...program.environment,
    AZUREML_MODEL_DIR: model,
  };
  if (kind.runtime === 'onnx') {
    const server = fileURLToPath(new URL('onnx-replica.mjs', import.meta.url));
    return { file: process.execPath, arguments: [server, socket, model], environment };
  }
  const code = resolve(kind.code);
  if (!isFile(join(code, kind.entry))) {
    throw new ReplicaError('not-ready', `there is no scoring script ${join(code, kind.entry)}`);
  }
  const python = findProgram('python3', environment.PATH);
  if (python === undefined) {
    throw new ReplicaError(
      'not-ready',
      `a scoring script needs Python 3, and there is no python3 on PATH (${environment.PATH})`,
    );
  }
  const server = join(work, 'server.py');
  writeFileSync(server, scriptServer);
  // -u: what is printed is logged at once. -B: no __pycache__ appears in the user's folder.
  return { file: python, arguments: ['-u', '-B', server, socket, code, kind.entry], environment };
}

/** Returns the first executable file of that name in the folders of the path. */
export function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = resolve(folder, name);
    try {
      accessSync(file, constants.X_OK);
    } catch {
      continue;
    }
    if (isFile(file)) return file;
  }
  return undefined;
}

/** Reports whether there is a folder. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Reports whether there is a file. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
