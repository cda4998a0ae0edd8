/**
 * What every router has, whatever the estate: the hooks, in the order of a walk, and the record of how each new flow
 * ended. What differs from router to router stands in sets and maps that these chains ask.
 *
 * Routes and peerings hold for every packet; a flow that was let through once goes on, whatever the gates say later.
 *
 * @module
 */

import type { Namespace } from './model.ts';
import type { Chain, Collection, Ending } from './ruleset.ts';
import { type Line, line, type Word, word } from './words.ts';

/** Numbers in records that mean the same in every router. */
export const passed = 1;
/** The flow left the estate: it got there, and nothing is there to answer. */
export const outside = 2;
/**
 * The traffic class of what a router knows to be a reply and hands to somebody who may not have seen the request: one of
 * those for local use (RFC 2474).
 */
const reply = 43;
/** Of flows whose name is read at a firewall: mark, and number of the rule that routes them there. */
export const handed = 8;
const unrouted = 3;
const unowned = 4;
const unroutable = 5;
const endless = 6;
const unseen = 7;

/** What those numbers stand for. */
export const standingEndings: ReadonlyMap<number, Ending> = new Map([
  [unrouted, { stage: 'route', disposition: 'no-route', by: { resource: '', rule: 'routes' } }],
  [unowned, { stage: 'listener', disposition: 'nothing-listening', by: { resource: '', rule: 'addresses' } }],
  [
    unroutable,
    { stage: 'route', disposition: 'no-route', by: { resource: 'internet', rule: 'public routing' } },
  ],
  [endless, { stage: 'forward', disposition: 'no-route', by: { resource: '', rule: 'hops' } }],
  [unseen, { stage: 'return', disposition: 'no-return-path', by: { resource: '', rule: 'reply' } }],
]);

/** How long a record is kept, in seconds. */
export const recordedSeconds = 300;

const tuple = line`ip saddr . ip daddr . th sport . th dport`;
const flows = line`ipv4_addr . ipv4_addr . inet_service . inet_service : mark; flags dynamic,timeout; timeout ${recordedSeconds / 60}m; size 65536`;
const established = line`ct state established,related accept`;

/**
 * The records: the last five minutes, and 65 536 flows of each kind. A full record drops no packet and lets none pass.
 * And protocols that have ports: `nft` takes four times as long for a rule that brings a set of its own.
 */
const collections: readonly Collection[] = [
  {
    name: word`carriers`,
    kind: 'set',
    type: line`inet_proto`,
    elements: [line`tcp`, line`udp`],
    about: 'what has ports',
  },
  { name: word`tcpflows`, kind: 'map', type: flows, elements: [], about: 'flows' },
  { name: word`udpflows`, kind: 'map', type: flows, elements: [], about: 'flows' },
];

const ends: readonly Chain[] = [
  // An element that is there would keep its old value.
  chain(
    word`record`,
    undefined,
    (
      [
        [word`tcp`, word`tcpflows`],
        [word`udp`, word`udpflows`],
      ] as const
    ).flatMap(([protocol, flows]) => [
      line`meta l4proto ${protocol} delete @${flows} { ${tuple} : meta mark }`,
      line`meta l4proto ${protocol} add @${flows} { ${tuple} : meta mark }`,
    ]),
  ),
  chain(word`deny`, undefined, [line`jump record`, line`drop`]),
  chain(word`deliver`, undefined, [line`meta mark set ${passed} jump record`, line`accept`]),
];

