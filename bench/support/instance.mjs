/**
 * A running instance in a process of its own, with an estate of a given size. It tells its session, and ends when
 * its parent lets go. With `names` also where its place's resolver is, and the names of private endpoints.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Instance } from '../../dist/server/instance.js';
import { build } from './estate.mjs';

const { memory, size, names, database } = JSON.parse(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
const instance = await Instance.start({ folder, memory, ...(database === undefined ? {} : { database }) });
const { plane } = build(size);
const known = instance.engine.plane.estate;
const writes = [...plane.estate.all()].filter((resource) => known.get(resource.id) === undefined);
await instance.engine.transact(() => ({ change: { writes, deletes: [] } }));
const place = instance.places().find((label) => label.startsWith('vm/'));
process.once('disconnect', async () => {
  await instance.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
const dns = names
  ? { resolver: Number((await instance.resolver(place)).split(':')[1]), hosts: instance.hosts() }
  : {};
process.send({
  outside: instance.enter('internet'),
  inside: instance.enter(place),
  resources: known.size,
  ...dns,
});
