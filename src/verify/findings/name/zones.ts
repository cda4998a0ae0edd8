/**
 * Zones and records as clients see them: linked or not, with the right address or not (docs/semantics/names.md).
 *
 * @module
 */

import { relativeTo } from '../../../lib/fqdn.ts';
import { formatIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Zone } from '../../../net/model.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { answerOf, type EndpointName, namesOf, resolvingVnets } from '../../names.ts';
import { type Link, labelsOf, linksTo } from '../../private-link.ts';
import { approved } from '../../workspaces.ts';
import { groupedLinks } from './groups.ts';

/** A name of a private endpoint as one virtual network has to answer it. */
interface Asked {
  readonly vnet: string;
  readonly link: Link;
  readonly name: EndpointName;
  /** The zone of that name that the network is linked to. */
  readonly linked: Zone | undefined;
}

/** Names that must work somewhere, once for each network that answers for it. */
function askedNames(model: Model): readonly Asked[] {
  const asked = new Map<string, Asked>();
  for (const { flow } of model.musts) {
    if (flow.to.kind !== 'name') continue;
    const wanted = flow.to.name;
    const service = model.network.servedNames.get(wanted);
    if (!service) continue;
    const links = approved(linksTo(model, service.fact.behind ?? service.fact.id));
    const surface = service.fact.surfaces.find(({ name }) => name === wanted);
    if (surface?.alias === undefined) continue;
    for (const vnet of resolvingVnets(model, flow.from)) {
      for (const link of links) {
        // A scoring name is one of those that the endpoint serves by a wildcard.
        const own = namesOf(model, link);
        const found =
          own.find(({ fqdn }) => fqdn === wanted) ?? own.find(({ fqdn }) => isWildcardOf(fqdn, wanted));
        if (!found) continue;
        const name = { ...found, fqdn: wanted, alias: surface.alias };
        const linked = model.network.views.get(keyOf(vnet))?.get(name.zone)?.zone;
        asked.set(`${keyOf(vnet)} ${keyOf(link.endpoint.id)} ${wanted}`, { vnet, link, name, linked });
      }
    }
  }
  return [...asked.values()];
}

function isWildcardOf(pattern: string, name: string): boolean {
  return pattern.startsWith('*.') && name.slice(name.indexOf('.')) === pattern.slice(1);
}

/** The zone has the record, and the network that answers is not linked to it. Peering does not count (Z-4). */
export function* notLinked(model: Model): Generator<Fault> {
  const seen = new Set<string>();
  for (const { vnet, link, name, linked } of askedNames(model)) {
    if (linked) continue;
    const holder = (model.network.zones.get(name.zone) ?? []).find((zone) => answerOf(zone, name.alias));
    if (!holder || seen.has(`${keyOf(vnet)} ${keyOf(holder.id)}`)) continue;
    seen.add(`${keyOf(vnet)} ${keyOf(holder.id)}`);
    yield {
      subject: holder.id,
      at: 'virtualNetworkLinks',
      says: `${holder.name} is not linked to ${nameOf(vnet)}, which answers for ${name.fqdn}: the public address comes back`,
      concerns: [vnet, holder.name, ...aboutOf(model, link)],
      blockers: [
        {
          resource: holder.id,
          property: 'virtualNetworkLinks',
          is: `no link to ${nameOf(vnet)}`,
          needs: nameOf(vnet),
        },
      ],
      repairs: [
        {
          says: `link ${holder.name} to ${nameOf(vnet)}`,
          edits: [{ kind: 'create', creation: { what: 'zone-link', zone: holder.id, vnet } }],
        },
      ],
    };
  }
}

/** What a fault of a private endpoint's names is also about. */
function aboutOf(model: Model, { endpoint }: Link): readonly string[] {
  return [endpoint.id, endpoint.target, ...labelsOf(model, endpoint.target, endpoint.group)];
}

/** The zone is linked, the endpoint is approved, and no record answers for its name. */
export function* recordMissing(model: Model): Generator<Fault> {
  const seen = new Set<string>();
  for (const { link, name, linked } of askedNames(model)) {
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
  const asked = askedNames(model);
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
        repairs: [{ says: `leave ${nameOf(a.id)} out`, edits: [{ kind: 'delete', resource: one.group }] }],
      };
    }
  }
}
