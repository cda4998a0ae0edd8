import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  eventually,
  jsonOf,
  noPython,
  onnxSpec,
  post,
  runs,
  Sandbox,
  unconfined,
} from './harness.testing.ts';
import { Replicas } from './replicas.ts';

const body = { data: [[34, 1, 0, 0]] };
let sandbox = new Sandbox();
let replicas = new Replicas(unconfined);

afterEach(async () => {
  await replicas.close();
  expect(sandbox.processes()).toEqual([]);
  expect(sandbox.workFolders()).toEqual([]);
  sandbox.remove();
  sandbox = new Sandbox();
  replicas = new Replicas(unconfined);
});

afterAll(() => sandbox.remove());

/** The one process that runs. */
function onlyProcess(): number {
  const [pid, ...more] = sandbox.processes();
  if (pid === undefined || more.length > 0) throw new Error(`expected one process, not ${pid}, ${more}`);
  return pid;
}

describe('Replicas', () => {
  it('starts again a replica that was killed, and scores again', async () => {
    await replicas.ensure(onnxSpec());
    for (let kills = 1; kills <= 2; kills++) {
      const pid = onlyProcess();
      process.kill(pid, 'SIGKILL');
      // A request that meets the dying process would rightly fail as crashed.
      await eventually(() => expect(replicas.status('blue').restarts).toBe(kills));
      expect((await post(replicas, body)).status).toBe(200);
      expect(runs(pid)).toBe(false);
      expect(onlyProcess()).not.toBe(pid);
      expect(replicas.status('blue')).toEqual({ wanted: 1, ready: 1, restarts: kills });
      expect(sandbox.workFolders()).toHaveLength(1);
    }
    expect(replicas.logs('blue', 100)).toMatch(
      /ended \(killed by SIGKILL\)\n.*again at once\n(.*\n)*.*again in 0\.2 s\n/,
    );
  });

  it('fails a request whose replica is killed, instead of letting it hang', async () => {
    await replicas.ensure(onnxSpec());
    const pid = onlyProcess();
    process.kill(pid, 'SIGSTOP');
    const answer = expect(post(replicas, body)).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringContaining('killed by SIGKILL'),
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(pid, 'SIGKILL');
    await answer;
  });

  it('tells a replica that is slow from one that waits its turn and one that is not there', async () => {
    await replicas.ensure(onnxSpec({ requestTimeout: 300 }));
    const pid = onlyProcess();
    process.kill(pid, 'SIGSTOP');
    await Promise.all([
      expect(post(replicas, body)).rejects.toMatchObject({
        code: 'timeout',
        message: expect.stringMatching(/^no answer within 0\.(3|2\d+) s$/),
      }),
      expect(post(replicas, body)).rejects.toMatchObject({ code: 'timeout' }),
    ]);
    process.kill(pid, 'SIGCONT');
    await eventually(async () => expect((await post(replicas, body)).status).toBe(200));
    await expect(post(replicas, body, 'green')).rejects.toMatchObject({ code: 'not-ready' });
  });

  it('lets a request wait for the first start', async () => {
    const started = replicas.ensure(onnxSpec());
    const answer = post(replicas, body);
    expect((await answer).status).toBe(200);
    await started;
  });

  it('fails a request as not ready when its time is over before the start is', async () => {
    const started = replicas.ensure(onnxSpec({ requestTimeout: 20 }));
    await expect(post(replicas, body)).rejects.toMatchObject({ code: 'not-ready' });
    await started;
  });

  it('gives up on a start that takes too long, and says so', async () => {
    await expect(replicas.ensure(onnxSpec({ readinessTimeout: 30 }))).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('not ready within 0.03 s'),
    });
    expect(sandbox.processes()).toEqual([]);
    expect(sandbox.workFolders()).toEqual([]);
  });

  it('changes nothing for an equal spec, and only what differs for another number of instances', async () => {
    await replicas.ensure(onnxSpec());
    const first = onlyProcess();
    await replicas.ensure(onnxSpec());
    expect(onlyProcess()).toBe(first);
    await replicas.ensure(onnxSpec({ instances: 3 }));
    expect(sandbox.processes()).toHaveLength(3);
    expect(sandbox.processes()).toContain(first);
    expect(replicas.status('blue')).toMatchObject({ wanted: 3, ready: 3 });
    await replicas.ensure(onnxSpec({ instances: 1 }));
    expect(onlyProcess()).toBe(first);
    await replicas.ensure(onnxSpec({ instances: 0 }));
    expect(replicas.status('blue')).toMatchObject({ wanted: 0, ready: 0 });
    expect(sandbox.processes()).toEqual([]);
  });

  it('replaces replicas without refusing a request, and keeps the old ones where the new fail', async () => {
    await replicas.ensure(onnxSpec());
    const first = onlyProcess();
    const broken = replicas.ensure(onnxSpec({ model: sandbox.folder('empty') }));
    await expect(broken).rejects.toMatchObject({ code: 'crashed' });
    expect(onlyProcess()).toBe(first);

    let done = false;
    const replaced = replicas.ensure(onnxSpec({ environment: { COLOUR: 'green' } })).then(() => {
      done = true;
    });
    let asked = 0;
    for (; !done; asked++) expect((await post(replicas, body)).status).toBe(200);
    await replaced;
    expect(asked).toBeGreaterThan(0);
    expect(onlyProcess()).not.toBe(first);
  });

  it('leaves nothing of a deployment that is stopped, even while it starts', async () => {
    await replicas.ensure(onnxSpec({ instances: 2 }));
    expect(sandbox.workFolders()).toHaveLength(2);
    for (const folder of sandbox.workFolders()) {
      const path = join(sandbox.root, 'run', folder);
      expect(statSync(path).mode & 0o777).toBe(0o700);
      expect(statSync(join(path, 's')).isSocket()).toBe(true);
    }
    const green = expect(replicas.ensure(onnxSpec({ key: 'green' }))).rejects.toMatchObject({
      code: 'not-ready',
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([replicas.stop('blue'), replicas.stop('green')]);
    await green;
    expect(sandbox.processes()).toEqual([]);
    expect(sandbox.workFolders()).toEqual([]);
    expect(replicas.logs('blue', 10)).toBe('');
    await replicas.stop('blue');
  });

  it('kills a process that does not answer its probes, and starts another', async () => {
    await replicas.ensure(onnxSpec({ requestTimeout: 20_000 }));
    const pid = onlyProcess();
    process.kill(pid, 'SIGSTOP');
    await eventually(() => expect(replicas.status('blue').restarts).toBe(1));
    expect((await post(replicas, body)).status).toBe(200);
    expect(runs(pid)).toBe(false);
  });

  it('starts nothing once it is closed', async () => {
    await replicas.close();
    await expect(replicas.ensure(onnxSpec())).rejects.toMatchObject({ code: 'not-ready' });
  });

  it('finds a short enough path for the socket where the temporary folder has a long one', async () => {
    const long = sandbox.folder('x'.repeat(120));
    chmodSync(long, 0o700);
    const before = process.env.TMPDIR;
    process.env.TMPDIR = long;
    try {
      await replicas.ensure(onnxSpec());
      expect(jsonOf(await post(replicas, body))).toHaveLength(1);
    } finally {
      process.env.TMPDIR = before;
    }
  });
});

