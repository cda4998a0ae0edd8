/**
 * The command line as a contract: exit codes, one JSON document, messages that help.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FlowsAnswer, StatusAnswer } from '../../src/api/control.ts';
import type { Trace } from '../../src/app/index.ts';
import { CommandLine, eventually, example, type Ran, scoringHost } from '../support/running.ts';

// Each command is a process or two; a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const line = new CommandLine();
const cli = (...args: string[]): Promise<Ran> => line.run(args);
let up: Ran;

beforeAll(async () => {
  up = await cli('up', example, '--detach', '--json');
});

afterAll(() => line.close());

/** The one document on stdout. */
const document = <T>({ stdout }: Ran): T => JSON.parse(stdout) as T;

describe('up', () => {
  it('prints one document on stdout, and progress on stderr', () => {
    expect(up.code, up.stderr).toBe(0);
    expect(document(up)).toMatchObject({ state: line.state, fabric: 'userspace', deployed: 44 });
    expect(up.stderr).toMatch(/✓ Network\/privateEndpoints pe-workspace/);
    expect(up.stderr).toMatch(/service principal/);
  });

  it('again updates', async () => {
    const again = await cli('up', example);
    expect([again.code, again.stdout]).toEqual([0, '']);
    expect(again.stderr).toMatch(/^no flow changes\n[\s\S]*updated\n$/);
    const changed = await cli('up', example, '--param', 'publicNetworkAccess=Enabled');
    expect(changed.code, changed.stderr).toBe(0);
    expect(changed.stderr).toMatch(/^differs: 3 open\n[\s\S]* opens internet, [\s\S]*✓ Network\//);
    expect(
      (await cli('why', '--from', 'internet', '--to', 'storage/stclinic/blob', '--json')).stdout,
    ).toMatch(/"networkAcls\.defaultAction is Deny"/);
    expect((await cli('up', example)).stderr).toMatch(/^differs: 3 close\n[\s\S]*updated\n$/);
  });

  it('is what `diff running` compares with, as is a snapshot of it', async () => {
    const same = await cli('diff', 'running', example);
    expect([same.code, same.stdout], same.stderr).toEqual([
      0,
      'same: no flow, no intent and no finding changes\n',
    ]);
    const file = join(line.folder.path, 'then.json');
    const snapshot = await cli('export', '--to', 'snapshot');
    expect(snapshot.code, snapshot.stderr).toBe(0);
    writeFileSync(file, snapshot.stdout);
    const opened = await cli('diff', file, example, '--new-param', 'publicNetworkAccess=Enabled');
    expect([opened.code, opened.stdout.split('\n')[0]]).toEqual([
      1,
      expect.stringMatching(/^differs: 3 open/),
    ]);
    const why = await cli('why', file, '--from', 'vm/jumpbox', '--to', 'vault/kv-clinic');
    expect([why.code, why.stdout.split(':')[0]]).toEqual([0, 'delivered']);
    expect((await cli('verify', file)).code).toBe(0);
    const page = await cli('verify', file, '--format', 'sarif');
    expect([page.code, page.stderr]).toEqual([2, expect.stringContaining('a snapshot has none')]);
  });

  it('with a wrong template says where, and leaves the estate as it was', async () => {
    const before = await cli('why', '--from', 'vm/jumpbox', '--to', scoringHost, '--json');
    const text = readFileSync(join(example, 'main.json'), 'utf8');
    const folder = join(line.folder.path, 'wrong');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'main.json');
    for (const [broken, says] of [
      [text.replace('"priority": 100', '"priority": 100,,'), /main\.json:\d+:\d+: /],
      [
        text.replace('"10.150.0.0/24"', '"10.151.0.0/24"'),
        /main\.json:\d+:\d+: NetcfgSubnetRangeOutsideVnet: /,
      ],
      [
        text.replace("Microsoft.Network/privateDnsZones'", "Microsoft.Nonsense/privateDnsZones'"),
        /main\.json:\d+:\d+: /,
      ],
    ] as const) {
      expect(broken).not.toBe(text);
      writeFileSync(file, broken);
      const refused = await cli('up', file);
      expect([refused.code, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toMatch(says);
      expect(refused.stderr).not.toMatch(/\n {4}at /);
    }
    const after = await cli('why', '--from', 'vm/jumpbox', '--to', scoringHost, '--json');
    expect(after.stdout).toBe(before.stdout);
  });

  it.each([
    [['up', '/nowhere'], /there is no such file or folder/],
    [['up', '--fabric', 'linux'], /what runs has userspace; end it first/],
    [['up', '--fabric', 'magic'], /write linux, userspace or auto/],
    [['up', '--port', 'x'], /write a number/],
    [['up', '--port', '70000'], /write a number/],
    [['up', '--format', 'xml'], /write text or json/],
    [['up', '--nonsense'], /unknown option/],
    [['up', example, '--subscription', '11111111-1111-1111-1111-111111111111'], /the instance is of/],
    [['up', example, '--param', 'nonsense=1'], /nonsense/],
  ])('%j is refused', async (args, says) => {
    const refused = await line.run(args);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(says);
    expect(refused.stderr).not.toMatch(/\n {4}at /);
  });
});

describe('why', () => {
  const why = (from: string, to: string, ...more: string[]): Promise<Ran> =>
    cli('why', '--from', from, '--to', to, ...more);

  it('exits 0 delivered, 1 not, 2 not to be asked, 3 undecided', async () => {
    expect((await why('vm/jumpbox', 'endpoint/mlw-clinic/length-of-stay')).code).toBe(0);
    expect((await why('internet', 'endpoint/mlw-clinic/length-of-stay')).code).toBe(1);
    expect((await why('nowhere', 'vault/kv-clinic')).code).toBe(2);
    expect((await why('vm/jumpbox', 'other.blob.core.windows.net')).code).toBe(3);
  });

  it('answers the same bytes running and offline', async () => {
    for (const [from, to] of [
      ['vm/jumpbox', scoringHost],
      ['internet', 'vault/kv-clinic'],
      ['vnet/clinic-vnet/training', 'storage/stclinic/file:445'],
      ['site/branch-office', 'registry/crclinic'],
      ['vm/jumpbox', '8.8.8.8:53'],
    ] as const) {
      const [running, offline] = await Promise.all([
        why(from, to, '--json'),
        why(from, to, '--format', 'json', example),
      ]);
      expect(running.stdout).toBe(offline.stdout);
      expect([running.code, running.stderr]).toEqual([offline.code, '']);
      expect(document<Trace>(running)).toMatchObject({
        from,
        disposition: expect.any(String),
        steps: expect.any(Array),
      });
    }
  });

  it('names the candidates of an unknown place or target', async () => {
    const place = await why('vm/jumpbx', 'vault/kv-clinic');
    expect(place.stderr).toMatch(
      /^cloister: --from: there is no place 'vm\/jumpbx'; did you mean 'vm\/jumpbox'\?\n {2}vm\/jumpbox\n/,
    );
    const target = await why('vm/jumpbox', 'vault/nothing');
    expect([target.code, target.stdout]).toEqual([2, '']);
    expect(target.stderr).toMatch(/vault\/kv-clinic/);
    expect((await why('vm/jumpbox', 'vault/kv-clinic', '--format', 'xml')).code).toBe(2);
    expect((await why('vm/jumpbox', 'vault/kv-clinic', '--protocol', 'x')).code).toBe(2);
    expect((await why('vm/jumpbox', 'vault/kv-clinic', '--as', 'nobody')).code).toBe(2);
    expect((await cli('why', '--from', 'internet')).code).toBe(2);
  });

  it('reads well at 80 columns', async () => {
    for (const from of ['vm/jumpbox', 'internet']) {
      const { stdout } = await why(from, 'endpoint/mlw-clinic/length-of-stay');
      for (const text of stdout.split('\n')) {
        // Only a name that is longer than the line may stick out.
        const words = text.trim().split(' ');
        if (text.length > 80) expect([text, words.length]).toEqual([text, 1]);
      }
      const [, , , first = '', second = ''] = stdout.split('\n');
      const column = first.indexOf('public DNS');
      expect(column).toBeGreaterThan(0);
      expect(second.search(/\S/)).toBe(column);
      expect(stdout).not.toMatch(/[ \t]\n/);
    }
  });
});

describe('places and export', () => {
  it('are the same running and offline', async () => {
    const [running, offline] = [await cli('places'), await cli('places', example)];
    expect(running.stdout).toBe(offline.stdout);
    expect(running.stdout.split('\n')).toEqual(
      expect.arrayContaining(['internet', 'site/branch-office', 'vm/jumpbox', 'vnet/clinic-vnet/scoring']),
    );
    expect(document<string[]>(await cli('places', '--json'))).toEqual(running.stdout.trim().split('\n'));
    expect((await cli('export', '--to', 'hosts')).stdout).toBe(
      (await cli('export', example, '--to', 'hosts')).stdout,
    );
  });

  it('tell what was decided about flows, to people and to programs', async () => {
    const asked = ['curl', '-sS', '-o', '/dev/null', 'https://stclinic.blob.core.windows.net/'];
    const refused = ['curl', '-sS', '-o', '/dev/null', '-k', 'https://10.150.0.4/'];
    await cli('exec', '--from', 'vm/jumpbox', '--', ...asked);
    await cli('exec', '--from', 'internet', '--', ...refused);
    const { flows } = document<FlowsAnswer>(await cli('status', '--flows', '--json'));
    const [passed, stopped] = flows.slice(-2);
    expect(passed).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      at: 'gateway',
      place: 'vm/jumpbox',
      protocol: 'tcp',
      source: null,
      sourcePort: null,
      destination: 'stclinic.blob.core.windows.net',
      port: 443,
      decision: 'passed',
      gate: null,
      rule: null,
    });
    expect(stopped).toMatchObject({ place: 'internet', destination: '10.150.0.4', decision: 'no-route' });
    const text = await cli('status', '--flows');
    expect([text.code, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(/ {2}gateway {2}internet -> tcp 10\.150\.0\.4:443 {2}no-route by .+\n$/);
  });

  it('refuse what is not there yet by name', async () => {
    for (const [args, says] of [
      [['export', '--to', 'bicep'], /'bicep' is not supported yet/],
      [['export', '--to', 'nonsense'], /there is no form 'nonsense'/],
      [['verify', '--format', 'xml', example], /--format xml: write text, json, junit, sarif, html/],
      [['verify', '--fail-on', 'note', example], /--fail-on note: write error or warning/],
      [['verify', '/nowhere'], /no such file/],
      [['diff', example], /missing required argument 'new'/],
      [['diff', example, '/nowhere'], /no such file/],
      [['deploy', '--yes'], /not supported yet/],
      [['pull'], /not supported yet/],
      [['doctor'], /not supported yet/],
      [['nonsense'], /unknown command 'nonsense'/],
      [['why', '--from', 'internet', '--to', 'x', '/nowhere'], /no such file/],
    ] as const) {
      const refused = await cli(...args);
      expect([args, refused.code, refused.stdout]).toEqual([args, 2, '']);
      expect(refused.stderr).toMatch(says);
    }
  });
});

describe('verify', () => {
  it('holds on the example, and says so to people and to programs', async () => {
    const text = await cli('verify', example);
    expect([text.code, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(/^holds: 1 note; /);
    const json = await cli('verify', '--json', example);
    expect(JSON.parse(json.stdout)).toMatchObject({
      holds: true,
      findings: [{ severity: 'note' }],
    });
  });

  it('says the same of the running instance, without places in a template', async () => {
    const told = (text: string) => {
      const verdict = JSON.parse(text) as { findings: { where: unknown; fix: unknown }[] };
      const findings = verdict.findings.map(({ where: _, fix: __, ...finding }) => finding);
      return { ...verdict, findings, seconds: 0 };
    };
    const running = await cli('verify', '--json');
    expect([running.code, running.stderr]).toEqual([0, '']);
    expect(told(running.stdout)).toEqual(told((await cli('verify', '--json', example)).stdout));
  });

  it('fails on what it finds', async () => {
    const open = await cli(
      'verify',
      '--param',
      'publicNetworkAccess=Disabled',
      '--location',
      'westus',
      example,
    );
    expect(open.code).toBe(0);
    const shut = await cli('verify', '--param', 'publicNetworkAccess=Perhaps', example);
    expect(shut.code).toBe(2);
  });
});

describe('status', () => {
  it('is made of probes, and calls nothing active that it cannot probe', async () => {
    const asked = await cli('status', '--json');
    expect(asked.code, asked.stderr).toBe(0);
    const status = document<StatusAnswer>(asked);
    expect(status.places.every((it) => it.state === 'active')).toBe(true);
    expect(status.places.map((it) => it.place)).toEqual(
      expect.arrayContaining(['internet', 'vm/jumpbox', 'deployment/length-of-stay/blue']),
    );
    expect(status.unmodelled.some((it) => /components$/i.test(it.type))).toBe(true);
    expect(status.deployments).toMatchObject([{ wanted: 1, ready: 1, state: 'active' }]);
    const text = await cli('status');
    expect(text.stdout).toMatch(/vm\/jumpbox +active/);
  });
});

describe('exec', () => {
  const exec = (...command: string[]): Promise<Ran> => cli('exec', '--from', 'vm/jumpbox', '--', ...command);

  it("passes the program's exit code on, and has its own", async () => {
    expect((await exec('true')).code).toBe(0);
    expect((await exec('sh', '-c', 'exit 7')).code).toBe(7);
    expect((await exec('sh', '-c', 'kill -TERM $$')).code).toBe(143);
    expect((await exec('/nowhere/program')).code).toBe(127);
    const file = join(line.folder.path, 'not-executable');
    writeFileSync(file, 'text');
    chmodSync(file, 0o644);
    expect((await exec(file)).code).toBe(126);
    writeFileSync(file, '#!/nowhere/interpreter\n', { mode: 0o755 });
    chmodSync(file, 0o755);
    expect((await exec(file)).code).toBe(126);
    const nowhere = await cli('exec', '--from', 'vm/jumpbx', '--', 'true');
    expect([nowhere.code, nowhere.stdout]).toEqual([125, '']);
    expect(nowhere.stderr).toMatch(/did you mean 'vm\/jumpbox'/);
    expect((await cli('exec', '--', 'true')).code).toBe(125);
    expect(
      (
        await line.run(['exec', '--from', 'internet', '--', 'true'], {
          env: { CLOISTER_STATE: join(line.folder.path, 'none') },
        })
      ).code,
    ).toBe(125);
  });

  it('keeps folder, standard input, arguments and the rest of the environment', async () => {
    const cwd = join(line.folder.path, 'a folder');
    mkdirSync(cwd, { recursive: true });
    const ran = await line.run(
      [
        'exec',
        '--from',
        'vm/jumpbox',
        'sh',
        '-c',
        'pwd; cat; echo "$MINE:$1:$CLOISTER_PLACE"',
        'sh',
        '--json',
      ],
      { cwd, input: 'said\n', env: { MINE: 'kept' } },
    );
    expect(ran.stdout).toBe(`${cwd}\nsaid\nkept:--json:vm/jumpbox\n`);
  });

  it('passes signals on', async () => {
    const child = line.start([
      'exec',
      '--from',
      'vm/jumpbox',
      '--',
      'sh',
      '-c',
      'trap "echo heard; exit 9" TERM; echo ready; while :; do sleep 0.05; done',
    ]);
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    await eventually(() => out.includes('ready'));
    child.kill('SIGTERM');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect([code, out]).toEqual([9, 'ready\nheard\n']);
  });

  it('may ask the instance from within', async () => {
    const inner = await exec(
      join(process.cwd(), 'bin', 'cloister'),
      'why',
      '--from',
      'internet',
      '--to',
      'vault/kv-clinic',
      '--json',
    );
    expect(inner.code, inner.stderr).toBe(1);
    expect(document<Trace>(inner).disposition).toBe('refused-by-door');
  });

  it('takes its credentials back', async () => {
    const ran = await exec('sh', '-c', 'echo $HTTPS_PROXY');
    const code = await line.run([
      'exec',
      '--from',
      'internet',
      '--',
      'curl',
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_connect}',
      '--proxy',
      ran.stdout.trim(),
      'https://management.azure.com/',
    ]);
    expect(code.stdout).toBe('407');
  });
});

describe('env', () => {
  it('evaluates in sh', async () => {
    const { code, stdout } = await cli('env', '--from', 'vm/jumpbox');
    expect(code).toBe(0);
    const script = `${stdout}\necho "$CLOISTER_PLACE $AZURE_TENANT_ID"; test -f "$SSL_CERT_FILE" && test -f "$NODE_EXTRA_CA_CERTS" && test -d "$AZURE_CONFIG_DIR"`;
    const seen = execFileSync('sh', ['-eu', '-c', script], { encoding: 'utf8' });
    expect(seen).toMatch(/^vm\/jumpbox [0-9a-f-]{36}\n$/);
    expect((await cli('env', '--from', 'nowhere')).code).toBe(2);
    expect((await cli('env')).code).toBe(2);
  });
});

describe('a state folder', () => {
  it('may be relative, have a quote and a blank in its name, and hold what is not ours', async () => {
    const cwd = line.folder.path;
    const state = join(cwd, "it's here");
    cpSync(join(example, 'model'), state, { recursive: true });
    const at = { env: { CLOISTER_STATE: "it's here" }, cwd };
    expect((await line.run(['up', '--detach'], at)).code).toBe(0);
    const { stdout } = await line.run(['env', '--from', 'internet'], at);
    // The same wherever a program stands.
    execFileSync('sh', ['-eu', '-c', `${stdout}\ncd /\ntest -f "$SSL_CERT_FILE"`]);
    const down = await line.run(['down', '--purge'], at);
    expect([down.code, down.stderr]).toEqual([0, expect.stringMatching(/what else is there stays/)]);
    expect(readdirSync(state)).toEqual(readdirSync(join(example, 'model')));
  });
});

describe('without an instance', () => {
  it('says so, and how to start one', async () => {
    const env = { CLOISTER_STATE: join(line.folder.path, 'none') };
    for (const args of [
      ['status'],
      ['places'],
      ['why', '--from', 'internet', '--to', 'x'],
      ['verify'],
      ['env', '--from', 'internet'],
      ['export', '--to', 'hosts'],
    ]) {
      const refused = await line.run(args, { env });
      expect([args, refused.code, refused.stdout]).toEqual([args, 2, '']);
      expect(refused.stderr).toMatch(/nothing runs in .*cloister up FILE/);
    }
    const down = await line.run(['down'], { env });
    expect([down.code, down.stderr]).toEqual([0, expect.stringMatching(/nothing runs/)]);
  });
});

describe('help', () => {
  it('lists the verbs on stdout, and the version', async () => {
    const help = await cli('--help');
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const verb of ['up', 'down', 'status', 'places', 'exec', 'env', 'why', 'export'])
      expect(help.stdout).toMatch(new RegExp(`^ {2}${verb} `, 'm'));
    expect((await cli('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await cli('why', '--help')).code).toBe(0);
  });
});

describe('up with a template that does not stand on its own', () => {
  it('builds on what is there already', async () => {
    const spoke = join(line.folder.path, 'spoke.json');
    const template = (vnet: string): string =>
      JSON.stringify({
        $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
        contentVersion: '1.0.0.0',
        resources: [
          {
            type: 'Microsoft.Network/virtualNetworks/subnets',
            apiVersion: '2023-09-01',
            name: `${vnet}/spoke`,
            properties: { addressPrefix: '10.150.9.0/24' },
          },
        ],
      });
    writeFileSync(spoke, template('nothing-vnet'));
    const refused = await cli('up', spoke);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/spoke\.json:\d+:\d+: /)]);
    writeFileSync(spoke, template('clinic-vnet'));
    const added = await cli('up', spoke);
    expect(added.code, added.stderr).toBe(0);
    const { stdout } = await cli('places');
    expect(stdout).toMatch(/^vnet\/clinic-vnet\/spoke$/m);
    // What another folder's cloister.yaml described stays.
    expect(stdout).toMatch(/^site\/branch-office$/m);
  });
});
