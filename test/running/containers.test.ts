/**
 * Containers of one's own: an image is made here, pushed to the estate's registry through its private endpoint, pulled
 * over the deployment's way as its endpoint's identity, and asked where its environment says.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../src/compute/process/harness.testing.ts';
import { findSandbox } from '../../src/compute/sandbox/probe.ts';
import { type JsonObject, member } from '../../src/lib/json.ts';
import { programLayer, pythonLayer, writeImage } from '../support/image.ts';
import { noPackets } from '../support/kernel.ts';
import { endpoint, group, programOf, Running, run, temporaryFolder, workspace } from '../support/running.ts';

const patience = 300_000;
const sandbox = await findSandbox();
const missing =
  sandbox.kind === 'none'
    ? sandbox.why
    : programOf('skopeo') && programOf('python3')
      ? undefined
      : 'skopeo or python3 is missing';
if (missing !== undefined) {
  if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(missing);
  console.log(`skipped: containers: ${missing}`);
}

const host = 'crclinic.azurecr.io';
const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/crclinic`;

/** A server of its own, and what it sees. */
const server = `
import json, os, socket, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200 if self.path in ("/live", "/ready") else 404, {})
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        def tried(work):
            try:
                return work()
            except OSError as error:
                return type(error).__name__
        self.answer(200, {
            "path": self.path, "body": body.decode(), "uid": os.getuid(), "pid": os.getpid(),
            "folder": os.getcwd(), "words": sys.argv[1:], "root": sorted(os.listdir("/")),
            "greeting": os.environ.get("GREETING"), "of": os.environ.get("OF"),
            "model": sorted(os.listdir(os.environ["AZUREML_MODEL_DIR"])), "at": os.environ["AZUREML_MODEL_DIR"],
            "write": tried(lambda: open("/srv/x", "w")), "temporary": tried(lambda: open("/tmp/x", "w").write("x")),
            "outside": tried(lambda: socket.create_connection(("198.51.100.7", 443), 2)),
        })
    def answer(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

HTTPServer(("0.0.0.0", 5001), Handler).serve_forever()
`;

