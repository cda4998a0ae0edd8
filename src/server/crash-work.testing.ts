/**
 * What a process does until it is killed, and what must hold of it afterwards. Every value is a number that grows;
 * it is announced before it is written and once more when it was acknowledged.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { defaultDeployer, defaultSubscription } from '../app/defaults.ts';
import { handle } from '../arm/api/router.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Blobs } from '../services/blob/blobs.ts';
import { whole } from '../services/bytes.ts';
import type { Images } from '../services/registry/images.ts';
import type { Vaults } from '../services/vault/vaults.ts';
import type { answered } from './crash-points.testing.ts';
import type { Engine } from './engine.ts';

/** What is known of a slot from outside: what was acknowledged last, and what was announced after it. */
export type Model = Readonly<Record<string, { readonly acked?: number; readonly tried?: number }>>;

/** What is put to work. */
export interface Subject {
  readonly engine: Engine;
  readonly blobs: Blobs;
  readonly images: Images;
  readonly vaults: Vaults;
}

/** Announces and acknowledges: `say` resolves nothing, it must be out when it returns. */
export interface Witness {
  tried(slot: string, value: number): void;
  acked(slot: string, value: number, kind: (typeof answered)[number]): void;
}

const group = `/subscriptions/${defaultSubscription}/resourceGroups/work`;
const nsg = `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg`;
const table = (at: number): string => `${group}/providers/Microsoft.Network/routeTables/t${at}`;
const blob = (name: string) => ({ account: 'st', container: 'c', name });
const place = { registry: 'cr', repository: 'app' };
const secret = { vault: 'kv', kind: 'secrets', name: 's' } as const;
const blocks = ['AAAA', 'BBBB'];
/** A blob in a row, and one in a file. */
const wholes = { small: 10, large: 10_000 } as const;
const apiVersion = new URLSearchParams('api-version=2023-09-01');

/** Some bytes that say which value they are of. */
function bytesOf(value: number, salt = '', times = 200): Buffer {
  return Buffer.from(`${value} ${salt} `.repeat(times));
}

async function arm({ engine }: Subject, method: string, path: string, body?: Json): Promise<JsonObject> {
  const answer = await handle(engine, {
    method,
    path,
    query: apiVersion,
    ifMatch: undefined,
    ifNoneMatch: undefined,
    body: async () => body ?? {},
    caller: defaultDeployer,
  });
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return isObject(answer.body) ? answer.body : {};
}

/** What all work stands on. */
export async function prepare(subject: Subject): Promise<void> {
  await arm(subject, 'PUT', group, { location: 'eastus' });
  await arm(subject, 'PUT', nsg, { location: 'eastus' });
  await subject.blobs.createContainer('st', 'c');
}

type Work = (subject: Subject, value: number, witness: Witness) => Promise<void>;

/** Writes a rule. */
const writeRule: Work = async (subject, value, { tried, acked }) => {
  const slot = `rule${value % 3}`;
  tried(slot, value);
  const rule = {
    description: String(value),
    direction: 'Inbound',
    priority: 100 + (value % 3),
    access: 'Allow',
    protocol: 'Tcp',
    sourceAddressPrefix: '*',
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '443',
  };
  await arm(subject, 'PUT', `${nsg}/securityRules/${slot}`, { properties: rule });
  acked(slot, value, 'arm');
};

/** Deploys three tables, and waits for them. */
const deployTables: Work = async (subject, value, { tried, acked }) => {
  const path = `${group}/providers/Microsoft.Resources/deployments/main`;
  const resources = [0, 1, 2].map((at) => ({
    type: 'Microsoft.Network/routeTables',
    apiVersion: '2023-09-01',
    name: `t${at}`,
    location: 'eastus',
    tags: { value: "[string(parameters('value'))]" },
  }));
  const template = {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    parameters: { value: { type: 'int' } },
    resources,
  };
  tried('deployment', value);
  const parameters = { value: { value } };
  await arm(subject, 'PUT', path, { properties: { mode: 'Incremental', template, parameters } });
  acked('accepted', value, 'deployment');
  await subject.engine.idle();
  const { properties } = await arm(subject, 'GET', path);
  if (!isObject(properties) || properties['provisioningState'] !== 'Succeeded')
    throw new Error(`the deployment is ${JSON.stringify(properties)}`);
  acked('deployment', value, 'deployment');
};

const putBlobs: Work = async ({ blobs }, value, { tried, acked }) => {
  for (const [size, times] of Object.entries(wholes)) {
    tried(size, value);
    await blobs.put(blob(size), bytesOf(value, '', times));
    acked(size, value, 'blob');
  }
};

const putBlocks: Work = async ({ blobs }, value, { tried, acked }) => {
  for (const id of blocks) {
    tried(`block ${id}`, value);
    await blobs.stage(blob('listed'), id, bytesOf(value, id), () => {});
    acked(`block ${id}`, value, 'block');
  }
  tried('block list', value);
  await blobs.assemble(blob('listed'), ({ staged }) => staged, {
    contentType: 'text/plain',
    http: {},
    metadata: {},
    md5: '',
  });
  acked('block list', value, 'block list');
};

const digestOf = (value: number): string =>
  `sha256:${createHash('sha256').update(bytesOf(value, 'one')).update(bytesOf(value, 'two')).digest('hex')}`;

