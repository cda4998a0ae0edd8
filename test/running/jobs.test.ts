/**
 * Command jobs as the control plane and run history tell of them: what they are given and leave, how they end, and what
 * is refused.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultDeployer } from '../../src/app/defaults.ts';
import { eventually } from '../../src/compute/process/harness.testing.ts';
import { findSandbox } from '../../src/compute/sandbox/probe.ts';
import { type JsonObject, member } from '../../src/lib/json.ts';
import { group, Running, workspace } from '../support/running.ts';

const patience = 300_000;
const sandbox = await findSandbox();
const missing = sandbox.kind === 'none' ? sandbox.why : undefined;
if (missing !== undefined) {
  if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(missing);
  console.log(`skipped: jobs: ${missing}`);
}

const compute = `${workspace}/computes/cpu`;
const environment = `${workspace}/environments/sklearn/versions/1`;
const code = `${workspace}/codes/train/versions/1`;
const training = `${group}/providers/Microsoft.Network/virtualNetworks/clinic-vnet/subnets/training`;

/** Storage Blob Data Reader. */
const readerRole = '/providers/Microsoft.Authorization/roleDefinitions/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1';
const id = (number: number): string => `4a3f1d2e-0001-4000-8000-${String(number).padStart(12, '0')}`;

const train = `
import os, sys
rows = open(sys.argv[1]).read().split()
print('rows', len(rows), 'rate', sys.argv[2], os.environ['COLOUR'], flush=True)
print('to stderr', file=sys.stderr)
with open(os.path.join(sys.argv[3], 'model.txt'), 'w') as file:
    file.write('fitted on ' + str(len(rows)))
open('outputs/metrics.json', 'w').write('{}')
`;

