/**
 * The state folder: one instance, for its owner alone, and no secret where it does not belong.
 */

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findInstance } from '../../src/api/control.ts';
import { InputError } from '../../src/app/problem.ts';
import { Instance } from '../../src/server/instance.ts';
import { CommandLine, eventually, type Ran, Running, temporaryFolder } from '../support/running.ts';

// Each command is a process or two; a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const line = new CommandLine();
const other = temporaryFolder();
let running: Running;

beforeAll(async () => {
  running = await Running.example({ folder: line.state });
});

afterAll(async () => {
  await running.close();
  await line.close();
  other.remove();
});

const refused = (ran: Ran, says: RegExp): void => {
  expect([ran.code, ran.stdout]).toEqual([2, '']);
  expect(ran.stderr).toMatch(says);
  expect(ran.stderr).not.toMatch(/\n {4}at /);
};

describe('a second instance', () => {
  it('on one state folder is refused by name, and the first goes on', async () => {
    await expect(Instance.start({ folder: line.state })).rejects.toThrow(InputError);
    await expect(Instance.start({ folder: line.state })).rejects.toThrow(/is in use by process \d+/);
    refused(await line.run(['serve']), /is in use by process \d+\. Stop it \('cloister down'\)/);
    expect(await findInstance(line.state)).toMatchObject({ pid: process.pid });
    expect((await line.run(['places'])).code).toBe(0);
  });

  it('is not mistaken for one that was killed', async () => {
    const folder = temporaryFolder();
    // What a killed one leaves behind, with a process id that somebody else has by now.
    writeFileSync(
      join(folder.path, 'instance.json'),
      JSON.stringify({ pid: process.pid, port: 1, token: 'x' }),
    );
    refused(await line.run(['status'], { env: { CLOISTER_STATE: folder.path } }), /nothing runs/);
    for (const text of ['', '{', '[]', '{"pid":"x"}']) {
      writeFileSync(join(folder.path, 'instance.json'), text);
      refused(await line.run(['status'], { env: { CLOISTER_STATE: folder.path } }), /nothing runs/);
    }
    const started = await Running.start({ folder: folder.path });
    expect(await findInstance(folder.path)).toMatchObject({ port: started.instance.file.port });
    await started.close();
    folder.remove();
  });
});

describe('a port in use', () => {
  it('is said by name, and leaves nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await eventually(() => server.listening);
    const { port } = server.address() as AddressInfo;
    const env = { CLOISTER_STATE: join(other.path, 'port') };
    refused(
      await line.run(['up', '--port', String(port)], { env }),
      new RegExp(`port ${port} is in use: choose another with --port`),
    );
    refused(
      await line.run(['up', '--detach', '--port', String(port)], { env }),
      new RegExp(`port ${port} is in use`),
    );
    expect(readdirSync(join(other.path, 'port'))).not.toContain('instance.json');
    expect(readdirSync(join(other.path, 'port'))).not.toContain('run');
    expect(readdirSync(line.tmp)).toEqual([]);
    server.close();
    expect((await line.run(['up', '--detach', '--port', String(port)], { env })).code).toBe(0);
    expect((await findInstance(env.CLOISTER_STATE))?.port).toBe(port);
    refused(await line.run(['up', '--port', '1'], { env }), /the instance that runs in .* has/);
    expect((await line.run(['down', '--purge'], { env })).code).toBe(0);
  });
});

