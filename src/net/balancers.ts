/**
 * Load balancers as tables: which rule takes a packet at a frontend, and which machines it is for
 * (docs/semantics/load-balancers.md).
 *
 * @module
 */

import type { Intervals } from '../lib/intervals.ts';
import type { Ip } from '../lib/ip.ts';
import { type IdKey, keyOf } from '../lib/key.ts';
import { protocolNumbers } from '../lib/ports.ts';
import type { BalancerFact, BalancerPool, BalancerRule, NicConfiguration, NicFact } from './facts.ts';
import { type Gathered, vnetOfSubnet } from './gather.ts';
import type { Row, Table } from './table.ts';

/** What a load balancer carries. */
export const carried: Intervals = [
  [protocolNumbers.tcp, protocolNumbers.tcp],
  [protocolNumbers.udp, protocolNumbers.udp],
];

/** The rule that takes a packet, by its name. */
export interface Taken {
  readonly rule: string;
}

/** An address of a machine behind it. */
export interface Member {
  readonly nic: NicFact;
  readonly configuration: NicConfiguration;
}

/** A rule with the machines that it is for. */
export interface Spread {
  readonly rule: BalancerRule;
  readonly members: readonly Member[];
}

/** A load balancer, compiled. */
export interface Balancer {
  readonly fact: BalancerFact;
  readonly inbound: Table<Taken>;
  readonly rules: ReadonlyMap<string, Spread>;
  /** Machines of each pool. */
  readonly pools: ReadonlyMap<IdKey, readonly Member[]>;
}

/** Compiles every load balancer. */
export function linkBalancers(all: Gathered): {
  readonly balancers: ReadonlyMap<IdKey, Balancer>;
  readonly publicFrontends: ReadonlyMap<Ip, Balancer>;
} {
  const balancers = new Map<IdKey, Balancer>();
  const publicFrontends = new Map<Ip, Balancer>();
  const { named, placed } = membersOf(all.lists.nic);
  for (const fact of all.lists.balancer) {
    const addresses = new Map(
      fact.frontends.flatMap(({ id, address, publicAddress }) => {
        const shown = publicAddress === undefined ? address : all.publicAddresses.get(keyOf(publicAddress));
        return shown === undefined ? [] : [[keyOf(id), shown] as const];
      }),
    );
    const pools = new Map(
      fact.pools.map((pool) => {
        const key = keyOf(pool.id);
        return [key, [...(named.get(key) ?? []), ...listed(pool, placed)]] as const;
      }),
    );
    const rules = new Map(
      fact.rules.map((rule): [string, Spread] => [
        rule.name,
        {
          rule,
          members:
            'pools' in rule.to
              ? once(rule.to.pools.flatMap((id) => pools.get(keyOf(id)) ?? []))
              : (named.get(keyOf(rule.to.natRule)) ?? []),
        },
      ]),
    );
    const inbound = fact.rules.flatMap((rule): Row<Taken>[] => {
      const address = addresses.get(keyOf(rule.frontend));
      if (address === undefined) return [];
      const match = {
        destination: [[address, address]] as Intervals,
        protocol: rule.protocol ?? carried,
        port: rule.ports,
      };
      return [{ match, action: { rule: rule.name }, by: { resource: fact.id, rule: rule.name } }];
    });
    const balancer = { fact, inbound, rules, pools };
    balancers.set(keyOf(fact.id), balancer);
    for (const { id, publicAddress } of fact.frontends) {
      const shown = publicAddress === undefined ? undefined : addresses.get(keyOf(id));
      if (shown !== undefined) publicFrontends.set(shown, balancer);
    }
  }
  return { balancers, publicFrontends };
}

/** Two pools of a rule, or both ways into one pool, may have the same machine, which gets no more flows for that. */
function once(members: readonly Member[]): readonly Member[] {
  return [...new Map(members.map((member) => [member.configuration, member])).values()];
}

interface Members {
  /** By the id of the pool or inbound NAT rule that they name. */
  readonly named: ReadonlyMap<IdKey, readonly Member[]>;
  readonly placed: ReadonlyMap<Ip, readonly Member[]>;
}

function membersOf(nics: readonly NicFact[]): Members {
  const named = new Map<IdKey, Member[]>();
  const placed = new Map<Ip, Member[]>();
  const add = <K>(map: Map<K, Member[]>, key: K, nic: NicFact, configuration: NicConfiguration): void => {
    const known = map.get(key);
    if (known) known.push({ nic, configuration });
    else map.set(key, [{ nic, configuration }]);
  };
  for (const nic of nics) {
    for (const configuration of nic.configurations) {
      for (const id of configuration.balanced ?? []) add(named, keyOf(id), nic, configuration);
      if (nic.runs === undefined) add(placed, configuration.address, nic, configuration);
    }
  }
  return { named, placed };
}

function listed({ addresses }: BalancerPool, placed: Members['placed']): readonly Member[] {
  return addresses.flatMap(({ vnet, address }) =>
    (placed.get(address) ?? []).filter(
      ({ configuration }) => vnet === undefined || keyOf(vnetOfSubnet(configuration.subnet)) === keyOf(vnet),
    ),
  );
}
