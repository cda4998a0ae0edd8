/**
 * Tests that need network namespaces and nftables. Where the machine has none it is said, and fails with
 * CLOISTER_REQUIRE_ALL=1.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Holder } from '../../src/enforce/linux/holder.ts';

/** Why packets cannot be tested here; undefined where they can. */
export const noPackets = await whyNot();
if (noPackets !== undefined) {
  if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(noPackets);
  console.log(`skipped: tests of packets: ${noPackets}`);
}

async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'there are no network namespaces but on Linux';
  try {
    const holder = await Holder.start();
    const tried = await holder.run(['sh', '-euc', 'ip netns add try && nft list ruleset']);
    await holder.close();
    return tried.code === 0 ? undefined : tried.stderr.trim();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** All that the host could notice. */
export interface Host {
  readonly links: string;
  readonly rules: string;
  readonly routes: string;
  readonly ruleset: string;
  readonly mounts: string;
  readonly resolver: string;
  readonly hosts: string;
  /** What it trusts: names, sizes and times of all files. */
  readonly roots: string;
}

/** Reads all that the host could notice. */
export function host(): Host {
  const run = (...command: readonly [string, ...string[]]): string =>
    execFileSync(command[0], command.slice(1), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return {
    links: run('ip', '-br', 'link'),
    rules: run('ip', 'rule'),
    routes: run('ip', 'route', 'show', 'table', 'all'),
    ruleset: process.getuid?.() === 0 ? run('nft', 'list', 'ruleset') : '',
    mounts: readFileSync('/proc/self/mountinfo', 'utf8'),
    resolver: readFileSync('/etc/resolv.conf', 'utf8'),
    hosts: readFileSync('/etc/hosts', 'utf8'),
    // But for what only root may read.
    roots: run('find', '-L', '/etc/ssl', '!', '-readable', '-prune', '-o', '-printf', '%p %s %t\n'),
  };
}

/** Processes that were started with a text in their environment, as a folder of a test's own is: what they run. */
export function processesWith(text: string): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return [];
    try {
      const read = (name: string): string =>
        readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ').trim();
      // One that has ended and that nobody has asked about yet runs nothing.
      return read('environ').includes(text) && read('cmdline') !== '' ? [`${pid} ${read('cmdline')}`] : [];
    } catch {
      return [];
    }
  });
}
