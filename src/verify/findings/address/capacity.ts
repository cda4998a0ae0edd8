/**
 * How many addresses a subnet must supply (docs/semantics/subnets.md).
 *
 * @module
 */

import { covers, formatPrefix, type Ip, overlaps, type Prefix, sizeOf } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { ClusterDeclared, NodePoolDeclared } from '../../../net/declared/kubernetes.ts';
import type { Subnet, Vnet } from '../../../net/model.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import type { Repair } from '../../repair.ts';
import { freeIn, subnetSpace } from './ranges.ts';

/** Addresses of a subnet that are Azure's own. */
const reserved = 5;

interface User {
  readonly id: string;
  readonly says: string;
  readonly addresses: number;
}

/** A subnet that cannot supply all that stands in it once everything has grown as far as it may. */
export function* capacity(model: Model): Generator<Fault> {
  for (const { vnet, subnet } of model.network.subnets.values()) {
    const { id, prefixes } = subnet.fact;
    const users = usersOf(model, vnet, id);
    const needed = users.reduce((sum, { addresses }) => sum + addresses, 0);
    const offered = prefixes.reduce((sum, prefix) => sum + Math.max(0, sizeOf(prefix) - reserved), 0);
    if (needed <= offered) continue;
    const most = users.toSorted((a, b) => b.addresses - a.addresses);
    yield {
      subject: id,
      at: 'addressPrefix',
      says: `${nameOf(id)} has ${offered} addresses to give and must supply ${needed}: ${most.map(({ says, addresses }) => `${addresses} for ${says}`).join(', ')}`,
      concerns: users.map((user) => user.id),
      blockers: [
        {
          resource: id,
          property: 'addressPrefix',
          is: prefixes.map(formatPrefix).join(', '),
          needs: `${needed} addresses`,
        },
      ],
      repairs: growing(model, vnet, subnet, needed),
    };
  }
}

function usersOf(model: Model, vnet: Vnet, subnet: string): readonly User[] {
  const { declared, endpoints, machines } = model.network;
  const here = (id: string | undefined): boolean => keyOf(id ?? '') === keyOf(subnet);
  const nics = [...vnet.attachments.values()].filter(
    ({ nic, configuration }) => nic.endpoint === undefined && here(configuration.subnet),
  );
  const clusters = declared.of('cluster');
  return [
    ...nics.map(({ nic }) => ({
      id: [...machines.values()].find((item) => item.nics.includes(nic.id))?.id ?? nic.id,
      says: nameOf(nic.id),
      addresses: 1,
    })),
    ...[...endpoints.values()]
      .filter((endpoint) => here(endpoint.subnet))
      .map(({ id, members }) => ({ id, says: nameOf(id), addresses: Math.max(1, members.length) })),
    ...declared
      .of('compute')
      .filter((compute) => here(compute.subnet))
      .map(({ id, nodes }) => ({ id, says: nameOf(id), addresses: nodes })),
    ...declared.of('node-pool').flatMap((pool): User[] => {
      const cluster = clusters.find(({ id }) => keyOf(id) === keyOf(pool.cluster));
      const says = `${nameOf(pool.cluster)}/${pool.name}`;
      return [
        ...(here(pool.subnet) ? [{ id: pool.id, says, addresses: nodeAddresses(cluster, pool) }] : []),
        ...(here(pool.podSubnet)
          ? [
              {
                id: pool.id,
                says: `pods of ${says}`,
                addresses: (pool.nodes + pool.surge) * podsOf(cluster, pool),
              },
            ]
          : []),
      ];
    }),
  ];
}

/** A node takes an address, and with Azure CNI one for each pod that it may have, from the start. */
function nodeAddresses(cluster: ClusterDeclared | undefined, pool: NodePoolDeclared): number {
  const nodes = pool.nodes + pool.surge;
  const apart =
    cluster === undefined || cluster.podRange || cluster.plugin === 'none' || pool.podSubnet !== undefined;
  return apart ? nodes : nodes * (podsOf(cluster, pool) + 1);
}

/** Source: AKS, maximum pods per node. */
function podsOf(cluster: ClusterDeclared | undefined, { maxPods, podSubnet }: NodePoolDeclared): number {
  if (maxPods !== undefined) return maxPods;
  return cluster?.plugin === 'azure' && podSubnet === undefined ? 30 : 110;
}

/** In its place if its neighbours leave room, or elsewhere in the network. */
function growing(model: Model, { fact, subnets }: Vnet, subnet: Subnet, needed: number): Repair[] {
  const length = 32 - Math.ceil(Math.log2(needed + reserved));
  const others = subnets.filter((other) => other !== subnet).flatMap(({ fact: { prefixes } }) => prefixes);
  const [own] = subnet.fact.prefixes;
  if (!own) return [];
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  const grown: Prefix = { base: ((own.base & mask) >>> 0) as Ip, length };
  const fits =
    fact.prefixes.some((block) => covers(block, grown)) && !others.some((other) => overlaps(other, grown));
  const block = fits ? grown : freeIn(fact.prefixes, length, others);
  if (!block) return [];
  return [
    {
      says: `give ${nameOf(subnet.fact.id)} ${formatPrefix(block)}`,
      edits: [subnetSpace(model, subnet.fact.id, [block])],
    },
  ];
}
