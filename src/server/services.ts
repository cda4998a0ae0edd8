/**
 * The services behind the doors, put together: each host name's answer comes from here.
 *
 * @module
 */

import { handle } from '../arm/api/router.ts';
import type { Resource } from '../arm/resource.ts';
import { asText } from '../lib/json.ts';
import { keysOf } from '../providers/storage/accounts.ts';
import { otherStoragePlane } from '../services/blob/other-planes.ts';
import { blobPlane } from '../services/blob/plane.ts';
import { clusterPlane } from '../services/cluster/plane.ts';
import { filePlane } from '../services/file/plane.ts';
import { registryPlane } from '../services/registry/plane.ts';
import { relayPlane } from '../services/relay/plane.ts';
import { Seal } from '../services/sign-in/seal.ts';
import { SignIn } from '../services/sign-in/sign-in.ts';
import { vaultPlane } from '../services/vault/plane.ts';
import { workspacePlane } from '../services/workspace/plane.ts';
import type { Accounts } from './accounts.ts';
import { answerer } from './answer.ts';
import type { Contents } from './contents.ts';
import type { Engine } from './engine.ts';
import type { Answerer } from './front/front.ts';
import { Scoring } from './front/scoring.ts';
import { callerOf } from './front/token.ts';
import type { Keys } from './keys.ts';
import { passTo } from './pass.ts';
import type { Serving } from './serving.ts';

/** Makes what answers requests that came through a door. */
export function servicesOf(
  engine: Engine,
  keys: Keys,
  accounts: Accounts,
  contents: Contents,
  serving: Serving,
): Answerer {
  const { tenant } = engine.plane.settings;
  const now = (): number => Date.now();
  const check = { keys: keys.signing, tenant, now };
  const signIn = new SignIn({
    tenant,
    issuerHost: 'login.microsoftonline.com',
    keys: keys.signing,
    applications: (clientId) => accounts.application(clientId),
    accounts: (name) => accounts.account(name),
    seal: new Seal(Buffer.from(keys.secret('codes and refresh tokens'), 'base64').subarray(0, 32)),
    now,
  });
  const accountKeys = (account: Resource): readonly string[] =>
    keysOf(account, engine.plane.settings.secret).map(({ value }) => asText(value) ?? '');
  const planes = {
    blob: blobPlane(contents.blobs, accountKeys),
    file: filePlane(contents.files, accountKeys),
    queue: otherStoragePlane('queue'),
    table: otherStoragePlane('table'),
    dfs: otherStoragePlane('dfs'),
    web: otherStoragePlane('web'),
    vault: vaultPlane(contents.vaults),
    registry: registryPlane(contents.images, (token, audiences) =>
      callerOf(`Bearer ${token}`, audiences, check),
    ),
    relay: relayPlane,
    cluster: clusterPlane,
    workspace: workspacePlane({
      records: contents.records,
      arm: (request) => handle(engine, request),
      pass: (workspace, { account, container, name }, permission) =>
        passTo(account, { container, name, permission }, workspace, engine.plane.settings, now()),
      newId: () => engine.newId(),
    }),
  };
  return answerer({ engine, signIn, scoring: new Scoring(engine, serving.replicas, check), check, planes });
}