const network: readonly Chain[] = [
  chain(word`through`, line`type filter hook forward priority filter; policy drop`, [
    // Appliances that pass a packet on to each other would have done so a dozen times by then.
    line`ip ttl < 32 meta mark set ${endless} goto deny`,
    line`oifname "none" meta mark set ${unrouted} goto deny`,
    line`iifname vmap @barriers`,
    line`iifname vmap @unsure`,
    // Replies are not shown to gates, and one that is routed back to its sender is lost all the same.
    line`ct direction reply iifname . oifname @loops meta mark set ${endless} goto deny`,
    line`ct direction reply oifname @closed oifname . ip daddr != @owners meta mark set ${unseen} goto deny`,
    // What left for the internet is answered from there; inside, nobody knows whom the public address stands for.
    line`ct direction reply ct status snat iifname != "inet" meta mark set ${unseen} goto deny`,
    line`ct direction reply oifname != @closed ip dscp set ${reply}`,
    established,
    line`iifname vmap @leaving`,
    // It would get its own packet, and answer itself past the load balancer.
    line`iifname @returning oifname . ip saddr @owners meta mark set ${unseen} goto deny`,
    line`oifname vmap @entering`,
    line`iifname . oifname @loops meta mark set ${endless} goto deny`,
    line`goto deliver`,
  ]),
  chain(word`azure`, undefined, [
    established,
    line`iifname vmap @naming`,
    line`ip daddr . th dport @answering goto deliver`,
    line`meta mark set ${unowned} goto deny`,
  ]),
  chain(word`own`, line`type filter hook input priority filter; policy drop`, [
    line`iifname "lo" accept`,
    line`iifname vmap @barriers`,
    line`ip daddr @platform goto azure`,
    line`iifname vmap @unsure`,
    // The router asks nobody, so what is a reply was routed into a dead end.
    line`ct direction reply meta mark set ${unseen} goto deny`,
    established,
    line`iifname vmap @leaving`,
    line`ip daddr vmap @arriving`,
    line`meta l4proto tcp ip daddr . th dport @services goto deliver`,
    line`meta mark set ${unowned} goto deny`,
  ]),
  // The same flow passes twice, first to the frontend and then to a machine; replies are of the second.
  chain(word`again`, line`type filter hook prerouting priority raw; policy accept`, [
    line`iifname @returning ct original zone set 1`,
  ]),
  chain(word`inward`, line`type nat hook prerouting priority dstnat; policy accept`, [
    line`iifname "inet" dnat to ip daddr map @owned`,
    line`iifname "inet" ip daddr vmap @frontends`,
    line`iifname vmap @spreading`,
  ]),
  chain(word`outward`, line`type nat hook postrouting priority srcnat; policy accept`, [
    line`oifname "inet" snat to ip saddr map @shown`,
  ]),
];

/** A half of a connection, and a datagram that answers another one. */
const halves: readonly Line[] = [
  line`ct state invalid meta mark set ${unseen} goto deny`,
  line`ct state new ip dscp ${reply} meta mark set ${unseen} goto deny`,
];

/** It keeps state: what it has seen only one half of, it drops. Outside it shows its own address. */
const appliance: readonly Chain[] = [
  chain(word`through`, line`type filter hook forward priority filter; policy drop`, [
    ...halves,
    line`goto deliver`,
  ]),
  chain(word`outward`, line`type nat hook postrouting priority srcnat; policy accept`, [
    line`ip daddr != @inside masquerade`,
  ]),
];

/**
 * What it has not passed on before is asked about before it is routed: what only a name can decide is routed to the
 * reader of names, whose answers come from where the client meant to go.
 */
const firewall: readonly Chain[] = [
  chain(word`incoming`, line`type filter hook prerouting priority mangle; policy accept`, [
    line`ip daddr @itself accept`,
    ...halves,
    line`ct mark ${handed} meta mark set ${handed} accept`,
    established,
    line`goto asked`,
  ]),
  chain(word`hand`, undefined, [
    line`meta mark set ${passed} jump record`,
    line`ct mark set ${handed} meta mark set ${handed} accept`,
  ]),
  ...appliance.slice(1),
];

/** Whoever gives a site its way to the internet translates. */
const site: readonly Chain[] = [
  chain(word`outward`, line`type nat hook postrouting priority srcnat; policy accept`, [
    line`oifname "eth1" masquerade`,
  ]),
];

const internet: readonly Chain[] = [
  chain(word`through`, line`type filter hook forward priority filter; policy drop`, [
    established,
    // Nobody is told their addresses: who sends there means somebody else.
    line`oifname @hosted meta mark set ${outside} goto deny`,
    line`goto deliver`,
  ]),
  chain(word`own`, line`type filter hook input priority filter; policy drop`, [
    line`iifname "lo" accept`,
    established,
    line`iifname @hosted ip daddr . th dport @answering goto deliver`,
    line`iifname @hosted ip daddr @platform meta mark set ${unowned} goto deny`,
    line`meta l4proto tcp ip daddr . th dport @services goto deliver`,
    line`ip daddr @fronts meta mark set ${unowned} goto deny`,
    line`ip daddr @inside meta mark set ${unroutable} goto deny`,
    line`ip daddr vmap @nobodys`,
    line`meta mark set ${outside} goto deny`,
  ]),
];

/** The part of a ruleset that the role of a namespace alone decides. */
export function standingOf(role: Namespace['role']): {
  readonly collections: readonly Collection[];
  readonly chains: readonly Chain[];
} {
  switch (role) {
    case 'network':
      return { collections, chains: [...ends, ...network] };
    case 'internet':
      return { collections, chains: [...ends, ...internet] };
    case 'appliance':
      return { collections, chains: [...ends, ...appliance] };
    case 'firewall':
      return { collections, chains: [...ends, ...firewall] };
    case 'site':
      return { collections, chains: [...ends, ...site] };
    case 'machine':
      return { collections: [], chains: [] };
  }
}

function chain(name: Word, hook: Line | undefined, rules: readonly Line[]): Chain {
  return { name, hook, rules, about: '' };
}
