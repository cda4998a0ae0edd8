/**
 * Ranges that must be routed between and overlap (docs/semantics/subnets.md).
 *
 * @module
 */

import { formatPrefix, overlaps, type Prefix, prefix as prefixOf } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Vnet } from '../../../net/model.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import type { Repair } from '../../repair.ts';
import {
  freeBlock,
  peersOf,
  type Range,
  rangesOfSites,
  rangesOfVnet,
  renumbering,
  spaceOf,
} from './ranges.ts';

/** Peered networks, peers of one network, and what lies behind a gateway. */
export function* spaces(model: Model): Generator<Fault> {
  const { network } = model;
  const told = new Set<string>();
  for (const vnet of network.vnets.values()) {
    const peers = peersOf(model, vnet);
    for (const [at, one] of peers.entries()) {
      yield* clash(model, told, vnet, one.vnet, 'they are peered', one.peerings);
      for (const other of peers.slice(at + 1)) {
        const why = `both are peered with ${nameOf(vnet.fact.id)}`;
        yield* clash(model, told, one.vnet, other.vnet, why, [...one.peerings, ...other.peerings]);
      }
    }
  }
  for (const vnet of network.vnets.values()) {
    for (const { fact, prefixes } of vnet.gateways) {
      for (const behind of prefixes) {
        const own = vnet.fact.prefixes.find((prefix) => overlaps(prefix, behind));
        if (!own || told.has(`${keyOf(vnet.fact.id)} ${formatPrefix(behind)}`)) continue;
        told.add(`${keyOf(vnet.fact.id)} ${formatPrefix(behind)}`);
        const pool = fact.clients.includes(behind);
        const free = pool ? freeBlock(model, behind.length) : undefined;
        yield {
          subject: pool ? fact.id : vnet.fact.id,
          at: pool
            ? 'vpnClientConfiguration.vpnClientAddressPool.addressPrefixes'
            : 'addressSpace.addressPrefixes',
          says: `${formatPrefix(behind)} behind ${nameOf(fact.id)} overlaps ${formatPrefix(own)} of ${nameOf(vnet.fact.id)}`,
          concerns: [vnet.fact.id, fact.id],
          repairs: free
            ? [
                {
                  says: `give clients ${formatPrefix(free)}`,
                  edits: [
                    {
                      kind: 'set',
                      resource: fact.id,
                      property: [
                        'properties',
                        'vpnClientConfiguration',
                        'vpnClientAddressPool',
                        'addressPrefixes',
                      ],
                      value: [formatPrefix(free)],
                    },
                  ],
                },
              ]
            : renumbering(model, vnet, own),
        };
      }
    }
  }
}

function* clash(
  model: Model,
  told: Set<string>,
  one: Vnet,
  other: Vnet,
  why: string,
  peerings: readonly string[],
): Generator<Fault> {
  const key = [one, other]
    .map(({ fact }) => keyOf(fact.id))
    .toSorted()
    .join(' ');
  if (told.has(key)) return;
  for (const own of one.fact.prefixes) {
    const theirs = other.fact.prefixes.find((prefix) => overlaps(prefix, own));
    if (!theirs) continue;
    told.add(key);
    // Whoever has the larger block, or else fewer addresses in use, is the one to change.
    const swap =
      theirs.length < own.length ||
      (theirs.length === own.length && other.attachments.size < one.attachments.size);
    const [vnet, block, against, foreign] = swap ? [other, theirs, one, own] : [one, own, other, theirs];
    yield {
      subject: vnet.fact.id,
      at: 'addressSpace.addressPrefixes',
      says: `${formatPrefix(block)} of ${nameOf(vnet.fact.id)} overlaps ${formatPrefix(foreign)} of ${nameOf(against.fact.id)}: ${why}`,
      concerns: [against.fact.id, ...peerings],
      blockers: [
        {
          resource: vnet.fact.id,
          property: 'addressSpace.addressPrefixes',
          is: formatPrefix(block),
          needs: `a range that does not overlap ${formatPrefix(foreign)}`,
        },
      ],
      repairs: [
        ...shrinking(vnet, block, foreign),
        ...renumbering(model, vnet, block),
        ...renumbering(model, against, foreign),
        ...leftovers(model, peerings),
      ],
    };
    return;
  }
}

/** The subnets of a block are all that it needs. */
function shrinking({ fact, subnets }: Vnet, block: Prefix, foreign: Prefix): Repair[] {
  const used = subnets
    .flatMap(({ fact: { prefixes } }) => prefixes)
    .filter((prefix) => overlaps(prefix, block));
  if (used.length === 0 || used.some((prefix) => overlaps(prefix, foreign))) return [];
  const rest = fact.prefixes.filter((prefix) => prefix !== block);
  return [
    {
      says: `leave ${nameOf(fact.id)} the ranges of its subnets`,
      edits: [spaceOf(fact.id, [...rest, ...used])],
    },
  ];
}

