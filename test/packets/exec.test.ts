/**
 * The kernel fabric as people use it: `up --fabric linux`, programs as they are at places, `down`, and a host that is
 * none the wiser.
 */

import { once } from 'node:events';
import { chownSync, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowsAnswer, StatusAnswer } from '../../src/api/control.ts';
import { type Host, host, noPackets, processesWith } from '../support/kernel.ts';
import {
  CommandLine,
  eventually,
  example,
  type Ran,
  type RunOptions,
  root,
  run,
} from '../support/running.ts';

const patience = 300_000;
const blob = 'stclinic.blob.core.windows.net';
const vault = 'kv-clinic.vault.azure.net';

/** Somebody without rights; root alone can be both. */
const nobody = 65_534;
const asRoot = process.getuid?.() === 0;
const users: readonly (readonly [string, number | undefined])[] = asRoot
  ? [
      ['root', undefined],
      ['a plain user', nobody],
    ]
  : [['a plain user', undefined]];

describe.skipIf(noPackets !== undefined).each(users)('up --fabric linux as %s', (_, uid) => {
  const line = new CommandLine();
  const as: RunOptions = uid === undefined ? {} : { uid };
  let before: Host;
  beforeAll(async () => {
    before = host();
    if (uid !== undefined) for (const path of [line.folder.path, line.tmp]) chownSync(path, uid, uid);
    const up = await line.run(['up', example, '--fabric', 'linux', '--detach', '--json'], as);
    expect(up.code, up.stderr).toBe(0);
    expect(JSON.parse(up.stdout)).toMatchObject({ fabric: 'linux' });
  }, patience);
  afterAll(() => line.close(), patience);

  const at = (place: string, command: string, options: RunOptions = {}): Promise<Ran> =>
    line.run(['exec', '--from', place, '--', 'sh', '-c', command], { ...as, ...options });

  const asked = `curl -sS -o /dev/null -w '%{http_code} %{remote_ip}'`;

  it(
    'gives programs of a machine its names, its addresses and its roots, on the ports that they expect',
    async () => {
      const dig = await at('vm/jumpbox', `dig +short ${blob}; dig +short +tcp ${vault}; dig nobody.example`);
      expect(dig.stdout).toMatch(
        /^stclinic\.privatelink\.blob\.core\.windows\.net\.\n10\.150\.0\.4\nkv-clinic\.privatelink\.vaultcore\.azure\.net\.\n10\.150\.0\.\d+\n/,
      );
      expect(dig.stdout).toMatch(/SERVER: 168\.63\.129\.16#53/);
      const lookup = await at('vm/jumpbox', `nslookup ${blob}`);
      expect(lookup.stdout).toMatch(/canonical name = stclinic\.privatelink[\s\S]*Address: 10\.150\.0\.4/);
      const curl = await at('vm/jumpbox', `${asked} https://${blob}/`);
      expect([curl.stdout, curl.stderr]).toEqual(['401 10.150.0.4', '']);
      const tls = await at(
        'vm/jumpbox',
        `openssl s_client -connect ${vault}:443 -servername ${vault} -verify_hostname ${vault} -verify_return_error </dev/null`,
      );
      expect(tls.stdout).toMatch(/Verification: OK\nVerified peername: /);
    },
    patience,
  );

  it(
    'reaches what every machine reaches: Resource Manager, sign-in, metadata, which knows who asks',
    async () => {
      const { stdout } = await at(
        'vm/jumpbox',
        `${asked} https://management.azure.com/subscriptions?api-version=2022-12-01; echo
       ${asked} https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration; echo
       curl -sS -H Metadata:true 'http://169.254.169.254/metadata/instance/compute/name?api-version=2021-02-01&format=text'`,
      );
      expect(stdout.split('\n')).toEqual([
        expect.stringMatching(/^401 198\.18\./),
        expect.stringMatching(/^200 198\.18\./),
        expect.stringContaining('jumpbox'),
      ]);
    },
    patience,
  );

  it(
    'answers in public on the internet, where doors refuse and private addresses lead nowhere',
    async () => {
      const names = await at('internet', `dig +short ${blob}; ${asked} https://${blob}/`);
      expect(names.stdout).toMatch(
        /^stclinic\.privatelink\.blob\.core\.windows\.net\.\n(198\.18\.[\d.]+)\n403 \1$/,
      );
      const refusal = await at('internet', `curl -sS https://${vault}/secrets/x`);
      expect(refusal.stdout).toContain('ForbiddenByConnection');
      const inside = await at('internet', 'curl -sS --connect-timeout 2 https://10.150.0.4/');
      expect([inside.code, inside.stdout]).toEqual([28, '']);
      expect((await at('internet', 'cat /etc/resolv.conf')).stdout).toBe('nameserver 127.0.0.1\n');
    },
    patience,
  );

  it(
    'drops what the gates drop: the internet from the jump box',
    async () => {
      const { code } = await at('vm/jumpbox', 'curl -sS --connect-timeout 2 https://198.51.100.7/');
      expect(code).toBe(28);
    },
    patience,
  );

  it(
    'keeps the folder, the exit code and signals, and says what is not there',
    async () => {
      const folder = realpathSync(line.folder.path);
      const ran = await at('vm/jumpbox', 'pwd; exit 37', { cwd: folder });
      expect([ran.stdout, ran.code]).toEqual([`${folder}\n`, 37]);
      const missing = await line.run(['exec', '--from', 'vm/jumpbox', '--', 'no-such-program'], {
        ...as,
        // A folder on the way that may not be looked into would be told instead.
        env: { PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin` },
      });
      expect([missing.code, missing.stderr]).toEqual([127, expect.stringContaining('no-such-program')]);
      const child = line.start(
        ['exec', '--from', 'vm/jumpbox', '--', 'sh', '-c', 'echo $$; exec sleep 600'],
        as,
      );
      const [pid] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([143, null]);
      await eventually(() => !isThere(Number(pid.toString())));
    },
    patience,
  );

  it(
    'has nothing that leads outside: proxies, sockets of agents, descriptors, the folder seen from the host',
    async () => {
      const path = join(line.folder.path, 'agent.sock');
      const agent = createServer().listen(path);
      await once(agent, 'listening');
      try {
        const env = {
          HTTPS_PROXY: 'http://127.0.0.1:9',
          no_proxy: '*',
          SSH_AUTH_SOCK: path,
          DOCKER_HOST: `unix://${path}`,
          DBUS_SESSION_BUS_ADDRESS: `unix:path=${path},guid=1`,
          HARMLESS: 'kept',
        };
        const shown = `env | sed -n 's/^\\(HTTPS_PROXY\\|no_proxy\\|SSH_AUTH_SOCK\\|DOCKER_HOST\\|DBUS_SESSION_BUS_ADDRESS\\|HARMLESS\\)=.*/\\1/p'`;
        const { stdout } = await at('vm/jumpbox', `${shown}; ls -A /run`, { env });
        expect(stdout.split('\n').filter((name) => name !== '')).toEqual(['HARMLESS', 'mount', 'netns']);
        const inherited = `exec 9</dev/null 200</dev/null 201</ 202< <(true); cd /; exec ${join(root, 'bin', 'cloister')} exec --from vm/jumpbox -- "$@"`;
        const shell = ['sh', '-c', 'ls /proc/self/fd; cat etc/resolv.conf'];
        const fds = await run('bash', ['-c', inherited, 'bash', ...shell], { ...as, env: line.env() });
        // The shell keeps another end of its own of a pipe, by a number that it chooses.
        const open = new Set(fds.stdout.split('\n'));
        expect(['9', '200', '201', '202'].filter((fd) => open.has(fd))).toEqual(['202']);
        expect(fds.stdout).toMatch(/\nnameserver 168\.63\.129\.16\n$/);
      } finally {
        agent.close();
      }
    },
    patience,
  );

  it(
    'runs programs as who started them',
    async () => {
      const { stdout, code } = await at('vm/jumpbox', 'id -u; ip link set eth0 mtu 1400 2>/dev/null');
      const own = uid ?? process.getuid?.();
      // Root is root there, too; anybody else has no rights over the network that he stands in.
      expect([stdout, code === 0]).toEqual([`${own}\n`, own === 0]);
    },
    patience,
  );

  it(
    'stands at subnets and at sites',
    async () => {
      const subnet = await at(
        'vnet/clinic-vnet/scoring',
        `ip -br address show eth0; ${asked} https://${blob}/`,
      );
      expect(subnet.stdout).toMatch(/ 10\.150\.\d+\.\d+\/\d+ *\n401 10\.150\.0\.4$/);
      const site = await at('site/branch-office', `${asked} https://${blob}/`);
      expect(site.stdout).toMatch(/^403 198\.18\./);
    },
    patience,
  );

  it(
    'is what status says',
    async () => {
      const { stdout, code } = await line.run(['status', '--json'], as);
      const { fabric, kernel, places } = JSON.parse(stdout) as StatusAnswer;
      expect([fabric, kernel?.state]).toEqual(['linux', 'active']);
      const states = Object.fromEntries(places.map(({ place, state }) => [place, state]));
      expect(states).toMatchObject({ internet: 'active', 'vm/jumpbox': 'active' });
      const uncarried = 'degraded: not probed: it stands nowhere in the kernel';
      const others = Object.values(states).filter((state) => state !== 'active');
      expect(new Set([uncarried, ...others])).toEqual(new Set([uncarried]));
      expect(code).toBe(others.length === 0 ? 0 : 1);
      const other = await line.run(['up', '--fabric', 'userspace'], as);
      expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('what runs has linux')]);
    },
    patience,
  );

  it(
    'writes down what was decided about flows, and by what',
    async () => {
      const { stdout, code } = await line.run(['status', '--flows', '--json'], as);
      expect(code).toBe(0);
      const { flows } = JSON.parse(stdout) as FlowsAnswer;
      const dropped = flows.find(({ destination }) => destination === '198.51.100.7');
      expect(dropped).toMatchObject({
        place: 'vm/jumpbox',
        protocol: 'tcp',
        source: '10.150.1.4',
        port: 443,
        decision: 'dropped-by-gate',
      });
      const passed = flows.find(({ place, decision }) => place === 'vm/jumpbox' && decision === 'passed');
      expect(passed?.at).toMatch(/\/virtualNetworks\/clinic-vnet$/);
      expect(flows.some(({ place, at }) => place === 'internet' && at === 'internet')).toBe(true);
      const log = readFileSync(join(line.state, 'flows.jsonl'), 'utf8');
      expect(log.trimEnd().split('\n')).toContain(JSON.stringify(dropped));
    },
    patience,
  );

  it(
    'leaves nothing behind',
    async () => {
      expect(processesWith(line.folder.path).length).toBeGreaterThan(1);
      const down = await line.run(['down'], as);
      expect(down.code, down.stderr).toBe(0);
      expect(processesWith(line.folder.path)).toEqual([]);
      expect(host()).toEqual(before);
    },
    patience,
  );
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
