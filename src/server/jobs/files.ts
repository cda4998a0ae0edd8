/**
 * The files that a job is given and gives: blobs of the estate, as the job's compute and its identity may have them.
 *
 * @module
 */

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { mayDo } from '../../arm/caller.ts';
import { ancestorId, type ResourceId, sameId } from '../../arm/id.ts';
import { propertiesOf } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { fqdn } from '../../lib/fqdn.ts';
import { asText } from '../../lib/json.ts';
import { nameOf } from '../../lib/key.ts';
import type { Network } from '../../net/model.ts';
import { principalOf } from '../../providers/identity.ts';
import { datastoreType } from '../../providers/ml/datastores.ts';
import { computeOf, jobProperties, submittedBy } from '../../providers/ml/jobs/jobs.ts';
import { storageAccountType } from '../../providers/storage/link.ts';
import type { Blobs } from '../../services/blob/blobs.ts';
import { type FileAddress, fileAddress } from '../supply/file-address.ts';
import { unreachable } from '../ways.ts';

/** What files are looked up in. */
export interface Ground {
  readonly network: Network;
  readonly plane: { readonly estate: Read };
}

/** What a job does with blobs. */
type Use = 'code' | 'read' | 'write';

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/** Where a job's file or folder is. Throws where that is nowhere in the estate, or the job may not, or cannot, go there. */
export function placeOf(job: Resource, uri: string, use: Use, ground: Ground): FileAddress {
  const { estate } = ground.plane;
  const asset = estate.get(uri.replace(/^azureml:(?=\/subscriptions\/)/, ''));
  const address = fileAddress(asText(asset?.properties['dataUri']) ?? uri, job.id, estate);
  const account = address && accountNamed(address.account, estate);
  if (!address || !account) {
    throw new Error(
      `'${uri}' is not in a storage account of this estate: write https://<account>.blob.core.windows.net/<container>/<path>, or azureml://datastores/<name>/paths/<path>`,
    );
  }
  checkWay(job, account.name, ground);
  checkRight(job, account, address, use, estate);
  return address;
}

/** Throws where a job's compute does not get to the blobs of an account. */
export function checkWay(job: Resource, account: string, { network, plane }: Ground): void {
  const compute = computeOf(job, plane.estate) as ResourceId | undefined;
  if (compute === undefined) throw new Error(`job ${job.name} has no compute any more`);
  const cut = unreachable(network, compute, fqdn(`${account}.blob.core.windows.net`), 'compute');
  if (cut !== undefined) throw new Error(cut);
}

/**
 * A datastore with a key lets everybody in who may use the datastore, and code comes by a pass of the workspace;
 * otherwise it is the job's identity that counts.
 */
function checkRight(job: Resource, account: Resource, address: FileAddress, use: Use, estate: Read): void {
  const { container } = address;
  const workspace = estate.get(ancestorId(job.id, 1));
  if (use === 'code' && sameId(asText(workspace?.properties['storageAccount']) ?? '', account.id)) return;
  const keyed = estate
    .children(ancestorId(job.id, 1), datastoreType)
    .some(
      ({ properties }) =>
        properties['accountName'] === account.name &&
        properties['containerName'] === container &&
        (properties['credentials'] as { credentialsType?: string } | undefined)?.credentialsType !== 'None',
    );
  if (keyed) {
    if (account.properties['allowSharedKeyAccess'] !== false) return;
    throw new Error(
      `KeyBasedAuthenticationNotPermitted: the datastore on ${account.name}/${container} has a key, and the account takes none (allowSharedKeyAccess): use a datastore without credentials`,
    );
  }
  const [who, principal] = identityOf(job, estate);
  const scope = `${account.id}/blobServices/default/containers/${container}`;
  const verb = use === 'write' ? 'write' : 'read';
  if (principal !== undefined && mayDo(estate, principal, `${blobs}/${verb}`, scope, 'data')) return;
  const role = use === 'write' ? 'Storage Blob Data Contributor' : 'Storage Blob Data Reader';
  throw new Error(`${who} may not ${verb} blobs of ${account.name}: give it the role ${role}`);
}

/** As whom a job asks for data. Source: https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication */
function identityOf(job: Resource, estate: Read): readonly [who: string, principal: string | undefined] {
  const { identity } = propertiesOf(jobProperties, job);
  if (identity?.identityType === 'UserIdentity') {
    return ['who submitted the job', asText(job.properties[submittedBy])];
  }
  const compute = estate.get(computeOf(job, estate) ?? '');
  return [`the identity of compute ${compute?.name ?? 'serverless'}`, compute && principalOf(compute)];
}

function accountNamed(name: string, estate: Read): Resource | undefined {
  return estate.ofType(storageAccountType).find((account) => account.name === name);
}

/** Copies the blob at an address, or those below it, into a folder. Answers the name of the one blob; undefined: a folder. */
export async function fetchInto(
  blobs: Blobs,
  { account, container, path }: FileAddress,
  folder: string,
): Promise<string | undefined> {
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  const exact =
    path === '' ? undefined : (await blobs.list(account, container, path)).find(({ name }) => name === path);
  const rows = exact ? [exact] : await blobs.list(account, container, prefix);
  if (rows.length === 0)
    throw new Error(`there is no blob at ${account}/${container}/${path}: upload the files first`);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  for (const { name } of rows) {
    // What some clients put where a folder begins.
    if (name.endsWith('/')) continue;
    const relative = exact ? nameOf(name) : name.slice(prefix.length);
    const target = join(folder, ...relative.split('/'));
    if (!target.startsWith(folder + sep)) throw new Error(`blob ${name} leads outside of its folder`);
    const found = await blobs.get({ account, container, name });
    if (!found) continue;
    await openFolder(dirname(target), folder);
    await writeFile(target, found.bytes);
    await chmod(target, 0o644);
  }
  return exact && nameOf(exact.name);
}

/** Makes a folder that a user who comes there may enter, whatever the mask. */
async function openFolder(path: string, below: string): Promise<void> {
  await mkdir(path, { recursive: true });
  for (let at = path; at.length > below.length; at = dirname(at)) await chmod(at, 0o755);
}
