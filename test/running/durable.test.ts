/**
 * What survives: a server killed in the middle of a deployment and after; and what does not: everything else.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AzureClient } from '../../src/api/azure.ts';
import { ControlClient, type InstanceFile, isAlive, readInstance } from '../../src/api/control.ts';
import { PlaceClient } from '../../src/api/proxied.ts';
import { open } from '../../src/app/files.ts';
import { findGroups, groupsOf, leftGroups } from '../../src/compute/sandbox/groups.ts';
import { findSandbox } from '../../src/compute/sandbox/probe.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import {
  CommandLine,
  endpoint,
  eventually,
  example,
  group,
  rows,
  scoringHost,
  workspace,
} from '../support/running.ts';

// Each command is a process or two; a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const line = new CommandLine();
const sandbox = await findSandbox();
if (sandbox.kind === 'none') console.log(`skipped: jobs: ${sandbox.why}`);

beforeAll(async () => {
  await up();
});

afterAll(() => line.close());

async function up(...more: string[]): Promise<InstanceFile> {
  const started = await line.run(['up', '--detach', ...more]);
  expect(started.code, started.stderr).toBe(0);
  return instance();
}

function instance(): InstanceFile {
  const file = readInstance(line.state);
  if (!file) throw new Error('no instance');
  return file;
}

/** Processes that an instance has started, and those have: replicas, and what holds them in. */
function below(pid: number): readonly number[] {
  const parents = execFileSync('ps', ['-Ao', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((text) => text.trim().split(/\s+/).map(Number));
  const children = (of: number): number[] => {
    return parents.flatMap(([child = 0, parent]) => (parent === of ? [child, ...children(child)] : []));
  };
  return children(pid);
}

/** How many groups limit a replica. */
const hierarchies = findGroups().folders.length;

async function kill(): Promise<void> {
  const { pid } = instance();
  process.kill(pid, 'SIGKILL');
  await eventually(() => !isAlive(pid));
}

async function azure<T>(work: (client: AzureClient) => Promise<T>): Promise<T> {
  const control = new ControlClient(instance());
  const session = await control.enter('internet');
  const client = new AzureClient(session);
  try {
    return await work(client);
  } finally {
    client.close();
    await control.leave(session.username).catch(() => {});
  }
}

async function score(): Promise<number> {
  const { primaryKey } = await azure((client) => client.post(`${endpoint}/listKeys`));
  const session = await new ControlClient(instance()).enter('vm/jumpbox');
  const client = new PlaceClient(session);
  try {
    const headers = { authorization: `Bearer ${primaryKey}`, 'content-type': 'application/json' };
    return (await client.send(`https://${scoringHost}/score`, { method: 'POST', headers, body: rows }))
      .status;
  } finally {
    client.close();
  }
}

const questions = [
  ['vm/jumpbox', 'endpoint/mlw-clinic/length-of-stay'],
  ['internet', 'endpoint/mlw-clinic/length-of-stay'],
  ['vnet/clinic-vnet/training', 'storage/stclinic/blob'],
] as const;

const why = async (): Promise<string> => {
  const control = new ControlClient(instance());
  const answers = await Promise.all(questions.map(([from, to]) => control.why({ from, to })));
  return answers.join('');
};

describe('a server that is killed', () => {
  it('in the middle of a deployment has every acknowledged resource, and ends the deployment as Failed', async () => {
    const { sources } = await open([example]);
    const [source] = sources;
    const path = `${group}/providers/Microsoft.Resources/deployments/main`;
    const done = new Set<string>();
    const deployed = azure(async (client) => {
      await client.put(group, { location: 'eastus' });
      const properties = { mode: 'Incremental', template: source?.document.value ?? null, parameters: {} };
      await client.deploy(path, { properties }, ({ id, state }) => {
        if (state === 'Succeeded') done.add(id);
        if (done.size >= 8 && isAlive(instance().pid)) process.kill(instance().pid, 'SIGKILL');
      });
    });
    await expect(deployed).rejects.toThrow();
    await eventually(() => !isAlive(instance().pid));
    expect(done.size).toBeGreaterThanOrEqual(8);

    await up();
    await azure(async (client) => {
      for (const id of done) expect((await client.get(id))['id']).toBe(id);
      const { provisioningState, error } = (await client.get(path))['properties'] as JsonObject;
      expect(provisioningState).toBe('Failed');
      expect(JSON.stringify(error)).toMatch(/Cloister stopped before this was done. Deploy again/);
      const { value } = await client.get(`${path}/operations`);
      const states = (value as JsonObject[]).map(
        (it) => (it['properties'] as JsonObject)['provisioningState'],
      );
      expect(states).not.toContain('Running');
    });
  });

  it('is deployed to again, killed, and serves as before: the same answers, byte for byte', async () => {
    const again = await line.run(['up', example]);
    expect(again.code, again.stderr).toBe(0);
    expect(await score()).toBe(200);
    const before = await why();
    const started = below(instance().pid);
    expect(started.length).toBeGreaterThanOrEqual(1);
    const limiting = groupsOf(instance().pid);
    expect(limiting).toHaveLength(hierarchies);
    await kill();
    // Its replicas end by themselves; where they are held in, their folders go with the next start.
    await eventually(() => !started.some(isAlive));
    await eventually(() => line.processes().length === 0);
    await eventually(() => readdirSync(line.tmp).length === 0);
    const nothing = await line.run(['status']);
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringMatching(/nothing runs/)]);

    await up();
    expect(await why()).toBe(before);
    await eventually(async () => (await score()) === 200);
    await eventually(() => groupsOf(instance().pid).length === hierarchies);
    await eventually(() => !leftGroups().some((each) => limiting.includes(each)));
    const status = await line.run(['status', '--json']);
    expect(status.code, status.stdout).toBe(0);
    // Sites come from cloister.yaml, which nobody gave again.
    expect((await line.run(['places'])).stdout).toMatch(/^site\/branch-office$/m);
  });

  it('while a deployment is created leaves it neither half done nor waiting', async () => {
    const green = `${endpoint}/deployments/green`;
    const blue = await azure((client) => client.get(`${endpoint}/deployments/blue`));
    await azure((client) =>
      client.put(green, {
        location: 'eastus',
        sku: { name: 'Default', capacity: 1 },
        properties: { ...(blue['properties'] as JsonObject) },
      }),
    );
    await kill();
    await up();
    const state = async (): Promise<unknown> =>
      ((await azure((client) => client.get(green)))['properties'] as JsonObject)['provisioningState'];
    await eventually(async () => (await state()) === 'Succeeded');
  });
});

