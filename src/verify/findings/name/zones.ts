/**
 * Zones and records as clients see them: linked or not, with the right address or not (docs/semantics/names.md).
 *
 * @module
 */

import { relativeTo } from '../../../lib/fqdn.ts';
import { formatIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { answerOf, namesOf } from '../../names.ts';
import { labelsOf, linksTo } from '../../private-link.ts';
import { approved } from '../../workspaces.ts';
import { aboutOf, askedNames, askedOfAzure } from './asked.ts';
import { makerOf, ownZones, zoneProperty } from './clusters.ts';
import { groupedLinks } from './groups.ts';

/** The zone has the record, and the network that answers is not linked to it. Peering does not count (Z-4). */
export function* notLinked(model: Model): Generator<Fault> {
  const seen = new Set<string>();
  for (const { vnet, link, name, linked } of askedOfAzure(model)) {
    if (linked) continue;
    const holder = (model.network.zones.get(name.zone) ?? []).find((zone) => answerOf(zone, name.alias));
    if (!holder || seen.has(`${keyOf(vnet)} ${keyOf(holder.id)}`)) continue;
    seen.add(`${keyOf(vnet)} ${keyOf(holder.id)}`);
    const maker = makerOf(model, link.endpoint.target);
    const subject = maker?.id ?? holder.id;
    const at = maker ? zoneProperty : 'virtualNetworkLinks';
    const shown = model.network.publicNames.has(name.fqdn);
    yield {
      subject,
      at,
      says: `${holder.name} is not linked to ${nameOf(vnet)}, which answers for ${name.fqdn}: ${shown ? 'the public address comes back' : 'the name is not found there'}`,
      concerns: [vnet, holder.id, holder.name, ...aboutOf(model, link)],
      blockers: [
        {
          resource: subject,
          property: at,
          is: `no link to ${nameOf(vnet)}`,
          needs: maker ? `a zone that is linked to ${nameOf(vnet)}` : nameOf(vnet),
        },
      ],
      repairs: [
        ...(maker ? ownZones(model, maker, vnet) : []),
        {
          says: `link ${holder.name} to ${nameOf(vnet)}`,
          edits: [{ kind: 'create', creation: { what: 'zone-link', zone: holder.id, vnet } }],
        },
      ],
    };
  }
}

/** The zone is linked, the endpoint is approved, and no record answers for its name. */
export function* recordMissing(model: Model): Generator<Fault> {
  const seen = new Set<string>();
  for (const { link, name, linked } of askedOfAzure(model)) {
    if (!linked || answerOf(linked, name.alias) || seen.has(`${keyOf(linked.id)} ${name.alias}`)) continue;
    seen.add(`${keyOf(linked.id)} ${name.alias}`);
    const record = relativeTo(name.alias, linked.name);
    yield {
      subject: linked.id,
      at: record,
      says: `${linked.name} has no record ${record} for ${nameOf(link.endpoint.id)}`,
      concerns: [linked.name, ...aboutOf(model, link)],
      blockers: [{ resource: linked.id, property: record, is: 'no record', needs: formatIp(name.address) }],
      repairs: [
        {
          says: `write the record ${record}`,
          edits: [
            {
              kind: 'create',
              creation: { what: 'record', zone: linked.id, name: record, addresses: [name.address] },
            },
          ],
        },
      ],
    };
  }
}

/** A record holds an address that no private endpoint of the target has. */
export function* wrongAddress(model: Model): Generator<Fault> {
  yield* wrongOnServers(model);
  yield* wrongForInstances(model);
  const asked = askedOfAzure(model);
  const seen = new Set<string>();
  for (const { name, linked, link } of asked) {
    const found = linked && answerOf(linked, name.alias);
    if (!linked || !found || seen.has(found.record.id)) continue;
    const right = asked.filter((other) => other.name.alias === name.alias).map((other) => other.name.address);
    const wrong = found.addresses.filter((address) => !right.includes(address));
    if (wrong.length === 0) continue;
    seen.add(found.record.id);
    const is = wrong.map(formatIp).join(', ');
    const needs = formatIp(name.address);
    yield {
      subject: found.record.id,
      at: 'aRecords',
      says: `${nameOf(found.record.id)} in ${linked.name} is ${is}; ${nameOf(link.endpoint.id)} has ${needs}`,
      concerns: [linked.name, ...aboutOf(model, link)],
      blockers: [{ resource: found.record.id, property: 'aRecords', is, needs }],
      repairs: [
        {
          says: `set the record to ${needs}`,
          edits: [
            {
              kind: 'set',
              resource: found.record.id,
              property: ['properties', 'aRecords'],
              value: [{ ipv4Address: needs }],
            },
          ],
        },
      ],
    };
  }
}

/** A described DNS server has a record by hand, and it holds another address than the endpoint's. */
function* wrongOnServers(model: Model): Generator<Fault> {
  const asked = askedNames(model);
  const seen = new Set<string>();
  for (const { name, link, answerer } of asked) {
    if (answerer.kind !== 'record' || answerer.by.what !== 'server') continue;
    const right = asked.filter((other) => other.name.fqdn === name.fqdn).map((other) => other.name.address);
    const subject = `dnsServer/${answerer.by.server.name}`;
    if (right.includes(answerer.address) || seen.has(`${subject} ${name.fqdn}`)) continue;
    seen.add(`${subject} ${name.fqdn}`);
    const [is, needs] = [formatIp(answerer.address), formatIp(name.address)];
    yield {
      subject,
      at: `records.${name.fqdn}`,
      says: `${answerer.by.server.name} has ${name.fqdn} at ${is}; ${nameOf(link.endpoint.id)} has ${needs}`,
      concerns: [name.fqdn, ...aboutOf(model, link)],
      blockers: [{ resource: subject, property: `records.${name.fqdn}`, is, needs }],
    };
  }
}

/**
 * A record by hand for an instance holds the address of the instance: its applications are reached through the private
 * endpoint of its workspace.
 */
function* wrongForInstances(model: Model): Generator<Fault> {
  for (const { id, workspace, host } of model.network.declared.of('compute')) {
    if (host === undefined) continue;
    const links = approved(linksTo(model, workspace));
    const right = links.flatMap((link) => namesOf(model, link)[0]?.address ?? []);
    const [address] = right;
    if (address === undefined) continue;
    for (const { name, records } of model.network.dnsServers) {
      const record = records.find((candidate) => candidate.name === host);
      if (!record || right.includes(record.address)) continue;
      const [is, needs] = [formatIp(record.address), formatIp(address)];
      yield {
        subject: `dnsServer/${name}`,
        at: `records.${host}`,
        says: `${name} has ${host} at ${is}; ${nameOf(id)} is reached at ${needs}, the private endpoint of ${nameOf(workspace)}`,
        concerns: [host, id, workspace],
        blockers: [{ resource: `dnsServer/${name}`, property: `records.${host}`, is, needs }],
      };
    }
  }
}

/** Two private endpoints of one sub-resource write the same record of one zone: the newest wins. */
export function* shared(model: Model): Generator<Fault> {
  const all = groupedLinks(model);
  for (const [at, one] of all.entries()) {
    for (const other of all.slice(0, at)) {
      const [a, b] = [one.link.endpoint, other.link.endpoint];
      if (keyOf(a.target) !== keyOf(b.target) || a.group !== b.group) continue;
      const zone = one.zones.find((id) => other.zones.some((second) => keyOf(second) === keyOf(id)));
      if (zone === undefined || one.group === undefined) continue;
      yield {
        subject: one.group,
        at: 'privateDnsZoneConfigs',
        says: `${nameOf(b.id)} and ${nameOf(a.id)} write the same record into ${nameOf(zone)}: the address is that of the newest`,
        concerns: [a.id, b.id, zone, nameOf(zone), a.target, ...labelsOf(model, a.target, a.group)],
        repairs: [
          { says: `leave ${nameOf(a.id)} out`, edits: [{ kind: 'delete', resource: one.group }] },
          {
            says: `remove ${nameOf(a.id)}`,
            edits: [
              { kind: 'delete', resource: one.group },
              { kind: 'delete', resource: a.id },
            ],
          },
        ],
      };
    }
  }
}
