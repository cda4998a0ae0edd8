/**
 * Whether a shared access signature is right, of now, and for what it is used for.
 *
 * @module
 */

import { formatIp, parseIp } from '../../lib/ip.ts';
import type { DataRequest, World } from '../data-plane.ts';
import { type Access, authorize, demandKeysAllowed, type KeysOf, type Need } from './access.ts';
import { parseAddress } from './address.ts';
import type { Blobs } from './blobs.ts';
import { delegationKey } from './delegation.ts';
import { notImplemented, StorageError } from './error.ts';
import type { Policy } from './row.ts';
import { failed, overrideFields, parseSas, type Sas, sasText } from './sas.ts';
import { isSigned } from './shared-key.ts';
import { dateOf } from './time.ts';

/** Proves the signature of a target; nothing where it has none. `request` says when and whence it is used. */
export async function sasAccess(
  request: Pick<DataRequest, 'target' | 'resource' | 'now' | 'arrival'>,
  world: World,
  keys: KeysOf,
  blobs: Blobs,
): Promise<Access | undefined> {
  const { target, resource, now } = request;
  const sas = parseSas(target);
  if (!sas) return undefined;
  const { kind, field } = sas;
  if (kind !== 'delegation') demandKeysAllowed(resource);
  refuseUnknown(sas);
  const { container, name, level } = parseAddress(target);
  const { tenant, secret } = world.settings;
  const own = kind === 'delegation' ? [delegationKey(secret, resource, field)] : keys(resource);
  if (!isSigned(sasText(sas, { account: resource.name, container, name }), sas.signature, own)) {
    throw failed('Signature did not match.');
  }
  const policy =
    field('si') === '' ? undefined : await policyOf(blobs, resource.name, container, field('si'));
  const granted = grantOf(sas, policy);
  checkTime(granted, now);
  if (kind === 'delegation') checkDelegation(sas, tenant, now);
  checkSource(sas, request);
  if (kind !== 'account') {
    const sr = field('sr');
    if (sr !== 'b' && sr !== 'c') throw failed(`sr is neither b nor c: '${sr}'.`);
    if (level === 'account') throw failed('Signature did not match.');
  }
  return {
    by: 'signature',
    demand: (need) => {
      if (kind === 'account') checkAccountScope(sas, need);
      const able =
        need.letters === '*' || [...need.letters].some((letter) => granted.permission.includes(letter));
      // A service signature is for blobs and their list; nothing else has letters that it could grant.
      const outside =
        kind !== 'account' && need.level !== 'blob' && need.letters !== 'l' && need.letters !== '*';
      if (!able || outside) throw new StorageError('AuthorizationPermissionMismatch');
      if (kind === 'delegation') authorize(world, resource, field('skoid'), need.right, need.container);
    },
    onlyNew: ({ letters }) =>
      letters.includes('c') && letters.includes('w') && !granted.permission.includes('w'),
    overrides: Object.fromEntries(
      Object.entries(overrideFields).flatMap(([from, to]) => (field(from) === '' ? [] : [[to, field(from)]])),
    ),
    objectId: undefined,
    version: sas.version,
  };
}

function refuseUnknown({ field }: Sas): void {
  const sr = field('sr');
  if (sr === 'd' || field('sdd') !== '') throw notImplemented('directory signatures (sr=d)');
  if (sr === 'bs' || sr === 'bv') throw notImplemented('signatures of snapshots and versions');
  if (field('ses') !== '') throw notImplemented('encryption scopes');
  const bound = ['sduoid', 'skdutid', 'suoid', 'saoid', 'srh', 'srq'].find((name) => field(name) !== '');
  if (bound !== undefined) throw notImplemented(`signatures with ${bound}`);
}

async function policyOf(blobs: Blobs, account: string, container: string, id: string): Promise<Policy> {
  const policy = (await blobs.container(account, container))?.policies?.find((each) => each.id === id);
  if (!policy) throw failed(`There is no stored access policy '${id}'.`);
  return policy;
}

/** What is granted: each thing is said by the signature or by its policy, never by both. */
export function grantOf({ field, kind }: Sas, policy: Policy | undefined): Omit<Policy, 'id'> {
  const one = (name: string, stored: string | undefined): string => {
    const said = field(name);
    if (said !== '' && stored !== undefined && stored !== '') {
      throw failed(`'${name}' is said by the signature and by its access policy.`);
    }
    return said || (stored ?? '');
  };
  const grant = {
    start: one('st', policy?.start),
    expiry: one('se', policy?.expiry),
    permission: one('sp', policy?.permission),
  };
  if (grant.expiry === '') throw failed('Signed expiry time (se) must be specified.');
  if (grant.permission === '') throw failed('Signed permissions (sp) must be specified.');
  if (kind === 'account' && (field('ss') === '' || field('srt') === '')) {
    throw failed('Signed services (ss) and resource types (srt) must be specified.');
  }
  return grant;
}

/** Throws where a grant is not of now. */
export function checkTime({ start, expiry }: Pick<Policy, 'start' | 'expiry'>, now: number): void {
  const from = start === '' ? undefined : dateOf(start);
  const to = dateOf(expiry);
  if (to === undefined || (start !== '' && from === undefined)) {
    throw failed(`A time is not in the correct format: '${start}', '${expiry}'.`);
  }
  const named = (time: number): string => new Date(time).toUTCString();
  if (from !== undefined && to <= from) {
    throw failed(`Signed expiry time [${named(to)}] must be after signed start time [${named(from)}]`);
  }
  if (now >= to || (from !== undefined && now < from)) {
    const begin = from === undefined ? '' : `Start [${named(from)}] - `;
    throw failed(
      `Signature not valid in the specified time frame: ${begin}Expiry [${named(to)}] - Current [${named(now)}]`,
    );
  }
}

function checkDelegation({ field }: Sas, tenant: string, now: number): void {
  if (field('sktid').toLowerCase() !== tenant.toLowerCase()) throw failed('The key is not of this tenant.');
  if (field('sks') !== 'b') throw failed(`The key is not for blobs: sks is '${field('sks')}'.`);
  checkTime({ start: field('skt'), expiry: field('ske') }, now);
}

/** Throws where a signature is for other protocols or addresses. */
export function checkSource({ field }: Sas, { arrival }: Pick<DataRequest, 'arrival'>): void {
  // Every door of an account speaks TLS.
  const protocols = field('spr');
  if (protocols !== '' && !protocols.split(',').includes('https')) {
    throw new StorageError('AuthorizationProtocolMismatch');
  }
  const range = field('sip');
  if (range === '') return;
  const [first, last = first] = range.split('-').map(parseIp);
  if (first === undefined || last === undefined) throw failed(`sip is not a range of addresses: '${range}'.`);
  const { source } = arrival;
  if (source !== undefined && source >= first && source <= last) return;
  const details: Record<string, string> = source === undefined ? {} : { SourceIP: formatIp(source) };
  throw new StorageError('AuthorizationSourceIPMismatch', { details });
}

const typeOfLevel = { account: 's', container: 'c', blob: 'o' } as const;

function checkAccountScope({ field }: Sas, need: Need): void {
  if (!field('ss').includes('b')) throw new StorageError('AuthorizationServiceMismatch');
  if (need.letters !== '*' && !field('srt').includes(typeOfLevel[need.level])) {
    throw new StorageError('AuthorizationResourceTypeMismatch');
  }
}
