/**
 * What resolvers know: private zones as a virtual network sees them, and public DNS (docs/semantics/names.md).
 *
 * @module
 */

import {
  addressOnly,
  type Found,
  noData,
  noName,
  type Question,
  type RecordData,
  type RecordSet,
} from '../lib/dns.ts';
import { type Fqdn, relativeTo, suffixes } from '../lib/fqdn.ts';
import { formatIp } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import type { LinkedZone, Network, PublicRecord, Vnet, Zone, ZoneRecord } from './model.ts';
import type { Blocker, Recorder } from './trace.ts';

const maxAliases = 16;

/** Seconds that a public alias holds; what Azure's own servers say is not documented. */
const publicTtl = 60;

/** Top-level names that are never public (RFC 6761, RFC 9476 and the reserved `internal`). */
const reserved = new Set(['alt', 'example', 'internal', 'invalid', 'local', 'localhost', 'onion', 'test']);

/** One step of an answer: a record set, or all that is left to say. */
type Step = RecordSet | Found;

/** Azure's resolver as one virtual network sees it: private zones first, at every alias of the chain. */
export function azureResolve(network: Network, vnet: Vnet, asked: Question, rec: Recorder): Found {
  const view = network.views.get(keyOf(vnet.fact.id));
  return chase(vnet.fact.id, asked, rec, (question) => {
    const linked = view && firstZone(view, question.name, rec);
    return linked ? zoneStep(network, vnet, linked, question, rec) : publicStep(network, question, rec, vnet);
  });
}

/** Reports whether a private zone that the network sees is the authority for a name. */
export function hasZoneFor(network: Network, vnet: Vnet, name: Fqdn): boolean {
  const view = network.views.get(keyOf(vnet.fact.id));
  return view !== undefined && [...suffixes(name)].some((suffix) => view.has(suffix));
}

/** Public DNS from start to end. */
export function publicly(network: Network, asked: Question, rec: Recorder): Found {
  return chase('public DNS', asked, rec, (question) => publicStep(network, question, rec, undefined));
}

/** Goes from alias to alias until there is what was asked for. */
function chase(resource: string, asked: Question, rec: Recorder, step: (question: Question) => Step): Found {
  const sets: RecordSet[] = [];
  let question = asked;
  for (let aliases = 0; aliases < maxAliases; aliases++) {
    const next = step(question);
    if ('sets' in next) return sets.length === 0 ? next : { ...next, sets: [...sets, ...next.sets] };
    sets.push(next);
    if (next.data.type === asked.type || next.data.type !== 'CNAME') return { sets, exists: true };
    question = { name: next.data.to, type: asked.type };
  }
  const says = `${asked.name} is an alias of an alias without end`;
  rec.stop('name-not-found', 'name', { resource, rule: 'aliases' }, says);
  return noName;
}

/** Lists the names that public DNS makes of a name, from alias to alias. */
export function publicAliases(network: Network, asked: Fqdn): Fqdn[] {
  const names: Fqdn[] = [];
  let record = network.publicNames.get(asked);
  while (record && 'cname' in record && names.length < maxAliases) {
    names.push(record.cname);
    record = network.publicNames.get(record.cname);
  }
  return names;
}

/** The most specific zone; that it wins over a shorter one is standard DNS, and not in Azure's documents. */
function firstZone(view: ReadonlyMap<Fqdn, LinkedZone>, name: Fqdn, rec: Recorder): LinkedZone | undefined {
  let first: LinkedZone | undefined;
  for (const suffix of suffixes(name)) {
    const found = view.get(suffix);
    if (found && first) {
      rec.assume('the-most-specific-zone-answers');
      return first;
    }
    first ??= found;
  }
  return first;
}

/** A linked zone is the authority: a record set, an alias, or nothing. */
function zoneStep(
  network: Network,
  vnet: Vnet,
  linked: LinkedZone,
  { name, type }: Question,
  rec: Recorder,
): Step {
  const { zone } = linked;
  const relative = relativeTo(name, zone.name);
  const sets = lookup(zone.records, relative);
  const record = sets?.find(({ data }) => data.type === type || data.type === 'CNAME');
  const by = { resource: (record ?? sets?.[0])?.id ?? zone.id, rule: relative };
  const home = nameOf(vnet.fact.id);
  if (record && !isEmpty(record.data)) {
    rec.pass('name', by, `zone ${zone.name}${says(record.data, home, name)}`);
    return { name, ttl: record.ttl, data: record.data };
  }
  if (!sets && linked.fallback && zone.name.startsWith('privatelink.')) {
    const link = { resource: linked.link, rule: 'resolutionPolicy' };
    rec.pass('name', link, `zone ${zone.name} lacks ${name} and falls back to public DNS`);
    return publicly(network, { name, type }, rec);
  }
  // A record of another type makes the answer empty and not an NXDOMAIN; either way there is no address.
  if (sets) rec.assume('another-type-is-an-empty-answer');
  const why = sets
    ? `zone ${zone.name}, linked to ${home}, has ${relative} without ${type === 'A' ? 'an address' : `a ${type} record`}`
    : `zone ${zone.name} is linked to ${home} and has no record ${relative}: NXDOMAIN, public DNS is not asked`;
  rec.stop('name-not-found', 'name', { resource: zone.id, rule: relative }, why, {
    resource: zone.id,
    property: `${type}/${relative}`,
    is: 'absent',
    needs: `${/^[AMS]/.test(type) ? 'an' : 'a'} ${type} record for ${name}`,
  });
  return sets ? noData : noName;
}