describe('a folder that cannot be used', () => {
  it('because it is read-only is said so', async () => {
    const folder = join(other.path, 'read-only');
    mkdirSync(folder, { mode: 0o500 });
    // Root may write anywhere: it tries as somebody else.
    const uid = process.getuid?.() === 0 ? 65534 : undefined;
    if (uid !== undefined) {
      chmodSync(other.path, 0o755);
      chownSync(folder, uid, uid);
    }
    for (const args of [['up'], ['up', '--detach']]) {
      const ran = await line.run(args, {
        env: { CLOISTER_STATE: folder, HOME: folder, TMPDIR: tmpdir() },
        ...(uid === undefined ? {} : { uid }),
      });
      refused(ran, /cannot be written.*choose another --state/s);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('because it is a file, or below one, is said so', async () => {
    const file = join(other.path, 'file');
    writeFileSync(file, 'mine');
    for (const folder of [file, join(file, 'state')]) {
      for (const args of [['up'], ['up', '--detach']]) {
        const ran = await line.run(args, { env: { CLOISTER_STATE: folder } });
        expect([args, folder, ran.code]).toEqual([args, folder, 2]);
        expect(ran.stderr).not.toMatch(/\n {4}at /);
      }
    }
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('because another subscription lives there is said so', async () => {
    const folder = join(other.path, 'subscription');
    const mine = '11111111-2222-3333-4444-555555555555';
    const first = await Running.start({ folder, subscription: mine });
    expect((await first.arm('GET', `/subscriptions/${mine}`)).status).toBe(200);
    await first.close();
    await expect(Instance.start({ folder, subscription: mine.replace(/1/g, '9') })).rejects.toThrow(
      /the estate here is of 11111111/,
    );
    const again = await Running.start({ folder });
    expect(again.instance.engine.plane.settings.subscription).toBe(mine);
    await again.close();
  });
});

/** Every file and folder below a path. */
function below(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true }).map((entry) =>
    join(entry.parentPath, entry.name),
  );
}

describe('what is in the folder', () => {
  it('is for its owner alone', () => {
    running.session('internet');
    expect(statSync(line.state).mode & 0o777).toBe(0o700);
    // What is below them is read by replicas, which are other users; nobody else gets there.
    const shown = ['models', 'replicas']
      .map((name) => join(line.state, 'run', name))
      .filter((path) => existsSync(path));
    expect(shown.length).toBeGreaterThan(0);
    for (const folder of shown) expect(statSync(folder).mode & 0o777, folder).toBe(0o700);
    const own = below(line.state).filter((path) => !shown.some((folder) => path.startsWith(`${folder}/`)));
    const seen = own.map((path) => {
      const found = statSync(path);
      return [path, found.mode & 0o777, found.isDirectory() ? 0o700 : 0o600] as const;
    });
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.filter(([, mode, wanted]) => mode !== wanted)).toEqual([]);
  });
});

describe('secrets', () => {
  it('are in no answer, no log and no error', async () => {
    const { environment, password } = running.session('vm/jumpbox');
    const keys = (await running.arm('POST', `${(await import('../support/running.ts')).endpoint}/listKeys`))
      .body;
    const stored = readFileSync(join(line.state, 'estate.db')).toString('latin1') + walText();
    const caKey = /-----BEGIN PRIVATE KEY-----(?:\\n|\n)([A-Za-z0-9+/]{40})/.exec(stored)?.[1];
    const secrets = [
      environment['AZURE_CLIENT_SECRET'],
      password,
      running.instance.file.token,
      keys['primaryKey'],
      keys['secondaryKey'],
      caKey,
    ].map(String);
    expect(secrets.every((secret) => secret.length > 20 && secret !== 'undefined')).toBe(true);

    const said: string[] = [];
    for (const args of [
      ['status', '--json'],
      ['status'],
      ['places'],
      ['up', '/nowhere'],
      ['why', '--from', 'x', '--to', 'y'],
      ['exec', '--from', 'x', '--', 'true'],
      ['export', '--to', 'hosts'],
    ]) {
      const ran = await line.run(args);
      said.push(ran.stdout, ran.stderr);
    }
    const wrong = await running.score('vm/jumpbox', 'wrong');
    const denied = await running.send(
      'internet',
      'https://management.azure.com/subscriptions?api-version=1',
      { headers: { authorization: `Bearer ${secrets[0]}x` } },
    );
    const shown = await running.arm('GET', '/subscriptions/0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f/resources');
    said.push(JSON.stringify(wrong), JSON.stringify(denied), JSON.stringify(shown.body));
    said.push(
      await running.control.enter('nowhere').then(() => 'entered', String),
      JSON.stringify(running.errors.map(String)),
    );
    for (const secret of secrets) for (const text of said) expect(text).not.toContain(secret);
  });

  function walText(): string {
    try {
      return readFileSync(join(line.state, 'estate.db-wal')).toString('latin1');
    } catch {
      return '';
    }
  }
});

describe('an instance that is closed', () => {
  it('may be closed again, and lets go of the folder', async () => {
    const folder = join(other.path, 'twice');
    for (let count = 0; count < 3; count++) {
      const instance = await Instance.start({ folder });
      await Promise.all([instance.close(), instance.close()]);
      await instance.close();
    }
    for (const gone of ['instance.json', 'lock.pid', 'run']) expect(readdirSync(folder)).not.toContain(gone);
  });

  it('starts with what it can where a machine that cloister.yaml names is gone', async () => {
    const folder = join(other.path, 'gone');
    const first = await Running.example({ folder });
    const config =
      'dnsServers:\n  hub: {at: vm/jumpbox, forward: {".": [168.63.129.16]}}\nsites:\n  office: {via: internet}\n';
    await first.control.describe([{ config, file: 'cloister.yaml' }]);
    const machine =
      '/subscriptions/0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f/resourceGroups/cloister/providers/Microsoft.Compute/virtualMachines/jumpbox';
    expect((await first.arm('DELETE', machine)).status).toBe(200);
    await first.close();
    const again = await Running.start({ folder });
    expect(again.errors.map(String)).toEqual([
      expect.stringMatching(/there is no vm\/jumpbox in the estate/),
    ]);
    await again.close();
  });
});
