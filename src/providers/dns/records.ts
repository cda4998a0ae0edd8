/**
 * Record sets of private DNS zones (docs/semantics/names.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType } from '../../arm/id.ts';
import { type Provider, type Put, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { type Authority, type RecordData, type RecordType, recordTypes } from '../../lib/dns.ts';
import { fqdn, parseFqdn } from '../../lib/fqdn.ts';
import { ip } from '../../lib/ip.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Fact } from '../../net/facts.ts';
import { define } from '../define.ts';

export const zoneType = 'Microsoft.Network/privateDnsZones' as ResourceType;
export const recordTypeA = `${zoneType}/A` as ResourceType;

/** Seconds that a record set holds which does not say; Azure's portal writes as much. */
const usualTtl = 3600;

/** Bytes of one character string (RFC 1035 section 3.3). */
const longestText = 255;

const seconds = shape.int(0, 2147483647);
const short = shape.int(0, 65535);
const records = shape.object({
  ttl: seconds,
  metadata: shape.any,
  aRecords: shape.list(shape.object({ ipv4Address: shape.required(shape.address) })),
  aaaaRecords: shape.list(shape.object({ ipv6Address: shape.required(shape.address6) })),
  cnameRecord: shape.object({ cname: shape.required(shape.text) }),
  mxRecords: shape.list(
    shape.object({ preference: shape.required(short), exchange: shape.required(shape.text) }),
  ),
  ptrRecords: shape.list(shape.object({ ptrdname: shape.required(shape.text) })),
  soaRecord: shape.object({
    host: shape.text,
    email: shape.text,
    serialNumber: seconds,
    refreshTime: seconds,
    retryTime: seconds,
    expireTime: seconds,
    minimumTtl: seconds,
  }),
  srvRecords: shape.list(
    shape.object({
      priority: shape.required(short),
      weight: shape.required(short),
      port: shape.required(short),
      target: shape.required(shape.text),
    }),
  ),
  txtRecords: shape.list(shape.object({ value: shape.required(shape.list(shape.text)) })),
  ...shape.served('fqdn', 'isAutoRegistered', 'provisioningState'),
});
type Stored = shape.Of<typeof records>;

/** One provider for each type of record set. */
export const recordSets: readonly Provider<Fact>[] = recordTypes.map((type) =>
  define(`${zoneType}/${type}`, {
    level: 'modelled',
    located: false,
    properties: records,
    put: (put, read) => {
      checkRecord(put, type, read);
      const { provisioningState: _, ...draft } = store(put).properties;
      return { writes: [{ ...store(put), properties: draft }] };
    },
    show: shownRecord,
    facts: (record) => [
      {
        kind: 'record',
        id: record.id,
        zone: partsOf(record.id).parent ?? '',
        name: record.name,
        ttl: (record.properties as Stored).ttl ?? usualTtl,
        data: dataOf(type, record.properties),
      },
    ],
  }),
);

/** Shows a record set with what the service adds. */
export function shownRecord(record: Resource): JsonObject {
  const zone = partsOf(partsOf(record.id).parent ?? '').name;
  const fqdn = `${record.name === '@' ? '' : `${record.name}.`}${zone}.`;
  return { ...record.properties, fqdn, isAutoRegistered: false };
}

function checkRecord(put: Put<Stored>, type: RecordType, read: Read): void {
  const { name, parent } = put.id;
  if (name !== '@' && parseFqdn(name) === undefined) {
    throw new ArmError('InvalidResourceName', `'${name}' is not a relative record name.`);
  }
  const cname = put.properties.cnameRecord?.cname;
  if (type === 'CNAME' && (cname === undefined || parseFqdn(cname) === undefined)) {
    throw new ArmError(
      'InvalidRequestContent',
      `CNAME record ${name} needs cnameRecord.cname, a host name.`,
      { target: 'properties.cnameRecord' },
    );
  }
  for (const host of hostsIn(put.properties)) {
    if (host === '.' || parseFqdn(host) !== undefined) continue;
    throw new ArmError('InvalidRequestContent', `${type} record ${name}: '${host}' is not a host name.`);
  }
  for (const { value } of put.properties.txtRecords ?? []) {
    if (value.every((part) => /^[\x20-\x7e]*$/.test(part) && part.length <= longestText)) continue;
    const message = `TXT record ${name}: a text has at most ${longestText} characters of printable ASCII. Divide it into several.`;
    throw new ArmError('InvalidRequestContent', message, { target: 'properties.txtRecords' });
  }
  for (const other of recordTypes) {
    const clash =
      other !== type && (other === 'CNAME' || type === 'CNAME') && read.get(`${parent}/${other}/${name}`);
    if (clash) throw new ArmError('Conflict', `${name} already has a ${other} record: a CNAME stands alone.`);
  }
}

/** Names of other hosts that a record set leads to. */
function hostsIn({ mxRecords, ptrRecords, srvRecords, soaRecord }: Stored): readonly string[] {
  const authority = [soaRecord?.host, soaRecord?.email].filter((host) => host !== undefined);
  return [
    ...(mxRecords ?? []).map(({ exchange }) => exchange),
    ...(ptrRecords ?? []).map(({ ptrdname }) => ptrdname),
    ...(srvRecords ?? []).map(({ target }) => target),
    ...authority,
  ];
}

/** What a stored record set says. Its shape has been checked when it was written. */
function dataOf(type: RecordType, stored: JsonObject): RecordData {
  const set = stored as Stored;
  switch (type) {
    case 'A':
      return { type, addresses: (set.aRecords ?? []).map((record) => ip(record.ipv4Address)) };
    case 'AAAA':
      return { type, addresses: (set.aaaaRecords ?? []).map((record) => record.ipv6Address) };
    case 'CNAME':
      return { type, to: fqdn(set.cnameRecord?.cname ?? '') };
    case 'MX':
      return { type, exchanges: set.mxRecords ?? [] };
    case 'PTR':
      return { type, names: (set.ptrRecords ?? []).map((record) => record.ptrdname) };
    case 'SOA':
      return { type, authority: authorityOf(set.soaRecord ?? {}) };
    case 'SRV':
      return { type, services: set.srvRecords ?? [] };
    case 'TXT':
      return { type, texts: (set.txtRecords ?? []).map((record) => record.value) };
  }
}

/** What Azure's own zones say where nothing else was written (docs/semantics/assumed.md). */
function authorityOf(soa: NonNullable<Stored['soaRecord']>): Authority {
  return {
    host: soa.host ?? 'azureprivatedns.net',
    mailbox: soa.email ?? 'azureprivatedns-host.microsoft.com',
    serial: soa.serialNumber ?? 1,
    refresh: soa.refreshTime ?? 3600,
    retry: soa.retryTime ?? 300,
    expire: soa.expireTime ?? 2419200,
    minimum: soa.minimumTtl ?? 10,
  };
}
