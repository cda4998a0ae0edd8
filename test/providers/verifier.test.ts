/** Virtual network verifier: workspaces, intents and runs, and what a run finds. docs/semantics/network-verifier.md */

import { describe, expect, it } from 'vitest';
import { type Reachability, reachabilityOf } from '../../src/app/reachability.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { IntentContent } from '../../src/providers/network/verifier.ts';
import { idOf, root, TestPlane } from '../support/plane.ts';
import { answered, refused, table } from './row.ts';
import { body, machine, nic, rule } from './things.ts';
import { vm, watched } from './watched.ts';

const workspace = `${idOf('manager/m')}/verifierWorkspaces/w`;
const intents = `${workspace}/reachabilityAnalysisIntents`;
const runs = `${workspace}/reachabilityAnalysisRuns`;
const far = idOf('vm/far');
const any = {
  sourceIps: ['*'],
  destinationIps: ['*'],
  sourcePorts: ['*'],
  destinationPorts: ['*'],
  protocols: ['Any'],
};

async function verified(p: TestPlane): Promise<void> {
  await watched(p);
  await p.have(idOf('nic/far'), nic(['spoke/a', '10.1.0.4']));
  await p.have(far, machine(['far']));
  await p.have(idOf('manager/m'), body({ networkManagerScopes: { subscriptions: [root] } }));
  await p.have(workspace, body({ description: 'ours' }));
}

const intent = (more: JsonObject = {}): JsonObject => ({
  properties: { sourceResourceId: vm, destinationResourceId: far, ipTraffic: any, ...more },
});

table('verifier workspaces', verified, [
  [
    'Azure',
    'an intent',
    (p) => p.put(`${intents}/i`, intent()),
    answered(201, { sourceResourceId: vm, ipTraffic: any }),
  ],
  [
    'Azure',
    'the internet is a word',
    (p) => p.put(`${intents}/i`, intent({ sourceResourceId: 'internet' })),
    answered(201, { sourceResourceId: 'Internet' }),
  ],
  [
    'limits',
    'a database',
    (p) => p.put(`${intents}/i`, intent({ destinationResourceId: idOf('vault/v') })),
    refused(400, 'NotSupported', 'Microsoft.KeyVault/vaults', 'properties.destinationResourceId'),
  ],
  [
    'refusal',
    'a machine that is not there',
    (p) => p.put(`${intents}/i`, intent({ sourceResourceId: idOf('vm/none') })),
    refused(400, 'InvalidResourceReference', 'none'),
  ],
  [
    'refusal',
    'no ports',
    (p) => p.put(`${intents}/i`, intent({ ipTraffic: { ...any, sourcePorts: [] } })),
    refused(400, 'InvalidRequestContent', 'must not be empty', 'properties.ipTraffic.sourcePorts'),
  ],
  [
    'refusal',
    'what is no port',
    (p) => p.put(`${intents}/i`, intent({ ipTraffic: { ...any, destinationPorts: ['ssh'] } })),
    refused(400, 'InvalidRequestContent', 'a port, a range'),
  ],
  [
    'refusal',
    'what is no address',
    (p) => p.put(`${intents}/i`, intent({ ipTraffic: { ...any, sourceIps: ['10.0.0.1/24'] } })),
    refused(400, 'InvalidRequestContent', 'without host bits'),
  ],
  [
    'refusal',
    'without traffic',
    (p) => p.put(`${intents}/i`, { properties: { sourceResourceId: vm, destinationResourceId: far } }),
    refused(400, 'InvalidRequestContent', 'ipTraffic is required'),
  ],
  [
    'Azure',
    'a run has the intent as it was',
    async (p) => {
      await p.have(`${intents}/i`, intent());
      const run = await p.put(`${runs}/r`, { properties: { intentId: `${intents}/i` } });
      return { ...run, effects: p.performed };
    },
    {
      status: 201,
      properties: { intentContent: { sourceResourceId: vm, destinationResourceId: far, ipTraffic: any } },
      effects: [{ kind: 'analyse', resource: `${runs}/r` }],
    },
  ],
  [
    'refusal',
    'a run of nothing',
    (p) => p.put(`${runs}/r`, { properties: { intentId: `${intents}/none` } }),
    refused(400, 'InvalidResourceReference', 'is no intent of this workspace', 'properties.intentId'),
  ],
  [
    'refusal',
    'a workspace of no manager',
    (p) => p.put(`${idOf('manager/none')}/verifierWorkspaces/w`, body()),
    refused(404, 'ParentResourceNotFound'),
  ],
]);

