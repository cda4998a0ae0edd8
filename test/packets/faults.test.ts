/** Faults under a running kernel: what hangs is ended and told, and the next change finds everything in order. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import type { Place } from '../../src/net/position.ts';
import type { Ground } from '../../src/server/front/passage.ts';
import { Kernel } from '../../src/server/kernel/kernel.ts';
import { noPackets } from '../support/kernel.ts';
import { ids, network, nsg, privateEndpoint, storage, subnet, vm, vnet } from '../support/network.ts';
import { eventually, programOf, temporaryFolder } from '../support/running.ts';

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

  beforeEach(async () => {
    change();
    const bundle = join(folder.path, 'bundle.pem');
    writeFileSync(bundle, '');
    kernel = await Kernel.start({
      get ground() {
        return ground;
      },
      deliver: (socket) => socket.end(),
      proxy: () => {},
      log: (error) => errors.push(String(error)),
      bundles: { ca: bundle, bundle },
      folder: join(folder.path, 'places'),
    });
  });
  afterEach(async () => {
    vi.useRealTimers();
    process.env['PATH'] = path;
    await kernel.close();
    errors.splice(0);
  });

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
  const hangNft = (): { readonly hung: () => Promise<number>; readonly mend: () => void } => {
    const bin = join(folder.path, 'bin');
    const [flag, pipe] = [join(bin, 'hang'), join(bin, 'pipe')];
    mkdirSync(bin);
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', pipe]);
    writeFileSync(flag, '');
    const script = `#!/bin/sh\n[ ! -e ${flag} ] || { echo $$ > ${pipe}; exec sleep infinity; }\nexec ${programOf('nft')} "$@"\n`;
    writeFileSync(join(bin, 'nft'), script, { mode: 0o755 });
    process.env['PATH'] = `${bin}:${path}`;
    return { hung: async () => Number(await readFile(pipe, 'utf8')), mend: () => rmSync(flag) };
  };
  const runs = (pid: number): boolean =>
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

  it('a command that never returns is ended, told, and in nobody’s way at the next change', async () => {
    const { hung, mend } = hangNft();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    change('110 Deny In tcp 23 from * to *');
    const answered = kernel.settled();
    const first = await hung();
    vi.runOnlyPendingTimers();
    // It may have been something else's fault: everything is made again, once.
    const second = await hung();
    vi.runOnlyPendingTimers();
    await answered;
    expect(kernel.state.state).toMatch(/^degraded: sh .* did not end within \d+ s, and was killed$/);
    vi.useRealTimers();
    await eventually(() => !runs(first) && !runs(second));
    mend();
    change('110 Deny In tcp 24 from * to *');
    await kernel.settled();
    expect(kernel.state.state).toBe('active');
    expect(await allActive()).toBe(true);
  });

  it('a holder that was stopped keeps nobody waiting', async () => {
    const [anywhere] = places();
    const command: readonly string[] = (anywhere && (await kernel.enter(anywhere))?.command) ?? [];
    const holder = Number(command[command.indexOf('--target') + 1]);
    process.kill(holder, 'SIGSTOP');
    change('110 Deny In tcp 23 from * to *');
    await kernel.settled();
    expect(await allActive()).toBe(true);
    await kernel.close();
    expect(runs(holder)).toBe(false);
  });
});
