/** Connections of this process that begin at places: who is met, what is met on the way, and what is left. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dialer } from '../../src/enforce/linux/dialer.ts';
import { enterPlace } from '../../src/enforce/linux/enter.ts';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import { openSockets } from '../../src/enforce/linux/sockets.ts';
import { line, type Word } from '../../src/enforce/plan/words.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { Names } from '../../src/net/places.ts';
import { Listeners } from '../../src/server/kernel/listeners.ts';
import { noPackets } from '../support/kernel.ts';
import { link, network, nsg, subnet, vm, vnet, zone } from '../support/network.ts';

const estate = network([
  nsg('few', '100 Deny In tcp 81 from * to *'),
  vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'few' })),
  vm('one', 'hub/x', '10.0.1.4'),
  vm('two', 'hub/x', '10.0.1.5'),
  zone('corp.example', {}, 'two A 10.0.1.5'),
  link('corp.example', 'hub'),
]);

const kinds: readonly (readonly [string, boolean])[] = [
  ['as root or as who we are', false],
  ['in a user namespace', true],
];

describe.skipIf(noPackets !== undefined).each(kinds)('a dialer, %s,', (_, rootless) => {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-test-'));
  const met: Socket[] = [];
  const opened: { close(): void }[] = [];
  let fabric: LinuxFabric;
  let listeners: Listeners;
  let enter: ReturnType<typeof enterPlace>;
  let dialer: Dialer;

  const namespaceOf = (name: string): Word => {
    const [, found] = [...fabric.plan.places].find(([key]) => key.endsWith(`/${name}-nic`)) ?? [];
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };

  beforeAll(async () => {
    fabric = rootless ? new LinuxFabric(true) : new LinuxFabric();
    await fabric.apply(planOf(estate));
    listeners = new Listeners(fabric, {
      ground: { network: estate, names: new Names(estate) },
      deliver: (socket, _, { place, port }) => void socket.end(`${place} asks for ${port}`),
      proxy: () => {},
      denied: () => {},
      log: (error) => expect(error).toBeUndefined(),
    });
    await listeners.follow();
    const ports = [line`tcp 0.0.0.0:80`, line`tcp 0.0.0.0:81`];
    await openSockets(fabric.holder, namespaceOf('two'), ports, (socket) => {
      if (socket.protocol !== 'tcp') return;
      opened.push(socket.server);
      socket.server.on('connection', (connection) => {
        met.push(connection);
        connection.on('error', () => {});
        connection.resume().end(`from ${connection.remoteAddress}`);
      });
    });
    const resolver = join(folder, 'resolv.conf');
    writeFileSync(resolver, 'nameserver 168.63.129.16\n');
    enter = enterPlace(fabric.holder, namespaceOf('one'), new Map([['/etc/resolv.conf', resolver]]));
    dialer = new Dialer(enter, 2_000);
  }, 60_000);
  afterAll(async () => {
    await dialer.close();
    for (const socket of met) socket.destroy();
    for (const server of opened) server.close();
    listeners.close();
    await fabric.close();
    rmSync(folder, { recursive: true });
  });

  const said = async (socket: Socket): Promise<string> => {
    let text = '';
    for await (const piece of socket) text += String(piece);
    return text;
  };

  it('connects from its place, as often as it is asked, and what was said before is not lost', async () => {
    const sockets = await Promise.all([1, 2, 3].map(() => dialer.dial('10.0.1.5', 80)));
    expect(await Promise.all(sockets.map(said))).toEqual(Array(3).fill('from 10.0.1.4'));
  });

  it('asks the resolver of its place for names', async () => {
    expect(await said(await dialer.dial('management.azure.com', 443))).toBe('nic/one-nic asks for 443');
    expect(await said(await dialer.dial('two.corp.example', 80))).toBe('from 10.0.1.4');
    await expect(dialer.dial('one.corp.example', 80)).rejects.toThrow('ENOTFOUND one.corp.example');
  });

  it('meets what stands in the way: a gate, nobody there', async () => {
    await expect(dialer.dial('10.0.1.5', 81)).rejects.toThrow('connect ETIMEDOUT 10.0.1.5:81');
    await expect(dialer.dial('10.0.1.5', 79)).rejects.toThrow('ECONNREFUSED 10.0.1.5:79');
    expect(await said(await dialer.dial('10.0.1.5', 80))).toBe('from 10.0.1.4');
  });

  it('refuses when it is closed what it was asked for, and what it had made stays', async () => {
    const another = new Dialer(enter);
    const made = await another.dial('10.0.1.5', 80);
    const asked = another.dial('10.0.1.5', 81);
    const refused = expect(asked).rejects.toThrow('what makes connections there has ended');
    await another.close();
    await refused;
    await expect(another.dial('10.0.1.5', 80)).rejects.toThrow('what makes connections there has ended');
    expect(await said(made)).toBe('from 10.0.1.4');
  });

  it('says what the machine says where it cannot stand there', async () => {
    const nowhere = new Dialer(['nsenter', '--net=/proc/self/fd/nothing', '--']);
    await expect(nowhere.dial('10.0.1.5', 80)).rejects.toThrow('cannot open /proc/self/fd/nothing');
    await nowhere.close();
    const missing = new Dialer(['cloister-has-no-such-program']);
    await expect(missing.dial('10.0.1.5', 80)).rejects.toThrow('ENOENT');
    await missing.close();
  });
});
