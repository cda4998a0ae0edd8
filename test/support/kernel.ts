/**
 * Tests that need network namespaces and nftables. Where the machine has none it is said, and fails with
 * CLOISTER_REQUIRE_ALL=1.
 *
 * @module
 */

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
