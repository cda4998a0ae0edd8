/** Both tables of managed online endpoint isolation: flags, what they do elsewhere, and who reaches what. */

import { describe, expect, it } from 'vitest';
import { why } from '../../src/app/why.ts';
import { asText, type JsonObject, member } from '../../src/lib/json.ts';
import type { Disposition } from '../../src/net/trace.ts';
import {
  blue,
  contradictions,
  destinations,
  egressTable,
  haveGround,
  haveIsolated,
  haveParts,
  type IsolationRow,
  ml,
  ofParts,
  previewTable,
  rowLabel,
  score,
  targetIn,
} from '../support/isolation.ts';
import {
  haveManaged,
  haveManagedGround,
  managedDestinations,
  managedTable,
  placeOf,
} from '../support/isolation-managed.ts';
import { idOf, TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { onlineDeployment, onlineEndpoint, registry } from './things.ts';

const scoring = 'endpoint/mlw/score-me';
const end = (p: TestPlane, from: string, to: string) => why(p.network(), { from, to }).disposition;

/** Where each flow from a place ends. */
function reachOf(
  p: TestPlane,
  from: string,
  to: Readonly<Record<string, string>> = destinations,
  home = 'mlw',
) {
  const network = p.network();
  const ends = Object.entries(to).map(([name, text]) => [
    name,
    why(network, { from, to: targetIn(text, home) }).disposition,
  ]);
  return Object.fromEntries(ends) as Readonly<Record<string, Disposition>>;
}

/** What stands in the states of the connections of what the workspace is made of, by sub-resource. */
async function connections(p: TestPlane, prefix = 'blue.'): Promise<string[]> {
  const parts = [ml, idOf('registry/images'), idOf('vault/keys'), idOf('storage/data')];
  const lists = await Promise.all(parts.map((id) => p.get(`${id}/privateEndpointConnections`)));
  return lists.flatMap(({ value }) =>
    value.flatMap((one) => {
      const name = asText(member(one, 'name')) ?? '';
      const state = member(member(one, 'properties'), 'privateLinkServiceConnectionState');
      return name.includes(prefix) ? [`${name.split('.')[0]} ${asText(member(state, 'status'))}`] : [];
    }),
  );
}

describe.each([
  ['privateNetworkConnection', previewTable, 6],
  ['egressPublicNetworkAccess', egressTable, 12],
] as const)('%s', (_, rows, count) => {
  it.each(rows.map((row) => [rowLabel(row), row] as const))('%s', async (_label, row: IsolationRow) => {
    const p = await TestPlane.start();
    await haveGround(p);
    await haveIsolated(p, row);
    const { properties } = await p.get(ml);
    expect(properties['publicNetworkAccess']).toBe(row.flips);
    expect(properties['allowPublicAccessWhenBehindVnet']).toBe(row.flips === 'Enabled');
    expect(Object.keys(properties).filter((name) => name.startsWith('x-'))).toEqual([]);
    expect(end(p, 'internet', scoring)).toBe(row.outside);
    expect(end(p, 'vm/box', scoring)).toBe('delivered');
    expect(reachOf(p, 'deployment/score-me/blue')).toEqual(row.reach);
    expect(row.reach.workspace === 'delivered').toBe(row.works);
    const own = row.reach.vault === 'delivered' ? shutConnections : [];
    expect(await connections(p)).toEqual(own);
    expect(p.defects).toEqual([]);
  });

  it('has all rows', () => expect(rows).toHaveLength(count));
});

describe('managed networks', () => {
  it.each(managedTable.map((row, at) => [row.title, row, at] as const))('%s', async (_, row, at) => {
    const p = await TestPlane.start();
    await haveManagedGround(p);
    await haveManaged(p, row, at);
    expect(reachOf(p, placeOf(at), managedDestinations, `net${at}`)).toEqual(row.reach);
    expect(p.defects).toEqual([]);
  });

  it('has all rows', () => expect(managedTable).toHaveLength(15));
});

const shutConnections = [
  'amlworkspace Approved',
  'registry Approved',
  'vault Approved',
  'blob Approved',
  'file Approved',
];

const make = (p: TestPlane, flags: JsonObject) => p.put(blue, onlineDeployment(flags));

table('flags of deployments', (p) => haveParts(p).then(() => p.have(score, onlineEndpoint())), [
  ...contradictions.map(
    (flags) =>
      [
        'issue',
        `${JSON.stringify(flags)} contradict each other`,
        async (p: TestPlane) => {
          const answer = await make(p, flags);
          const both = ['privateNetworkConnection', 'egressPublicNetworkAccess'];
          return [answer.status, answer.code, both.every((name) => answer.message?.includes(name))];
        },
        [400, 'BadRequest', true],
      ] as const,
  ),
  [
    'issue',
    'what is refused flips nothing',
    async (p) => {
      await make(p, contradictions[0] ?? {});
      return of(p.get(ml), (a) => a.properties['publicNetworkAccess']);
    },
    'Enabled',
  ],
  [
    'azure-ai-ml 1.35',
    'the preview’s flag is written among the client’s own properties',
    async (p) => {
      const name = 'private-network-connection';
      const { status, properties } = await make(p, { properties: { [name]: true } });
      const shut = await of(p.get(ml), (a) => a.properties['publicNetworkAccess']);
      await make(p, {});
      const kept = await of(p.get(blue), (a) => a.properties['properties']);
      return [status, member(properties['properties'], name), kept, shut, (await connections(p)).length];
    },
    [201, 'True', { 'private-network-connection': 'True' }, 'Disabled', 5],
  ],
  [
    'azure-ai-ml 1.35',
    'and contradicts there, too',
    (p) =>
      make(p, {
        properties: { 'private-network-connection': 'True' },
        egressPublicNetworkAccess: 'Enabled',
      }),
    refused(400, 'BadRequest', 'contradicts egressPublicNetworkAccess Enabled'),
  ],
  [
    'paas-access 2',
    'the preview’s flag never changes',
    async (p) => {
      await make(p, { privateNetworkConnection: false });
      return make(p, { privateNetworkConnection: true });
    },
    refused(400, 'UserError', 'never changes', 'properties.privateNetworkConnection'),
  ],
  [
    'paas-access 2',
    'nor is it given later',
    async (p) => {
      await make(p, {});
      return make(p, { privateNetworkConnection: true });
    },
    refused(400, 'UserError', 'never changes', 'properties.privateNetworkConnection'),
  ],
  [
    'paas-access 2',
    'and stays where a PUT says nothing of it',
    async (p) => {
      await make(p, { privateNetworkConnection: true });
      await make(p, {});
      return p.get(blue);
    },
    answered(200, { privateNetworkConnection: true }),
  ],
  [
    'aml-required-traffic 6',
    'a private one needs a registry that takes private endpoints',
    async (p) => {
      await p.have(idOf('registry/images'), registry('Basic'));
      return make(p, { egressPublicNetworkAccess: 'Disabled' });
    },
    refused(400, 'BadRequest', 'need Premium'),
  ],
]);

table('private endpoints of a deployment', (p) => haveParts(p).then(() => p.have(score, onlineEndpoint())), [
  [
    'the seed',
    'are deleted with it',
    async (p) => {
      await make(p, { privateNetworkConnection: true });
      await p.remove(blue);
      return connections(p);
    },
    [],
  ],
  [
    'the seed',
    'are each deployment’s own',
    async (p) => {
      await make(p, { privateNetworkConnection: true });
      await p.have(`${score}/deployments/green`, onlineDeployment({ egressPublicNetworkAccess: 'Disabled' }));
      await p.remove(blue);
      return [await connections(p), (await connections(p, 'green.')).length];
    },
    [[], 5],
  ],
  [
    'private-endpoints 3',
    'are the target’s to take away again',
    async (p) => {
      await make(p, { egressPublicNetworkAccess: 'Disabled' });
      const { value } = await p.get(`${idOf('vault/keys')}/privateEndpointConnections`);
      await p.have(asText(member(value[0], 'id')) ?? '', {
        properties: { privateLinkServiceConnectionState: { status: 'Rejected', description: '' } },
      });
      const { vault, blob } = reachOf(p, 'deployment/score-me/blue');
      return { vault, blob };
    },
    { vault: 'endpoint-not-approved', blob: 'delivered' },
  ],
  [
    'aml-required-traffic 6',
    'are not made where the workspace has a managed network',
    async (p) => {
      const managedNetwork = { isolationMode: 'AllowOnlyApprovedOutbound' };
      await p.have(ml, ofParts({ managedNetwork, provisionNetworkNow: true }));
      await make(p, { privateNetworkConnection: true });
      const { signIn, address } = reachOf(p, 'deployment/score-me/blue');
      const { properties } = await p.get(ml);
      return [await connections(p), properties['publicNetworkAccess'], signIn, address];
    },
    [[], 'Enabled', 'delivered', 'dropped-by-gate'],
  ],
]);

table('the workspace’s flag is turned off', (p) => haveParts(p), [
  [
    'the seed, warning 2',
    'endpoints that follow it are not reached from outside, and public deployments fail',
    async (p) => {
      await p.have(score, onlineEndpoint());
      await make(p, {});
      const before = [end(p, 'internet', scoring), reachOf(p, 'deployment/score-me/blue')['workspace']];
      await p.have(ml, ofParts({ publicNetworkAccess: 'Disabled' }));
      const after = [end(p, 'internet', scoring), reachOf(p, 'deployment/score-me/blue')['workspace']];
      return [...before, ...after, end(p, 'vm/box', scoring)];
    },
    ['delivered', 'delivered', 'refused-by-door', 'refused-by-door', 'delivered'],
  ],
  [
    'the seed, warning 1',
    'by another deployment, with the same consequences',
    async (p) => {
      await p.have(score, onlineEndpoint());
      await make(p, { privateNetworkConnection: false });
      await p.have(`${score}/deployments/green`, onlineDeployment({ privateNetworkConnection: true }));
      return [end(p, 'internet', scoring), reachOf(p, 'deployment/score-me/blue')['workspace']];
    },
    ['refused-by-door', 'refused-by-door'],
  ],
  [
    'assumed',
    'it can be turned on again',
    async (p) => {
      await p.have(score, onlineEndpoint());
      await make(p, { privateNetworkConnection: true });
      await p.have(ml, ofParts({ publicNetworkAccess: 'Enabled' }));
      return [end(p, 'internet', scoring), reachOf(p, 'deployment/score-me/blue')['elsewhere']];
    },
    ['delivered', 'dropped-by-gate'],
  ],
]);
