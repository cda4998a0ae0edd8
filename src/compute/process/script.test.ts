import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import {
  eventually,
  exampleModel,
  jsonOf,
  noPython,
  onnxSpec,
  post,
  runs,
  Sandbox,
  textOf,
  unconfined,
} from './harness.testing.ts';
import { type ReplicaSpec, Replicas } from './replicas.ts';

const sandbox = new Sandbox();
const replicas = new Replicas(unconfined);
let count = 0;

afterEach(() => {
  vi.unstubAllEnvs();
  return replicas.stop('blue');
});
afterAll(async () => {
  await replicas.close();
  expect(sandbox.processes()).toEqual([]);
  expect(sandbox.workFolders()).toEqual([]);
  sandbox.remove();
});

/** Returns the spec of a deployment of this script. */
function scriptSpec(script: string, changes: Partial<ReplicaSpec> = {}): ReplicaSpec {
  count += 1;
  const code = sandbox.folder(`code${count}`, { 'score.py': script, 'helper.py': 'answer = 42\n' });
  return onnxSpec({ kind: { runtime: 'script', code, entry: 'score.py' }, ...changes });
}

const echo = `
import json, os, sys
def init():
    print("init of", os.environ["AZUREML_MODEL_DIR"])
def run(raw_data):
    request = json.loads(raw_data)
    if request["do"] == "pid": return {"pid": os.getpid()}
    if request["do"] == "str": return "as it is"
    if request["do"] == "none": return None
    if request["do"] == "set": return {1, 2}
    if request["do"] == "fail": raise ValueError("no such thing: " + request["what"])
    if request["do"] == "print": print("caf\\u00e9"); print("to stderr", file=sys.stderr); return []
    if request["do"] == "environment": return dict(os.environ)
    if request["do"] == "where":
        import helper
        return [os.getcwd(), sys.path[0], sys.stdin.read(), helper.answer]
    if request["do"] == "sleep":
        import time
        print("sleeps")
        time.sleep(request["seconds"])
        return "slept"
    if request["do"] == "meet":
        # Goes on once so many requests are in here at the same time, and fails where they never are.
        import threading
        globals().setdefault("room", threading.Barrier(request["guests"])).wait(60)
        return "met"
    if request["do"] == "crowd":
        import time
        global inside, most
        inside = globals().get("inside", 0) + 1
        most = max(globals().get("most", 0), inside)
        time.sleep(0.1)
        inside -= 1
        return most
`;

