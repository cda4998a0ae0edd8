/**
 * Hosts that a firewall on the way does not pass (docs/semantics/firewalls.md).
 *
 * @module
 */

import { parseFqdn } from '../../../lib/fqdn.ts';
import { type Ip, ip, ipAt } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import { protocolNumbers } from '../../../lib/ports.ts';
import type { Firewall } from '../../../net/firewalls.ts';
import type { Subnet } from '../../../net/model.ts';
import { type Position, positionAt, positionOf } from '../../../net/position.ts';
import { sameHop } from '../../../net/routes.ts';
import { decide } from '../../../net/table.ts';
import { regionOf, tagAddresses } from '../../../net/tags.ts';
import { passFirewall } from '../../../net/through-firewall.ts';
import { Recorder } from '../../../net/trace.ts';
import { placedComputes } from '../../computes.ts';
import type { Fault } from '../../finding.ts';
import { type Asker, type Host, type HostRow, hostRows } from '../../hosts.ts';
import type { Model } from '../../model.ts';
import type { Repair } from '../../repair.ts';

/** Somebody who asks for hosts from a subnet. */
interface Party {
  readonly id: string;
  readonly asker: Asker;
  readonly region: string;
  readonly subnet: Subnet;
  readonly address: Ip;
}

/** Hosts of the platform that a firewall denies. */
export function* platformHosts(model: Model): Generator<Fault> {
  yield* deniedHosts(
    model,
    hostRows.filter(({ platform }) => platform),
  );
}

/** Hosts that people and their code need, and a firewall denies. */
export function* userHosts(model: Model): Generator<Fault> {
  yield* deniedHosts(
    model,
    hostRows.filter(({ platform }) => !platform),
  );
}

/** One fault for each firewall and row, whoever asks. */
function* deniedHosts(model: Model, rows: readonly HostRow[]): Generator<Fault> {
  const told = new Set<string>();
  for (const party of partiesOf(model)) {
    for (const row of rows.filter(({ askers }) => askers.includes(party.asker))) {
      const denied = row.hosts
        .map((host) => forRegion(host, party.region))
        .flatMap((host) => {
          const firewall = firewallFor(model, party, addressOf(host));
          return firewall && !passes(model, firewall, party, host) ? [{ host, firewall }] : [];
        });
      const [first] = denied;
      if (!first) continue;
      const { firewall } = first;
      const key = `${keyOf(firewall.rules)} ${row.requirement.id}`;
      if (told.has(key)) continue;
      told.add(key);
      const names = denied.flatMap(({ host }) => host.names.slice(0, 1));
      yield {
        subject: firewall.rules,
        at: row.requirement.id,
        says: `${nameOf(firewall.fact.id)} does not let ${nameOf(party.id)} ask for ${names.join(', ')}: ${row.requirement.says}`,
        requirement: row.requirement,
        concerns: [firewall.fact.id, party.id, ...names],
        nearMiss: almost(
          firewall,
          denied.flatMap(({ host }) => host.names),
        ),
        blockers: names.map((name) => ({
          resource: firewall.rules,
          property: 'ruleCollectionGroups',
          is: 'no rule allows it',
          needs: `a rule that allows TCP 443 to ${name}`,
        })),
        repairs: letting(firewall, row, names),
      };
    }
  }
}

/** Computes, clusters with what they run, and machines that something private is for. */
function partiesOf(model: Model): readonly Party[] {
  const { declared, subnets } = model.network;
  const inSubnet = (id: string, asker: Asker, region: string, subnet: Subnet): readonly Party[] => {
    const base = subnet.fact.prefixes[0]?.base;
    return base === undefined
      ? []
      : [{ id, asker, region: regionOf(region), subnet, address: ipAt(base, 4) }];
  };
  const clients = new Map(
    model.musts.flatMap(({ flow, requirement }) =>
      requirement?.id.startsWith('client/') ? [[flow.from.label, flow.from] as const] : [],
    ),
  );
  return [
    ...placedComputes(model).flatMap(({ fact, subnet }) =>
      inSubnet(
        fact.id,
        fact.type.toLowerCase() === 'computeinstance' ? 'instance' : 'compute',
        fact.location,
        subnet,
      ),
    ),
    ...declared
      .of('cluster')
      .filter(({ id }) => runsLearning(model, id))
      .flatMap(({ id, location }) =>
        declared
          .of('node-pool')
          .filter((pool) => keyOf(pool.cluster) === keyOf(id))
          .flatMap((pool) => subnets.get(keyOf(pool.subnet ?? ''))?.subnet ?? [])
          .flatMap((subnet) => inSubnet(id, 'cluster', location, subnet)),
      ),
    ...[...clients.values()].flatMap((from): Party[] => {
      const at = positionOf(model.network, from);
      if (from.kind !== 'nic' || !at) return [];
      const region = regionOf(at.vnet.fact.location);
      return [{ id: from.nic, asker: 'client', region, subnet: at.subnet, address: at.address }];
    }),
  ];
}

