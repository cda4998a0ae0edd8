/**
 * Rulesets of nftables as data: named sets, maps and chains, and how rows of the Network's tables become rules.
 *
 * @module
 */

import { type Intervals, intersect, union } from '../../lib/intervals.ts';
import { protocolNumbers } from '../../lib/ports.ts';
import { privateAddresses } from '../../net/azure.ts';
import type { Verdict } from '../../net/gates.ts';
import type { Gap, Match, Row, Source, Table } from '../../net/table.ts';
import type { Disposition, Stage } from '../../net/trace.ts';
import { hash, type Ids, type Line, line, numbers, range, type Word, word } from './words.ts';

/** A named set or map. `type` is what `nft` calls it; a map has `key : value`. */
export interface Collection {
  readonly name: Word;
  readonly kind: 'set' | 'map';
  readonly type: Line;
  readonly elements: readonly Line[];
  /** For people. */
  readonly about: string;
}

/** A chain; `hook` for those where packets come in. */
export interface Chain {
  readonly name: Word;
  readonly hook: Line | undefined;
  readonly rules: readonly Line[];
  readonly about: string;
}

/** What one namespace has of nftables. */
export interface Ruleset {
  readonly collections: readonly Collection[];
  readonly chains: readonly Chain[];
  /** What the numbers in its records of flows stand for. */
  readonly endings: ReadonlyMap<number, Ending>;
}

/** Addresses to which the internet has no route. */
export const insideSet: Collection = {
  name: word`inside`,
  kind: 'set',
  type: line`ipv4_addr; flags interval`,
  elements: privateAddresses.map((interval) => line`${range(interval)}`),
  about: 'addresses without a public route',
};

/** Why a packet ended where it did: what the number in the record of a flow stands for. */
export interface Ending {
  readonly stage: Stage;
  readonly disposition: Disposition;
  readonly by: Source;
}

/** Protocols that have ports. */
const carriers: Intervals = [
  [protocolNumbers.tcp, protocolNumbers.tcp],
  [protocolNumbers.udp, protocolNumbers.udp],
];

const protocolWords = new Map<number, Word>([
  [protocolNumbers.tcp, word`tcp`],
  [protocolNumbers.udp, word`udp`],
  [protocolNumbers.icmp, word`icmp`],
]);

/** How the actions of a table are read. */
export interface Reading<A> {
  /** What a rule says that matches; undefined: it ends the packet. */
  readonly verdict: (action: A) => Line | undefined;
  /** Whether a row that only may match ends what it may match, as unknown. */
  readonly stopsInDoubt: (action: A) => boolean;
  /** How the rest of the table is read for what it may match, if not at once as the end that is given. */
  readonly inDoubt?: (unknown: Line) => Reading<A>;
}

/**
 * Security groups end with rows that match everything. So a row that may allow cannot let anything in: where the rest
 * denies, the answer is a denial or unknown, and neither is passed. Behind one that may deny, a denial is the answer,
 * and what is allowed is unknown.
 */
const ofGroups: Reading<Verdict> = {
  verdict: (action) => (action === 'allow' ? line`return` : undefined),
  stopsInDoubt: (action) => action === 'deny',
  inDoubt: (unknown) => ({
    verdict: (action) => (action === 'allow' ? unknown : undefined),
    stopsInDoubt: () => false,
  }),
};

/** Where rows are asked, and what a denial is called there. */
type Asked = Pick<Ending, 'stage' | 'disposition'>;

/**
 * A long table is printed in parts, because a changed chain is filled anew. Whoever returns from a part has to say
 * whether the table is done with the packet.
 */
const ofLongGroups: Reading<Verdict> = {
  ...ofGroups,
  verdict: (action) => (action === 'allow' ? line`meta mark set ${through} return` : undefined),
};

/** The mark of a packet that a table has let through. */
const through = 1;

/** Rows of a table that is printed as one chain, and about how many rules a part of a longer one has. */
const longest = 64;
const partLength = 16;

/** Matches as they were printed, but for those that name sets, which are of one ruleset. */
const printed = new WeakMap<Match, Line>();