function says(data: RecordData, home: string, name: Fqdn): string {
  if (data.type === 'CNAME') return ` makes ${name} an alias of ${data.to}`;
  const [address] = data.type === 'A' ? data.addresses : [];
  return `, linked to ${home}, has ${name}${address === undefined ? `, type ${data.type}` : ` at ${formatIp(address)}`}`;
}

/** A record set for addresses may be without any. */
function isEmpty(data: RecordData): boolean {
  return data.type === 'A' && data.addresses.length === 0;
}

/** The exact record, else the closest wildcard, which no name that exists may stand before (RFC 4592 section 3.3.1). */
export function lookup(records: Zone['records'], relative: string): readonly ZoneRecord[] | undefined {
  const exact = records.get(relative);
  if (exact || relative === '@') return exact;
  for (let rest = relative; ; ) {
    const dot = rest.indexOf('.');
    const wildcard = records.get(dot < 0 ? '*' : `*.${rest.slice(dot + 1)}`);
    if (wildcard) return exists(records, rest) ? undefined : wildcard;
    if (dot < 0) return undefined;
    rest = rest.slice(dot + 1);
  }
}

/** A name exists when it has a record, or when a name below it has. */
function exists(records: Zone['records'], relative: string): boolean {
  if (records.has(relative)) return true;
  const below = `.${relative}`;
  for (const name of records.keys()) if (name.endsWith(below)) return true;
  return false;
}

/** One step of public DNS: a record set, an alias, or nothing. */
function publicStep(network: Network, question: Question, rec: Recorder, vnet: Vnet | undefined): Step {
  const { name } = question;
  const record = network.publicNames.get(name);
  if (record && 'cname' in record) return publicAlias(network, name, record, rec);
  const unlinked = vnet && unlinkedZone(network, name, vnet);
  if (record) {
    const by = { resource: record.service, rule: 'public DNS' };
    const why = unlinked ? ` (zone ${unlinked.name} is not linked to ${nameOf(vnet.fact.id)})` : '';
    rec.pass('name', by, `public DNS has ${name} at ${formatIp(record.a)}${why}`);
    if (unlinked) rec.hint(missingLink(unlinked, vnet));
    return addressOnly(question, record.a);
  }
  const by = { resource: 'public DNS', rule: name };
  const top = name.slice(name.lastIndexOf('.') + 1);
  if (unlinked || reserved.has(top) || isUnusedAlias(network, name)) {
    if (unlinked && !reserved.has(top)) rec.assume('a-private-name-is-not-public');
    const blockers = unlinked ? [missingLink(unlinked, vnet)] : [];
    rec.stop('name-not-found', 'name', by, `public DNS has no ${name}`, ...blockers);
    return noName;
  }
  const why = `${name} is not a name of this estate: what public DNS answers is not known`;
  rec.stop('unknown', 'name', by, why);
  return noName;
}

/** Only for key vaults it is documented when the alias comes; for others it is taken to come with the first connection. */
function publicAlias(
  network: Network,
  name: Fqdn,
  record: Extract<PublicRecord, { cname: Fqdn }>,
  rec: Recorder,
): RecordSet {
  const service = network.services.get(keyOf(record.service));
  if (service?.connections.every(({ status }) => status !== 'Approved')) {
    rec.assume('an-alias-comes-before-approval');
  }
  const by = { resource: record.service, rule: 'public DNS' };
  rec.pass('name', by, `public DNS makes ${name} an alias of ${record.cname}`);
  return { name, ttl: publicTtl, data: { type: 'CNAME', to: record.cname } };
}

/** An alias that a service of the estate would have if it had a private endpoint. */
function isUnusedAlias(network: Network, name: Fqdn): boolean {
  if (!name.includes('privatelink.')) return false;
  for (const { fact } of network.services.values()) {
    if (fact.surfaces.some(({ alias }) => alias === name)) return true;
  }
  return false;
}

function missingLink(zone: Zone, vnet: Vnet): Blocker {
  return {
    resource: zone.id,
    property: 'virtualNetworkLinks',
    is: `no link to ${nameOf(vnet.fact.id)}`,
    needs: `a link to ${vnet.fact.id}`,
  };
}

/** A private zone that has the name, but that the network does not see. */
function unlinkedZone(network: Network, name: Fqdn, vnet: Vnet): Zone | undefined {
  const seen = network.views.get(keyOf(vnet.fact.id));
  for (const suffix of suffixes(name)) {
    if (seen?.has(suffix)) continue;
    const holds = network.zones
      .get(suffix)
      ?.find((zone) => lookup(zone.records, relativeTo(name, zone.name)));
    if (holds) return holds;
  }
  return undefined;
}
