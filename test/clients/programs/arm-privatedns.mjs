/** @azure/arm-privatedns: zones, links to networks, record sets of every type. */

import { all, finish, group, refuses, sdk, subscription, works } from './steps.mjs';

const { DefaultAzureCredential } = sdk('@azure/identity');
const { PrivateDnsManagementClient } = sdk('@azure/arm-privatedns');

const dns = new PrivateDnsManagementClient(new DefaultAzureCredential(), subscription);
const zone = 'corp.example';
const fast = { updateIntervalInMs: 100 };
const vnet = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Network/virtualNetworks/clinic-vnet`;

await zones();
await links();
await records();
await works('virtualNetworkLinks: delete', () =>
  dns.virtualNetworkLinks.beginDeleteAndWait(group, zone, 'clinic', fast),
);
await works('privateZones: delete', () => dns.privateZones.beginDeleteAndWait(group, zone, fast));
await refuses('privateZones: get one that is gone', 404, ['ResourceNotFound'], () =>
  dns.privateZones.get(group, zone),
);
finish();

async function zones() {
  await works(
    'privateZones: create',
    () => dns.privateZones.beginCreateOrUpdateAndWait(group, zone, { location: 'global' }, fast),
    (found) =>
      found.provisioningState === 'Succeeded' &&
      found.numberOfRecordSets === 1 &&
      found.maxNumberOfRecordSets > 1000 &&
      found.etag !== undefined,
  );
  await works(
    'privateZones: update tags',
    () => dns.privateZones.beginUpdateAndWait(group, zone, { tags: { team: 'network' } }, fast),
    ({ tags }) => tags.team === 'network',
  );
  await refuses('privateZones: create unless it is there', 412, ['PreconditionFailed'], () =>
    dns.privateZones.beginCreateOrUpdateAndWait(
      group,
      zone,
      { location: 'global' },
      { ...fast, ifNoneMatch: '*' },
    ),
  );
  await works(
    'privateZones: list',
    () => all(dns.privateZones.list()),
    (list) => ['privatelink.api.azureml.ms', zone].every((name) => list.some((each) => each.name === name)),
  );
}

async function links() {
  await works(
    'virtualNetworkLinks: create',
    () =>
      dns.virtualNetworkLinks.beginCreateOrUpdateAndWait(
        group,
        zone,
        'clinic',
        { location: 'global', virtualNetwork: { id: vnet }, registrationEnabled: false },
        fast,
      ),
    ({ provisioningState, virtualNetworkLinkState }) =>
      provisioningState === 'Succeeded' && virtualNetworkLinkState === 'Completed',
  );
  await works(
    'virtualNetworkLinks: list',
    () => all(dns.virtualNetworkLinks.list(group, zone)),
    (list) => list.length === 1,
  );
  await refuses('privateZones: delete one that is linked', 409, ['CannotDeleteResource'], () =>
    dns.privateZones.beginDeleteAndWait(group, zone, fast),
  );
}

async function records() {
  await works(
    'recordSets: create A',
    () =>
      dns.recordSets.createOrUpdate(group, zone, 'A', 'app', {
        ttl: 60,
        aRecords: [{ ipv4Address: '10.150.0.40' }],
      }),
    ({ fqdn, isAutoRegistered }) => fqdn === `app.${zone}.` && isAutoRegistered === false,
  );
  for (const [type, content] of [
    ['AAAA', { aaaaRecords: [{ ipv6Address: 'fd00::1' }] }],
    ['CNAME', { cnameRecord: { cname: `app.${zone}` } }],
    ['MX', { mxRecords: [{ preference: 10, exchange: `mail.${zone}` }] }],
    ['PTR', { ptrRecords: [{ ptrdname: `app.${zone}` }] }],
    ['SRV', { srvRecords: [{ priority: 1, weight: 1, port: 443, target: `app.${zone}` }] }],
    ['TXT', { txtRecords: [{ value: ['hello', 'world'] }] }],
  ]) {
    await works(
      `recordSets: create ${type}`,
      () =>
        dns.recordSets.createOrUpdate(group, zone, type, `a-${type.toLowerCase()}`, { ttl: 60, ...content }),
      (found) => JSON.stringify(found).includes(JSON.stringify(content).slice(1, -1)),
    );
  }
  await refuses('recordSets: a CNAME beside an A', 409, ['Conflict'], () =>
    dns.recordSets.createOrUpdate(group, zone, 'CNAME', 'app', {
      ttl: 60,
      cnameRecord: { cname: 'x.example' },
    }),
  );
  await works(
    'recordSets: update with its ETag',
    async () => {
      const { etag } = await dns.recordSets.get(group, zone, 'A', 'app');
      return dns.recordSets.update(group, zone, 'A', 'app', { ttl: 120 }, { ifMatch: etag });
    },
    ({ ttl }) => ttl === 120,
  );
  await refuses('recordSets: update with an old ETag', 412, ['PreconditionFailed'], () =>
    dns.recordSets.update(group, zone, 'A', 'app', { ttl: 60 }, { ifMatch: 'old' }),
  );
  await works(
    'recordSets: list',
    () => all(dns.recordSets.list(group, zone)),
    (list) => list.length === 7,
  );
  await works(
    'recordSets: list by type',
    () => all(dns.recordSets.listByType(group, zone, 'A')),
    (list) => list.length === 1,
  );
  await works('recordSets: delete', () => dns.recordSets.delete(group, zone, 'A', 'app'));
}