describe.skipIf(missing !== undefined)('jobs', () => {
  let running: Running;

  beforeAll(async () => {
    running = await Running.example();
    await running.control.seed('stclinic/code/train/train.py', Buffer.from(train));
    await running.control.seed('stclinic/data/rows.txt', Buffer.from('one two three'));
    const put = async (path: string, properties: JsonObject, more: JsonObject = {}): Promise<void> => {
      const { status, error } = await running.settle('PUT', path, { ...more, properties });
      expect(status, JSON.stringify(error)).toBe('Succeeded');
    };
    await put(code, { codeUri: 'https://stclinic.blob.core.windows.net/code/train' });
    await put(environment, { image: 'mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest' });
    const size = { vmSize: 'Standard_DS3_v2', scaleSettings: { minNodeCount: 0, maxNodeCount: 1 } };
    const cluster = { ...size, subnet: { id: training }, enableNodePublicIp: false };
    const located = { location: 'eastus', identity: { type: 'SystemAssigned' } };
    await put(compute, { computeType: 'AmlCompute', properties: cluster }, located);
    await put(`${workspace}/computes/outside`, { computeType: 'AmlCompute', properties: size }, located);
    const { body } = await running.arm('GET', compute);
    await put(`${group}/providers/Microsoft.Authorization/roleAssignments/${id(1)}`, {
      roleDefinitionId: readerRole,
      principalId: member(body['identity'], 'principalId') ?? null,
    });
  }, patience);

  afterAll(() => running?.close(), patience);

  const submit = (name: string, properties: JsonObject): ReturnType<Running['arm']> =>
    running.arm('PUT', `${workspace}/jobs/${name}`, {
      properties: { jobType: 'Command', environmentId: environment, computeId: compute, ...properties },
    });
  const statusOf = async (name: string): Promise<unknown> =>
    member((await running.arm('GET', `${workspace}/jobs/${name}`)).body['properties'], 'status');
  const history = async (path: string, method = 'GET', body?: JsonObject): Promise<JsonObject> => {
    const { body: found } = await running.arm('GET', workspace);
    const { host } = new URL(String(member(found['properties'], 'discoveryUrl')));
    const headers = { authorization: `Bearer ${await running.token()}`, 'content-type': 'application/json' };
    const ask = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const answer = await running.send('vm/jumpbox', `https://${host}/history/v1.0${workspace}/${path}`, ask);
    return JSON.parse(answer.body) as JsonObject;
  };
  const becomes = (name: string, status: string): Promise<void> =>
    eventually(async () => {
      const now = await statusOf(name);
      expect(now, JSON.stringify((await history(`runs/${name}/details`))['error'])).toBe(status);
    });
  const whyOf = async (name: string): Promise<string> => {
    const { error } = await history(`runs/${name}/details`);
    return String(member(member(error, 'error'), 'message'));
  };
  const output = async (path: string): Promise<string> => {
    const datastore = `${workspace}/datastores/workspaceblobstore`;
    const { body } = await running.arm('GET', datastore);
    const pass = await running.arm('POST', `${datastore}/listSecrets`, { expirableSecret: true });
    const container = String(member(body['properties'], 'containerName'));
    const address = `https://stclinic.blob.core.windows.net/${container}/azureml/${path}`;
    return (await running.send('vm/jumpbox', `${address}?${String(pass.body['sasToken'])}`)).body;
  };
  const logOf = async (name: string): Promise<string> => {
    const { logFiles } = await history(`runs/${name}/details`);
    const url = String(member(logFiles, 'user_logs/std_log.txt'));
    return (await running.send('vm/jumpbox', url)).body;
  };

  it(
    'runs a command on what it is given, and keeps what it prints and leaves',
    async () => {
      const { status, body } = await submit('first', {
        codeId: code,
        command: `python train.py \${{inputs.rows}} \${{inputs.rate}} \${{outputs.model}}`,
        environmentVariables: { COLOUR: 'blue' },
        inputs: {
          rows: { jobInputType: 'uri_file', uri: 'https://stclinic.blob.core.windows.net/data/rows.txt' },
          rate: { jobInputType: 'literal', value: '0.1' },
        },
        outputs: { model: { jobOutputType: 'uri_folder' } },
      });
      expect(status, JSON.stringify(body)).toBe(201);
      await becomes('first', 'Completed');
      expect(await logOf('first')).toBe('rows 3 rate 0.1 blue\nto stderr\n');
      expect(await output('first/model/model.txt')).toBe('fitted on 3');
      const artifacts = await history('experiments/Default/runs/first/artifacts');
      const paths = (artifacts['value'] as JsonObject[]).map(({ path }) => path).toSorted();
      expect(paths).toEqual(['outputs/metrics.json', 'user_logs/std_log.txt']);
    },
    patience,
  );

  it('shows a job without what is its own, and lists the newest first', async () => {
    const { body } = await running.arm('GET', `${workspace}/jobs/first`);
    expect(Object.keys(body['properties'] as object).filter((name) => name.startsWith('x-'))).toEqual([]);
    await submit('second', { command: 'true' });
    const { body: all } = await running.arm('GET', `${workspace}/jobs`);
    expect((all['value'] as JsonObject[]).map(({ name }) => name)).toEqual(['second', 'first']);
    await becomes('second', 'Completed');
  });

  it.each([
    ['exits', 'echo oh no; exit 3', 'cpu', 'exited with status code 3'],
    ['elsewhere', 'true', 'outside', 'compute outside does not get to'],
  ])(
    'tells why a job fails: %s',
    async (name, command, on, says) => {
      await submit(name, { command, computeId: `${workspace}/computes/${on}` });
      await becomes(name, 'Failed');
      expect(await whyOf(name)).toContain(says);
    },
    patience,
  );

  it(
    'says where an input is missing',
    async () => {
      const rows = {
        jobInputType: 'uri_folder',
        uri: 'azureml://datastores/workspaceblobstore/paths/nowhere/',
      };
      await submit('hungry', { command: `ls \${{inputs.rows}}`, inputs: { rows } });
      await becomes('hungry', 'Failed');
      expect(await whyOf('hungry')).toContain('there is no blob at https://stclinic.blob.core.windows.net/');
    },
    patience,
  );

  it(
    'asks for data as who submitted the job, where it says so',
    async () => {
      const rows = { jobInputType: 'uri_file', uri: 'https://stclinic.blob.core.windows.net/data/rows.txt' };
      const identity = { identityType: 'UserIdentity' };
      const asked = { command: `cat \${{inputs.rows}}`, inputs: { rows }, identity };
      await submit('mine', asked);
      await becomes('mine', 'Failed');
      expect(await whyOf('mine')).toContain('may not read blobs of stclinic: its pass is refused');
      const scope = `${group}/providers/Microsoft.Storage/storageAccounts/stclinic`;
      const role = `${scope}/providers/Microsoft.Authorization/roleAssignments/${id(2)}`;
      const given = await running.arm('PUT', role, {
        properties: { roleDefinitionId: readerRole, principalId: defaultDeployer.objectId },
      });
      expect(given.status).toBe(201);
      await submit('mine-now', asked);
      await becomes('mine-now', 'Completed');
      expect(await logOf('mine-now')).toBe('one two three');
    },
    patience,
  );

  it(
    'has one job on a node at a time, and ends what is cancelled with all that it started',
    async () => {
      const mark = 'sleep 86399';
      await submit('long', { command: `${mark} & ${mark} & echo there; wait` });
      await submit('waits', { command: 'true' });
      await submit('never', { command: 'true' });
      await becomes('long', 'Running');
      await eventually(async () => expect(processes(mark)).toBeGreaterThanOrEqual(2));
      expect(await statusOf('waits')).toBe('Queued');
      expect((await running.arm('POST', `${workspace}/jobs/never/cancel`)).status).toBe(200);
      expect(await statusOf('never')).toBe('Canceled');
      expect((await running.arm('POST', `${workspace}/jobs/long/cancel`)).status).toBe(200);
      await becomes('long', 'Canceled');
      expect(processes(mark)).toBe(0);
      await becomes('waits', 'Completed');
      expect((await running.arm('POST', `${workspace}/jobs/waits/cancel`)).status).toBe(200);
      expect(await statusOf('waits')).toBe('Completed');
    },
    patience,
  );

  it(
    'ends a job that takes longer than it may, and one that is deleted',
    async () => {
      const mark = 'sleep 86398';
      await submit('slow', { command: mark, limits: { jobLimitsType: 'Command', timeout: 'PT1S' } });
      await becomes('slow', 'Canceled');
      await submit('gone', { command: mark });
      await becomes('gone', 'Running');
      expect((await running.arm('DELETE', `${workspace}/jobs/gone`)).status).toBe(200);
      await eventually(() => expect(processes(mark)).toBe(0));
      expect((await running.arm('GET', `${workspace}/jobs/gone`)).status).toBe(404);
    },
    patience,
  );

  it.each<[string, JsonObject, string]>([
    ['pipeline', { jobType: 'Pipeline', jobs: {} }, 'Jobs of type Pipeline are not supported'],
    ['sweep', { jobType: 'Sweep' }, 'Jobs of type Sweep are not supported'],
    ['automl', { jobType: 'AutoML' }, 'Jobs of type AutoML are not supported'],
    ['spark', { jobType: 'Spark' }, 'Jobs of type Spark are not supported'],
    ['mpi', { distribution: { distributionType: 'Mpi' } }, 'Distributed jobs (Mpi) are not supported'],
    ['nodes', { resources: { instanceCount: 2 } }, 'several nodes'],
    ['docker', { resources: { dockerArgs: '--privileged' } }, 'Arguments for Docker'],
    ['mail', { notificationSetting: { emails: [] } }, 'Notifications'],
    ['component', { componentId: 'azureml:c:1' }, 'Jobs of components'],
    ['ssh', { services: { s: { jobServiceType: 'SSH' } } }, 'Interactive jobs (SSH)'],
    ['nobody', { computeId: `${workspace}/computes/nobody` }, 'computes/nobody was not found'],
    ['serverless', { computeId: 'serverless' }, 'Jobs without a compute'],
    ['unmade', { environmentId: `${workspace}/environments/none/versions/1` }, 'environments/none'],
    ['codeless', { codeId: `${workspace}/codes/none/versions/1` }, 'codes/none'],
    ['unbound', { command: `echo \${{inputs.rows}}` }, 'the job has no such name in inputs'],
    ['searched', { command: `echo \${{search_space.rate}}` }, 'none of inputs.<name> and outputs.<name>'],
    [
      'mounted',
      { inputs: { a: { jobInputType: 'mltable', uri: 'x' } } },
      "one of 'literal', 'uri_file', 'uri_folder'",
    ],
  ])('refuses what is not there: %s', async (name, properties, says) => {
    const { status, body } = await submit(`no-${name}`, { command: 'true', ...properties });
    expect(status, JSON.stringify(body)).toBe(400);
    expect(String(member(body['error'], 'message'))).toContain(says);
    expect((await running.arm('GET', `${workspace}/jobs/no-${name}`)).status).toBe(404);
  });

  it('changes what is said about a job, and never what it does', async () => {
    const told = await submit('first', { codeId: code, command: 'true' });
    expect([told.status, member(told.body['error'], 'message')]).toEqual([
      400,
      'A job with the name first exists, and its command cannot be changed. Give a new job another name.',
    ]);
    const before = (await running.arm('GET', `${workspace}/jobs/first`)).body['properties'] as JsonObject;
    const { status } = await running.arm('PUT', `${workspace}/jobs/first`, {
      properties: { ...before, displayName: 'The first', tags: { good: 'yes' } },
    });
    expect(status).toBe(200);
    const after = (await running.arm('GET', `${workspace}/jobs/first`)).body['properties'] as JsonObject;
    expect(after).toEqual({ ...before, displayName: 'The first', tags: { good: 'yes' } });
  });

  it('is told about at run history, too', async () => {
    const told = { displayName: 'Renamed', tags: { seen: 'yes' }, hidden: true };
    await history('experiments/Default/runs/second', 'PATCH', told);
    const { body } = await running.arm('GET', `${workspace}/jobs/second`);
    expect(body['properties']).toMatchObject({
      displayName: 'Renamed',
      tags: { seen: 'yes' },
      isArchived: true,
    });
    await running.arm('PATCH', `${workspace}/jobs/second`, {
      properties: { isArchived: false, description: 'back' },
    });
    expect(await history('runs/second')).toMatchObject({
      ...told,
      hidden: false,
      description: 'back',
      status: 'Completed',
    });
  });
});

/** How many processes of this machine have such a command line. */
function processes(words: string): number {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() === words;
    } catch {
      return false;
    }
  }).length;
}
