/**
 * A store, an engine and services without a wire, in a process that kills itself: `FOLDER ROUND POINT TIMES MODEL`.
 *
 * @module
 */

import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { defaultDeployer, defaultSubscription, firstResources, offlineSettings } from '../app/defaults.ts';
import type { Store } from '../arm/store.ts';
import { isObject } from '../lib/json.ts';
import { Blobs } from '../services/blob/blobs.ts';
import {
  blobFrom,
  isBlobKey,
  partsFrom,
  partsPrefix,
  stagedFrom,
  stagedPrefix,
} from '../services/blob/row.ts';
import { Images } from '../services/registry/images.ts';
import { filesOf } from '../services/registry/rows.ts';
import { Vaults } from '../services/vault/vaults.ts';
import { lockFolder } from '../store/lock.ts';
import { Killer, watchContents, watchStore } from './crash-points.testing.ts';
import { demandKept, prepare, type Witness, works } from './crash-work.testing.ts';
import { Engine } from './engine.ts';
import { openStore } from './state.ts';

const database = process.env['CLOISTER_CRASH_DATABASE'];
const [, , folder = '', round = '0', point = '', times = '1', model = '{}'] = process.argv;
/** A value of each round that no other has. */
const perRound = 1000;

function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Everything in a folder of contents. */
function filesIn(name: string): readonly string[] {
  return readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, name).length + 1))
    .sort();
}

/** Throws unless the contents are those that rows name, and nothing is left unfinished. */
async function demandWhole(store: Store): Promise<number> {
  const blobs = (await store.documents('blob', '')).flatMap(([key, row]) => {
    if (key.startsWith(stagedPrefix)) return [stagedFrom(key, row).file];
    if (key.startsWith(partsPrefix)) return partsFrom(key, row).map(({ file }) => file);
    const blob = isBlobKey(key) ? blobFrom(key, row) : undefined;
    // The content of a blob of blocks is that of its blocks.
    return blob && blob.blocks === undefined ? [blob.file] : [];
  });
  const images = (await store.documents('image', '')).flatMap(([key, row]) => filesOf(key, row));
  const small = (await store.documents('content', '')).map(([file]) => file);
  for (const [name, rows, contents] of [
    ['blobs', blobs, [...filesIn('blobs'), ...small]],
    ['images', images, filesIn('images')],
  ] as const) {
    const [there, named] = [[...contents].sort().join(), [...new Set(rows)].sort().join()];
    if (there !== named) throw new Error(`${name} has ${there}; rows name ${named}`);
  }
  for (const [key, value] of await store.documents('operation', '')) {
    if (isObject(value) && value['status'] === 'InProgress')
      throw new Error(`operation ${key} is in progress`);
  }
  return blobs.length + images.length;
}

try {
  const killer = new Killer(point, Number(times));
  await lockFolder(folder);
  const store = watchStore(await openStore(folder, database === undefined ? {} : { database }), killer);
  const settings = offlineSettings(defaultSubscription);
  const engine = await Engine.open(store, settings, firstResources(settings, defaultDeployer), (error) =>
    say({ broken: String(error) }),
  );
  watchContents(killer);
  const blobs = new Blobs(store, join(folder, 'blobs'));
  await blobs.open();
  const images = new Images(store, join(folder, 'images'));
  await images.open();
  const vaults = new Vaults(store);
  await vaults.open();
  const subject = { engine, blobs, images, vaults };
  const contents = await demandWhole(store);
  const verified = await demandKept(subject, JSON.parse(readFileSync(model, 'utf8')));
  say({ verified, contents });
  if (point === '') process.exit(0);
  await prepare(subject);
  const witness: Witness = {
    tried: (slot, value) => say({ tried: slot, value }),
    acked: (slot, value, kind) => {
      killer.at(`${kind}: before the answer`);
      say({ acked: slot, value });
      killer.at('after an answer');
    },
  };
  const client = async (work: (typeof works)[number]): Promise<void> => {
    for (let at = 0; at < perRound; at++) await work(subject, Number(round) * perRound + at, witness);
  };
  await Promise.all(works.map(client));
  say({ broken: `came by ${point} less than ${times} times` });
} catch (error) {
  say({ broken: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
process.exit(1);
