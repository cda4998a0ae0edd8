/**
 * Traffic that computes require and a security group stops.
 *
 * @module
 */

import { type Ip, ipAt } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import { protocolNumbers } from '../../../lib/ports.ts';
import { virtualNetworkTag } from '../../../net/azure.ts';
import type { CompiledGate } from '../../../net/gates.ts';
import { decide } from '../../../net/table.ts';
import { regionOf, tagAddresses } from '../../../net/tags.ts';
import { type Placed, placedComputes } from '../../computes.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { linksTo } from '../../private-link.ts';
import { requirements } from '../../requirements.ts';
import { almost, passing, type RequiredRow } from './required.ts';

/** Source: aml-required-traffic, sections 3 and 11. Tags with `.` take the region. */
const outbound: readonly (readonly [tag: string, protocol: 'tcp' | 'udp', ports: readonly number[]])[] = [
  ['AzureActiveDirectory', 'tcp', [443]],
  ['AzureMachineLearning', 'tcp', [443, 8787, 18_881]],
  ['AzureMachineLearning', 'udp', [5831]],
  ['BatchNodeManagement.', 'tcp', [443]],
  ['AzureResourceManager', 'tcp', [443]],
  ['Storage.', 'tcp', [443]],
  ['MicrosoftContainerRegistry', 'tcp', [443]],
  ['AzureFrontDoor.FirstParty', 'tcp', [443]],
  ['AzureMonitor', 'tcp', [443]],
];

/** What computes need outside, and of the file share. */
export function computeRows(model: Model): readonly RequiredRow[] {
  return placedComputes(model).flatMap((compute) => {
    const region = regionOf(compute.fact.location);
    const { from } = compute;
    const rows = outbound.map(([tag, protocol, ports]): RequiredRow => {
      const whole = tag.endsWith('.') ? `${tag}${region}` : tag;
      return { from, tag: whole, ports, protocol, requirement: requirements['compute/outbound'] };
    });
    return [...rows, ...fileRows(model, compute, region)];
  });
}

/** The share is mounted from its private endpoint, or else in public. */
function fileRows(model: Model, { fact, from }: Placed, region: string): readonly RequiredRow[] {
  const workspace = model.network.declared
    .of('workspace')
    .find(({ id }) => keyOf(id) === keyOf(fact.workspace));
  const endpoint = linksTo(model, workspace?.storage ?? '').find(
    (link) => link.status === 'Approved' && link.endpoint.group === 'file',
  )?.endpoint;
  const row = {
    from,
    ports: [445],
    protocol: 'tcp' as const,
    requirement: requirements['compute/storage-files'],
  };
  if (!endpoint) return [{ ...row, tag: `Storage.${region}` }];
  return endpoint.members.map(({ address }) => ({ ...row, tag: virtualNetworkTag, to: address }));
}

/** What calls computes that have a public address (C-2 and section 3, inbound). */
const inbound = [
  { tag: 'AzureMachineLearning', ports: [44_224], classic: false },
  { tag: 'BatchNodeManagement', ports: [29_876, 29_877], classic: true },
] as const;

/** The service calls a compute at its public address, and the group of its subnet does not let it in. */
export function* blockedService(model: Model): Generator<Fault> {
  for (const { fact, subnet, shown, classic } of placedComputes(model)) {
    const { gate } = subnet;
    const base = subnet.fact.prefixes[0]?.base;
    if (!shown || !gate || base === undefined) continue;
    const closed = inbound
      .filter((row) => classic || !row.classic)
      .flatMap((row): Closed[] => {
        const stopped = row.ports.map((port) => deniedBy(gate, row.tag, ipAt(base, 4), port));
        const [rule] = stopped.flatMap((name) => name ?? []);
        return rule === undefined
          ? []
          : [{ tag: row.tag, ports: row.ports.filter((_, at) => stopped[at] !== undefined), rule }];
      });
    const [first] = closed;
    if (!first) continue;
    const what = closed.map(({ tag, ports }) => `TCP ${ports.join(', ')} from ${tag}`).join(', ');
    yield {
      subject: gate.id,
      at: first.rule,
      says: `${first.rule} of ${nameOf(gate.id)} stops the service on the way to ${nameOf(fact.id)}: ${what}`,
      requirement: requirements['compute/inbound'],
      concerns: [fact.id],
      nearMiss: nearBy(model, gate.id, first),
      blockers: [
        {
          resource: gate.id,
          property: 'securityRules',
          is: `${first.rule} denies it`,
          needs: `an inbound rule that allows ${what}`,
        },
      ],
      repairs: passing(
        model,
        gate.id,
        closed.map(({ tag, ports }) => ({ tag, out: false, ports, protocol: 'tcp' })),
        first.rule,
      ),
    };
  }
}

interface Closed {
  readonly tag: string;
  readonly ports: readonly number[];
  readonly rule: string;
}

/** The rule that keeps a tag from a port of an address. */
function deniedBy(gate: CompiledGate, tag: string, destination: Ip, port: number): string | undefined {
  const source = tagAddresses(tag)?.[0]?.[0] as Ip | undefined;
  const point = { source, destination, protocol: protocolNumbers.tcp, port, sourcePort: undefined };
  const decision = decide(gate.ingress, point, (a, b) => a === b);
  return decision.kind === 'row' && decision.row.action === 'deny' ? decision.row.by.rule : undefined;
}

/** A rule from the tag, or for the port from another. */
function nearBy(model: Model, gate: string, { tag, ports }: Closed): string | undefined {
  const rules = model.network.gateRules.get(keyOf(gate)) ?? [];
  const forPort = rules.find(
    ({ rule }) =>
      rule.direction === 'Inbound' &&
      rule.access === 'Allow' &&
      rule.ports.some(([low, high]) => ports.some((port) => low === port && high === port)),
  );
  return (forPort ?? almost(model, gate, tag, false))?.rule.name;
}
