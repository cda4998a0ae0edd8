/**
 * What the kernel must be told so that packets do what the Network says, as data.
 *
 * @module
 */

import type { Ip, Prefix } from '../../lib/ip.ts';
import type { Balancer } from '../../net/balancers.ts';
import type { Vnet } from '../../net/model.ts';
import type { Position } from '../../net/position.ts';
import type { Ruleset } from './ruleset.ts';
import type { Line, Word } from './words.ts';

/** A network namespace. Its lines are objects of `ip`; what is not in the next plan is deleted. */
export interface Namespace {
  readonly id: Word;
  readonly role: 'network' | 'machine' | 'appliance' | 'firewall' | 'site' | 'internet';
  /** For people: a resource id, or a place. */
  readonly about: string;
  readonly addresses: readonly Line[];
  readonly rules: readonly Line[];
  readonly routes: readonly Line[];
  readonly ruleset: Ruleset | undefined;
  /** Where the one server process listens in it: `tcp 0.0.0.0:443`. */
  readonly sockets: readonly Line[];
  /** Private zones that its resolver sees, for people. */
  readonly zones: readonly string[];
}

/** One end of a wire. */
export interface End {
  readonly namespace: Word;
  readonly link: Word;
}

/** A pair of interfaces. */
export interface Wire {
  readonly ends: readonly [End, End];
}

/** What of an estate the fabric does not carry. Its packets are dropped, and recorded as unknown. */
export interface Lack {
  readonly resource: string;
  readonly says: string;
}

/** All of it. */
export interface LinuxPlan {
  readonly namespaces: readonly Namespace[];
  readonly wires: readonly Wire[];
  readonly lacks: readonly Lack[];
  /** The namespace of each place that stands somewhere, by `keyOfPlace`; of a subnet, where it is probed. */
  readonly places: ReadonlyMap<string, Word>;
  /** Who sends from an address, by the router that he is at: keys of `places`. */
  readonly senders: ReadonlyMap<Word, ReadonlyMap<Ip, string>>;
}

/** Something on the internet, or in Azure's own network. */
export interface Guest {
  readonly key: string;
  readonly about: string;
  readonly namespace: Word;
  /** The internet's interface to it, and its own. */
  readonly link: Word;
  readonly inner: Word;
  readonly address: Ip;
  /** It is in Azure's own network: the host's addresses answer it, and nobody on the internet reaches it. */
  readonly hosted: boolean;
}

/** Something with an address in a subnet. */
export interface Station {
  readonly key: string;
  readonly about: string;
  readonly namespace: Word;
  /** Its interface at the router, and its own. */
  readonly link: Word;
  readonly inner: Word;
  readonly position: Position;
}

/** What a gateway joins to its network: it has whole blocks of addresses. */
export interface Far extends Station {
  readonly prefixes: readonly Prefix[];
}

/** A load balancer. */
export interface Spreader {
  readonly about: string;
  readonly balancer: Balancer;
  /** A wire of its network's router to itself: where packets for its private frontends go out, and where they come back. */
  readonly wire: { readonly out: Word; readonly back: Word } | undefined;
  /** Its private frontends, and its public ones. */
  readonly inside: readonly Ip[];
  readonly shown: readonly Ip[];
}

/** A network at the other end of a wire. */
export interface Peer {
  readonly vnet: Vnet;
  readonly link: Word;
  readonly far: End;
}

/** A wire that leads from one network to an appliance in another: whatever is on it is for the appliance to pass on. */
export interface HandOver {
  readonly from: Vnet;
  readonly to: Station;
  readonly near: End;
  readonly far: End;
}

/** Where a network's router meets the internet. */
export interface Outlet {
  readonly vnet: Vnet;
  readonly router: Word;
  /** The internet's interface to it. */
  readonly link: Word;
  /** What it shows where nobody there has an address of his own. */
  readonly address: Ip;
}
