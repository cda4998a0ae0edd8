/**
 * What the tests of hostile model code share: a model that runs whatever it is sent, one that minds its own business,
 * and a look at what is left of either.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { jsonOf, onnxSpec, post, type Sandbox as Room } from '../process/harness.testing.ts';
import type { ReplicaSpec, Replicas } from '../process/replicas.ts';
import type { Limits } from './limits.ts';
import { findSandbox } from './probe.ts';
import type { Bubblewrap } from './sandbox.ts';

/** Small, so that it takes little to reach them. */
export const smallLimits: Limits = {
  memory: 512 * 2 ** 20,
  processors: 1,
  processes: 64,
  files: 128,
  temporary: 4 * 2 ** 20,
};

/** Runs what it is sent as a function's body, and returns its result, or the error's name and message. */
const obedient = String.raw`
import ctypes, errno, json, os, resource, signal, socket, sys, threading, time
BEGIN
libc = ctypes.CDLL(None, use_errno=True)
def attempt(work):
    try:
        return work()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    except BaseException as error:
        return type(error).__name__
def called(name, *arguments):
    got = getattr(libc, name)(*arguments)
    return got if got >= 0 else errno.errorcode[ctypes.get_errno()]
def alone(work):
    """In a process without other threads."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(into, json.dumps(work()).encode())
        os._exit(0)
    os.close(into)
    os.waitpid(child, 0)
    with open(out) as said:
        return json.load(said)
def init():
    pass
def run(raw_data):
    body = "".join("    " + line + "\n" for line in raw_data.split("\n"))
    names = dict(globals())
    exec("def work():\n" + body, names)
    return names["work"]()
`;

/** The sandbox of this machine, where it has one; otherwise the reason is printed. */
export async function sandboxOrReason(): Promise<Bubblewrap | undefined> {
  const found = await findSandbox();
  if (found.kind === 'bubblewrap') return found;
  if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(found.why);
  console.warn(`skipped: ${found.why}`);
  return undefined;
}

/** A deployment of the model that runs what it is sent; `begin` runs when it is loaded. */
export function hostileSpec(room: Room, begin = 'pass', changes: Partial<ReplicaSpec> = {}): ReplicaSpec {
  const code = room.folder(`code-${begin.length}`, { 'score.py': obedient.replace('BEGIN', begin) });
  const kind = { runtime: 'script', code, entry: 'score.py' } as const;
  return onnxSpec({ key: 'hostile', kind, limits: smallLimits, requestTimeout: 60_000, ...changes });
}

/** Lets the model do it, and returns what came of it. */
export async function does(replicas: Replicas, body: string): Promise<unknown> {
  return jsonOf(await post(replicas, body, 'hostile'));
}

/** Processes that see a folder of this room as a mount, and mounts that we see ourselves. */
export function traces(room: Room): { readonly held: readonly string[]; readonly mounts: number } {
  const held = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && mounts(name).includes(basename(room.root)),
  );
  return { held, mounts: mounts('self').split('\n').length };
}

function mounts(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
  } catch {
    // It has ended meanwhile, and its mounts with it.
    return '';
  }
}
