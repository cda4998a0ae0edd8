import { beforeEach, describe, expect, it } from 'vitest';
import { body } from '../../test/providers/things.ts';
import { vm, watched } from '../../test/providers/watched.ts';
import { idOf, root, TestPlane } from '../../test/support/plane.ts';
import { type Analysed, analyse, resumeAnalyses } from './analysis.ts';

const workspace = `${idOf('manager/m')}/verifierWorkspaces/w`;
const run = `${workspace}/reachabilityAnalysisRuns/r`;

/** A plane whose effects are the server's. */
function hostOf(p: TestPlane): Analysed {
  const host: Analysed = {
    plane: p.plane,
    network: p.network(),
    transact: (plan) => p.transact(plan),
    perform: ({ resource }) => analyse(host, resource),
    now: () => p.now(),
  };
  return host;
}

describe('runs of a network verifier', () => {
  let p: TestPlane;
  const begin = async (sourceIps: string[]) => {
    const ipTraffic = {
      sourceIps,
      destinationIps: ['*'],
      sourcePorts: ['*'],
      destinationPorts: ['80'],
      protocols: ['TCP'],
    };
    await p.have(`${workspace}/reachabilityAnalysisIntents/i`, {
      properties: { sourceResourceId: vm, destinationResourceId: 'Internet', ipTraffic },
    });
    await p.have(run, { properties: { intentId: `${workspace}/reachabilityAnalysisIntents/i` } });
  };
  beforeEach(async () => {
    p = await TestPlane.start();
    await watched(p);
    await p.have(idOf('manager/m'), body({ networkManagerScopes: { subscriptions: [root] } }));
    await p.have(workspace, body());
  });

  it('that a crash cut off are worked out at the next start, once', async () => {
    await begin(['*']);
    expect((await p.get(run)).properties['analysisResult']).toBeUndefined();
    await resumeAnalyses(hostOf(p));
    const { properties } = await p.get(run);
    expect(JSON.parse(String(properties['analysisResult']))).toMatchObject({
      outcome: 'NotReached',
      complete: true,
    });
    await p.have(`${idOf('nsg/g')}/securityRules/DenyWeb`, {
      properties: {
        priority: 200,
        direction: 'Outbound',
        access: 'Allow',
        protocol: 'Tcp',
        sourceAddressPrefix: '*',
        sourcePortRange: '*',
        destinationAddressPrefix: '*',
        destinationPortRange: '80',
      },
    });
    await resumeAnalyses(hostOf(p));
    expect((await p.get(run)).properties).toEqual(properties);
  });

  it('that ask about no flow say so', async () => {
    await begin(['10.9.0.0/16']);
    await analyse(hostOf(p), run as Parameters<typeof analyse>[1]);
    const { errorMessage, analysisResult } = (await p.get(run)).properties;
    expect(errorMessage).toContain('None of the sourceIps 10.9.0.0/16');
    expect(analysisResult).toBeUndefined();
  });

  it('that are gone meanwhile stay gone', async () => {
    await begin(['*']);
    await p.remove(run);
    await analyse(hostOf(p), run as Parameters<typeof analyse>[1]);
    expect((await p.get(run)).status).toBe(404);
  });
});