describe('replicas whose supervisor is killed', () => {
  it('end with what they started, and remove their folders', async () => {
    const code = sandbox.folder('code', {
      'score.py':
        'import subprocess\n' +
        'def init(): print("grandchild", subprocess.Popen(["sleep", "600"]).pid)\n' +
        'def run(raw_data): pass\n',
    });
    const specs = [onnxSpec({ instances: 2 })];
    if (noPython === undefined) {
      specs.push(onnxSpec({ key: 'green', kind: { runtime: 'script', code, entry: 'score.py' } }));
    }
    const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
    // Node 20 does not run TypeScript; vite's module runner does, and keeps import.meta.url true.
    const program = `
      import { runnerImport } from 'vite';
      const { module } = await runnerImport(${JSON.stringify(path('replicas.ts'))});
      const replicas = new module.Replicas(async () => ({ kind: 'none', why: 'a test wants none' }));
      for (const spec of ${JSON.stringify(specs)}) await replicas.ensure(spec);
      console.log('ready', replicas.logs('green', 10));`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: path('../../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = String((await once(parent.stdout, 'data'))[0]);
    expect(said).toContain('ready');
    const grandchild = Number(/grandchild (\d+)/.exec(said)?.[1] ?? 0);
    expect(grandchild > 0 && runs(grandchild)).toBe(noPython === undefined);
    expect(sandbox.processes()).toHaveLength(specs.length + 1);
    parent.kill('SIGKILL');
    await eventually(() => {
      expect(sandbox.processes()).toEqual([]);
      expect(sandbox.workFolders()).toEqual([]);
      expect(grandchild > 0 && runs(grandchild)).toBe(false);
    });
  });
});