/** A ruleset in the making. */
export class Rules implements Ruleset {
  readonly collections: Collection[] = [];
  readonly chains: Chain[] = [];
  readonly endings = new Map<number, Ending>();
  readonly #ids: Ids;
  readonly #printed = new Map<Table<Verdict>, Word>();
  readonly #shared = new Set<Word>();
  readonly #anySource = new Map<Table<Verdict>, Word>();

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  /** The id of a chain. */
  id(key: string): Word {
    return this.#ids.of('c', key);
  }

  /** Adds a chain, and returns its name. */
  chain(name: Word, about: string, rules: readonly Line[], hook?: Line): Word {
    this.chains.push({ name, about, rules, hook });
    return name;
  }

  /** Adds a set. */
  set(name: Word, type: Line, elements: readonly Line[], about: string): void {
    this.collections.push({ name, kind: 'set', type, elements, about });
  }

  /** Adds a map. */
  map(name: Word, type: Line, elements: readonly Line[], about: string): void {
    this.collections.push({ name, kind: 'map', type, elements, about });
  }

  /** Returns what ends a flow: it is written down, and the packet dropped. */
  end(ending: Ending): Line {
    return line`meta mark set ${this.mark(ending)} goto deny`;
  }

  /** Returns the number of an ending. */
  mark(ending: Ending): number {
    const { stage, disposition, by } = ending;
    const number = this.#ids.number(`${stage} ${disposition} ${by.resource} ${by.rule}`);
    this.endings.set(number, ending);
    return number;
  }

  /**
   * Returns the chain of a gate: it returns where the gate lets a packet through. `anySource`: source ports count as
   * any. Tables that several places share are printed once.
   */
  gate(
    table: Table<Verdict>,
    stage: 'egress' | 'ingress',
    key: string,
    about: string,
    anySource = false,
  ): Word {
    const any = anySource && table.some(({ match }) => match.sourcePort !== undefined);
    const printed = any ? this.#anySource : this.#printed;
    const known = printed.get(table);
    if (known !== undefined) return known;
    const at = any ? `${key} any` : key;
    const rows = any ? table.map((row) => ({ ...row, match: withoutSourcePort(row.match) })) : table;
    const long = rows.length > longest;
    const reading = long ? ofLongGroups : ofGroups;
    const rules = this.rows(rows, { stage, disposition: 'dropped-by-gate' }, reading, `${at} ${stage}`);
    const lines = long ? this.#inParts(rules, `${at} ${stage}`, about) : rules;
    const name = this.chain(this.id(`${at} ${stage}`), about, lines);
    printed.set(table, name);
    return name;
  }

