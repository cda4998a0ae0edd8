/**
 * The table of managed networks, as data: what a workspace writes, and what a compute of it reaches.
 *
 * Source: aml-required-traffic.md section 7.
 *
 * @module
 */

import { asText, type JsonObject, member } from '../../src/lib/json.ts';
import type { Disposition } from '../../src/net/trace.ts';
import { storage, vault } from '../providers/things.ts';
import { destinations, type Flag, goingOut, haveGround, ofParts, shutIn } from './isolation.ts';
import { idOf, root, type TestPlane } from './plane.ts';

/** What is asked for from a compute: further, an account where the workspace may not approve, and a vault that is open. */
export const managedDestinations = {
  ...destinations,
  theirs: 'storage/theirs/blob',
  open: 'vault/open',
} as const;

/** One of them. */
export type ManagedDestination = keyof typeof managedDestinations;

/** A row. */
export interface ManagedRow {
  readonly title: string;
  /** `isolationMode`; undefined: the workspace says nothing of a network. */
  readonly mode?: 'Disabled' | 'AllowInternetOutbound' | 'AllowOnlyApprovedOutbound';
  readonly workspace?: Flag;
  readonly rules?: Readonly<Record<string, JsonObject>>;
  /** The owner of `theirs` approves what waits there. */
  readonly approve?: true;
  readonly reach: Readonly<Record<ManagedDestination, Disposition>>;
  /** What has a private address. */
  readonly privately: readonly ManagedDestination[];
}

const theirs = idOf('storage/theirs', 'other');
const pe = (serviceResourceId: string, subresourceTarget: string): JsonObject => ({
  type: 'PrivateEndpoint',
  destination: { serviceResourceId, subresourceTarget },
});
const name = (destination: string): JsonObject => ({ type: 'FQDN', destination });
const tag = (serviceTag: string, portRanges = '443'): JsonObject => ({
  type: 'ServiceTag',
  destination: { serviceTag, protocol: 'TCP', portRanges },
});

const parts = ['registry', 'vault', 'blob', 'file'] as const;
const five = ['workspace', ...parts] as const;
const outside = { ...goingOut('delivered'), theirs: 'delivered', open: 'delivered' } as const;
const byRule = { registry: 'delivered', vault: 'delivered', blob: 'delivered', file: 'delivered' } as const;
const wide = { ...outside, ...byRule } as const;
const tight = {
  ...shutIn,
  signIn: 'delivered',
  theirs: 'dropped-by-gate',
  open: 'dropped-by-gate',
} as const;
/** Everything passes a firewall once a host name is approved. */
const named = {
  ...tight,
  queue: 'dropped-by-firewall',
  elsewhere: 'dropped-by-firewall',
  address: 'dropped-by-firewall',
  theirs: 'dropped-by-firewall',
  open: 'dropped-by-firewall',
} as const;
const waiting = 'endpoint-not-approved';
const internet = { mode: 'AllowInternetOutbound' } as const;
const approved = { mode: 'AllowOnlyApprovedOutbound' } as const;

