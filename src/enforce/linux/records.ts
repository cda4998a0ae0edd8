/**
 * What routers have written down of flows: how each ended there, and how long ago.
 *
 * @module
 */

import { type Ip, parseIp } from '../../lib/ip.ts';
import type { Ending } from '../plan/ruleset.ts';
import { outside, passed, recordedSeconds, standingEndings } from '../plan/standing.ts';
import type { Word } from '../plan/words.ts';
import { type Holder, KernelRefused } from './holder.ts';
import { table } from './nft.ts';

/** How a flow ended in one router. */
export interface FlowRecord {
  readonly router: Word;
  readonly protocol: 'tcp' | 'udp';
  readonly source: Ip;
  readonly destination: Ip;
  readonly sourcePort: number;
  readonly port: number;
  /** `passed`: handed on. `outside`: it left the estate. */
  readonly ended: 'passed' | 'outside' | Ending;
  /** Whole seconds since its last packet that was new. */
  readonly age: number;
}

/** What a number in a record stands for, if that is known. */
type EndingOf = (mark: number) => Ending | undefined;

/** Reads the records of a router. Throws `KernelRefused` with what the machine said. */
export async function readRecords(
  holder: Holder,
  router: Word,
  endingOf: EndingOf,
): Promise<readonly FlowRecord[]> {
  // Two programs: asked for two maps at once, nft 1.0.6 forgets the first.
  const list = `nft -j list map ${table} tcpflows; nft -j list map ${table} udpflows`;
  const { code, stdout, stderr } = await holder.run(['sh', '-euc', list], '', router);
  if (code !== 0) throw new KernelRefused(stderr.trim() || `nft ended with ${code}`);
  return stdout
    .split('\n')
    .filter((text) => text !== '')
    .flatMap((text) => read(router, JSON.parse(text) as Listing, endingOf));
}

/** What `nft -j` says about a map, as far as it is read here. */
interface Listing {
  readonly nftables: readonly {
    readonly map?: {
      readonly name: string;
      readonly elem?: readonly (readonly [
        {
          readonly elem: {
            readonly val: { readonly concat: readonly [string, string, number, number] };
            /** Seconds until it is forgotten. */
            readonly expires: number;
          };
        },
        number,
      ])[];
    };
  }[];
}

function read(router: Word, { nftables }: Listing, endingOf: EndingOf): readonly FlowRecord[] {
  return nftables.flatMap(({ map }) => {
    const protocol = map?.name === 'tcpflows' ? 'tcp' : 'udp';
    return (map?.elem ?? []).map(([{ elem }, mark]): FlowRecord => {
      const [source, destination, sourcePort, port] = elem.val.concat;
      return {
        router,
        protocol,
        source: parsed(source),
        destination: parsed(destination),
        sourcePort,
        port,
        ended: endedOf(mark, endingOf),
        age: recordedSeconds - elem.expires,
      };
    });
  });
}

function endedOf(mark: number, endingOf: EndingOf): FlowRecord['ended'] {
  if (mark === passed) return 'passed';
  if (mark === outside) return 'outside';
  const ending = standingEndings.get(mark) ?? endingOf(mark);
  return ending ?? { stage: 'egress', disposition: 'unknown', by: { resource: '', rule: String(mark) } };
}

function parsed(text: string): Ip {
  const address = parseIp(text);
  if (address === undefined) throw new KernelRefused(`nft has '${text}' where an address should be`);
  return address;
}
