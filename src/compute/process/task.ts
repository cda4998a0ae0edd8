/**
 * A command that is run once, in the sandbox: what it prints is its log, and what it leaves in certain folders is given
 * out as an archive when it has ended.
 *
 * @module
 */

import type { ChildProcess } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { identityOf, type Recipe } from '../image/config.ts';
import { makeMountPoint } from '../image/folder.ts';
import { mountFiles, mountFolders } from '../sandbox/bubblewrap.ts';
import type { Inside } from '../sandbox/inside.ts';
import { usualLimits } from '../sandbox/limits.ts';
import type { Cell, Inmate } from '../sandbox/sandbox.ts';
import { insidePath, people } from './command.ts';
import { usualPath } from './container.ts';
import { killGroup, makeWorkFolder, removeFolder, start, writeFor } from './process.ts';

/** Where a command finds what it is given, and leaves what it gives: as it is inside. */
export const taskFolders = {
  code: '/mnt/azureml/code',
  inputs: '/mnt/azureml/inputs',
  /** Its current folder, with a copy of the code. What is in `outputs` and `logs` there is given out. */
  work: '/tmp/job/work',
  /** What is here is given out, too. */
  outputs: '/tmp/job/outputs',
} as const;

/** What is to be run. */
export interface Task {
  /** For a shell; names files as they are inside. */
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Files and folders outside, by where the command finds them. */
  readonly reads: ReadonlyMap<string, string>;
  /** Folders that are there for it to write to, below `taskFolders.outputs`. */
  readonly outputs: readonly string[];
  /** Folder of an unpacked image, and what that says about itself. Absent: the machine's own programs. */
  readonly image?: { readonly root: string; readonly recipe: Recipe };
}

/** Our own programs, inside. */
const own = '/opt/cloister/bin';

/**
 * The first process inside. It takes the archive's channel for itself, so that the command cannot mistake it for its
 * output, and ends all that the command left behind before it looks at what it wrote.
 */
const first = `exec 3>&1 1>&2 </dev/null
command=$1; shift
for each in cp mkdir chmod tar; do
  command -v $each >/dev/null || { echo "cloister: the image has no $each, which a job needs"; exit 125; }
done
mkdir -p "${taskFolders.work}/outputs" "${taskFolders.work}/logs" "${taskFolders.outputs}"
for each; do mkdir -p "${taskFolders.outputs}/$each"; done
cd "${taskFolders.work}"
if [ -d "${taskFolders.code}" ]; then cp -R "${taskFolders.code}/." . || exit 125; chmod -R u+w .; fi
shell=sh; command -v bash >/dev/null && shell=bash
$shell -c "$command" 3>&-
code=$?
kill -KILL -1 2>/dev/null
cd /tmp/job
tar -cf - work/outputs work/logs outputs >&3
exit $code`;

/** A command that is running. It ends when this process does, whatever ends it. */
export class Running {
  /** What it prints, as it does. */
  readonly log: Readable;
  /** The archive: paths are below `work/outputs`, `work/logs` and `outputs`. It is to be read to its end. */
  readonly archive: Readable;
  /** The exit code, once the process has ended and nothing is left of it; undefined where a signal ended it. */
  readonly ended: Promise<number | undefined>;
  readonly #process: ChildProcess;
  readonly #inside: Inside | undefined;

  /** Starts it. Throws where it cannot be run at all. */
  constructor(task: Task, cell: Cell) {
    const work = makeWorkFolder(cell);
    try {
      const { child, inside } = start(inmateOf(task, work, cell), work, cell);
      this.#process = child;
      this.#inside = inside;
    } catch (error) {
      removeFolder(work);
      throw error;
    }
    const { stdout, stderr } = this.#process;
    this.archive = stdout ?? Readable.from([]);
    this.log = stderr ?? Readable.from([]);
    this.#process.stdin?.on('error', () => {});
    this.ended = this.#awaitEnd(work);
  }

  /** Ends it, and all that it started. */
  kill(): void {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid !== undefined && exitCode === null && signalCode === null) killGroup(pid, 'SIGKILL');
  }

  async #awaitEnd(work: string): Promise<number | undefined> {
    const child = this.#process;
    const code = await new Promise<number | undefined>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        // At once, while no other process can have been given this id.
        if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
        resolve(code ?? undefined);
      });
    }).finally(async () => {
      removeFolder(work);
      await this.#inside?.close();
    });
    return code;
  }
}

function inmateOf(task: Task, work: string, { python, standing }: Cell): Inmate {
  const { image, command, outputs, environment } = task;
  const shared = {
    command: ['sh', '-c', first, 'sh', command, ...outputs] as const,
    folder: '/tmp',
    limits: usualLimits,
  };
  const everywhere = { HOME: '/tmp', TMPDIR: '/tmp', LANG: process.env.LANG ?? 'C.UTF-8' };
  if (image) {
    const { root, recipe } = image;
    const files = [...(standing.network ? mountFiles : []), ...standing.files.keys()];
    for (const path of [...mountFolders, taskFolders.code, taskFolders.inputs])
      makeMountPoint(root, path, 'folder');
    for (const path of task.reads.keys()) makeMountPoint(root, path, 'folder');
    for (const path of files) makeMountPoint(root, path, 'file');
    return {
      ...shared,
      environment: { PATH: usualPath, ...everywhere, ...recipe.environment, ...environment },
      reads: new Map([['/', root], ...task.reads]),
      user: identityOf(root, recipe.user),
    };
  }
  const reads = new Map([...people(work), ...task.reads]);
  if (python) {
    for (const folder of python.folders) reads.set(folder, folder);
    // By both names, as in Azure's images.
    const program = writeFor(work, 'python', `#!/bin/sh\nexec '${python.file}' "$@"\n`);
    chmodSync(program, 0o755);
    reads.set(`${own}/python`, program).set(`${own}/python3`, program);
  }
  const path = [own, ...(python ? [dirname(python.file)] : []), insidePath].join(':');
  return {
    ...shared,
    environment: { PATH: path, ...everywhere, ...environment },
    reads,
    user: { uid: 1000, gid: 1000 },
  };
}
