/**
 * From one plan to the next as one script for `sh`: only what differs, in an order in which nothing is let through that
 * neither plan lets through. Rules come before wires, and a route is replaced rather than missed for a moment.
 *
 * @module
 */

import type { End, LinuxPlan, Namespace, Wire } from '../plan/model.ts';
import { type Line, line, type Word } from '../plan/words.ts';
import { nftScript } from './nft.ts';

/** Nothing at all. */
export const emptyPlan: LinuxPlan = {
  namespaces: [],
  wires: [],
  lacks: [],
  places: new Map(),
  senders: new Map(),
};

/** Both ends of every wire have it, so that nobody needs to ask who is at the other end. */
const hardware = line`12:34:56:78:9a:bc`;

/**
 * Returns the script; empty where the plans are the same. `emptied`: namespaces that are there, with nothing in them, and
 * not in the plan before.
 */
export function scriptOf(
  before: LinuxPlan,
  after: LinuxPlan,
  emptied: ReadonlySet<Word> = new Set(),
): readonly Line[] {
  const old = new Map(before.namespaces.map((namespace) => [namespace.id, namespace]));
  const next = new Set(after.namespaces.map(({ id }) => id));
  const sameWires = before.wires === after.wires;
  const [oldWires, nextWires] = sameWires ? [none, none] : [wiresOf(before), wiresOf(after)];
  const fresh = [...nextWires].filter(([key]) => !oldWires.has(key)).map(([, wire]) => wire);
  const stale = [...oldWires].filter(([key]) => !nextWires.has(key)).map(([, wire]) => wire);
  const newLinks = linksOf(fresh);
  // An interface that leads elsewhere from now on is another one of the same name, without what the old one had.
  const isTaken = ({ namespace, link }: End): boolean => newLinks.get(namespace)?.includes(link) === true;
  const [taken, gone] = partition(stale, ({ ends }) => ends.some(isTaken));
  const lost = linksOf(taken);
  const changed = after.namespaces.filter(
    (namespace) =>
      old.get(namespace.id) !== namespace || newLinks.has(namespace.id) || lost.has(namespace.id),
  );
  const steps = changed.map((namespace) => {
    const { id } = namespace;
    return stepsOf(old.get(id), namespace, { fresh: newLinks.get(id) ?? [], lost: lost.get(id) ?? [] });
  });
  return [
    ...batch(
      changed.filter(({ id }) => !old.has(id) && !emptied.has(id)).map(({ id }) => line`netns add ${id}`),
    ),
    ...inLanes(steps.map(({ first }) => first)),
    ...taken.flatMap(({ ends: [end] }) => (old.has(end.namespace) ? [unwire(end)] : [])),
    ...batch(fresh.map(wire)),
    ...inLanes(steps.map(({ wired }) => wired)),
    // What goes with a namespace goes some time after it, and its name may be wanted before.
    ...gone.flatMap(({ ends }) =>
      ends
        .filter(({ namespace }) => next.has(namespace))
        .slice(0, 1)
        .map(unwire),
    ),
    ...before.namespaces.filter(({ id }) => !next.has(id)).map(({ id }) => line`ip netns del ${id}`),
  ];
}

/** Returns what changes in rulesets, by namespace, where nothing else does; undefined where more does. */
export function changedRules(
  before: LinuxPlan,
  after: LinuxPlan,
): ReadonlyMap<Word, readonly Line[]> | undefined {
  if (before.wires !== after.wires || before.namespaces.length !== after.namespaces.length) return undefined;
  const changes = new Map<Word, readonly Line[]>();
  for (const [at, next] of after.namespaces.entries()) {
    const old = before.namespaces[at];
    if (old === next) continue;
    const alike = old?.id === next.id && old.role === next.role && old.ruleset && next.ruleset;
    if (!alike || settings(old, next, []).length > 0) return undefined;
    const rules = nftScript(old.ruleset, next);
    if (rules.length > 0) changes.set(next.id, rules);
  }
  return changes;
}

const none: ReadonlyMap<string, Wire> = new Map();

