/**
 * Shares: made, listed, described, removed.
 *
 * @module
 */

import { metadataHeaders, metadataOf, stateHeaders } from '../blob/details.ts';
import { answer, invalidHeader, StorageError } from '../blob/error.ts';
import { xml, xmlHead } from '../blob/xml.ts';
import type { DataResponse } from '../data-plane.ts';
import { type Call, shareHeaders } from './call.ts';
import { pageOf } from './lists.ts';

const usualQuota = 5120;
const largestQuota = 102_400;

/** Makes a share. */
export async function createShare({ request, at, files }: Call): Promise<DataResponse> {
  const quota = quotaOf(request.headers['x-ms-share-quota']) ?? usualQuota;
  const metadata = metadataOf(request.headers);
  const share = await files.createShare(at.account, at.share, { metadata, quota });
  if (!share) throw new StorageError('ShareAlreadyExists');
  return answer(request, 201, { ...stateHeaders(share), 'content-length': '0' });
}

/** Answers a share's properties and metadata. */
export async function getShare({ request, at, files }: Call): Promise<DataResponse> {
  return answer(request, 200, shareHeaders(await files.share(at)));
}

/** Answers a share's metadata. */
export async function getShareMetadata({ request, at, files }: Call): Promise<DataResponse> {
  const share = await files.share(at);
  return answer(request, 200, { ...stateHeaders(share), ...metadataHeaders(share.metadata) });
}

/** Replaces a share's metadata. */
export async function setShareMetadata({ request, at, files }: Call): Promise<DataResponse> {
  const share = await files.editShare(at, { metadata: metadataOf(request.headers) });
  return answer(request, 200, stateHeaders(share));
}

/** Sets a share's quota. */
export async function setShareProperties({ request, at, files }: Call): Promise<DataResponse> {
  const quota = quotaOf(request.headers['x-ms-share-quota']);
  const share = await files.editShare(at, quota === undefined ? {} : { quota });
  return answer(request, 200, stateHeaders(share));
}

/** Removes a share and all in it. */
export async function deleteShare({ request, at, files }: Call): Promise<DataResponse> {
  await files.removeShare(at);
  return answer(request, 202, {});
}

/** Lists the shares of an account. */
export async function listShares({ request, at, files, query }: Call): Promise<DataResponse> {
  const prefix = query.get('prefix') ?? '';
  const all = (await files.shares(at.account)).filter(({ name }) => name.startsWith(prefix));
  const { found, marker, next, most } = pageOf(all, query, ({ name }) => name);
  const withMetadata = (query.get('include') ?? '').toLowerCase().split(',').includes('metadata');
  const shares = found.map((share) =>
    xml('Share', [
      xml('Name', share.name),
      xml('Properties', [
        xml('Last-Modified', new Date(share.modified).toUTCString()),
        xml('Etag', `"${share.etag}"`),
        xml('Quota', String(share.quota)),
        xml('AccessTier', 'TransactionOptimized'),
      ]),
      ...(withMetadata
        ? [
            xml(
              'Metadata',
              Object.entries(share.metadata).map(([name, value]) => xml(name, value)),
            ),
          ]
        : []),
    ]),
  );
  const body = xml(
    'EnumerationResults',
    [
      xml('Prefix', prefix),
      xml('Marker', marker),
      xml('MaxResults', String(most)),
      xml('Shares', shares),
      xml('NextMarker', next),
    ],
    { ServiceEndpoint: `https://${request.host}/` },
  );
  return answer(request, 200, { 'content-type': 'application/xml' }, `${xmlHead}${body}`);
}

function quotaOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const quota = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (quota < 1 || quota > largestQuota) {
    throw invalidHeader('x-ms-share-quota', text, `A quota is from 1 to ${largestQuota} GiB.`);
  }
  return quota;
}
