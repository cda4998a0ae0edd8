/** What all processes of a replica together are held to, and what is left of that. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { onnxSpec, post, Sandbox as Room } from '../process/harness.testing.ts';
import { Replicas } from '../process/replicas.ts';
import { bounds, type Groups, groupsOf, leftGroups, makeGroups, removeGroups } from './groups.ts';
import { does, hostileSpec, sandboxOrReason, smallLimits } from './hostile.testing.ts';
import { usualLimits } from './limits.ts';
import { described } from './sandbox.ts';

const sandbox = await sandboxOrReason();
const none: Groups = { folders: [], limited: [], why: 'EACCES at /sys/fs/cgroup/pids' };
const groups = sandbox?.groups ?? none;
const missing = bounds.filter((bound) => !groups.limited.includes(bound));
if (missing.length > 0) {
  const why = `cgroups here do not limit ${missing.join(', ')}: ${groups.why}`;
  if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(why);
  console.warn(`skipped: ${why}`);
}

describe.skipIf(sandbox === undefined || missing.length > 0)('all processes of a replica together', () => {
  const room = new Room();
  const replicas = new Replicas(async () => sandbox ?? { kind: 'none', why: 'skipped' });
  const limits = { ...smallLimits, memory: 256 * 2 ** 20, processors: 0.5 };

  let own: readonly string[] = [];

  /** What a file of the replica's groups tells; the first of these that there is. */
  const told = (...files: readonly string[]): string => {
    const paths = files.flatMap((file) => own.map((group) => join(group, file)));
    return readFileSync(paths.find((path) => existsSync(path)) ?? '', 'utf8');
  };

  beforeAll(async () => {
    await replicas.ensure(hostileSpec(room, 'pass', { limits }));
    own = groupsOf(process.pid);
    expect(own).toHaveLength(groups.folders.length);
    await replicas.ensure(onnxSpec({ key: 'neighbour' }));
  });
  afterEach(async () => {
    expect((await post(replicas, { data: [[34, 1, 0, 0]] }, 'neighbour')).status).toBe(200);
    expect(replicas.status('neighbour')).toEqual({ wanted: 1, ready: 1, restarts: 0 });
    expect(await does(replicas, 'return "still here"')).toBe('still here');
  });
  afterAll(async () => {
    await replicas.close();
    expect(groupsOf(process.pid)).toEqual([]);
    room.remove();
  });

  it('are as many as they may be', async () => {
    const body = `
children = []
try:
    while True:
        child = os.fork()
        if child == 0:
            time.sleep(600)
        children.append(child)
except BlockingIOError:
    return len(children) < ${limits.processes}
finally:
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)`;
    expect(await does(replicas, body)).toBe(true);
    expect(told('pids.events')).toMatch(/^max [1-9]/m);
  });

  it('have as much memory as they may: one that asks for more ends', async () => {
    const body = `
def hold():
    held = bytearray(2**26)
    for at in range(0, len(held), 2**12):
        held[at] = 1
    time.sleep(600)
children = [os.fork() or hold() for _ in range(6)]
ended, status = os.waitpid(-1, 0)
for child in set(children) - {ended}:
    os.kill(child, 9)
    os.waitpid(child, 0)
return os.WTERMSIG(status)`;
    expect(await does(replicas, body)).toBe(9);
  });

  it('compute no more than they may', async () => {
    const body = `
def spin():
    while True:
        pass
global children
children = [os.fork() or spin() for _ in range(2)]
return children`;
    const children = await does(replicas, body);
    // How much they get of it depends on who else computes.
    expect(told('cpu.cfs_quota_us', 'cpu.max')).toMatch(/^50000( 100000)?\n$/);
    for (const group of own) {
      const inside = readFileSync(join(group, 'cgroup.procs'), 'utf8').trim().split('\n');
      // It, what holds it in, and what it has started.
      expect([group, inside.length]).toEqual([group, 5]);
    }
    expect((await post(replicas, { data: [[34, 1, 0, 0]] }, 'neighbour')).status).toBe(200);
    await does(
      replicas,
      `[(os.kill(child, 9), os.waitpid(child, 0)) for child in ${JSON.stringify(children)}]`,
    );
  });
});

describe.skipIf(groups.folders.length === 0)('groups', () => {
  it('of a process that runs are not taken for left', async () => {
    const own = makeGroups(groups, usualLimits);
    expect(groupsOf(process.pid)).toEqual(own);
    expect(leftGroups().filter((group) => own.includes(group))).toEqual([]);
    await removeGroups(own);
    expect(groupsOf(process.pid)).toEqual([]);
  });

  // Not `runIf`: somebody else has nothing to become nobody from.
  if (process.getuid?.() === 0)
    it('are none of a user who may make none, and it is told why', () => {
      const file = fileURLToPath(new URL('groups.ts', import.meta.url));
      const program = `
      import { runnerImport } from 'vite';
      const { module } = await runnerImport(${JSON.stringify(file)});
      console.log(JSON.stringify(module.findGroups()));`;
      const told = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
        uid: 12_345,
        gid: 12_345,
        encoding: 'utf8',
      });
      expect(JSON.parse(told)).toEqual({
        folders: [],
        limited: [],
        why: expect.stringMatching(/^E\w+ at \//),
      });
    });
});

describe('what is said of limits', () => {
  const all: Groups = { folders: ['/x'], limited: bounds, why: '' };
  const some: Groups = { ...none, folders: ['/x'], limited: ['processes', 'memory'] };
  it.each([
    [
      true,
      all,
      /^[^;]*; limited are [^;]*, processes; by cgroups, processes, memory, processor time of all together$/,
    ],
    [
      false,
      some,
      /; by cgroups, processes, memory of all together; not limited of all together: processor time \(EACCES /,
    ],
    [
      true,
      none,
      /memory of each process, processes; not limited of all together: memory, processor time \(EACCES /,
    ],
    [
      false,
      none,
      /of each process; not limited of all together: processes, memory, processor time \(EACCES /,
    ],
  ])('as root %s, with %o', (otherUser, limiting, says) => {
    expect(described({ kind: 'bubblewrap', otherUser, python: undefined, groups: limiting })).toMatch(says);
  });
});
