/** Programs at places, and rules that change under what they do. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enterPlace } from '../../src/enforce/linux/enter.ts';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import type { Word } from '../../src/enforce/plan/words.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { noPackets } from '../support/kernel.ts';
import { type Facts, network, nsg, subnet, vm, vnet } from '../support/network.ts';

const estate = (...more: readonly string[]): Facts => [
  nsg('few', '4000 Deny In tcp 22 from * to *', ...more),
  vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'few' })),
  vm('one', 'hub/x', '10.0.1.4'),
  vm('two', 'hub/x', '10.0.1.5'),
];

/** A server that repeats lines, and a client that says one, waits for a word from outside, and says another. */
const talk = `
import socket, sys
server = len(sys.argv) == 1
if server:
    own = socket.create_server(("0.0.0.0", 80))
    print("ready", flush=True)
    while True:
        client, _ = own.accept()
        while line := client.recv(64):
            client.sendall(line)
own = socket.create_connection(("10.0.1.5", 80))
own.sendall(b"before"); print(own.recv(64).decode(), flush=True)
sys.stdin.readline()
own.sendall(b"after"); print(own.recv(64).decode(), flush=True)
`;

/** A program at a place whose lines are read one by one. */
function start(fabric: LinuxFabric, namespace: Word, ...args: readonly string[]) {
  const [program, ...rest] = fabric.holder.entering(['python3', '-c', talk, ...args], namespace);
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    line: async (): Promise<unknown> => (await lines.next()).value,
    say: (text: string) => child.stdin.write(`${text}\n`),
    end: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function placeOf({ plan }: LinuxFabric, name: string): Word {
  const found = [...plan.places].find(([key]) => key.endsWith(`/${name}-nic`));
  if (!found) throw new Error(`there is no ${name}`);
  return found[1];
}

describe.skipIf(noPackets !== undefined)('a program at a place', () => {
  const fabric = new LinuxFabric();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloister-place-')));
  const run = (...command: readonly [string, ...string[]]) => {
    const resolver = join(folder, 'resolv.conf');
    writeFileSync(resolver, 'nameserver 168.63.129.16\n');
    const replaced = new Map([['/etc/resolv.conf', resolver]]);
    const [program, ...args] = enterPlace(fabric.holder, placeOf(fabric, 'one'), replaced);
    return spawnSync(program, [...args, folder, ...command], { cwd: folder, encoding: 'utf8' });
  };
  beforeAll(() => fabric.apply(planOf(network(estate()))));
  afterAll(async () => {
    await fabric.close();
    rmSync(folder, { recursive: true });
  });

  it('has the network, the resolver, the folder and the exit code of its own', () => {
    const before = readFileSync('/etc/resolv.conf', 'utf8');
    const { stdout, status } = run(
      'sh',
      '-c',
      'ip -br address show eth0; cat /etc/resolv.conf; pwd; exit 37',
    );
    const [address, resolver, where] = stdout.split('\n');
    expect(address).toContain('10.0.1.4/24');
    expect([resolver, where, status]).toEqual(['nameserver 168.63.129.16', folder, 37]);
    expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(before);
  });

  it('takes what it is given as it is, and says what is not there', () => {
    expect(run('printf', '%s|', "a b'c", '$(reboot)', '--', '').stdout).toBe("a b'c|$(reboot)|--||");
    const missing = run('no-such-program');
    expect(missing.status).toBe(127);
    expect(missing.stderr).toContain('no-such-program');
  });

  it('reaches nothing of the host', () => {
    const { stdout } = run('sh', '-c', 'ip -br link | cut -d@ -f1 | cut "-d " -f1; ip -6 address; ip route');
    const [lo, eth0, ...routes] = stdout.trimEnd().split('\n');
    expect([lo, eth0]).toEqual(['lo', 'eth0']);
    expect(routes.map((route) => route.trimEnd())).toEqual([
      'default via 10.0.1.1 dev eth0',
      '10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.4',
    ]);
  });
});

describe.skipIf(noPackets !== undefined)('a rule that changes', () => {
  it('holds for new flows at once, and lets go on what was let through', async () => {
    const fabric = new LinuxFabric();
    try {
      await fabric.apply(planOf(network(estate())));
      const server = start(fabric, placeOf(fabric, 'two'));
      await server.line();
      const client = start(fabric, placeOf(fabric, 'one'), 'client');
      expect(await client.line()).toBe('before');
      await fabric.apply(planOf(network(estate('100 Deny In tcp 80 from * to *'))));
      const late = start(fabric, placeOf(fabric, 'one'), 'client');
      client.say('');
      expect(await client.line()).toBe('after');
      let stopped: unknown;
      do {
        await sleep(50);
        stopped = (await fabric.records()).find(({ ended }) => typeof ended === 'object')?.ended;
      } while (stopped === undefined);
      expect(stopped).toMatchObject({ disposition: 'dropped-by-gate', by: { rule: 'DenyIn100' } });
      for (const each of [late, client, server]) await each.end();
    } finally {
      await fabric.close();
    }
  });
});
