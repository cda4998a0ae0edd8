/**
 * What to run for a replica: the program, its arguments and its environment, and where it finds what is its own.
 *
 * @module
 */

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSystem } from '../sandbox/bubblewrap.ts';
import { insideSocket } from '../sandbox/inside.ts';
import { type Limits, usualLimits } from '../sandbox/limits.ts';
import { findProgram, isFile } from '../sandbox/program.ts';
import type { Inmate, Python, Sandbox, Stand } from '../sandbox/sandbox.ts';
import { type ContainerProgram, inContainer } from './container.ts';
import { writeFor } from './process.ts';
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
      }
    | ContainerProgram;
  /** Folder with the model's files. */
  readonly model: string;
  /** Where the process finds them, in a sandbox. */
  readonly modelAt?: string;
  /** Variables for the process, beside the few that it always gets. */
  readonly environment: Readonly<Record<string, string>>;
  /** What a process may use up, where it is held in; the usual where absent. */
  readonly limits?: Limits;
  /** The place at which its processes stand, in a sandbox. It is the same for the same program; none where absent. */
  readonly stand?: Stand;
}

/** Where a process finds what is its own, and who runs it. */
interface Rooms {
  readonly model: string;
  readonly code: string;
  /** The program that serves scripts. */
  readonly server: string;
  /** The program that serves models. */
  readonly onnx: string;
  readonly socket: string;
  readonly temporary: string;
  readonly path: string;
  readonly python: string | undefined;
  /** Folders that Python needs. */
  readonly pythonFolders: readonly string[];
}

/** The folders of Azure's own images. Source: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-online-endpoints */
const app = '/var/azureml-app';

/** Our own programs, inside. */
const own = '/opt/cloister';

/** Search path inside. */
export const insidePath = '/usr/local/bin:/usr/bin:/bin';

const onnxServer = fileURLToPath(new URL('onnx-replica.mjs', import.meta.url));

/**
 * Returns what serves the program on the socket. Writes what it needs into the work folder.
 *
 * @throws ReplicaError `not-ready` where the model, the script or Python is missing.
 */
export function inmateFor(program: Program, work: string, sandbox: Sandbox): Inmate {
  const { kind } = program;
  const model = resolve(program.model);
  if (!isFolder(model)) throw new ReplicaError('not-ready', `there is no model folder ${model}`);
  const modelAt = program.modelAt ?? `${app}/azureml-models`;
  if (kind.runtime === 'container') {
    if (sandbox.kind === 'none') {
      throw new ReplicaError('not-ready', `a container needs a sandbox, and there is none: ${sandbox.why}`);
    }
    return inContainer(kind, program, new Map([[modelAt, model]]));
  }
  const rooms = sandbox.kind === 'none' ? openRooms(program, work) : closedRooms(sandbox.python, modelAt);
  const environment = {
    PATH: rooms.path,
    LANG: process.env.LANG ?? 'C.UTF-8',
    TMPDIR: rooms.temporary,
    ...(sandbox.kind === 'none' ? {} : { HOME: rooms.temporary }),
    ...program.environment,
    AZUREML_MODEL_DIR: rooms.model,
  };
  const shared = {
    environment,
    folder: rooms.temporary,
    user: { uid: 1000, gid: 1000 },
    limits: program.limits ?? usualLimits,
  };
  const reads = new Map([...people(work), [rooms.model, model]]);
  if (kind.runtime === 'onnx') {
    for (const [at, file] of [[rooms.onnx, onnxServer] as const, ...libraries()]) reads.set(at, file);
    return { ...shared, command: [process.execPath, rooms.onnx, rooms.socket, rooms.model], reads };
  }
  const code = resolve(kind.code);
  if (!isFile(join(code, kind.entry))) {
    throw new ReplicaError('not-ready', `there is no scoring script ${join(code, kind.entry)}`);
  }
  if (rooms.python === undefined) {
    throw new ReplicaError(
      'not-ready',
      `a scoring script needs Python 3, and there is no python3 on PATH (${environment.PATH})`,
    );
  }
  const server = writeFor(work, 'server.py', scriptServer);
  for (const folder of rooms.pythonFolders) reads.set(folder, folder);
  reads.set(rooms.server, server).set(rooms.code, code);
  // -u: what is printed is logged at once. -B: no __pycache__ appears in the user's folder.
  const words = ['-u', '-B', rooms.server, rooms.socket, rooms.code, kind.entry];
  return { ...shared, command: [rooms.python, ...words], reads };
}

/** Without a sandbox, everything is where it is. */
function openRooms({ kind, model, environment }: Program, work: string): Rooms {
  const path = environment['PATH'] ?? process.env.PATH ?? '';
  return {
    model: resolve(model),
    code: kind.runtime === 'script' ? resolve(kind.code) : '',
    server: join(work, 'server.py'),
    onnx: onnxServer,
    socket: join(work, 's'),
    temporary: work,
    path,
    python: findProgram('python3', path),
    pythonFolders: [],
  };
}

/** In a sandbox, everything is where it is on Azure, and no path tells of this machine. */
function closedRooms(python: Python | undefined, model: string): Rooms {
  return {
    model,
    code: `${app}/code`,
    server: `${own}/server.py`,
    onnx: `${own}/onnx-replica.mjs`,
    socket: insideSocket,
    temporary: '/tmp',
    path: insidePath,
    python: python?.file,
    pythonFolders: python?.folders ?? [],
  };
}

/** What Node needs to serve a model. */
function libraries(): (readonly [at: string, file: string])[] {
  const found = createRequire(import.meta.url).resolve('onnxruntime-web');
  const modules = found.slice(0, found.lastIndexOf('/onnxruntime-web/'));
  const node = process.execPath;
  return [[`${own}/node_modules`, modules], ...(isSystem(node) ? [] : [[node, node] as const])];
}

/** Writes who there is: programs ask for their own name. */
export function people(work: string): (readonly [at: string, file: string])[] {
  const files = {
    passwd: 'replica:x:1000:1000:replica:/tmp:/bin/sh\n',
    group: 'replica:x:1000:\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  };
  return Object.entries(files).map(([name, text]) => {
    return [`/etc/${name}`, writeFor(work, name, text)] as const;
  });
}

/** Reports whether there is a folder. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