describe.skipIf(noPython !== undefined)('a script replica', () => {
  it('runs the example, and stays up through a bad request', async () => {
    const kind = { runtime: 'script', code: exampleModel, entry: 'score.py' } as const;
    await replicas.ensure(onnxSpec({ kind }));
    const answer = await post(replicas, {
      input_data: [
        [34, 1, 0, 0],
        [67, 3, 2, 1],
      ],
    });
    expect(answer.status).toBe(200);
    expect(jsonOf(answer)).toEqual([expect.any(Number), expect.any(Number)]);
    const bad = await post(replicas, '{');
    expect(bad.status).toBe(500);
    expect(jsonOf(bad)).toEqual({ message: expect.stringContaining('Expecting property name') });
    expect(replicas.status('blue')).toEqual({ wanted: 1, ready: 1, restarts: 0 });
    expect(readdirSync(exampleModel)).not.toContain('__pycache__');
  });

  it('sends what run() returns as JSON, a str too, and turns exceptions into 500', async () => {
    await replicas.ensure(scriptSpec(echo));
    expect(jsonOf(await post(replicas, { do: 'str' }))).toBe('as it is');
    expect(jsonOf(await post(replicas, { do: 'none' }))).toEqual({});
    const failed = await post(replicas, { do: 'fail', what: 'x' });
    expect(failed.status).toBe(500);
    expect(failed.headers['x-ms-run-function-failed']).toBe('True');
    expect(jsonOf(failed)).toEqual({ message: 'no such thing: x' });
    // What a process prints comes another way than its answer, and perhaps later.
    await eventually(() => {
      expect(replicas.logs('blue', 50)).toMatch(
        /Traceback[\s\S]*score\.py[\s\S]*ValueError: no such thing: x\n/,
      );
    });
    expect((await post(replicas, { do: 'set' })).status).toBe(500);
    const ask = (method: string, path: string, body = new Uint8Array()) =>
      replicas.score('blue', { method, path, headers: {}, body });
    expect((await ask('GET', '/')).status).toBe(200);
    expect((await ask('GET', '/score')).status).toBe(405);
    expect((await ask('POST', '/other')).status).toBe(404);
    expect((await ask('POST', '/score', Uint8Array.of(0xff))).status).toBe(400);
    expect((await ask('POST', '/score', new Uint8Array(16 * 2 ** 20 + 1))).status).toBe(413);
  });

  it('has the folders, the standard input and the environment that it should', async () => {
    const spec = scriptSpec(echo, { environment: { GREETING: 'hello' } });
    vi.stubEnv('CLOISTER_TEST_SECRET', 'kept here');
    await replicas.ensure(spec);
    const code = spec.kind.runtime === 'script' ? spec.kind.code : '';
    expect(jsonOf(await post(replicas, { do: 'where' }))).toEqual([code, code, '', 42]);
    const environment = jsonOf(await post(replicas, { do: 'environment' })) as Record<string, string>;
    expect(environment).toMatchObject({ GREETING: 'hello', AZUREML_MODEL_DIR: exampleModel });
    // A shim in front of Python may add variables of its own; ours must not be among them.
    expect(environment).not.toHaveProperty('CLOISTER_TEST_SECRET');
    expect(environment.TMPDIR).toContain(sandbox.root);
  });

  it('logs what the script prints', async () => {
    await replicas.ensure(scriptSpec(echo));
    await post(replicas, { do: 'print' });
    await eventually(() => {
      const log = replicas.logs('blue', 50);
      expect(log).toContain(`init of ${exampleModel}\n`);
      expect(log).toContain('caf\u00e9\n');
      expect(log).toContain('to stderr\n');
      expect(log).toMatch(/POST \/score 200 \d+\.\d ms\n/);
    });
  });

  it('uses two instances in turn, and as many at a time as there are', async () => {
    await replicas.ensure(scriptSpec(echo, { instances: 2 }));
    const pids: unknown[] = [];
    for (let at = 0; at < 6; at++)
      pids.push((jsonOf(await post(replicas, { do: 'pid' })) as { pid: number }).pid);
    expect(new Set(pids).size).toBe(2);
    expect(pids.slice(0, 2)).toEqual(pids.slice(2, 4));
    const crowds = await Promise.all(Array.from({ length: 4 }, () => post(replicas, { do: 'crowd' })));
    expect(crowds.map(jsonOf)).toEqual([1, 1, 1, 1]);
    await replicas.ensure({ ...scriptSpec(echo), instances: 1, concurrency: 4 });
    const meet = { do: 'meet', guests: 4 };
    const met = await Promise.all(Array.from({ length: 4 }, () => post(replicas, meet)));
    expect(met.map(jsonOf)).toEqual(['met', 'met', 'met', 'met']);
  });

  it('says why a request that waits its turn gets none', async () => {
    await replicas.ensure(scriptSpec(echo, { requestTimeout: 300 }));
    const slow = expect(post(replicas, { do: 'sleep', seconds: 1 })).rejects.toMatchObject({
      code: 'timeout',
    });
    // As slow itself: its turn may come in the moment between the other's end and its own.
    const queued = expect(post(replicas, { do: 'sleep', seconds: 1 })).rejects.toMatchObject({
      code: 'timeout',
    });
    await Promise.all([slow, queued]);
  });

  it('finishes what it is answering before it stops', async () => {
    await replicas.ensure(scriptSpec(echo));
    const answer = post(replicas, { do: 'sleep', seconds: 0.4 });
    await eventually(() => expect(replicas.logs('blue', 50)).toContain('sleeps'));
    await replicas.stop('blue');
    expect(textOf(await answer)).toBe('"slept"');
  });

  it('does not start where init() raises, and quotes the traceback', async () => {
    const spec = scriptSpec('def init():\n    raise RuntimeError("no weights")\ndef run(x): pass\n');
    await expect(replicas.ensure(spec)).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringMatching(/^blue: .*exit code 1[\s\S]*Traceback[\s\S]*RuntimeError: no weights$/),
    });
    expect(replicas.logs('blue', 3)).toContain('RuntimeError: no weights');
    expect(sandbox.workFolders()).toEqual([]);
  });

  it.each([
    ['a syntax error', 'def init(:\n', /SyntaxError/],
    ['no run()', 'def init(): pass\n', /score\.py has no function run\(\)/],
    ['an early end', 'import sys\ndef init(): sys.exit(0)\ndef run(x): pass\n', /exit code 0/],
  ])('does not start with %s', async (_, script, message) => {
    await expect(replicas.ensure(scriptSpec(script))).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringMatching(message),
    });
  });

  it('takes what it started along, by SIGKILL where SIGTERM does not do', async () => {
    const stubborn = `
import json, signal, subprocess, sys
def init():
    global child
    # Ends by nothing but SIGKILL.
    child = subprocess.Popen([sys.executable, "-c", "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"], stdout=subprocess.PIPE)
    child.stdout.readline()
def run(raw_data):
    return child.pid
`;
    await replicas.ensure(scriptSpec(stubborn));
    const grandchild = jsonOf(await post(replicas, {})) as number;
    expect(runs(grandchild)).toBe(true);
    const [pid] = sandbox.processes();
    process.kill(pid ?? 0, 'SIGKILL');
    await eventually(() => expect(runs(grandchild)).toBe(false));
    const next = jsonOf(await post(replicas, {})) as number;
    await replicas.stop('blue');
    await eventually(() => expect(runs(next)).toBe(false));
  });
});

describe('a script deployment that cannot start', () => {
  it('says that Python is missing', async () => {
    const PATH = sandbox.folder('no-programs');
    await expect(replicas.ensure(scriptSpec(echo, { environment: { PATH } }))).rejects.toMatchObject({
      code: 'not-ready',
      message: `blue: a scoring script needs Python 3, and there is no python3 on PATH (${PATH})`,
    });
    expect(sandbox.workFolders()).toEqual([]);
  });

  it('says that the script is missing', async () => {
    const code = sandbox.folder('no-code');
    const kind = { runtime: 'script', code, entry: 'score.py' } as const;
    await expect(replicas.ensure(onnxSpec({ kind }))).rejects.toMatchObject({
      message: `blue: there is no scoring script ${join(code, 'score.py')}`,
    });
  });
});
