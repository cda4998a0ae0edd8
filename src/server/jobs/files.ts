/**
 * The files that a job is given and gives: blobs of the estate, asked for from the job's compute and as its workspace or
 * its identity may have them.
 *
 * @module
 */

import { ancestorId, sameId } from '../../arm/id.ts';
import { propertiesOf } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { asText, member } from '../../lib/json.ts';
import { datastoreType } from '../../providers/ml/datastores.ts';
import { jobProperties, submittedBy } from '../../providers/ml/jobs/jobs.ts';
import { storageAccountType } from '../../providers/storage/link.ts';
import type { Engine } from '../engine.ts';
import { passOf, passTo } from '../pass.ts';
import { BlobClient } from '../supply/blob-client.ts';
import type { Courier } from '../supply/courier.ts';
import type { FileAddress } from '../supply/file-address.ts';
import { addressOf } from '../supply/files.ts';

/** Where a job finds a file or a folder. */
export interface Found {
  readonly blobs: BlobClient;
  readonly path: string;
}

/** What is asked for: the job's own code, which its workspace hands out, or data. */
export type Kind = 'code' | 'data';

/** Finds the blobs of an address or of a data asset. Throws an error where they are nowhere in the estate. */
export function find(engine: Engine, job: Resource, courier: Courier, uri: string, kind: Kind): Found {
  const { estate } = engine.plane;
  const asset = estate.get(uri.replace(/^azureml:(?=\/subscriptions\/)/, ''));
  const address = addressOf(asText(asset?.properties['dataUri']) ?? uri, job.id, estate);
  const pass = passFor(engine, job, address, kind);
  return { blobs: new BlobClient(courier, address.account, address.container, pass), path: address.path };
}

/**
 * A datastore with a key lets everybody in who may use the datastore, and code comes by a pass of the workspace. Otherwise
 * a job asks as who submitted it, or, without a pass, as its compute.
 *
 * Source: https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication
 */
function passFor(
  { plane: { estate, settings } }: Engine,
  job: Resource,
  { account: name, container }: FileAddress,
  kind: Kind,
): (() => string) | undefined {
  const account = estate.ofType(storageAccountType).find((each) => each.name === name);
  const workspace = estate.get(ancestorId(job.id, 1));
  if (!account || !workspace) return undefined;
  const own = sameId(asText(workspace.properties['storageAccount']) ?? '', account.id);
  if ((kind === 'code' && own) || hasKey(workspace, { account: name, container }, estate)) {
    return () => passTo(account, { container }, workspace, settings, Date.now());
  }
  const { identity } = propertiesOf(jobProperties, job);
  if (identity?.identityType !== 'UserIdentity') return undefined;
  const user = asText(job.properties[submittedBy]) ?? '';
  return () => passOf(user, account, { container }, settings, Date.now());
}

/** Reports whether a workspace has a datastore with credentials on a container. */
function hasKey(
  workspace: Resource,
  { account, container }: Pick<FileAddress, 'account' | 'container'>,
  estate: Read,
): boolean {
  return estate
    .children(workspace.id, datastoreType)
    .some(
      ({ properties }) =>
        properties['accountName'] === account &&
        properties['containerName'] === container &&
        member(properties['credentials'], 'credentialsType') !== 'None',
    );
}