/** What is done in a namespace before its wires are there, and after. */
interface Steps {
  readonly first: readonly Line[];
  readonly wired: readonly Line[];
}

function stepsOf(
  before: Namespace | undefined,
  after: Namespace,
  links: { readonly fresh: readonly Word[]; readonly lost: readonly Word[] },
): Steps {
  const [writes, objects] = before ? [[], []] : base(after);
  const later = settings(before && without(before, links.lost), after, links.fresh);
  // Where nothing is filtered, all can be done at once.
  if (!before && !after.ruleset) {
    // Its interfaces are there already, with the settings that this machine gives to new ones.
    for (const link of links.fresh) writes.push(line`echo 0 > ${proc}/ipv4/conf/${link}/rp_filter`);
    return { first: [], wired: within(after.id, [...writes, ...batch([...objects, ...later])]) };
  }
  const rules = nftScript(before?.ruleset, after);
  const forward = forwarding(before, after);
  const first =
    writes.length + objects.length + forward.length > 0
      ? within(after.id, [...writes, ...batch(objects), ...nft(rules), ...forward])
      : nft(rules, line`nsenter --net=/run/netns/${after.id} `);
  return { first, wired: batch(later, line`-n ${after.id} `) };
}

/** At once, a few programs for each: as many as a small machine has use for. */
const lanes = 4;

/** Blocks of lines that have nothing to do with each other; one that fails ends the script. */
function inLanes(blocks: readonly (readonly Line[])[]): readonly Line[] {
  const full = blocks.filter((block) => block.length > 0);
  if (full.length < 2 * lanes) return full.flat();
  const each = Array.from({ length: lanes }, (_, lane) => full.filter((__, at) => at % lanes === lane));
  return [
    ...each.flatMap((own, lane) => [line`{`, ...own.flat(), line`} & lane${lane}=$!`]),
    ...each.map((_, lane) => line`wait $lane${lane}`),
  ];
}

function wiresOf({ wires }: LinuxPlan): ReadonlyMap<string, Wire> {
  const print = ({ namespace, link }: End): string => `${namespace}/${link}`;
  return new Map(wires.map((wire) => [wire.ends.map(print).join(' '), wire]));
}

/** Names of the ends of wires, by namespace. */
export function linksOf(wires: readonly Wire[]): ReadonlyMap<Word, readonly Word[]> {
  const links = new Map<Word, Word[]>();
  for (const { namespace, link } of wires.flatMap(({ ends }) => ends)) {
    const known = links.get(namespace);
    if (known) known.push(link);
    else links.set(namespace, [link]);
  }
  return links;
}

/** What a namespace still has when interfaces are gone: addresses and routes go with them, rules stay. */
export function without(namespace: Namespace, links: readonly Word[]): Namespace {
  if (links.length === 0) return namespace;
  const stays = (text: Line): boolean => !links.some((link) => ` ${text} `.includes(` dev ${link} `));
  const { addresses, routes } = namespace;
  return { ...namespace, addresses: addresses.filter(stays), routes: routes.filter(stays) };
}

