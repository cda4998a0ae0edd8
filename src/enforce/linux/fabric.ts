/**
 * The fabric that the kernel enforces: applies plans one after the other, and tells what became of flows.
 *
 * @module
 */

import { type Ip, parseIp } from '../../lib/ip.ts';
import type { LinuxPlan } from '../plan/model.ts';
import type { Ending } from '../plan/ruleset.ts';
import { outside, passed, standingEndings } from '../plan/standing.ts';
import type { Word } from '../plan/words.ts';
import { Holder, KernelRefused } from './holder.ts';
import { table } from './nft.ts';
import { emptyPlan, scriptOf } from './script.ts';

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
}

/** A fabric on this machine. */
export class LinuxFabric {
  readonly #rootless: boolean | undefined;
  #holder: Holder | undefined;
  #plan: LinuxPlan = emptyPlan;
  #last: Promise<unknown> = Promise.resolve();

  /** `rootless`: in a user namespace although we are root. */
  constructor(rootless?: boolean) {
    this.#rootless = rootless;
  }

  /** What holds at the moment. */
  get plan(): LinuxPlan {
    return this.#plan;
  }

  /** The holder, for those who put programs and sockets into places. */
  get holder(): Holder {
    if (!this.#holder) throw new KernelRefused('nothing is applied');
    return this.#holder;
  }

  /**
   * Makes a plan hold, by what differs from the one before. One at a time, in the order of the calls. Throws
   * `KernelRefused` where the machine refuses; then nothing is left.
   */
  apply(plan: LinuxPlan): Promise<void> {
    return this.#next(async () => {
      this.#holder ??= await Holder.start(this.#rootless);
      const script = scriptOf(this.#plan, plan);
      if (script.length === 0) return;
      const { code, stderr } = await this.#holder.run(['sh', '-eu'], `${script.join('\n')}\n`);
      if (code !== 0) {
        await this.#clean();
        throw new KernelRefused(stderr.trim() || `the script ended with ${code}`);
      }
      this.#plan = plan;
    });
  }

  /** The records of all routers: flows of the last five minutes. */
  records(): Promise<readonly FlowRecord[]> {
    return this.#next(async () => {
      const routers = this.#plan.namespaces
        .filter(({ ruleset }) => ruleset !== undefined)
        .map(({ id }) => id);
      const found = await Promise.all(routers.map((router) => this.#recordsOf(router)));
      return found.flat();
    });
  }

  /** Takes everything away. */
  close(): Promise<void> {
    return this.#next(() => this.#clean());
  }

  async #clean(): Promise<void> {
    const holder = this.#holder;
    this.#holder = undefined;
    this.#plan = emptyPlan;
    await holder?.close();
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #recordsOf(router: Word): Promise<FlowRecord[]> {
    // Two programs: asked for two maps at once, nft 1.0.6 forgets the first.
    const list = `nft -j list map ${table} tcpflows; nft -j list map ${table} udpflows`;
    const { code, stdout, stderr } = await this.holder.run(['sh', '-euc', list], '', router);
    if (code !== 0) throw new KernelRefused(stderr.trim());
    return stdout
      .split('\n')
      .filter((text) => text !== '')
      .flatMap((text) => this.#read(router, JSON.parse(text) as Listing));
  }

  #read(router: Word, { nftables }: Listing): FlowRecord[] {
    return nftables.flatMap(({ map }) => {
      const protocol = map?.name === 'tcpflows' ? 'tcp' : 'udp';
      return (map?.elem ?? []).map(([key, mark]): FlowRecord => {
        const [source, destination, sourcePort, port] = key.elem.val.concat;
        return {
          router,
          protocol,
          source: parsed(source),
          destination: parsed(destination),
          sourcePort,
          port,
          ended: this.#ending(mark),
        };
      });
    });
  }

  #ending(mark: number): FlowRecord['ended'] {
    if (mark === passed) return 'passed';
    if (mark === outside) return 'outside';
    const ending = standingEndings.get(mark) ?? this.#plan.endings.get(mark);
    // A record may be older than the plan that holds: what it stood for is gone.
    return ending ?? { stage: 'egress', disposition: 'unknown', by: { resource: '', rule: String(mark) } };
  }
}

/** What `nft -j` says about a map, as far as it is read here. */
interface Listing {
  readonly nftables: readonly {
    readonly map?: {
      readonly name: string;
      readonly elem?: readonly (readonly [
        { readonly elem: { readonly val: { readonly concat: readonly [string, string, number, number] } } },
        number,
      ])[];
    };
  }[];
}

function parsed(text: string): Ip {
  const address = parseIp(text);
  if (address === undefined) throw new KernelRefused(`nft has '${text}' where an address should be`);
  return address;
}