  /** A rule itself says whether a part begins with it, so that a change of one moves no more than what is beside it. */
  #inParts(rules: readonly Line[], key: string, about: string): Line[] {
    const parts: Line[][] = [];
    for (const rule of rules) {
      const last = hash(rule) % partLength === 0 ? undefined : parts.at(-1);
      if (last) last.push(rule);
      else parts.push([rule]);
    }
    const taken = new Map<string, number>();
    const jumps = parts.flatMap((part) => {
      const first = `${key} from ${part[0]}`;
      const again = taken.get(first) ?? 0;
      taken.set(first, again + 1);
      const name = this.chain(this.id(`${first} ${again}`), `a part of ${about}`, part);
      return [line`jump ${name}`, line`meta mark ${through} return`];
    });
    return [line`meta mark set 0`, ...jumps];
  }

  /** Prints rows. `key`: of the chain that they are for. */
  rows<A>(table: Table<A>, asked: Asked, reading: Reading<A>, key: string): Line[] {
    return table.flatMap((row, at): Line[] => {
      const sure = this.match(row.match);
      const verdict = (): Line => reading.verdict(row.action) ?? this.end({ ...asked, by: row.by });
      const doubt = row.unknown && reading.stopsInDoubt(row.action) ? this.match(widened(row)) : undefined;
      return [
        ...(sure === undefined ? [] : [line`${sure}${verdict()}`]),
        ...(doubt === undefined ? [] : [line`${doubt}${this.#doubt(table, at, asked, reading, key)}`]),
      ];
    });
  }

  /** What is said of a packet that the row at a place may match. */
  #doubt<A>(table: Table<A>, at: number, asked: Asked, { inDoubt }: Reading<A>, key: string): Line {
    const [row, ...rest] = table.slice(at);
    const by = row?.by ?? { resource: '', rule: '' };
    const unknown = this.end({ ...asked, disposition: 'unknown', by });
    if (!inDoubt || rest.length === 0) return unknown;
    const rules = this.rows(rest, asked, inDoubt(unknown), `${key} ${at}`);
    return line`goto ${this.chain(this.id(`${key} doubt ${at}`), `if ${by.rule} does not match`, rules)}`;
  }

  /** Prints what a row matches, with a space at the end; undefined where it can match nothing. */
  match(match: Match): Line | undefined {
    const known = printed.get(match);
    if (known !== undefined) return known;
    const text = this.#print(match);
    const namesSet = [match.source, match.destination].some((set) => set && set.length > 1);
    if (text !== undefined && !namesSet) printed.set(match, text);
    return text;
  }

  #print(match: Match): Line | undefined {
    const parts: Line[] = [];
    const sides = [
      [word`saddr`, match.source],
      [word`daddr`, match.destination],
    ] as const;
    for (const [side, set] of sides) {
      if (set === undefined || isEvery(set, 2 ** 32 - 1)) continue;
      if (set.length === 0) return undefined;
      parts.push(line`ip ${side} ${this.addresses(set)} `);
    }
    const ports = [
      [word`sport`, match.sourcePort],
      [word`dport`, match.port],
    ] as const;
    const hasPorts = ports.some(([, set]) => set !== undefined && !isEvery(set, 65535));
    const protocol = hasPorts ? intersect(match.protocol ?? carriers, carriers) : match.protocol;
    if (protocol && !isEvery(protocol, 255)) {
      if (protocol.length === 0) return undefined;
      parts.push(line`meta l4proto ${protocols(protocol)} `);
    }
    for (const [side, set] of ports) {
      if (set === undefined || isEvery(set, 65535)) continue;
      if (set.length === 0) return undefined;
      parts.push(line`th ${side} ${numbers(set)} `);
    }
    return parts.reduce((all, part) => line`${all}${part}`, line``);
  }

  /** Prints addresses: one interval as it is, several as a set. Rules that mean the same addresses share it. */
  addresses(addresses: Intervals): Word {
    const [only] = addresses;
    if (only && addresses.length === 1) return range(only);
    const elements = addresses.map((interval) => line`${range(interval)}`);
    const name = this.#ids.of('s', elements.join());
    if (!this.#shared.has(name)) {
      this.#shared.add(name);
      this.set(name, line`ipv4_addr; flags interval`, elements, '');
    }
    return word`@${name}`;
  }
}

function protocols(set: Intervals): Word {
  const [only] = set;
  const known = only && set.length === 1 && only[0] === only[1] ? protocolWords.get(only[0]) : undefined;
  if (known !== undefined) return known;
  return sameSet(set, carriers) ? word`@carriers` : numbers(set);
}

function sameSet(a: Intervals, b: Intervals): boolean {
  return a.length === b.length && a.every(([low, high], at) => low === b[at]?.[0] && high === b[at]?.[1]);
}

function withoutSourcePort({ sourcePort: _, ...rest }: Match): Match {
  return rest;
}

/** All that a row may match. */
function widened<A>({ match, unknown }: Row<A>): Match {
  const wider = (set: Intervals | undefined, gap: Gap | undefined): Intervals | undefined =>
    gap && set ? union(set, gap.within) : set;
  const source = wider(match.source, unknown?.source);
  const destination = wider(match.destination, unknown?.destination);
  return { ...match, ...(source ? { source } : {}), ...(destination ? { destination } : {}) };
}

function isEvery(set: Intervals, last: number): boolean {
  return sameSet(set, [[0, last]]);
}
