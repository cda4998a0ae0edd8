/**
 * Passes to a container or to one blob: a shared access signature for an hour, by the account's key or, where keys are not to be
 * used, in the name of the workspace's own identity.
 *
 * @module
 */

import type { Settings } from '../arm/provider.ts';
import type { Resource } from '../arm/resource.ts';
import { asText } from '../lib/json.ts';
import { principalOf } from '../providers/identity.ts';
import { keysOf } from '../providers/storage/accounts.ts';
import { delegationKey } from '../services/blob/delegation.ts';
import { sasText } from '../services/blob/sas.ts';
import { signatureOf } from '../services/blob/shared-key.ts';

const version = '2022-11-02';
const lifetime = 60 * 60 * 1000;
/** Clocks differ: a pass is good from a little before it was made. */
const leeway = 10 * 60 * 1000;

/** What a pass lets in to. Without a name it is the container, without a permission all but deletion. */
export interface Admission {
  readonly container: string;
  readonly name?: string;
  /** Letters of a signature, in their order: read, add, create, write and list. */
  readonly permission?: 'r' | 'rcw' | 'racwl';
}

/** Makes a pass as the query of an address. `now` is milliseconds since 1970. */
export function passTo(
  account: Resource,
  { container, name, permission = 'racwl' }: Admission,
  workspace: Resource,
  settings: Settings,
  now: number,
): string {
  const from = second(now - leeway);
  const until = second(now + lifetime);
  const sr = name === undefined ? 'c' : 'b';
  const said = { sv: version, sr, st: from, se: until, sp: permission, spr: 'https' };
  const target = { account: account.name, container, name: name ?? '' };
  const signed = (kind: 'service' | 'delegation', query: Record<string, string>, key: string): string => {
    const field = (name: string): string => query[name] ?? '';
    const sig = signatureOf(sasText({ kind, signature: '', version, field }, target), key);
    return new URLSearchParams({ ...query, sig }).toString();
  };
  if (takesKeys(account, workspace)) {
    const key = asText(keysOf(account, settings.secret)[0]?.['value']) ?? '';
    return signed('service', said, key);
  }
  const who = {
    skoid: principalOf(workspace) ?? '',
    sktid: settings.tenant,
    skt: from,
    ske: until,
    sks: 'b',
    skv: version,
  };
  const key = delegationKey(settings.secret, account, (name) => ({ ...who })[name as keyof typeof who] ?? '');
  return signed('delegation', { ...said, ...who }, key);
}

function takesKeys(account: Resource, workspace: Resource): boolean {
  const mode = workspace.properties['systemDatastoresAuthMode'] ?? 'AccessKey';
  return mode === 'AccessKey' && account.properties['allowSharedKeyAccess'] !== false;
}

function second(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
