/**
 * A running instance in a process of its own with a storage account and a registry, both with a public door, in a
 * folder on disk. It tells its session and the keys, and ends when its parent lets go.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysOf } from '../../dist/providers/storage/accounts.js';
import { Instance } from '../../dist/server/instance.js';
import { signToken } from '../../dist/services/registry/tokens.js';
import { emptyPlane, group, idOf, plan } from './estate.mjs';

const location = 'eastus';
const pushAndPull = [{ type: 'repository', name: 'app', actions: ['pull', 'push'] }];
const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
const instance = await Instance.start({ folder });
const plane = emptyPlane();
const put = (id, body) => plane.estate.apply(plan(plane, id, { location, ...body }).change);
put(group, {});
const account = idOf('Microsoft.Storage/storageAccounts', 'stbench');
put(account, { sku: { name: 'Standard_LRS' }, kind: 'StorageV2', properties: {} });
const registry = idOf('Microsoft.ContainerRegistry/registries', 'crbench');
put(registry, { sku: { name: 'Premium' }, properties: { adminUserEnabled: true } });
const known = instance.engine.plane.estate;
const writes = [...plane.estate.all()].filter((resource) => known.get(resource.id) === undefined);
await instance.engine.transact(() => ({ change: { writes, deletes: [] } }));
const { settings } = instance.engine.plane;
const token = { kind: 'access', subject: { kind: 'admin' }, access: pushAndPull };
const bearer = signToken(token, { registry: known.get(registry), settings, now: Date.now() });
process.once('disconnect', async () => {
  await instance.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
process.send({
  outside: instance.enter('internet'),
  key: keysOf(known.get(account), settings.secret)[0].value,
  bearer,
});