/** The extension of machine learning is installed on it. */
function runsLearning({ network }: Model, cluster: string): boolean {
  return network.declared.of('learning-extension').some((item) => keyOf(item.cluster) === keyOf(cluster));
}

function forRegion({ names, tag }: Host, region: string): Host {
  const here = (text: string): string => text.replace('<region>', region);
  return { names: names.map(here), ...(tag === undefined ? {} : { tag: here(tag) }) };
}

/** An address on the internet that belongs to no service tag (RFC 5737). */
const elsewhere = ip('203.0.113.200');

function addressOf({ tag }: Host): Ip {
  return (tagAddresses(tag ?? '')?.[0]?.[0] as Ip | undefined) ?? elsewhere;
}

/** The firewall that routes hand a packet to. */
function firewallFor({ network }: Model, { subnet, address }: Party, destination: Ip): Firewall | undefined {
  const point = {
    source: address,
    destination,
    protocol: protocolNumbers.tcp,
    port: 443,
    sourcePort: undefined,
  };
  const decision = decide(subnet.routes, point, sameHop);
  const hop = decision.kind === 'row' ? decision.row.action : undefined;
  if (hop?.kind !== 'appliance') return undefined;
  return [...network.firewalls.values()].find(
    (firewall) => stands(network, firewall)?.address === hop.address,
  );
}

function stands(network: Model['network'], { fact }: Firewall): Position | undefined {
  const nic = network.nics.get(keyOf(fact.id));
  const [configuration] = nic?.configurations ?? [];
  return nic && configuration && positionAt(network, nic, configuration);
}

/** One of the names passes; what nobody can tell counts as passing. */
function passes({ network }: Model, firewall: Firewall, { address }: Party, host: Host): boolean {
  const at = stands(network, firewall);
  if (!at) return true;
  return host.names.some((text) => {
    const rec = new Recorder();
    const name = parseFqdn(text);
    const packet = { source: address, destination: addressOf(host), protocol: 'tcp' as const, port: 443 };
    // Who is outside the estate is known by name alone: a rule that has the name has the address.
    const packets = firewall.network.filter(
      ({ names }) => !names || (firewall.dns.proxy && names.patterns.includes(text)),
    );
    const asked = { ...packet, ...(name === undefined ? {} : { name }) };
    passFirewall({ ...firewall, packets }, at, asked, rec);
    return rec.disposition !== 'dropped-by-firewall';
  });
}

/** A wildcard does not have the name that it is made from. */
function almost({ application }: Firewall, names: readonly string[]): string | undefined {
  const row = application.find(({ names: known }) =>
    known?.patterns.some((pattern) =>
      names.some((name) => pattern.startsWith('*.') && pattern.slice(2) === name),
    ),
  );
  return row?.by.rule;
}

/** A collection of its own in the first group of the firewall's policy. */
function letting(firewall: Firewall, { requirement, hosts }: HostRow, names: readonly string[]): Repair[] {
  const { groups } = firewall;
  const [group] = groups;
  if (!group) return [];
  const priority = [...Array(900).keys()]
    .map((at) => at + 100)
    .find((free) => !group.priorities.includes(free));
  if (priority === undefined || hosts.length === 0) return [];
  const name = requirement.id.replace('/', '-');
  return [
    {
      says: `let ${names.join(', ')} pass`,
      edits: [
        {
          kind: 'insert',
          resource: group.id,
          property: ['properties', 'ruleCollections'],
          value: {
            ruleCollectionType: 'FirewallPolicyFilterRuleCollection',
            name,
            priority,
            action: { type: 'Allow' },
            rules: [
              {
                ruleType: 'ApplicationRule',
                name,
                sourceAddresses: ['*'],
                protocols: [{ protocolType: 'Https', port: 443 }],
                targetFqdns: [...names],
              },
            ],
          },
        },
      ],
    },
  ];
}