const kinds = ['userspace', 'linux'] as const;
describe
  .skipIf(missing !== undefined)
  .each(kinds.filter((kind) => kind === 'userspace' || noPackets === undefined))(
  'a container of its own, fabric %s,',
  (fabric) => {
    const folder = temporaryFolder();
    let running: Running;
    const deployment = `${endpoint}/deployments/own`;
    const environment = (name: string): string => `${workspace}/environments/${name}/versions/1`;
    const route = (path: string): JsonObject => ({ path, port: 5001 });

    beforeAll(async () => {
      running = await Running.example({ folder: join(folder.path, 'state'), fabric });
      const { layer, python } = pythonLayer();
      writeImage(
        join(folder.path, 'image'),
        [
          layer,
          // What jobs need.
          programLayer('sh', 'cp', 'mkdir', 'chmod', 'tar'),
          [
            { path: 'srv/server.py', text: server, mode: 0o600 },
            { path: 'srv/old', text: 'hidden by the next' },
            { path: 'etc/passwd', text: 'root:x:0:0::/:/\nscorer:x:1234:1234::/:/\n' },
          ],
          [{ path: 'srv/.wh.old', text: '' }],
        ],
        {
          Entrypoint: [python, '-u', 'server.py'],
          Cmd: ['one', 'two'],
          Env: ['GREETING=of the image', 'OF=the image'],
          WorkingDir: '/srv',
          User: 'scorer',
        },
      );
      await push('team/own:v1');
      await make('own', `${host}/team/own:v1`);
    }, patience);
    afterAll(async () => {
      expect((await running.settle('DELETE', deployment)).status).toBe('Succeeded');
      expect(running.errors).toEqual([]);
      await running.close();
      folder.remove();
      // Neither the container nor what takes requests to it.
      const children = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'args='], {
        encoding: 'utf8',
      });
      expect(children.split('\n').filter((line) => /bwrap|relay\.mjs/.test(line))).toEqual([]);
    }, patience);

    async function push(to: string): Promise<void> {
      const form = new URLSearchParams({
        grant_type: 'access_token',
        service: host,
        access_token: await running.token(),
      });
      const answer = await running.send('vm/jumpbox', `https://${host}/oauth2/exchange`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
      });
      expect(answer.status, answer.body).toBe(200);
      const token = String((JSON.parse(answer.body) as JsonObject)['refresh_token']);
      const made = `oci:${join(folder.path, 'image')}:v1`;
      const creds = `--dest-creds=00000000-0000-0000-0000-000000000000:${token}`;
      const { environment: env } = running.session('vm/jumpbox');
      const pushed = await run(
        'skopeo',
        ['copy', '--insecure-policy', creds, made, `docker://${to.includes('.') ? to : `${host}/${to}`}`],
        {
          env: { ...env, HOME: folder.path },
        },
      );
      expect(pushed.code, pushed.stderr).toBe(0);
    }

    async function make(
      name: string,
      image: string,
      config: JsonObject | undefined = undefined,
    ): Promise<void> {
      const inferenceConfig = config ?? {
        livenessRoute: route('/live'),
        readinessRoute: route('/ready'),
        scoringRoute: route('/v1/predict'),
      };
      const { status, body } = await running.arm('PUT', environment(name), {
        properties: { image, inferenceConfig },
      });
      expect([status < 300, body['error']]).toEqual([true, undefined]);
    }

    const deploy = (
      properties: JsonObject = {},
      path = deployment,
      capacity = 1,
    ): Promise<{ status: string; error: JsonObject }> =>
      running.settle('PUT', path, {
        location: 'eastus',
        sku: { name: 'Default', capacity },
        properties: {
          endpointComputeType: 'Managed',
          model: `${workspace}/models/length-of-stay/versions/1`,
          modelMountPath: '/var/models',
          environmentId: environment('own'),
          environmentVariables: { GREETING: 'of the deployment' },
          egressPublicNetworkAccess: 'Disabled',
          requestSettings: { requestTimeout: 'PT60S' },
          ...properties,
        },
      });

    /** How a job in the image ended, and why. */
    const job = async (name: string, computeId: string): Promise<readonly unknown[]> => {
      const submitted = await running.arm('PUT', `${workspace}/jobs/${name}`, {
        properties: {
          jobType: 'Command',
          computeId,
          environmentId: environment('own'),
          environmentVariables: { OF: 'of the job' },
          command: 'test -e /srv/old || echo hidden by nothing; echo $GREETING $OF',
        },
      });
      expect(submitted.status, JSON.stringify(submitted.body)).toBe(201);
      await eventually(async () => {
        const { body } = await running.arm('GET', `${workspace}/jobs/${name}`);
        expect(['Completed', 'Failed']).toContain(member(body['properties'], 'status'));
      });
      const { status, error } = await details(name);
      return [status, member(member(error, 'error'), 'message')];
    };
    const details = async (name: string): Promise<JsonObject> => {
      const { body } = await running.arm('GET', workspace);
      const { host: api } = new URL(String(member(body['properties'], 'discoveryUrl')));
      const address = `https://${api}/history/v1.0${workspace}/runs/${name}/details`;
      const authorization = `Bearer ${await running.token()}`;
      const answer = await running.send('vm/jumpbox', address, { headers: { authorization } });
      return JSON.parse(answer.body) as JsonObject;
    };
    const logOf = async (name: string): Promise<string> => {
      const url = member((await details(name))['logFiles'], 'user_logs/std_log.txt');
      return (await running.send('vm/jumpbox', String(url))).body;
    };

    const logs = async (): Promise<string> =>
      String((await running.arm('POST', `${deployment}/getLogs`, { tail: 5 })).body['content']);

    it(
      'runs a job, once its compute may pull',
      async () => {
        const compute = `${workspace}/computes/own`;
        const subnet = {
          id: `${group}/providers/Microsoft.Network/virtualNetworks/clinic-vnet/subnets/training`,
        };
        const made = await running.settle('PUT', compute, {
          location: 'eastus',
          identity: { type: 'SystemAssigned' },
          properties: {
            computeType: 'AmlCompute',
            properties: { vmSize: 'x', subnet, enableNodePublicIp: false },
          },
        });
        expect(made.status, JSON.stringify(made.error)).toBe('Succeeded');
        expect(await job('early', compute)).toEqual([
          'Failed',
          `the image ${host}/team/own:v1 cannot be pulled: the identity of compute own may not pull images of ${host}: give it the role AcrPull`,
        ]);
        const { body } = await running.arm('GET', compute);
        const pull = `${registry}/providers/Microsoft.Authorization/roleAssignments/4a3f1d2e-0001-4000-8000-000000000002`;
        const role =
          '/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d';
        const principalId = (body['identity'] as JsonObject)['principalId'] ?? null;
        expect(
          (await running.arm('PUT', pull, { properties: { roleDefinitionId: role, principalId } })).status,
        ).toBe(201);
        expect(await job('later', compute)).toEqual(['Completed', undefined]);
        expect(await logOf('later')).toBe('hidden by nothing\nof the image of the job\n');
      },
      patience,
    );

    it(
      'is refused while its identity may not pull',
      async () => {
        const principal = ((await running.arm('GET', endpoint)).body['identity'] as JsonObject)[
          'principalId'
        ];
        const { body } = await running.arm(
          'GET',
          `${registry}/providers/Microsoft.Authorization/roleAssignments`,
        );
        const roles = (body['value'] as JsonObject[]).filter(
          ({ properties }) => (properties as JsonObject)['principalId'] === principal,
        );
        // Azure gives it the role when the endpoint is made.
        expect(roles.length).toBeGreaterThan(0);
        for (const { id } of roles) expect((await running.arm('DELETE', String(id))).status).toBe(200);
        const { status, error } = await deploy();
        expect([status, String(error['message'])]).toEqual([
          'Failed',
          expect.stringMatching(
            /^Unable to download user container image .* identity of endpoint length-of-stay may not pull images of crclinic.azurecr.io: give it the role AcrPull$/,
          ),
        ]);
        expect(error['code']).toBe('BadArgument');
        expect(await logs()).toMatch(/^cloister: Unable to download user container image .*AcrPull\n$/);
        for (const { id, properties } of roles) {
          const { roleDefinitionId = null, principalId = null } = properties as JsonObject;
          const again = await running.arm('PUT', String(id), {
            properties: { roleDefinitionId, principalId },
          });
          expect(again.status).toBeLessThan(300);
        }
      },
      patience,
    );

    it(
      'runs as its image says, sees its image and its model, and is asked where its environment says',
      async () => {
        expect(await deploy()).toEqual({ status: 'Succeeded', error: {} });
        const answer = await running.score(
          'vm/jumpbox',
          await running.key(),
          { 'azureml-model-deployment': 'own' },
          '[1]',
        );
        expect(answer.status, answer.body).toBe(200);
        const seen = JSON.parse(answer.body) as JsonObject;
        expect(seen).toMatchObject({
          path: '/v1/predict',
          body: '[1]',
          uid: 1234,
          pid: 1,
          folder: '/srv',
          words: ['one', 'two'],
          greeting: 'of the deployment',
          of: 'the image',
          at: '/var/models/length-of-stay/1',
          model: expect.arrayContaining(['regression.onnx']),
          write: 'OSError',
          temporary: 1,
          outside: fabric === 'linux' ? 'TimeoutError' : 'OSError',
        });
        // What the machine has and the image has not.
        expect(seen['root']).not.toContain('boot');
        const outside = await running.score('internet', await running.key(), {
          'azureml-model-deployment': 'own',
        });
        expect(outside.status).toBe(403);
      },
      patience,
    );

    it('came by its own way: its token, its model, its manifest and its layers', async () => {
      const { flows } = await running.control.flows();
      const own = flows.filter(({ place }) => place === 'deployment/length-of-stay/own');
      const passed = own
        .filter(({ decision }) => decision === 'passed')
        .map(({ destination }) => destination);
      const hosts = [host, `crclinic.eastus.data.azurecr.io`, 'stclinic.blob.core.windows.net'];
      const walked = hosts.map(
        (to) => JSON.parse(running.instance.why({ from: 'deployment/length-of-stay/own', to })) as JsonObject,
      );
      const ways = fabric === 'linux' ? walked.map(({ address }) => String(address)) : hosts;
      expect(passed).toEqual(expect.arrayContaining([...ways, '169.254.169.254']));
    });

    it.each([
      [
        'model',
        `${group}/providers/Microsoft.Storage/storageAccounts/stclinic`,
        'stclinic.blob.core.windows.net',
      ],
      [`container image ${host}/team/own:v1`, registry, host],
    ])(
      'has no %s by a private endpoint that is not approved any more, and its replica goes on',
      async (what, target, at) => {
        const { body } = await running.arm('GET', `${target}/privateEndpointConnections`);
        const mine = (body['value'] as JsonObject[]).find(
          ({ name, properties }) =>
            String(name).includes('own') &&
            !JSON.stringify((properties as JsonObject)['groupIds'] ?? []).includes('file'),
        );
        const turn = async (status: string): Promise<void> => {
          const answer = await running.arm('PUT', String(mine?.['id']), {
            properties: { privateLinkServiceConnectionState: { status } },
          });
          expect([answer.status < 300, answer.body['error']]).toEqual([true, undefined]);
        };
        await turn('Rejected');
        const { status, error } = await deploy({ environmentVariables: { GREETING: 'again' } });
        const says = `Unable to download user ${what}: deployment own does not get to ${at}: endpoint-not-approved, `;
        expect([status, error['code'], String(error['message'])]).toEqual([
          'Failed',
          'BadArgument',
          expect.stringContaining(says),
        ]);
        expect(await logs()).toContain(says);
        await turn('Approved');
        expect(await deploy()).toEqual({ status: 'Succeeded', error: {} });
      },
      patience,
    );

    it(
      'is not pulled from the internet, where the door of its registry is shut',
      async () => {
        // Its workspace must be open for that.
        const open = async (flag: string): Promise<void> => {
          const { status } = await running.arm('PATCH', workspace, {
            properties: { publicNetworkAccess: flag },
          });
          expect(status).toBeLessThan(300);
        };
        await open('Enabled');
        const path = `${endpoint}/deployments/outward`;
        const outward = { egressPublicNetworkAccess: 'Enabled', model: undefined };
        const { status, error } = await deploy(outward as JsonObject, path);
        expect([status, String(error['message'])]).toEqual([
          'Failed',
          expect.stringMatching(
            /does not get to crclinic.azurecr.io: refused-by-door, .*publicNetworkAccess/,
          ),
        ]);
        expect((await running.settle('DELETE', path)).status).toBe('Succeeded');
        await open('Disabled');
      },
      patience,
    );

    // Not `runIf`: what belongs to the other fabric is no test of this one, and so not a skipped one.
    if (fabric === 'linux')
      it(
        'is one at a place: several would listen on the same ports',
        async () => {
          const { status, error } = await deploy({}, `${endpoint}/deployments/several`, 2);
          expect([status, String(error['message'])]).toEqual([
            'Failed',
            expect.stringContaining('sku.capacity 1'),
          ]);
          expect((await running.settle('DELETE', `${endpoint}/deployments/several`)).status).toBe(
            'Succeeded',
          );
        },
        patience,
      );

    if (fabric === 'userspace')
      it(
        'is refused by name where it cannot be: elsewhere, missing, half described, tampered with',
        async () => {
          const failed = async (name: string, properties: JsonObject = {}): Promise<string> => {
            const path = `${endpoint}/deployments/failing`;
            const { status, error } = await deploy({ environmentId: environment(name), ...properties }, path);
            expect(status).toBe('Failed');
            expect((await running.settle('DELETE', path)).status).toBe('Succeeded');
            return String(error['message']);
          };
          await make('elsewhere', 'mcr.microsoft.com/azureml/minimal:latest');
          expect(await failed('elsewhere')).toMatch(/is in no registry of this estate: push it to one/);
          await make('untagged', `${host}/team/own:v2`);
          expect(await failed('untagged')).toMatch(/crclinic.azurecr.io\/team\/own:v2: team\/own has no v2/);
          await make('half', `${host}/team/own:v1`, { scoringRoute: route('/') });
          expect(await failed('half')).toMatch(/needs livenessRoute, readinessRoute and scoringRoute/);
          const code = { codeId: 'https://stclinic.blob.core.windows.net/code/x', scoringScript: 'score.py' };
          expect(await failed('own', { codeConfiguration: code })).toMatch(
            /codeConfiguration beside it is not supported/,
          );
          // A byte that unpacking would not notice: the time in a layer's header.
          const images = join(folder.path, 'state', 'images');
          const kept = readdirSync(images, { recursive: true, encoding: 'utf8' }).map((name) =>
            join(images, name),
          );
          const [largest = ''] = kept.sort((one, other) => statSync(other).size - statSync(one).size);
          const bytes = readFileSync(largest);
          writeFileSync(largest, bytes.with(4, 1));
          expect(await failed('own')).toMatch(
            /user container image .*: what came as (sha256:\w{64}) is (?!\1)sha256:/,
          );
          writeFileSync(largest, bytes);
          // Nothing of them is left: there are the example's own deployment and the container.
          expect(readdirSync(join(folder.path, 'state', 'run', 'models'))).toHaveLength(2);
        },
        patience,
      );
  },
);
