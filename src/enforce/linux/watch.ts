/**
 * New flows, by looking at the records again and again: what was not there at the last look is new.
 *
 * @module
 */

import type { Word } from '../plan/words.ts';
import type { LinuxFabric } from './fabric.ts';
import { KernelRefused } from './holder.ts';
import type { FlowRecord } from './records.ts';

/** What a look found. */
export interface Look {
  readonly flows: readonly FlowRecord[];
  /** Routers that could not be asked, and why. */
  readonly problems: readonly string[];
}

/** How flows had ended at the last look, by what tells them apart. */
type Known = ReadonlyMap<string, string>;

/** Looks at one fabric. */
export class FlowWatch {
  readonly #fabric: LinuxFabric;
  #known: ReadonlyMap<Word, Known> = new Map();

  constructor(fabric: LinuxFabric) {
    this.#fabric = fabric;
  }

  /**
   * Returns flows that nobody was told of yet, in no order. A packet that is sent again is the same flow; one that ends
   * otherwise than before is told of again. Throws `KernelRefused` where nothing is applied.
   */
  async look(): Promise<Look> {
    const records = await this.#fabric.recordsOf();
    const before = this.#known;
    const now = new Map<Word, Known>();
    const flows: FlowRecord[] = [];
    const problems: string[] = [];
    for (const [router, found] of records) {
      const known: Known = before.get(router) ?? new Map();
      if (found instanceof KernelRefused) {
        problems.push(found.message);
        now.set(router, known);
        continue;
      }
      flows.push(...found.filter((record) => known.get(keyOf(record)) !== endedOf(record)));
      now.set(router, new Map(found.map((record) => [keyOf(record), endedOf(record)])));
    }
    this.#known = now;
    return { flows, problems };
  }
}

function keyOf({ protocol, source, sourcePort, destination, port }: FlowRecord): string {
  return `${protocol} ${source}:${sourcePort} ${destination}:${port}`;
}

function endedOf({ ended }: FlowRecord): string {
  if (typeof ended === 'string') return ended;
  const { stage, disposition, by } = ended;
  return `${stage} ${disposition} ${by.resource} ${by.rule}`;
}
