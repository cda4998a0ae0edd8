import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { exampleModel, jsonOf, onnxSpec, post, Sandbox as Room, runs } from '../process/harness.testing.ts';
import { Replicas } from '../process/replicas.ts';
import { groupsOf, removeGroups } from './groups.ts';
import { does, hostileSpec, sandboxOrReason, smallLimits, traces } from './hostile.testing.ts';
import { findSandbox } from './probe.ts';

const sandbox = await sandboxOrReason();

/** A server of this machine that nobody inside may reach. */
async function listening(at: number | string): Promise<Server & { asked: number }> {
  const server = Object.assign(
    createServer((socket) => {
      server.asked += 1;
      socket.end();
    }),
    { asked: 0 },
  );
  await once(typeof at === 'number' ? server.listen(at, '127.0.0.1') : server.listen(at), 'listening');
  return server;
}

describe.skipIf(sandbox === undefined)('model code that is held in', () => {
  const room = new Room();
  /** The one says that nobody may, the other that this user may not. */
  const readOnly = expect.stringMatching(/^E(?:ROFS|ACCES)$/);
  const before = traces(room);
  const replicas = new Replicas(findSandbox);
  const neighbour = { ...onnxSpec({ key: 'neighbour' }), model: room.folder('neighbour') };
  writeFileSync(join(neighbour.model, 'model.onnx'), readFileSync(join(exampleModel, 'regression.onnx')));
  const secret = join(room.folder('state'), 'estate.db');
  writeFileSync(secret, 'secret', { mode: 0o644 });
  // What a careless parent leaves open, and what a server has open itself.
  const left = openSync(secret, 'r');

  beforeAll(async () => {
    vi.stubEnv('CLOISTER_TEST_SECRET', 'kept here');
    await Promise.all([replicas.ensure(neighbour), replicas.ensure(hostileSpec(room))]);
  });
  // Whatever it did: this process and the other deployment go on, and it itself does too.
  afterEach(async () => {
    const answer = await post(replicas, { data: [[34, 1, 0, 0]] }, 'neighbour');
    expect(answer.status).toBe(200);
    expect(replicas.status('neighbour')).toEqual({ wanted: 1, ready: 1, restarts: 0 });
    expect(await does(replicas, 'return "still here"')).toBe('still here');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await replicas.close();
    expect(traces(room)).toEqual(before);
    expect(room.workFolders()).toEqual([]);
    room.remove();
  });

  it('is nobody, and can become nobody', async () => {
    expect(
      await does(
        replicas,
        `status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
return [os.getuid(), os.getgid(), [status[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")]]`,
      ),
    ).toEqual([1000, 1000, [...Array.from({ length: 4 }, () => '0'.repeat(16)), '1']]);
    expect(
      await does(
        replicas,
        `return [attempt(lambda: os.setuid(0)), alone(lambda: called("unshare", 0x10000000)), alone(lambda: called("unshare", 0x00020000)),
  called("mount", b"none", b"/tmp", b"tmpfs", 0, None), called("chroot", b"/tmp"), called("sethostname", b"x", 1),
  attempt(lambda: os.mknod("/tmp/sda", 0o60600, os.makedev(8, 0)))]`,
      ),
    ).toEqual(['EINVAL', 'ENOSPC', 'EPERM', 'EPERM', 'EPERM', 'EPERM', 'EPERM']);
  });

  it('sees nobody else, and hurts nobody else', async () => {
    const body = (pid: number) => `
alone = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
return [alone, attempt(lambda: os.kill(${pid}, 9)), called("ptrace", 16, ${pid}, 0, 0),
  attempt(lambda: open("/proc/${pid}/environ").read())]`;
    expect(await does(replicas, body(process.pid))).toEqual([[1], 'ESRCH', 'ESRCH', 'ENOENT']);
    const stranger = spawn('sleep', ['600']);
    expect(await does(replicas, body(stranger.pid ?? 0))).toEqual([[1], 'ESRCH', 'ESRCH', 'ENOENT']);
    // All that it may signal is itself, whose end is the end of its sandbox only.
    expect(await does(replicas, 'return attempt(lambda: os.kill(-1, 9))')).toBe('ESRCH');
    expect(runs(stranger.pid ?? 0)).toBe(true);
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });

  it('inherits no descriptor and no variable', async () => {
    expect(left).toBeGreaterThan(2);
    const links = (await does(
      replicas,
      `found = []
for name in os.listdir("/proc/self/fd"):
    try:
        found.append(os.readlink("/proc/self/fd/" + name))
    except OSError:
        pass
return found`,
    )) as string[];
    const others = links.filter((link) => !/^(?:pipe|socket|anon_inode):|^\/dev\/null$/.test(link));
    // It asks for the list by one, and has its own server's socket.
    expect(others.filter((link) => !link.startsWith('/proc/'))).toEqual([]);
    expect(links.filter((link) => link.startsWith('pipe:')).length).toBeLessThanOrEqual(4);
    const variables = (await does(replicas, 'return dict(os.environ)')) as Record<string, string>;
    expect(Object.keys(variables).sort()).toEqual([
      'AZUREML_MODEL_DIR',
      'HOME',
      'LANG',
      'PATH',
      'PWD',
      'TMPDIR',
    ]);
    expect(JSON.stringify(variables)).not.toContain(room.root);
  });

  it('reads no state, and no model but its own', async () => {
    const paths = [
      secret,
      join(neighbour.model, 'model.onnx'),
      room.root,
      '/root',
      '/home',
      '/etc/shadow',
      '/run',
      '/sys',
    ];
    const read = (path: string) => `attempt(lambda: os.stat(${JSON.stringify(path)}).st_size)`;
    expect(await does(replicas, `return [${paths.map(read).join(', ')}]`)).toEqual(
      paths.map((path) => (path === '/root' ? expect.anything() : 'ENOENT')),
    );
    // Where the machine's Python is below it, there is the way to Python and nothing else.
    expect(
      await does(
        replicas,
        'return [name for name in os.listdir("/root") if name != ".pyenv"] if os.path.exists("/root") else []',
      ),
    ).toEqual([]);
    expect(await does(replicas, 'return sorted(os.listdir(os.environ["AZUREML_MODEL_DIR"]))')).toContain(
      'regression.onnx',
    );
  });

  it('writes nothing but its temporary files', async () => {
    const at = [
      '/usr/bin/x',
      '/etc/passwd',
      '/x',
      '/dev/x',
      '/var/azureml-app/azureml-models/regression.onnx',
      '/var/azureml-app/code/score.py',
      '/opt/cloister/server.py',
    ];
    const write = (path: string) =>
      `attempt(lambda: open(${JSON.stringify(path)}, "r+" if os.path.exists(${JSON.stringify(path)}) else "w"))`;
    expect(await does(replicas, `return [${at.map(write).join(', ')}]`)).toEqual(at.map(() => readOnly));
    expect(await does(replicas, 'return open("/tmp/x", "w").write("mine")')).toBe(4);
    expect(
      await does(replicas, 'return attempt(lambda: open("/proc/sys/kernel/core_pattern", "w"))'),
    ).toEqual(readOnly);
  });

  it('writes without end until its memory for files is full', async () => {
    const fill = (path: string) => `
written = 0
try:
    with open(${JSON.stringify(path)}, "wb", buffering=0) as file:
        while True:
            written += file.write(b"x" * 2**16)
except OSError as error:
    return [errno.errorcode[error.errno], written <= 64 * 2**20]
finally:
    os.remove(${JSON.stringify(path)})`;
    for (const path of ['/tmp/x', '/dev/shm/x', '/.cloister/x']) {
      const end = await does(
        replicas,
        `signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGXFSZ])${fill(path)}`,
      );
      expect([path, end]).toEqual([path, [expect.stringMatching(/^(?:ENOSPC|EFBIG)$/), true]]);
    }
    // Many files are no way round it.
    expect(
      await does(
        replicas,
        `import shutil
os.mkdir("/tmp/many")
try:
    for at in range(1000):
        open("/tmp/many/%d" % at, "wb").write(b"x" * 2**16)
except OSError as error:
    return [errno.errorcode[error.errno], at * 2**16 <= ${smallLimits.temporary}]
finally:
    shutil.rmtree("/tmp/many")`,
      ),
    ).toEqual(['ENOSPC', true]);
  });

  it('allocates without end until it gets no more', async () => {
    const body = `
held = []
try:
    while True:
        held.append(bytearray(2**24))
except MemoryError:
    return len(held) * 2**24 <= ${smallLimits.memory}`;
    expect(await does(replicas, body)).toBe(true);
  });

  it('opens files without end until it gets no more', async () => {
    const body = 'held = []\nreturn attempt(lambda: [held.append(open("/dev/null")) for _ in range(10000)])';
    expect(await does(replicas, body)).toBe('EMFILE');
  });

  it.runIf(sandbox?.otherUser === true)('forks without end until it gets no more', async () => {
    const body = `
def bomb():
    while True:
        try:
            if os.fork() == 0:
                bomb()
        except OSError:
            time.sleep(0.1)
first = os.fork()
if first == 0:
    bomb()
while attempt(lambda: threading.Thread(target=time.sleep, args=(0,)).start()) != "RuntimeError":
    time.sleep(0.01)
count = sum(name.isdigit() for name in os.listdir("/proc"))
while True:
    alive = [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    for pid in alive:
        attempt(lambda: os.kill(pid, 9))
    while attempt(lambda: os.waitpid(-1, os.WNOHANG)[0]) not in (0, "ECHILD"):
        pass
    if not alive:
        return count <= ${smallLimits.processes}`;
    expect(await does(replicas, body)).toBe(true);
  });

  it('has nobody in its network', async () => {
    const tcp = await listening(0);
    const { port } = tcp.address() as AddressInfo;
    const connect = (family: string, address: string, to: number) =>
      `attempt(lambda: socket.socket(socket.${family}).connect((${JSON.stringify(address)}, ${to})))`;
    const send = (address: string, to: number) =>
      `attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (${JSON.stringify(address)}, ${to})))`;
    const tried = {
      'a port of the machine': [connect('AF_INET', '127.0.0.1', port), 'ECONNREFUSED'],
      'another resolver': [send('8.8.8.8', 53), 'ENETUNREACH'],
      "Azure's resolver": [send('168.63.129.16', 53), 'ENETUNREACH'],
      'link-local metadata': [connect('AF_INET', '169.254.169.254', 80), 'ENETUNREACH'],
      'the internet': [connect('AF_INET', '1.1.1.1', 443), 'ENETUNREACH'],
      IPv6: [connect('AF_INET6', '2001:db8::1', 443), 'ENETUNREACH'],
      'IPv6 of the machine': [connect('AF_INET6', '::1', port), 'ECONNREFUSED'],
      'raw packets': [
        'attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))',
        'EPERM',
      ],
      'raw frames': ['attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))', 'EPERM'],
      'a device of its own': ['attempt(lambda: open("/dev/net/tun"))', 'ENOENT'],
      interfaces: [
        'sorted(name for _, name in socket.if_nameindex() if name == "lo" or name.startswith("e"))',
        ['lo'],
      ],
    } as const;
    const bodies = Object.values(tried).map(([body]) => body);
    const ends = (await does(replicas, `return [${bodies.join(', ')}]`)) as unknown[];
    const named = Object.fromEntries(Object.keys(tried).map((name, at) => [name, ends[at]]));
    expect(named).toEqual(Object.fromEntries(Object.entries(tried).map(([name, [, end]]) => [name, end])));
    expect(tcp.asked).toBe(0);
    tcp.close();
  });

  it('reaches no socket of the machine, by path or by name', async () => {
    const path = join(room.root, 'host');
    const name = `\0cloister-${process.pid}`;
    const servers = [await listening(path), await listening(name)];
    const to = (at: string) =>
      `attempt(lambda: socket.socket(socket.AF_UNIX).connect(${JSON.stringify(at)}))`;
    expect(await does(replicas, `return [${to(path)}, ${to(name)}]`)).toEqual(['ENOENT', 'ECONNREFUSED']);
    expect(servers.map(({ asked }) => asked)).toEqual([0, 0]);
    for (const server of servers) server.close();
  });

  it('does not make us ask somebody else in its place', async () => {
    const path = join(room.root, 'host');
    const server = await listening(path);
    const swap = `os.rename("/.cloister/s", "/.cloister/mine"); os.symlink(${JSON.stringify(path)}, "/.cloister/s")`;
    expect(await does(replicas, `${swap}\nreturn "swapped"`)).toBe('swapped');
    expect(await does(replicas, 'return os.path.islink("/.cloister/s")')).toBe(true);
    // Nor from the start on.
    const early = `os.symlink(${JSON.stringify(path)}, "/.cloister/s")`;
    const { kind } = hostileSpec(room, early);
    await expect(
      replicas.ensure(hostileSpec(room, early, { key: 'early', kind, readinessTimeout: 3_000 })),
    ).rejects.toMatchObject({ code: expect.stringMatching(/timeout|crashed/) });
    await replicas.stop('early');
    expect(server.asked).toBe(0);
    server.close();
  });

  it('prints without end, and the last lines are kept', async () => {
    const body = 'for at in range(30): os.write(1, (b"%d" % at + b"x" * 100000 + b"\\n"))\nreturn 1';
    expect(await does(replicas, body)).toBe(1);
    await vi.waitFor(() => expect(replicas.logs('hostile', 10)).toContain('29xxx'), 20_000);
    expect(replicas.logs('hostile', 1e9).length).toBeLessThanOrEqual(2 ** 20);
  });

  it('is started again when it kills itself, and leaves nothing', async () => {
    await expect(does(replicas, 'os.fork() or time.sleep(600)\nos._exit(7)')).rejects.toMatchObject({
      code: 'crashed',
    });
    await vi.waitFor(
      () => expect(replicas.status('hostile')).toMatchObject({ ready: 1, restarts: 1 }),
      20_000,
    );
    await vi.waitFor(() => expect(traces(room).held.length).toBeLessThanOrEqual(4), 20_000);
    expect(jsonOf(await post(replicas, 'return os.getpid()', 'hostile'))).toBe(1);
  });

  it('is told to end before it is killed, and takes along what it started', async () => {
    const begin =
      'import atexit; atexit.register(lambda: print("goodbye", flush=True)); os.fork() or time.sleep(600)';
    await replicas.ensure(hostileSpec(room, begin, { key: 'polite' }));
    await replicas.ensure(hostileSpec(room, begin, { key: 'polite', instances: 0 }));
    expect(replicas.logs('polite', 10)).toContain('goodbye\n');
  });

  it('ends with us, however we end', async () => {
    const other = new Room();
    const spec = hostileSpec(other, 'os.fork() or time.sleep(600)');
    const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
    // Node 20 does not run TypeScript; vite's module runner does, and keeps import.meta.url true.
    const program = `
      import { runnerImport } from 'vite';
      const { module } = await runnerImport(${JSON.stringify(path('../process/replicas.ts'))});
      const replicas = new module.Replicas(async () => (${JSON.stringify(sandbox)}));
      await replicas.ensure(${JSON.stringify(spec)});
      console.log('ready');`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: path('../../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      expect(String((await once(parent.stdout, 'data'))[0])).toBe('ready\n');
      // It and what it started, and where there is one, who waits for them outside.
      expect(traces(other).held.length).toBeGreaterThanOrEqual(2);
    } finally {
      parent.kill('SIGKILL');
    }
    await vi.waitFor(() => expect(traces(other).held).toEqual([]), 20_000);
    await removeGroups(groupsOf(parent.pid ?? 0));
    other.remove();
  });
});