function partition<T>(
  items: readonly T[],
  test: (item: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

const proc = line`/proc/sys/net`;

/** Whether it has a device on which packets end, as a router does. */
export function hasNowhere(role: Namespace['role']): boolean {
  return role === 'network' || role === 'internet';
}

/** What a namespace has from the start: settings of the kernel, and objects of `ip`. */
function base({ role }: Namespace): readonly [Line[], Line[]] {
  const router = hasNowhere(role);
  const writes = [
    line`echo 1 > ${proc}/ipv6/conf/all/disable_ipv6`,
    line`echo 1 > ${proc}/ipv6/conf/default/disable_ipv6`,
    line`echo 0 > ${proc}/ipv4/conf/all/rp_filter`,
    line`echo 0 > ${proc}/ipv4/conf/default/rp_filter`,
    // What nobody has is the router's to end, and so its own: packets with such a source are not to vanish before that.
    line`echo 1 > ${proc}/ipv4/conf/all/accept_local`,
    // A redirect would tell a machine of a way past the gates.
    line`echo 0 > ${proc}/ipv4/conf/all/send_redirects`,
    line`echo 0 > ${proc}/ipv4/conf/default/send_redirects`,
    // What is for a socket here may first have to go to an appliance: the route is asked for each packet.
    ...(router ? [line`echo 0 > ${proc}/ipv4/ip_early_demux`] : []),
  ];
  const nowhere = [line`link add none address ${hardware} arp off type bridge`, line`link set none up`];
  return [writes, [line`link set lo up`, ...(router ? nowhere : [])]];
}

/** Whether it passes packets on, where that is not as it was. */
function forwarding(before: Namespace | undefined, after: Namespace): Line[] {
  const forwards = (namespace: Namespace | undefined): boolean =>
    namespace !== undefined && namespace.role !== 'machine';
  if (forwards(before) === forwards(after)) return [];
  if (!forwards(after)) return [line`echo 0 > ${proc}/ipv4/ip_forward`];
  return [
    // A connection is known from its first packet on, or not at all.
    line`echo 0 > ${proc}/netfilter/nf_conntrack_tcp_loose`,
    line`echo 1 > ${proc}/ipv4/ip_forward`,
  ];
}

/** `enter`: what goes before the program, with a space at the end. */
function nft(rules: readonly Line[], enter = line``): Line[] {
  return rules.length === 0 ? [] : [line`${enter}nft -f - <<'RULES'`, ...rules, line`RULES`];
}

function wire({ ends: [a, b] }: Wire): Line {
  const end = ({ namespace, link }: End): Line =>
    line`name ${link} netns ${namespace} address ${hardware} arp off`;
  return line`link add ${end(a)} type veth peer ${end(b)}`;
}

function unwire({ namespace, link }: End): Line {
  return line`ip -n ${namespace} link del ${link}`;
}

/** What is new comes before what goes; a route that only leads elsewhere is replaced. */
function settings(before: Namespace | undefined, after: Namespace, links: readonly Word[]): Line[] {
  const minus = (a: readonly Line[] = [], b: readonly Line[] = []): Line[] => {
    const known = new Set(b);
    return a.filter((text) => !known.has(text));
  };
  const kept = new Set(after.routes.map(destination));
  const add = [
    ...links.map((link) => line`link set ${link} up`),
    ...minus(after.addresses, before?.addresses).map((text) => line`address add ${text}`),
    ...minus(after.routes, before?.routes).map((text) => line`route replace ${text}`),
    ...minus(after.rules, before?.rules).map((text) => line`rule add ${text}`),
  ];
  const drop = [
    ...minus(before?.rules, after.rules).map((text) => line`rule del ${text}`),
    ...minus(before?.routes, after.routes)
      .filter((text) => !kept.has(destination(text)))
      .map((text) => line`route del ${text}`),
    ...minus(before?.addresses, after.addresses).map((text) => line`address del ${text}`),
  ];
  const first = before === undefined && asksRulesFirst(after.role) ? [line`rule del pref 0`] : [];
  return [...add, ...first, ...drop];
}

/** Whether its rules come before what is its own. */
export function asksRulesFirst(role: Namespace['role']): boolean {
  return role === 'network' || role === 'firewall';
}

/** What a route is for: its block and its table. */
function destination(route: Line): string {
  const [to = ''] = route.replace(/^(?:throw|local) /, '').split(' ');
  return `${to} ${/table \S+/.exec(route)?.[0] ?? ''}`;
}

/** `flags`: for `ip`, with a space at the end. */
function batch(lines: readonly Line[], flags = line``): Line[] {
  return lines.length === 0 ? [] : [line`ip ${flags}-batch - <<'LINES'`, ...lines, line`LINES`];
}

function within(id: Word, lines: readonly Line[]): Line[] {
  return lines.length === 0
    ? []
    : [line`nsenter --net=/run/netns/${id} sh -eu <<'WITHIN'`, ...lines, line`WITHIN`];
}
