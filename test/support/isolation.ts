/**
 * The tables of managed online endpoint isolation and of managed networks, as data: what is written, what becomes of the
 * workspace's flag, and who reaches what. Tests ask `walk` for each cell, and send packets for each.
 *
 * Sources: the seed "Network isolation support for managed online endpoints" (preview); paas-access.md section 2;
 * aml-required-traffic.md sections 6 and 7.
 *
 * @module
 */

import type { JsonObject } from '../../src/lib/json.ts';
import type { Disposition } from '../../src/net/trace.ts';
import {
  endpoint,
  link,
  machine,
  nic,
  onlineDeployment,
  onlineEndpoint,
  registry,
  storage,
  vault,
  vnet,
  workspace,
  zone,
  zoneGroup,
} from '../providers/things.ts';
import { idOf, type TestPlane } from './plane.ts';

/** Ids of a row's own workspace, endpoint and deployment, and the private endpoint of the workspace. Rows may stand side by side. */
export const rowIds = (at: number | '' = '') => {
  const ml = idOf(`workspace/mlw${at}`);
  const score = `${ml}/onlineEndpoints/score-me${at}`;
  return { ml, score, blue: `${score}/deployments/blue`, pe: idOf(`endpoint/pe${at}`) };
};
export const { ml, score, blue } = rowIds();

/** What is asked for from a deployment or a compute. Nobody here knows the address of `pypi.org`. */
export const destinations = {
  workspace: 'workspace/*',
  registry: 'registry/images',
  vault: 'vault/keys',
  blob: 'storage/data/blob',
  file: 'storage/data/file:445',
  queue: 'storage/data/queue',
  elsewhere: 'storage/elsewhere/blob',
  signIn: 'azure/sign-in',
  address: '8.8.8.8',
  packages: 'pypi.org',
} as const;

/** A destination as `why` takes it, for one workspace. */
export function targetIn(text: string, workspaceName: string): string {
  return text.replace('*', workspaceName);
}

/** One of them. */
export type Destination = keyof typeof destinations;

/** How a flow to each ends. */
export type Reach = Readonly<Record<Destination, Disposition>>;

/** `Enabled` or `Disabled`. */
export type Flag = 'Enabled' | 'Disabled';

/** What a row of either table writes, and what comes of it. */
export interface IsolationRow {
  /** The workspace's `publicNetworkAccess` before. */
  readonly workspace: Flag;
  /** The online endpoint's own; undefined: it says nothing. */
  readonly endpoint?: Flag;
  /** Of the deployment. */
  readonly flags: JsonObject;
  /** The workspace's afterwards. */
  readonly flips: Flag;
  /** How scoring from the internet ends, without a caller. */
  readonly outside: Disposition;
  /** Whether the deployment works: it comes to its workspace. */
  readonly works: boolean;
  readonly reach: Reach;
}

/** Shut in: the five that a workspace is, and nothing else. */
export const shutIn: Reach = {
  workspace: 'delivered',
  registry: 'delivered',
  vault: 'delivered',
  blob: 'delivered',
  file: 'delivered',
  queue: 'dropped-by-gate',
  elsewhere: 'dropped-by-gate',
  signIn: 'dropped-by-gate',
  address: 'dropped-by-gate',
  packages: 'unknown',
};

/** From the internet: to what is open. What a workspace is made of is shut in every row. */
export const goingOut = (workspace: Disposition): Reach => ({
  workspace,
  registry: 'refused-by-door',
  vault: 'refused-by-door',
  blob: 'refused-by-door',
  file: 'refused-by-door',
  queue: 'refused-by-door',
  elsewhere: 'delivered',
  signIn: 'delivered',
  address: 'delivered',
  packages: 'unknown',
});

const well = { works: true, reach: goingOut('delivered') };
const shut = { works: true, reach: shutIn };
const failing = { works: false, reach: goingOut('refused-by-door') };
const open = { flips: 'Enabled', outside: 'delivered' } as const;
const closed = { flips: 'Disabled', outside: 'refused-by-door' } as const;
const on = { privateNetworkConnection: true };
const off = { privateNetworkConnection: false };

/** Table (i): `privateNetworkConnection` is there. The workspace's flag is that of its endpoints, and it flips. */
export const previewTable: readonly IsolationRow[] = [
  { workspace: 'Enabled', flags: off, ...open, ...well },
  { workspace: 'Disabled', flags: on, ...closed, ...shut },
  // Warning 1: it turns the flag off by itself.
  { workspace: 'Enabled', flags: on, ...closed, ...shut },
  // Warning 2: public deployments fail where it is off.
  { workspace: 'Disabled', flags: off, ...closed, ...failing },
  { workspace: 'Enabled', flags: { ...on, egressPublicNetworkAccess: 'Disabled' }, ...closed, ...shut },
  { workspace: 'Enabled', flags: { ...off, egressPublicNetworkAccess: 'Enabled' }, ...open, ...well },
];

