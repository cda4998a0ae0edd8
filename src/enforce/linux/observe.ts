/**
 * What of a plan is not there any more, because somebody took it away: looked up in the kernel, and told by counting, for
 * the kernel prints in words of its own what it was told.
 *
 * @module
 */

import { nameOf } from '../../lib/key.ts';
import type { End, LinuxPlan, Namespace, Wire } from '../plan/model.ts';
import type { Ruleset } from '../plan/ruleset.ts';
import { standingOf } from '../plan/standing.ts';
import { line, type Word } from '../plan/words.ts';
import { type Holder, KernelRefused } from './holder.ts';
import { table } from './nft.ts';
import { asksRulesFirst, hasNowhere, linksOf, without } from './script.ts';

/** What is not as it was made. */
export interface Missing {
  /** Namespaces that are not there. */
  readonly gone: ReadonlySet<Word>;
  /** Namespaces that lack something, or whose gates are others. */
  readonly changed: ReadonlySet<Word>;
  /** Wires an end of which is not there, or down. */
  readonly wires: ReadonlySet<Wire>;
  /** For people. */
  readonly says: readonly string[];
}

/** One program after the other: whoever waits for an answer has the machine first. */
const look = line`look() {
  echo $1
  ip -n $1 -j -batch - <<'LINES' || if nsenter --net=/run/netns/$1 true; then exit 1; else return 0; fi
address show
rule show
route show table all proto boot
LINES
}
gates() { nsenter --net=/run/netns/$1 nft -j list table ${table} || echo '{"nftables":[]}'; }`;

/** Looks at some namespaces of a plan. Throws `KernelRefused` where nobody could look. */
export async function observe(holder: Holder, plan: LinuxPlan, only: ReadonlySet<Word>): Promise<Missing> {
  const namespaces = plan.namespaces.filter(({ id }) => only.has(id));
  const script = namespaces.flatMap(({ id, ruleset }) => [
    line`look ${id}`,
    ...(ruleset ? [line`gates ${id}`] : []),
  ]);
  const { code, stdout, stderr } = await holder.run(['sh', '-eu'], [look, ...script, ''].join('\n'));
  if (code !== 0) throw new KernelRefused(stderr.trim() || `the look at the kernel ended with ${code}`);
  const found = read(stdout);
  const gone = new Set<Word>();
  const changed = new Set<Word>();
  const broken = new Set<string>();
  const ends = linksOf(plan.wires);
  const says: string[] = [];
  for (const namespace of namespaces) {
    const { id, about } = namespace;
    const seen = found.get(id);
    const links = seen ? (ends.get(id) ?? []).filter((link) => !seen.links.has(link)) : [];
    const what = seen ? changeOf(without(namespace, links), seen) : 'the namespace';
    for (const link of links) broken.add(`${id} ${link}`);
    if (!seen) gone.add(id);
    else if (what !== undefined) changed.add(id);
    const all = [...links.map((link) => `interface ${link}`), ...(what === undefined ? [] : [what])];
    if (all.length > 0) says.push(`${nameOf(about)} has lost or changed: ${all.join(', ')}`);
  }
  const isBroken = ({ namespace, link }: End): boolean => broken.has(`${namespace} ${link}`);
  const wires = new Set(plan.wires.filter((wire) => wire.ends.some(isBroken)));
  return { gone, changed, wires, says };
}

/** How many there are of what a namespace has. */
interface Seen {
  /** Names of interfaces that are up. */
  readonly links: ReadonlySet<string>;
  readonly addresses: number;
  readonly routes: number;
  readonly rules: number;
  /** Rules by chain, and elements by set or map. */
  readonly gates: ReadonlyMap<string, number>;
}

/** What differs. Of interfaces, addresses and routes there may be more: a program at a place may have its own. */
function changeOf({ role, addresses, routes, rules, ruleset }: Namespace, seen: Seen): string | undefined {
  for (const link of ['lo', ...(hasNowhere(role) ? ['none'] : [])]) {
    if (!seen.links.has(link)) return `interface ${link}`;
  }
  if (seen.addresses < addresses.length) return 'an address';
  if (seen.routes < new Set(routes).size) return 'a route';
  // Every namespace begins with three.
  if (seen.rules < rules.length + (asksRulesFirst(role) ? 2 : 3)) return 'a rule for routes';
  const wanted = ruleset ? gatesOf(standingOf(role)) : new Map<string, number>();
  for (const [name, count] of ruleset ? gatesOf(ruleset) : []) wanted.set(name, count);
  const other = [...wanted].find(([name, count]) => seen.gates.get(name) !== count);
  return other && `what gates are made of (${other[0]})`;
}

/** Rules by chain, and elements by set or map, but of those that packets fill. */
function gatesOf({ chains, collections }: Pick<Ruleset, 'chains' | 'collections'>): Map<string, number> {
  const filled = collections.filter(({ type }) => !type.includes('dynamic'));
  return new Map([
    ...chains.map(({ name, rules }) => [name, rules.length] as const),
    ...filled.map(({ name, elements }) => [name, new Set(elements).size] as const),
  ]);
}

/** What `ip -j` says about an interface, as far as it is read here. */
interface Interface {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly family: string; readonly local: string }[];
}

/** What `nft -j` says about a table, as far as it is read here. */
interface Listing {
  readonly nftables: readonly {
    readonly chain?: { readonly name: string };
    readonly rule?: { readonly chain: string };
    readonly set?: { readonly name: string; readonly elem?: readonly unknown[] };
    readonly map?: { readonly name: string; readonly elem?: readonly unknown[] };
  }[];
}

/** Reads what the script prints: an id, three lists of `ip`, and a listing of `nft` where there are gates. */
function read(text: string): ReadonlyMap<string, Seen> {
  const found = new Map<string, Seen>();
  for (const block of text.split(/^(?=\w)/m)) {
    const [id = '', ...lines] = block.split('\n');
    const [interfaces, rules, routes, gates] = lines.map((each) => (each === '' ? [] : JSON.parse(each)));
    if (routes) found.set(id, seenIn(interfaces, rules, routes, gates));
  }
  return found;
}

function seenIn(
  interfaces: readonly Interface[],
  rules: readonly unknown[],
  routes: readonly unknown[],
  gates: Listing | readonly never[] | undefined,
): Seen {
  const counts = new Map<string, number>();
  for (const { chain, rule, set, map } of gates && 'nftables' in gates ? gates.nftables : []) {
    const collection = set ?? map;
    if (chain) counts.set(chain.name, 0);
    else if (rule) counts.set(rule.chain, (counts.get(rule.chain) ?? 0) + 1);
    else if (collection) counts.set(collection.name, collection.elem?.length ?? 0);
  }
  const own = interfaces.flatMap(({ addr_info }) =>
    addr_info.filter(({ family, local }) => family === 'inet' && local !== '127.0.0.1'),
  );
  return {
    links: new Set(interfaces.filter(({ flags }) => flags.includes('UP')).map(({ ifname }) => ifname)),
    addresses: own.length,
    routes: routes.length,
    rules: rules.length,
    gates: counts,
  };
}
