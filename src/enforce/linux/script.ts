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
  endings: new Map(),
  lacks: [],
  places: new Map(),
  senders: new Map(),
};

/** Both ends of every wire have it, so that nobody needs to ask who is at the other end. */
const hardware = line`12:34:56:78:9a:bc`;

/** Returns the script; empty where the plans are the same. */
export function scriptOf(before: LinuxPlan, after: LinuxPlan): readonly Line[] {
  const old = new Map(before.namespaces.map((namespace) => [namespace.id, namespace]));
  const next = new Map(after.namespaces.map((namespace) => [namespace.id, namespace]));
  const [oldWires, nextWires] = [wiresOf(before), wiresOf(after)];
  const fresh = [...nextWires].filter(([key]) => !oldWires.has(key)).map(([, wire]) => wire);
  const stale = [...oldWires].filter(([key]) => !nextWires.has(key)).map(([, wire]) => wire);
  const newLinks = linksOf(fresh);
  // An interface that leads elsewhere from now on is another one of the same name, without what the old one had.
  const isTaken = ({ namespace, link }: End): boolean => newLinks.get(namespace)?.includes(link) === true;
  const [taken, gone] = partition(stale, ({ ends }) => ends.some(isTaken));
  const lost = linksOf(taken);
  return [
    ...batch(after.namespaces.filter(({ id }) => !old.has(id)).map(({ id }) => line`netns add ${id}`)),
    ...after.namespaces.flatMap((namespace) => {
      const known = old.get(namespace.id);
      return within(namespace.id, [...(known ? [] : base(namespace)), ...rules(known, namespace)]);
    }),
    ...taken.filter(({ ends: [{ namespace }] }) => old.has(namespace)).map(unwire),
    ...batch(fresh.map(wire)),
    ...after.namespaces.flatMap((namespace) => {
      const known = without(old.get(namespace.id), lost.get(namespace.id) ?? []);
      return within(namespace.id, settings(known, namespace, newLinks.get(namespace.id) ?? []));
    }),
    ...gone.filter(({ ends: [{ namespace }] }) => next.has(namespace)).map(unwire),
    ...before.namespaces.filter(({ id }) => !next.has(id)).map(({ id }) => line`ip netns del ${id}`),
  ];
}

function wiresOf({ wires }: LinuxPlan): ReadonlyMap<string, Wire> {
  const print = ({ namespace, link }: End): string => `${namespace}/${link}`;
  return new Map(wires.map((wire) => [wire.ends.map(print).join(' '), wire]));
}

function linksOf(wires: readonly Wire[]): ReadonlyMap<Word, readonly Word[]> {
  const links = new Map<Word, Word[]>();
  for (const { namespace, link } of wires.flatMap(({ ends }) => ends)) {
    const known = links.get(namespace);
    if (known) known.push(link);
    else links.set(namespace, [link]);
  }
  return links;
}

/** What a namespace still has when interfaces are gone: addresses and routes go with them, rules stay. */
function without(namespace: Namespace | undefined, links: readonly Word[]): Namespace | undefined {
  if (!namespace || links.length === 0) return namespace;
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

/** What a namespace has from the start. */
function base({ role }: Namespace): Line[] {
  const router =
    role === 'network' || role === 'internet'
      ? [
          line`ip link add none address ${hardware} arp off type bridge`,
          line`ip link set none up`,
          // What is for a socket here may first have to go to an appliance: the route is asked for each packet.
          line`echo 0 > ${proc}/ipv4/ip_early_demux`,
        ]
      : [];
  return [
    line`echo 1 > ${proc}/ipv6/conf/all/disable_ipv6`,
    line`echo 1 > ${proc}/ipv6/conf/default/disable_ipv6`,
    line`echo 0 > ${proc}/ipv4/conf/all/rp_filter`,
    line`echo 0 > ${proc}/ipv4/conf/default/rp_filter`,
    // What nobody has is the router's to end, and so its own: packets with such a source are not to vanish before that.
    line`echo 1 > ${proc}/ipv4/conf/all/accept_local`,
    // A redirect would tell a machine of a way past the gates.
    line`echo 0 > ${proc}/ipv4/conf/all/send_redirects`,
    line`echo 0 > ${proc}/ipv4/conf/default/send_redirects`,
    line`ip link set lo up`,
    ...router,
  ];
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

function rules(before: Namespace | undefined, after: Namespace): Line[] {
  const lines = nftScript(before?.ruleset, after);
  const script = lines.length === 0 ? [] : [line`nft -f - <<'RULES'`, ...lines, line`RULES`];
  return [...script, ...forwarding(before, after)];
}

function wire({ ends: [a, b] }: Wire): Line {
  const end = ({ namespace, link }: End): Line =>
    line`name ${link} netns ${namespace} address ${hardware} arp off`;
  return line`link add ${end(a)} type veth peer ${end(b)}`;
}

function unwire({ ends: [{ namespace, link }] }: Wire): Line {
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
  const ordered = after.role === 'network' || after.role === 'firewall';
  const first = before === undefined && ordered ? [line`rule del pref 0`] : [];
  return batch([...add, ...first, ...drop]);
}

/** What a route is for: its block and its table. */
function destination(route: Line): string {
  const [to = ''] = route.replace(/^(?:throw|local) /, '').split(' ');
  return `${to} ${/table \S+/.exec(route)?.[0] ?? ''}`;
}

function batch(lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : [line`ip -batch - <<'LINES'`, ...lines, line`LINES`];
}

function within(id: Word, lines: readonly Line[]): Line[] {
  return lines.length === 0
    ? []
    : [line`nsenter --net=/run/netns/${id} sh -eu <<'WITHIN'`, ...lines, line`WITHIN`];
}