export const managedTable: readonly ManagedRow[] = [
  { title: 'no network', reach: outside, privately: [] },
  { title: 'Disabled', mode: 'Disabled', reach: outside, privately: [] },
  { title: 'the internet, and what is closed', ...internet, reach: wide, privately: parts },
  {
    title: 'the internet, and a workspace that is closed',
    ...internet,
    workspace: 'Disabled',
    reach: wide,
    privately: five,
  },
  {
    title: 'the internet, and an endpoint that waits',
    ...internet,
    rules: { theirs: pe(theirs, 'blob') },
    reach: { ...wide, theirs: waiting },
    privately: [...parts, 'theirs'],
  },
  {
    title: 'the internet, and an endpoint that was approved',
    ...internet,
    rules: { theirs: pe(theirs, 'blob') },
    approve: true,
    reach: wide,
    privately: [...parts, 'theirs'],
  },
  { title: 'approved only', ...approved, reach: tight, privately: five },
  {
    title: 'approved only, with a tag',
    ...approved,
    rules: { storage: tag('Storage.eastus') },
    reach: { ...tight, elsewhere: 'delivered', theirs: 'delivered', queue: 'refused-by-door' },
    privately: five,
  },
  {
    title: 'approved only, with a tag on other ports',
    ...approved,
    rules: { storage: tag('Storage.eastus', '80,1024-65535') },
    reach: tight,
    privately: five,
  },
  {
    title: 'approved only, with an endpoint',
    ...approved,
    rules: { elsewhere: pe(idOf('storage/elsewhere'), 'blob') },
    reach: { ...tight, elsewhere: 'delivered' },
    privately: [...five, 'elsewhere'],
  },
  {
    title: 'approved only, with an endpoint that waits',
    ...approved,
    rules: { theirs: pe(theirs, 'blob') },
    reach: { ...tight, theirs: waiting },
    privately: [...five, 'theirs'],
  },
  {
    title: 'approved only, with an endpoint that was approved',
    ...approved,
    rules: { theirs: pe(theirs, 'blob') },
    approve: true,
    reach: { ...tight, theirs: 'delivered' },
    privately: [...five, 'theirs'],
  },
  {
    title: 'approved only, with a host name',
    ...approved,
    rules: { open: name('open.vault.azure.net') },
    reach: { ...named, open: 'delivered' },
    privately: five,
  },
  {
    title: 'approved only, with all names below one',
    ...approved,
    rules: { vaults: name('*.vault.azure.net') },
    reach: { ...named, open: 'delivered' },
    privately: five,
  },
  {
    title: 'approved only, with a host name and a tag',
    ...approved,
    rules: { packages: name('pypi.org'), storage: tag('Storage.eastus') },
    reach: {
      ...named,
      elsewhere: 'delivered',
      theirs: 'delivered',
      queue: 'refused-by-door',
    },
    privately: five,
  },
];

/** What all rows stand on. */
export async function haveManagedGround(p: TestPlane): Promise<void> {
  await haveGround(p);
  await p.have(`${root}/resourceGroups/other`, { location: 'eastus' });
  await p.have(theirs, storage());
  await p.have(idOf('vault/open'), vault());
}

/** The workspace of a row, with the compute `cpu`. */
export async function haveManaged(p: TestPlane, row: ManagedRow, at: number): Promise<void> {
  const id = idOf(`workspace/net${at}`);
  const { mode: isolationMode, workspace: publicNetworkAccess = 'Enabled', rules: outboundRules } = row;
  const managedNetwork = { isolationMode, ...(outboundRules ? { outboundRules } : {}) };
  await p.have(
    id,
    ofParts({
      publicNetworkAccess,
      ...(isolationMode === undefined ? {} : { managedNetwork }),
    } as JsonObject),
  );
  await p.have(`${id}/computes/cpu${at}`, {
    location: 'eastus',
    properties: { computeType: 'AmlCompute', properties: { vmSize: 'Standard_DS3_v2' } },
  });
  if (row.approve) await approveTheirs(p, at);
}

/** The owner of `theirs` approves what a row's workspace asked for. */
export async function approveTheirs(p: TestPlane, at: number): Promise<void> {
  const { value } = await p.get(`${theirs}/privateEndpointConnections`);
  for (const one of value) {
    const made = asText(member(member(member(one, 'properties'), 'privateEndpoint'), 'id')) ?? '';
    if (!made.startsWith(`${idOf(`workspace/net${at}`)}/`)) continue;
    await p.have(asText(member(one, 'id')) ?? '', {
      properties: { privateLinkServiceConnectionState: { status: 'Approved', description: 'welcome' } },
    });
  }
}

/** Where a row's compute stands. */
export const placeOf = (at: number): string => `compute/net${at}/cpu${at}`;