/** A peering whose other side is gone joins nothing, and still counts. */
function leftovers(model: Model, peerings: readonly string[]): Repair[] {
  const all = [...model.network.vnets.values()].flatMap((vnet) => vnet.peerings);
  return all
    .filter(({ id, state }) => state === 'Disconnected' && peerings.includes(id))
    .map(({ id }) => ({ says: `delete ${nameOf(id)}`, edits: [{ kind: 'delete', resource: id }] }));
}

/** Ranges of a cluster for services and pods, which nothing that its pods reach may use. */
export function* clusterRanges(model: Model): Generator<Fault> {
  const { network } = model;
  const pools = network.declared.of('node-pool');
  for (const cluster of network.declared.of('cluster')) {
    const subnets = pools
      .filter((pool) => keyOf(pool.cluster) === keyOf(cluster.id))
      .flatMap(({ subnet, podSubnet }) => [subnet, podSubnet])
      .flatMap((id) => (id === undefined ? [] : (network.subnets.get(keyOf(id)) ?? [])));
    const homes = [...new Set(subnets.map(({ vnet }) => vnet))];
    const reached: readonly Range[] = [
      ...homes.flatMap(rangesOfVnet),
      ...homes.flatMap((vnet) => peersOf(model, vnet).flatMap((peer) => rangesOfVnet(peer.vnet))),
      ...homes.flatMap(({ gateways }) =>
        gateways.flatMap(({ fact, prefixes }) =>
          prefixes.map((prefix) => ({ prefix, says: `what is behind ${nameOf(fact.id)}`, owner: fact.id })),
        ),
      ),
      ...rangesOfSites(model),
    ];
    const own = [
      { at: 'networkProfile.podCidr', prefixes: cluster.podCidrs, others: [] },
      {
        at: 'networkProfile.serviceCidr',
        prefixes: cluster.serviceCidrs,
        others: cluster.podCidrs.map((prefix) => ({ prefix, says: 'its own pods', owner: cluster.id })),
      },
    ];
    for (const { at, prefixes, others } of own) {
      for (const block of prefixes) {
        const foreign = [...others, ...reached].find(({ prefix }) => overlaps(prefix, block));
        if (!foreign) continue;
        yield {
          subject: cluster.id,
          at,
          says: `${formatPrefix(block)} of ${nameOf(cluster.id)} overlaps ${formatPrefix(foreign.prefix)} of ${foreign.says}`,
          blockers: [
            {
              resource: cluster.id,
              property: at,
              is: formatPrefix(block),
              needs: `a range that does not overlap ${formatPrefix(foreign.prefix)}`,
            },
          ],
          repairs: otherRange(model, cluster.id, at, block),
        };
      }
    }
  }
}

/** The address of the cluster's DNS lies in the range of its services. */
function otherRange(model: Model, cluster: string, at: string, block: Prefix): Repair[] {
  const free = freeBlock(model, block.length);
  if (!free) return [];
  const property = ['properties', ...at.split('.')];
  const range = { kind: 'set', resource: cluster, property, value: formatPrefix(free) } as const;
  const dns = {
    kind: 'set',
    resource: cluster,
    property: ['properties', 'networkProfile', 'dnsServiceIP'],
    value: formatPrefix({ base: ((free.base as number) + 10) as Prefix['base'], length: 32 }).replace(
      '/32',
      '',
    ),
  } as const;
  return [{ says: `use ${formatPrefix(free)}`, edits: at.endsWith('serviceCidr') ? [range, dns] : [range] }];
}

const bridge = prefixOf('172.17.0.0/16');

/** Containers have a network of their own on every node, and what it covers they cannot reach. */
export function* bridgeRange(model: Model): Generator<Fault> {
  const { network } = model;
  const workspaces = new Set(network.declared.of('workspace').map(({ id }) => keyOf(id)));
  const subnets = [
    ...[...network.endpoints.values()]
      .filter(({ target }) => workspaces.has(keyOf(target)))
      .map(({ subnet }) => subnet),
    ...network.declared.of('compute').map(({ subnet }) => subnet ?? ''),
  ];
  const homes = new Set(subnets.flatMap((id) => network.subnets.get(keyOf(id))?.vnet ?? []));
  for (const vnet of homes) {
    const block = vnet.fact.prefixes.find((prefix) => overlaps(prefix, bridge));
    if (block) {
      yield {
        subject: vnet.fact.id,
        at: 'addressSpace.addressPrefixes',
        says: `${formatPrefix(block)} of ${nameOf(vnet.fact.id)} overlaps ${formatPrefix(bridge)}, the bridge of containers on computes`,
        repairs: renumbering(model, vnet, block),
      };
    }
    const behind = vnet.gateways.flatMap(({ prefixes }) => prefixes);
    for (const range of rangesOfSites(model)) {
      if (!overlaps(range.prefix, bridge) || !behind.some((prefix) => overlaps(prefix, range.prefix)))
        continue;
      yield {
        subject: range.owner,
        at: 'prefixes',
        says: `${formatPrefix(range.prefix)} of ${range.says} overlaps ${formatPrefix(bridge)}, the bridge of containers on the computes of ${nameOf(vnet.fact.id)}`,
        concerns: [vnet.fact.id],
      };
    }
  }
}
