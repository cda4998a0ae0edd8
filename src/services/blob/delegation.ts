/**
 * User delegation keys: derived from the installation's secret and from what they say, so none is kept.
 *
 * @module
 */

import { keyOf } from '../../arm/id.ts';
import type { Settings } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import type { DataResponse } from '../data-plane.ts';
import { bodyText } from './body.ts';
import { answer, StorageError } from './error.ts';
import type { Call } from './operation.ts';
import { parseXml } from './parse-xml.ts';
import { signatureOf } from './shared-key.ts';
import { dateOf, formatDate } from './time.ts';
import { xml, xmlHead } from './xml.ts';

const fields = ['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv'] as const;
const longest = 7 * 24 * 3600 * 1000;

/** Returns the key that a user delegation signature says it is made with. `field` answers its fields. */
export function delegationKey(
  secret: Settings['secret'],
  account: Resource,
  field: (name: string) => string,
): string {
  const text = fields.map((name) => field(name)).join('\n');
  return signatureOf(text, secret(`storage ${keyOf(account.id)} user delegation`));
}

/** Answers a key with which a principal can sign in its own name. */
export async function getUserDelegationKey(call: Call): Promise<DataResponse> {
  const { request, world, access } = call;
  const { objectId } = access;
  if (objectId === undefined) {
    const details = { AuthenticationErrorDetail: 'Only authentication scheme Bearer is supported' };
    throw new StorageError('AuthenticationFailed', { details });
  }
  const root = parseXml(await bodyText(call));
  if (root.name !== 'KeyInfo') throw new StorageError('InvalidXmlDocument');
  const now = request.now;
  const start = root.text('Start') === '' ? now : dateOf(root.text('Start'));
  const expiry = dateOf(root.text('Expiry'));
  if (start === undefined) throw invalidNode('Start', root.text('Start'));
  const wrong = expiry === undefined || expiry <= now || expiry <= start || expiry > now + longest;
  if (wrong || start > now + longest) throw invalidNode('Expiry', root.text('Expiry'));
  const said: Readonly<Record<string, string>> = {
    skoid: objectId,
    sktid: world.settings.tenant,
    skt: formatDate(start),
    ske: formatDate(expiry),
    sks: 'b',
    skv: request.headers['x-ms-version'] ?? '',
  };
  const names = ['SignedOid', 'SignedTid', 'SignedStart', 'SignedExpiry', 'SignedService', 'SignedVersion'];
  const value = delegationKey(world.settings.secret, request.resource, (name) => said[name] ?? '');
  const body = xml('UserDelegationKey', [
    ...names.map((name, index) => xml(name, said[fields[index] ?? ''] ?? '')),
    xml('Value', value),
  ]);
  return answer(request, 200, { 'content-type': 'application/xml' }, `${xmlHead}${body}`);
}

function invalidNode(name: string, value: string): StorageError {
  return new StorageError('InvalidXmlNodeValue', { details: { XmlNodeName: name, XmlNodeValue: value } });
}
