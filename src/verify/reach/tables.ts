/**
 * Compiled tables of a Network: each distinct one once, whatever it is called and wherever it hangs.
 *
 * @module
 */

import type { Intervals } from '../../lib/intervals.ts';
import type { Row, Table } from '../../net/table.ts';
import type { Algebra } from '../sets/algebra.ts';
import { type Asking, box, compile, Workshop } from '../sets/first-match.ts';
import type { Field } from '../sets/space.ts';
import type { Diagram } from '../sets/store.ts';

type AnyTable = Table<unknown>;

/** Diagrams of tables, sets and maps, made when first asked for. */
export class Tables {
  readonly algebra: Algebra;
  /** How many different tables were compiled. */
  compiled = 0;
  readonly #workshop: Workshop;
  readonly #byTable = new WeakMap<AnyTable, Map<string, Diagram>>();
  readonly #byContent = new Map<string, Diagram>();
  readonly #keys = new WeakMap<ReadonlyMap<number, unknown>, Intervals>();
  readonly #plain = new WeakMap<AnyTable, Diagram>();
  readonly #fixed = new Map<Diagram, Map<number, Diagram>>();
  readonly #supports = new Map<Diagram, ReadonlySet<number>>();

  constructor(algebra: Algebra) {
    this.algebra = algebra;
    this.#workshop = new Workshop(algebra.outcomes, algebra.store.budget);
  }

  /** The diagram of a table. */
  of(table: AnyTable, asking: Asking): Diagram {
    return isPlain(asking) ? this.#ofPlain(table) : this.#of(table, asking);
  }

  /** As most are asked. */
  #ofPlain(table: AnyTable): Diagram {
    let diagram = this.#plain.get(table);
    if (diagram === undefined) {
      diagram = this.#of(table, {});
      this.#plain.set(table, diagram);
    }
    return diagram;
  }

  #of(table: AnyTable, asking: Asking): Diagram {
    const { sourceUnknown, anySourcePort, via, subnet } = asking;
    const how = `${sourceUnknown === true}|${anySourcePort === true}|${via ?? ''}|${subnet ?? ''}`;
    let known = this.#byTable.get(table);
    if (!known) {
      known = new Map();
      this.#byTable.set(table, known);
    }
    let diagram = known.get(how);
    if (diagram === undefined) {
      const content = `${how}|${contentOf(table)}`;
      diagram = this.#byContent.get(content);
      if (diagram === undefined) {
        // A small table leaves little behind, and is not worth a copy.
        diagram =
          table.length < 4
            ? compile(this.algebra, table, labelOf, asking)
            : this.#workshop.compile(this.algebra, table, labelOf, asking);
        this.compiled++;
        this.#byContent.set(content, diagram);
      }
      known.set(how, diagram);
    }
    return diagram;
  }

  /** A diagram where one coordinate has one value. */
  fix(diagram: Diagram, level: number, value: number): Diagram {
    const key = level * 2 ** 32 + value;
    let known = this.#fixed.get(diagram);
    if (!known) {
      known = new Map();
      this.#fixed.set(diagram, known);
    }
    let fixed = known.get(key);
    if (fixed === undefined) {
      fixed = this.algebra.fix(diagram, level, value);
      known.set(key, fixed);
    }
    return fixed;
  }

  /** Levels that a diagram asks for. */
  support(diagram: Diagram): ReadonlySet<number> {
    let support = this.#supports.get(diagram);
    if (!support) {
      support = this.algebra.support(diagram);
      this.#supports.set(diagram, support);
    }
    return support;
  }

  /** The flows with a coordinate in a set. */
  in(field: Field, set: Intervals): Diagram {
    return box(this.algebra, { [field]: set });
  }

  /** The keys of a map of addresses. */
  keysOf(map: ReadonlyMap<number, unknown>): Intervals {
    let keys = this.#keys.get(map);
    if (!keys) {
      keys = intervalsOf([...map.keys()]);
      this.#keys.set(map, keys);
    }
    return keys;
  }
}

function isPlain({ sourceUnknown, anySourcePort, via }: Asking): boolean {
  return sourceUnknown !== true && anySourcePort !== true && via === undefined;
}

/**
 * What makes the answers of two rows equal for a walk. Of a gate or a door that is the verdict; of a route also whether
 * it is Azure's own, which may not be the last word.
 */
function labelOf({ action, builtIn }: Row<unknown>): string {
  return typeof action === 'string' ? action : JSON.stringify([action, builtIn === true]);
}

/** All that a table's answers depend on, as text. */
function contentOf(table: AnyTable): string {
  return table.map((row) => `${labelOf(row)}${sidesOf(row)}`).join('\n');
}

function sidesOf({ match, unknown }: Row<unknown>): string {
  const { source, destination, protocol, port, sourcePort, via, subnets } = match;
  const addresses = `${sideText(source)}|${sideText(destination)}`;
  const ports = `${sideText(protocol)}|${sideText(port)}|${sideText(sourcePort)}`;
  const way = via === undefined && !subnets ? '' : `|${via ?? ''}|${[...(subnets ?? [])].join(';')}`;
  return `|${addresses}|${ports}${way}${unknown ? JSON.stringify(unknown) : ''}`;
}

/** How many intervals, and each in four letters, which are made sooner than digits; `*` is a side that is absent. */
function sideText(side: Intervals | undefined): string {
  if (!side) return '*';
  let text = `${side.length}:`;
  for (const [low, high] of side)
    text += String.fromCharCode(low >>> 16, low & 0xffff, high >>> 16, high & 0xffff);
  return text;
}

function intervalsOf(values: number[]): Intervals {
  values.sort((a, b) => a - b);
  return values.map((value) => [value, value]);
}