const enabled = { egressPublicNetworkAccess: 'Enabled' };
const disabled = { egressPublicNetworkAccess: 'Disabled' };
const stays = (flips: Flag, outside: Disposition) => ({ flips, outside }) as const;
const delivered = 'delivered';
const refused = 'refused-by-door';

/** Table (ii): `egressPublicNetworkAccess`, or nothing, which is the same as `Enabled`. Nothing flips. */
export const egressTable: readonly IsolationRow[] = [
  { workspace: 'Enabled', endpoint: 'Disabled', flags: disabled, ...stays('Enabled', refused), ...shut },
  { workspace: 'Enabled', endpoint: 'Disabled', flags: enabled, ...stays('Enabled', refused), ...well },
  { workspace: 'Enabled', endpoint: 'Enabled', flags: disabled, ...stays('Enabled', delivered), ...shut },
  { workspace: 'Enabled', endpoint: 'Enabled', flags: enabled, ...stays('Enabled', delivered), ...well },
  { workspace: 'Enabled', endpoint: 'Enabled', flags: {}, ...stays('Enabled', delivered), ...well },
  { workspace: 'Enabled', flags: disabled, ...stays('Enabled', delivered), ...shut },
  { workspace: 'Disabled', endpoint: 'Disabled', flags: disabled, ...stays('Disabled', refused), ...shut },
  { workspace: 'Disabled', endpoint: 'Disabled', flags: enabled, ...stays('Disabled', refused), ...failing },
  { workspace: 'Disabled', endpoint: 'Enabled', flags: disabled, ...stays('Disabled', delivered), ...shut },
  { workspace: 'Disabled', endpoint: 'Enabled', flags: enabled, ...stays('Disabled', delivered), ...failing },
  { workspace: 'Disabled', flags: {}, ...stays('Disabled', refused), ...failing },
  { workspace: 'Disabled', flags: disabled, ...stays('Disabled', refused), ...shut },
];

/** What a row's deployment reaches by private endpoints of its own. */
export function privatelyIn({ reach }: IsolationRow): readonly Destination[] {
  return reach === shutIn ? ['workspace', 'registry', 'vault', 'blob', 'file'] : [];
}

/** Flags that contradict each other. */
export const contradictions: readonly JsonObject[] = [
  { ...on, ...enabled },
  { ...off, ...disabled },
];

/** A row in words. */
export function rowLabel({ workspace: flag, endpoint: own, flags }: IsolationRow): string {
  const written = Object.entries(flags).map(([name, value]) => `${name} ${value}`);
  return `workspace ${flag}, endpoint ${own ?? 'silent'}, ${written.join(', ') || 'no flag'}`;
}

const closedDoor = { publicNetworkAccess: 'Disabled' };

const zones = ['privatelink.api.azureml.ms', 'privatelink.notebooks.azure.net'];

/** What every row stands on: a shut workspace's parts, one that is no part, and a machine beside the workspace. */
export async function haveGround(p: TestPlane): Promise<void> {
  await p.have(idOf('storage/data'), storage(closedDoor));
  await p.have(idOf('storage/elsewhere'), storage());
  await p.have(idOf('vault/keys'), vault(closedDoor));
  await p.have(idOf('registry/images'), registry('Premium', closedDoor));
  await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/17' }));
  await p.have(idOf('nic/box-nic'), nic('hub/a'));
  await p.have(idOf('vm/box'), machine(['box-nic']));
  for (const name of zones) {
    await p.have(idOf(`zone/${name}`), zone);
    await p.have(idOf(`zone/${name}/virtualNetworkLinks/hub`), link('hub', { registrationEnabled: false }));
  }
}

/** A workspace on that ground, with its private endpoint. */
export async function haveParts(p: TestPlane, properties: JsonObject = {}): Promise<void> {
  await haveGround(p);
  await haveWorkspace(p, properties);
}

async function haveWorkspace(p: TestPlane, properties: JsonObject, at: number | '' = ''): Promise<void> {
  const ids = rowIds(at);
  await p.have(ids.ml, ofParts(properties));
  await p.have(ids.pe, endpoint(ids.ml, 'amlworkspace'));
  await p.have(`${ids.pe}/privateDnsZoneGroups/default`, zoneGroup(...zones));
}

/** The workspace on those parts. */
export function ofParts(properties: JsonObject = {}): JsonObject {
  return workspace({ containerRegistry: idOf('registry/images'), ...properties });
}

/** Makes a workspace, an endpoint and its deployment as a row says. */
export async function haveIsolated(p: TestPlane, row: IsolationRow, at: number | '' = ''): Promise<void> {
  const ids = rowIds(at);
  await haveWorkspace(p, { publicNetworkAccess: row.workspace }, at);
  const own = row.endpoint === undefined ? {} : { publicNetworkAccess: row.endpoint };
  await p.have(ids.score, onlineEndpoint(own));
  await p.have(ids.blue, onlineDeployment(row.flags));
}