describe.skipIf(sandbox.kind === 'none')('jobs', () => {
  const job = (name: string): string => `${workspace}/jobs/${name}`;
  const statusOf = async (name: string): Promise<unknown> =>
    ((await azure((client) => client.get(job(name))))['properties'] as JsonObject)['status'];
  const submit = (name: string, command: string): Promise<unknown> => {
    const properties = { jobType: 'Command', command, computeId: `${workspace}/computes/cpu` };
    const environmentId = 'azureml://registries/azureml/environments/sklearn-1.5/versions/1';
    return azure((client) => client.put(job(name), { properties: { ...properties, environmentId } }));
  };

  it('of a server that is killed: what was over stays, what was at work has failed, what waited runs', async () => {
    const subnet = {
      id: `${group}/providers/Microsoft.Network/virtualNetworks/clinic-vnet/subnets/training`,
    };
    const size = { vmSize: 'Standard_DS3_v2', subnet, enableNodePublicIp: false };
    const cluster = { computeType: 'AmlCompute', properties: size };
    await azure((client) =>
      client.put(`${workspace}/computes/cpu`, { location: 'eastus', properties: cluster }),
    );
    await submit('over', 'true');
    await eventually(async () => (await statusOf('over')) === 'Completed');
    await submit('at-work', 'sleep 86396');
    await submit('waits', 'true');
    await eventually(async () => (await statusOf('at-work')) === 'Running');
    const started = below(instance().pid);
    await kill();
    await eventually(() => !started.some(isAlive));

    await up();
    await eventually(async () => (await statusOf('waits')) === 'Completed');
    expect([await statusOf('over'), await statusOf('at-work')]).toEqual(['Completed', 'Failed']);
    await submit('ends', 'sleep 86395');
    await eventually(async () => (await statusOf('ends')) === 'Running');
  });
});

describe('down', () => {
  it('leaves no process, no socket, no temporary folder, and keeps the state', async () => {
    const { pid, port } = instance();
    const started = below(pid);
    expect(started.length).toBeGreaterThanOrEqual(2);
    const down = await line.run(['down']);
    expect([down.code, down.stdout, down.stderr]).toEqual([0, '', 'stopped\n']);
    expect([pid, ...started].filter(isAlive)).toEqual([]);
    expect(line.processes()).toEqual([]);
    expect(readdirSync(line.tmp)).toEqual([]);
    expect(groupsOf(pid)).toEqual([]);
    await expect(fetch(`http://127.0.0.1:${port}/alive`)).rejects.toThrow();
    for (const gone of ['instance.json', 'lock.pid', 'run'])
      expect(readdirSync(line.state)).not.toContain(gone);
    const again = await line.run(['down']);
    expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/nothing runs/)]);
    await up();
    await eventually(async () => (await score()) === 200);
  });

  it('--purge deletes the state', async () => {
    const down = await line.run(['down', '--purge']);
    expect([down.code, down.stderr]).toEqual([0, expect.stringMatching(/is deleted/)]);
    expect(existsSync(line.state)).toBe(false);
    expect(line.processes()).toEqual([]);
    expect(readdirSync(line.tmp)).toEqual([]);
  });
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s ends an attached instance in order',
    async (signal) => {
      const child = line.start(['up']);
      let said = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      await eventually(() => said.includes('up; end it with Ctrl-C'), 120_000);
      child.kill(signal);
      const code = await new Promise((resolve) => child.once('exit', resolve));
      expect(code).toBe(0);
      expect(existsSync(join(line.state, 'instance.json'))).toBe(false);
      expect(existsSync(join(line.state, 'run'))).toBe(false);
      expect(line.processes()).toEqual([]);
    },
  );
});

describe('memory', () => {
  it('keeps nothing', async () => {
    const home = join(line.folder.path, 'home');
    const env = { CLOISTER_STATE: 'memory', XDG_STATE_HOME: home };
    const up = await line.run(['up', example, '--detach'], { env });
    expect(up.code, up.stderr).toBe(0);
    expect((await line.run(['why', '--from', 'vm/jumpbox', '--to', 'vault/kv-clinic'], { env })).code).toBe(
      0,
    );
    expect((await line.run(['down'], { env })).code).toBe(0);
    expect(readdirSync(join(home, 'cloister')).toSorted()).toEqual(['lock', 'log']);
    expect(readdirSync(line.tmp)).toEqual([]);
    expect((await line.run(['up', '--detach'], { env })).code).toBe(0);
    expect((await line.run(['places'], { env })).stdout).toBe('internet\n');
    expect((await line.run(['down', '--purge'], { env })).code).toBe(0);
    expect(existsSync(join(home, 'cloister'))).toBe(false);
  });
});
