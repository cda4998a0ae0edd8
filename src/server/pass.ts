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
  admission: Admission,
  workspace: Resource,
  settings: Settings,
  now: number,
): string {
  if (!takesKeys(account, workspace)) {
    return passOf(principalOf(workspace) ?? '', account, admission, settings, now);
  }
  const key = asText(keysOf(account, settings.secret)[0]?.['value']) ?? '';
  return signed('service', account, admission, saidAt(admission, now), key);
}

/** Makes a pass in the name of a principal: it lets in to what that one may have. */
export function passOf(
  principal: string,
  account: Resource,
  admission: Admission,
  settings: Settings,
  now: number,
): string {
  const said = saidAt(admission, now);
  const who = {
    skoid: principal,
    sktid: settings.tenant,
    skt: said.st,
    ske: said.se,
    sks: 'b',
    skv: version,
  };
  const key = delegationKey(settings.secret, account, (name) => ({ ...who })[name as keyof typeof who] ?? '');
  return signed('delegation', account, admission, { ...said, ...who }, key);
}

function saidAt({ name, permission = 'racwl' }: Admission, now: number): Said {
  const sr = name === undefined ? 'c' : 'b';
  const from = second(now - leeway);
  return { sv: version, sr, st: from, se: second(now + lifetime), sp: permission, spr: 'https' };
}

/** Members of a pass that every one has. */
interface Said {
  readonly sv: string;
  readonly sr: string;
  readonly st: string;
  readonly se: string;
  readonly sp: string;
  readonly spr: string;
}

function signed(
  kind: 'service' | 'delegation',
  account: Resource,
  { container, name = '' }: Admission,
  said: Said,
  key: string,
): string {
  const query: Readonly<Record<string, string>> = { ...said };
  const field = (member: string): string => query[member] ?? '';
  const target = { account: account.name, container, name };
  const sig = signatureOf(sasText({ kind, signature: '', version, field }, target), key);
  return new URLSearchParams({ ...query, sig }).toString();
}

function takesKeys(account: Resource, workspace: Resource): boolean {
  const mode = workspace.properties['systemDatastoresAuthMode'] ?? 'AccessKey';
  return mode === 'AccessKey' && account.properties['allowSharedKeyAccess'] !== false;
}

function second(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
