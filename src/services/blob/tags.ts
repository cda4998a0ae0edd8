/**
 * Tags of blobs: the header and the document that bring them, and Get and Set Blob Tags.
 *
 * @module
 */

import type { DataResponse } from '../data-plane.ts';
import { bodyText } from './body.ts';
import { answer, StorageError } from './error.ts';
import { checkLeaseToRead, checkLeaseToWrite } from './lease.ts';
import { type Call, editBlob, leaseIdOf, readBlob } from './operation.ts';
import { parseXml } from './parse-xml.ts';
import { xml, xmlHead } from './xml.ts';

type Tags = Readonly<Record<string, string>>;

const most = 10;
const allowed = /^[A-Za-z0-9 +\-./:=_]*$/;

/** Reads tags from `x-ms-tags`, written like a query. */
export function tagsOfHeader(text: string | undefined): Tags {
  return checked([...new URLSearchParams(text ?? '')]);
}

/** Answers a blob's tags. */
export async function getBlobTags(call: Call): Promise<DataResponse> {
  const { request } = call;
  const blob = await readBlob(call, (found) =>
    checkLeaseToRead(found.lease, request.now, leaseIdOf(request.headers), 'blob'),
  );
  const tags = Object.entries(blob.tags ?? {});
  const set = tags.map(([key, value]) => xml('Tag', [xml('Key', key), xml('Value', value)]));
  const body = `${xmlHead}${xml('Tags', [xml('TagSet', set)])}`;
  return answer(request, 200, { 'content-type': 'application/xml' }, body);
}

/** Replaces a blob's tags. Its state does not change with them. */
export async function setBlobTags(call: Call): Promise<DataResponse> {
  const root = parseXml(await bodyText(call));
  const set = root.child('TagSet');
  if (root.name !== 'Tags' || !set) throw new StorageError('InvalidXmlDocument');
  const tags = checked(set.children.map((tag) => [tag.text('Key'), tag.text('Value')] as const));
  const { request } = call;
  await editBlob(call, (before) => {
    checkLeaseToWrite(before.lease, request.now, leaseIdOf(request.headers), 'blob');
    return { ...before, tags };
  });
  return answer(request, 204, {});
}

function checked(pairs: readonly (readonly [key: string, value: string])[]): Tags {
  const long = pairs.some(([key, value]) => key.length > 128 || value.length > 256);
  if (long || pairs.length > most) throw new StorageError('TagsTooLarge');
  const odd = pairs.some(([key, value]) => key === '' || !allowed.test(key) || !allowed.test(value));
  const twice = new Set(pairs.map(([key]) => key)).size !== pairs.length;
  if (odd || twice) throw new StorageError('InvalidTag');
  return Object.fromEntries(pairs);
}
