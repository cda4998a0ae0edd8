/** Faults under a running kernel: what hangs is ended and told, and the next change finds everything in order. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import type { Place } from '../../src/net/position.ts';
import type { Ground } from '../../src/server/front/passage.ts';
import { Kernel } from '../../src/server/kernel/kernel.ts';
import { noPackets } from '../support/kernel.ts';
import { ids, network, nsg, privateEndpoint, storage, subnet, vm, vnet } from '../support/network.ts';
import { eventually, programOf, run, start as startProgram, temporaryFolder } from '../support/running.ts';

const estate = (...rules: readonly string[]): Network =>
  network(
    storage('acct'),
    nsg('few', '100 Deny In tcp 22 from * to *', ...rules),
    vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'few' }), subnet('pe', '10.0.3.0/24')),
    vm('one', 'hub/x', '10.0.1.4'),
    vm('two', 'hub/x', '10.0.1.5'),
    privateEndpoint('blob', 'hub/pe', '10.0.3.5', ids.storage('acct'), 'blob'),
  );

describe.skipIf(noPackets !== undefined)('under a kernel', () => {
  const folder = temporaryFolder();
  const path = process.env['PATH'];
  const errors: string[] = [];
  let ground: Ground;
  let kernel: Kernel;

  const start = async (): Promise<void> => {
    change();
    const bundle = join(folder.path, 'bundle.pem');
    writeFileSync(bundle, '');
    kernel = await Kernel.start({
      get ground() {
        return ground;
      },
      deliver: (socket) => void socket.pipe(socket),
      proxy: () => {},
      denied: () => {},
      log: (error) => errors.push(String(error)),
      bundles: { ca: bundle, bundle },
      folder: join(folder.path, 'places'),
    });
  };
  afterEach(async () => {
    vi.useRealTimers();
    process.env['PATH'] = path;
    await kernel.close();
    errors.splice(0);
  });

  afterAll(() => folder.remove());

  const change = (...rules: readonly string[]): void => {
    const changed = estate(...rules);
    ground = { network: changed, names: new Names(changed) };
  };

  const places = (): readonly Place[] =>
    ground.names.places().filter(({ kind }) => kind === 'nic' || kind === 'internet');

  /** Each place, and how it is by its probes. */
  const status = async (): Promise<Readonly<Record<string, string>>> => {
    const probed = await kernel.probe(places());
    return Object.fromEntries(probed.map(({ place, problem }) => [place.label, problem ?? 'active']));
  };
  const allActive = async (): Promise<boolean> =>
    kernel.state.state === 'active' && Object.values(await status()).every((state) => state === 'active');

  /** Puts another `nft` first, which says its process id and hangs while a file is there. */
  const hangNft = () => {
    const bin = join(folder.path, 'bin');
    const [flag, pipe] = [join(bin, 'hang'), join(bin, 'pipe')];
    mkdirSync(bin);
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', pipe]);
    writeFileSync(flag, '');
    const script = `#!/bin/sh\n[ ! -e ${flag} ] || { echo $$ > ${pipe}; exec sleep infinity; }\nexec ${programOf('nft')} "$@"\n`;
    writeFileSync(join(bin, 'nft'), script, { mode: 0o755 });
    process.env['PATH'] = `${bin}:${path}`;
    return {
      hung: async (): Promise<number> => Number(await readFile(pipe, 'utf8')),
      /** Whoever waits for a process that hangs waits no more. */
      release: (): void => writeFileSync(pipe, ''),
      mend: (): void => rmSync(flag),
    };
  };
  const runs = (pid: number): boolean =>
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

  /** The way into a machine; the name of its namespace is in it. */
  const wayTo = async (label: string): Promise<readonly string[]> => {
    const place = places().find((each) => each.label === label);
    return (place && (await kernel.enter(place))?.command) ?? [];
  };
  const holderPid = async (): Promise<number> => {
    const command = await wayTo('nic/one-nic');
    return Number(command[command.indexOf('--target') + 1]);
  };
  /** Runs commands beside all namespaces; `$hub` and `$one` are the names of two. */
  const damage = async (commands: string): Promise<void> => {
    const command = await wayTo('nic/one-nic');
    const one = command.find((word) => word.startsWith('--net='))?.replace('--net=/run/netns/', '');
    const script = `set -eu; one=${one}; hub=$(cd /run/netns; echo r*); ${commands}`;
    const [program = '', ...args] = [...command.slice(0, command.lastIndexOf('nsenter')), 'sh', '-c', script];
    expect(await run(program, args)).toMatchObject({ code: 0, stderr: '' });
  };

  it.each([
    ['an interface of a machine', 'ip -n $one link del eth0', 'nothing can be sent'],
    ['its address', 'ip -n $one address flush dev eth0', 'nothing can be sent'],
    ['its route', 'ip -n $one route del default', 'nothing can be sent'],
    ['its namespace', 'ip netns del $one', 'cannot be entered'],
    ['a route of the router', 'ip -n $hub route del 10.0.1.4', ''],
    ['the rules of the router', 'nsenter --net=/run/netns/$hub nft flush ruleset', 'cannot be read'],
    ['the gates of machines', 'nsenter --net=/run/netns/$hub nft flush map ip cloister entering', 'must be'],
    ['the router', 'ip netns del $hub', 'cannot be read'],
  ])('%s that somebody takes away is told by status, and there again', async (_, commands, why) => {
    await start();
    expect(await allActive()).toBe(true);
    await damage(commands);
    const found = await status();
    expect(found['nic/one-nic']).toContain(why);
    expect(found['nic/one-nic']).not.toBe('active');
    await eventually(allActive, 60_000);
    expect(errors.filter((error) => error.includes('has lost or changed'))).toHaveLength(1);
  });

  it('what is missing is found without anybody asking', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await start();
    await damage('ip -n $one link del eth0');
    vi.runOnlyPendingTimers();
    await vi.waitFor(() => expect(errors.join()).toContain('one-nic has lost or changed'), 60_000);
    await kernel.settled();
    vi.useRealTimers();
    expect(await allActive()).toBe(true);
  });

  it('a connection goes on when what it passes is made again', async () => {
    await start();
    const echo =
      'exec 3<>/dev/tcp/10.0.3.5/443; while read -r said; do echo "$said" >&3; head -n 1 <&3; done';
    const [program = '', ...args] = [...(await wayTo('nic/one-nic')), '/', 'bash', '-c', echo];
    const child = startProgram(program, args);
    const ended = once(child, 'close');
    const lines = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
    const ask = async (word: string): Promise<unknown> => {
      child.stdin?.write(`${word}\n`);
      return (await lines.next()).value;
    };
    expect(await ask('before')).toBe('before');
    await damage('ip -n $one link del eth0; nsenter --net=/run/netns/$hub nft flush ruleset');
    await status();
    await eventually(allActive, 60_000);
    expect(await ask('after')).toBe('after');
    child.stdin?.end();
    await ended;
  });

  it.each([
    ['its namespace is gone', () => damage('ip netns del $one')],
    ['the holder is gone', async () => void process.kill(await holderPid(), 'SIGKILL')],
  ])('a program ends when %s, for it would reach nobody', async (_, happens) => {
    await start();
    const way = [...(await wayTo('nic/one-nic')), '/', 'sh', '-c', 'echo here; exec sleep infinity'];
    const [program = '', ...args] = way;
    const child = startProgram(program, args);
    const ended = once(child, 'exit');
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    await happens();
    await status();
    expect(await ended).toEqual([null, 'SIGKILL']);
    await eventually(allActive, 60_000);
  });

  it('a command that never returns is ended, told, and in nobody’s way at the next change', async () => {
    await start();
    const { hung, release, mend } = hangNft();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    change('110 Deny In tcp 23 from * to *');
    const answered = kernel.settled().then(() => undefined);
    const stuck: number[] = [];
    // It may have been something else's fault: everything is made again, once.
    for (;;) {
      const pid = await Promise.race([answered, hung()]);
      if (pid === undefined) break;
      stuck.push(pid);
      vi.runOnlyPendingTimers();
    }
    release();
    expect(kernel.state.state).toMatch(/^degraded: sh .* did not end within \d+ s, and was killed$/);
    vi.useRealTimers();
    expect(stuck.length).toBeGreaterThanOrEqual(2);
    await eventually(() => !stuck.some(runs));
    mend();
    change('110 Deny In tcp 24 from * to *');
    await kernel.settled();
    expect(kernel.state.state).toBe('active');
    expect(await allActive()).toBe(true);
  });

  it('a holder that was stopped keeps nobody waiting', async () => {
    await start();
    const holder = await holderPid();
    process.kill(holder, 'SIGSTOP');
    change('110 Deny In tcp 23 from * to *');
    await kernel.settled();
    expect(await allActive()).toBe(true);
    await kernel.close();
    expect(runs(holder)).toBe(false);
  });
});
