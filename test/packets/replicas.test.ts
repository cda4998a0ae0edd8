/**
 * Replicas where the kernel enforces: they stand at their deployment, with its names and its ways, and with no others.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSandbox } from '../../src/compute/sandbox/probe.ts';
import { noPackets } from '../support/kernel.ts';
import { endpoint, eventually, Running, run, workspace } from '../support/running.ts';

const patience = 300_000;
const sandbox = await findSandbox();
const missing = noPackets ?? (sandbox.kind === 'none' ? sandbox.why : undefined);
if (missing !== undefined) {
  if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(missing);
  console.log(`skipped: replicas at their places: ${missing}`);
}

/** Connects as it is told, and says what came of it. */
const model = `
import json, socket, ssl, urllib.request, urllib.error
def init():
    pass
def tried(host, port, timeout=3):
    try:
        with socket.create_connection((host, port), timeout) as made:
            return made.getpeername()[0]
    except OSError as error:
        return type(error).__name__
def asked(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return str(error)
def run(raw):
    return [eval(each) for each in json.loads(raw)]
`;

describe.skipIf(missing !== undefined)('replicas of a private deployment', () => {
  let running: Running;
  const deployment = `${endpoint}/deployments/probe`;

  beforeAll(async () => {
    running = await Running.example({ fabric: 'linux' });
    await running.control.seed('stclinic/code/probe/score.py', Buffer.from(model));
    const code = `${workspace}/codes/probe/versions/1`;
    const codeUri = 'https://stclinic.blob.core.windows.net/code/probe';
    expect((await running.arm('PUT', code, { properties: { codeUri } })).status).toBeLessThan(300);
    const made = await running.settle('PUT', deployment, {
      location: 'eastus',
      sku: { name: 'Default', capacity: 1 },
      properties: {
        endpointComputeType: 'Managed',
        model: `${workspace}/models/length-of-stay/versions/1`,
        codeConfiguration: { codeId: code, scoringScript: 'score.py' },
        egressPublicNetworkAccess: 'Disabled',
        requestSettings: { requestTimeout: 'PT60S' },
      },
    });
    expect(made).toEqual({ status: 'Succeeded', error: {} });
  }, patience);
  afterAll(() => running.close(), patience);

  /** What came of expressions in the model's code. */
  async function inside(...expressions: string[]): Promise<unknown> {
    const headers = { 'azureml-model-deployment': 'probe' };
    const answer = await running.score(
      'vm/jumpbox',
      await running.key(),
      headers,
      JSON.stringify(expressions),
    );
    expect(answer.status, answer.body).toBe(200);
    return JSON.parse(answer.body);
  }

  it(
    'reach what their deployment reaches, by its names, and trust who answers',
    async () => {
      const blob = 'stclinic.blob.core.windows.net';
      expect(await inside(`tried("${blob}", 443)`, `asked("https://${blob}/")`)).toEqual([
        expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
        401,
      ]);
    },
    patience,
  );

  it(
    'reach nothing else: no internet, no other service, nobody in the estate, nothing of this machine',
    async () => {
      const port = running.instance.file.port;
      expect(
        await inside(
          'tried("198.51.100.7", 443)',
          'tried("pypi.org", 443)',
          'tried("management.azure.com", 443)',
          'tried("10.150.0.4", 443)',
          `tried("127.0.0.1", ${port})`,
        ),
      ).toEqual([
        'TimeoutError',
        'gaierror',
        expect.stringMatching(/Error$/),
        'TimeoutError',
        'ConnectionRefusedError',
      ]);
    },
    patience,
  );

  it(
    'have no rights over the network that they stand in',
    async () => {
      expect(
        await inside(
          'open("/proc/self/status").read().split("CapEff:\\t")[1][:16]',
          '[name for _, name in socket.if_nameindex()].count("eth0")',
        ),
      ).toEqual(['0000000000000000', 1]);
    },
    patience,
  );

  it(
    'go with their deployment, and nobody complains',
    async () => {
      expect((await running.settle('DELETE', deployment)).status).toBe('Succeeded');
      expect(running.errors).toEqual([]);
    },
    patience,
  );

  it(
    'are started again where somebody took their place away, and it was made again',
    async () => {
      const counts = async () => (await running.control.status()).deployments[0];
      const { entry } = await running.control.enter('deployment/length-of-stay/blue', undefined, true);
      const words: readonly string[] = entry?.command ?? [];
      const [program = '', ...args] = words.slice(0, words.lastIndexOf('nsenter'));
      const [, place = ''] = words.find((word) => word.startsWith('--net='))?.split('=') ?? [];
      expect(await run(program, [...args, 'sh', '-c', `umount ${place} && rm ${place}`])).toMatchObject({
        code: 0,
      });
      await eventually(async () => {
        const { ready = 0, restarts = 0 } = (await counts()) ?? {};
        return ready === 1 && restarts === 1;
      }, patience);
      expect((await running.score('vm/jumpbox', await running.key())).status).toBe(200);
    },
    patience,
  );

  it(
    'end with what holds their place, and are started again where it is made again',
    async () => {
      const counts = async () => (await running.control.status()).deployments[0];
      expect(await counts()).toMatchObject({ ready: 1, restarts: 1 });
      const { entry } = await running.control.enter('vm/jumpbox', undefined, true);
      const words: readonly string[] = entry?.command ?? [];
      process.kill(Number(words[words.indexOf('--target') + 1]), 'SIGKILL');
      await eventually(async () => {
        const { ready = 0, restarts = 0 } = (await counts()) ?? {};
        return ready === 1 && restarts > 1;
      }, patience);
      expect((await running.score('vm/jumpbox', await running.key())).status).toBe(200);
    },
    patience,
  );
});