/** Pushes a layer in two pieces, and takes the one before away. */
const pushLayer: Work = async ({ images: { uploads, layers } }, value, { tried, acked }) => {
  const { id } = await uploads.begin(place);
  await uploads.append(place, id, { bytes: bytesOf(value, 'one') });
  tried('layer', value);
  await uploads.finish(place, id, { bytes: bytesOf(value, 'two') }, digestOf(value));
  acked('layer', value, 'layer');
  await layers.remove(place, digestOf(value - 1));
};

const setSecret: Work = async ({ vaults }, value, { tried, acked }) => {
  tried('secret', value);
  const attributes = { enabled: true, nbf: undefined, exp: undefined, created: value, updated: value };
  await vaults.add(secret, { attributes, tags: undefined, content: { value: String(value) } });
  acked('secret', value, 'vault');
};

/** Everything at once, one after the other each, until somebody kills the process. */
export const works: readonly Work[] = [writeRule, deployTables, putBlobs, putBlocks, pushLayer, setSecret];

/**
 * Throws where something acknowledged is not there, or something is there that nobody wrote. Answers what was found:
 * it has been seen, and must be there from now on.
 */
export async function demandKept(subject: Subject, model: Model): Promise<Record<string, number>> {
  const { engine, blobs, images, vaults } = subject;
  const { estate } = engine.plane;
  const seen: Record<string, number> = {};
  const check = (slot: string, found: number | undefined): void => {
    const { acked, tried } = model[slot] ?? {};
    if (found !== undefined) seen[slot] = found;
    if (found === acked || (tried !== undefined && found === tried)) return;
    throw new Error(`${slot} is ${found}; acknowledged was ${acked}, announced ${tried}`);
  };
  for (const slot of ['rule0', 'rule1', 'rule2']) {
    check(slot, numberOf(estate.get(`${nsg}/securityRules/${slot}`)?.properties['description']));
  }
  await demandDeployment(subject, model);
  for (const [size, times] of Object.entries(wholes))
    check(
      size,
      writtenIn(await read(subject, size), (value) => [bytesOf(value, '', times)]),
    );
  const listed = await read(subject, 'listed');
  check(
    'block list',
    writtenIn(listed, (value) => blocks.map((id) => bytesOf(value, id))),
  );
  const { staged } = await blobs.blocks(blob('listed'), await blobs.head(blob('listed')));
  const list = model['block list'] ?? {};
  for (const id of blocks) {
    const acked = model[`block ${id}`]?.acked ?? 0;
    // A list that was announced may have taken it.
    if (acked <= Math.max(list.acked ?? 0, list.tried ?? 0)) continue;
    if (!staged.some((block) => block.id === id)) throw new Error(`block ${id} of ${acked} is not staged`);
  }
  const layer = model['layer']?.acked;
  if (layer !== undefined) {
    const fetched = await images.layers.get(() => images.layers.find(place, digestOf(layer)));
    const bytes = fetched && (await whole(fetched.bytes));
    const expected = Buffer.concat([bytesOf(layer, 'one'), bytesOf(layer, 'two')]);
    if (!bytes || Buffer.compare(bytes, expected) !== 0) throw new Error(`layer ${layer} is gone`);
  }
  const kept = model['secret'] ? await vaults.get(secret).catch(() => undefined) : undefined;
  check('secret', numberOf(kept?.version.content['value']));
  return seen;
}

/** A deployment that was cut off is Failed and says why; one that succeeded has all its resources. */
async function demandDeployment({ engine }: Subject, model: Model): Promise<void> {
  const { estate } = engine.plane;
  const values = [0, 1, 2].map((at) => numberOf(estate.get(table(at))?.tags?.['value']));
  for (const record of estate.ofType('Microsoft.Resources/deployments')) {
    const { provisioningState, error, parameters } = record.properties;
    if (provisioningState === 'Succeeded') {
      const given = isObject(parameters) && isObject(parameters['value']) ? parameters['value']['value'] : 0;
      if (values.some((value) => value === undefined || value < Number(given)))
        throw new Error(`the deployment of ${given} has succeeded, its tables are of ${values}`);
      continue;
    }
    if (
      provisioningState !== 'Failed' ||
      !isObject(error) ||
      !String(error['message']).includes('Deploy again')
    )
      throw new Error(`a deployment is ${provisioningState} because of ${JSON.stringify(error)}`);
  }
  const { acked = 0, tried = 0 } = model['deployment'] ?? {};
  if (
    acked > 0 &&
    values.some((value) => value === undefined || value < acked || value > Math.max(acked, tried))
  )
    throw new Error(`tables are of ${values}; acknowledged was ${acked}, announced ${tried}`);
  if (model['accepted'] && !estate.get(`${group}/providers/Microsoft.Resources/deployments/main`))
    throw new Error('an accepted deployment has no record');
}

function numberOf(value: Json | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

async function read({ blobs }: Subject, name: string): Promise<string | undefined> {
  const fetched = await blobs.get(blob(name));
  return fetched && Buffer.from(await whole(fetched.bytes)).toString('utf8');
}

/** The value that a text is of; throws where it is not of one. */
function writtenIn(
  text: string | undefined,
  partsOf: (value: number) => readonly Buffer[],
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number.parseInt(text, 10);
  if (text !== Buffer.concat(partsOf(value)).toString('utf8'))
    throw new Error(`a blob is of ${value} and of something else`);
  return value;
}