describe('what a run finds', () => {
  const ask = async (
    more: Partial<IntentContent>,
    ready: (p: TestPlane) => Promise<unknown> = async () => {},
  ) => {
    const p = await TestPlane.start();
    await verified(p);
    await ready(p);
    const content = {
      sourceResourceId: vm,
      destinationResourceId: far,
      ipTraffic: any,
      ...more,
    } as IntentContent;
    return reachabilityOf(p.network(), content);
  };
  const found = async (...asked: Parameters<typeof ask>): Promise<Reachability> => {
    const result = await ask(...asked);
    if (!result.ok) throw new Error(result.error);
    return result.value;
  };
  const traffic = (more: object) => ({ ipTraffic: { ...any, ...more } as IntentContent['ipTraffic'] });

  it('everything reaches, where no rule is in the way', async () => {
    const { outcome, complete, blocked } = await found(
      traffic({ destinationPorts: ['22'], protocols: ['TCP'] }),
    );
    expect({ outcome, complete, blocked }).toEqual({ outcome: 'Reached', complete: true, blocked: [] });
  });

  it('some does not, and the ranges say which', async () => {
    const { outcome, reached, blocked } = await found(
      traffic({ destinationPorts: ['79-81'], protocols: ['TCP'] }),
    );
    expect(outcome).toBe('PartiallyReached');
    expect(reached.flatMap(({ flows }) => flows.map(({ port }) => port))).toEqual([['79', '81']]);
    expect(blocked).toMatchObject([
      {
        disposition: 'dropped-by-gate',
        flows: [{ port: ['80'] }],
        blockers: [{ property: 'securityRules/DenyWeb' }],
      },
    ]);
  });

  it('a source port is part of it', async () => {
    const { outcome, blocked } = await found(traffic({ destinationPorts: ['25'], protocols: ['TCP'] }));
    expect(outcome).toBe('PartiallyReached');
    expect(blocked.map(({ flows }) => flows.map(({ sourcePort }) => sourcePort))).toEqual([[['1000']]]);
  });

  it('nothing reaches from the internet a machine without a public address', async () => {
    const { outcome, reached } = await found({ sourceResourceId: 'Internet', destinationResourceId: vm });
    expect({ outcome, reached }).toEqual({ outcome: 'NotReached', reached: [] });
  });

  it('a subnet is every machine in it', async () => {
    const { outcome, reached } = await found({
      sourceResourceId: idOf('vnet/spoke/subnets/a'),
      destinationResourceId: idOf('vnet/hub/subnets/bare'),
      ...traffic({ protocols: ['TCP'], destinationPorts: ['443'] }),
    });
    expect(outcome).toBe('Reached');
    expect(
      reached.flatMap(({ flows }) => flows.flatMap(({ destination }) => destination ?? ['10.0.1.4'])),
    ).toContain('10.0.1.4');
  });

  it('a storage account is reached by its names, or its door refuses', async () => {
    const storage = idOf('storage/shut');
    const { outcome, blocked } = await found(
      { destinationResourceId: storage, ...traffic({ destinationPorts: ['443'], protocols: ['TCP'] }) },
      (p) =>
        p.have(storage, {
          location: 'eastus',
          kind: 'StorageV2',
          sku: { name: 'Standard_LRS' },
          properties: { publicNetworkAccess: 'Disabled' },
        }),
    );
    expect(outcome).toBe('NotReached');
    expect(new Set(blocked.map(({ disposition }) => disposition))).toEqual(new Set(['refused-by-door']));
  });

  it('what is not known is unknown', async () => {
    const { outcome, unknown } = await found(
      traffic({ destinationPorts: ['443'], protocols: ['TCP'] }),
      (p) =>
        p.have(`${idOf('nsg/g')}/securityRules/Tag`, {
          properties: rule(101, {
            direction: 'Outbound',
            access: 'Deny',
            destinationAddressPrefix: 'PowerBI',
          }),
        }),
    );
    expect(outcome).toBe('Unknown');
    expect(unknown[0]?.steps.at(-1)?.says).toContain('PowerBI');
  });

  it('addresses of nobody are no question', async () => {
    expect(await ask(traffic({ sourceIps: ['10.9.0.0/16'] }))).toEqual({
      ok: false,
      error: `None of the sourceIps 10.9.0.0/16 is an address of ${vm}.`,
    });
    expect(await ask(traffic({ destinationIps: ['10.9.0.1'] }))).toMatchObject({ ok: false });
  });
});
