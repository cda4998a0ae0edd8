/**
 * Where the files of an asset are: the address that a version was registered with, as account, container and path.
 *
 * @module
 */

import type { Read } from '../../arm/resource.ts';
import { asText } from '../../lib/json.ts';
import { accountOf } from '../../providers/ml/datastores.ts';
import { workspaceOf } from '../../providers/ml/legacy.ts';

/** Blobs with a common beginning. */
export interface FileAddress {
  readonly account: string;
  readonly container: string;
  /** Empty: all of the container. */
  readonly path: string;
}

const blob =
  /^https:\/\/(?<account>[a-z0-9]+)\.blob\.core\.windows\.net(?::443)?\/(?<container>[^/]+)(?:\/(?<path>.*))?$/;
const datastore =
  /^azureml:\/\/(?:subscriptions\/(?<subscription>[^/]+)\/resourcegroups\/(?<group>[^/]+)\/(?:providers\/Microsoft\.MachineLearningServices\/)?workspaces\/(?<workspace>[^/]+)\/)?datastores\/(?<name>[^/]+)\/paths\/(?<path>.*)$/i;

/** Parses an address; one that names a datastore alone means that of the workspace that `user` is in. */
export function fileAddress(uri: string, user: string, read: Read): FileAddress | undefined {
  const direct = blob.exec(uri)?.groups;
  if (direct) {
    const { account = '', container = '', path = '' } = direct;
    return { account, container, path };
  }
  const named = datastore.exec(uri)?.groups;
  if (!named) return undefined;
  const { subscription, group, workspace, name = '', path = '' } = named;
  const own = workspaceOf(user, read)?.id ?? '';
  const place =
    workspace === undefined
      ? own
      : `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.MachineLearningServices/workspaces/${workspace}`;
  const found = read.get(`${place}/datastores/${name}`)?.properties;
  const account = found && accountOf({ accountName: asText(found['accountName']) ?? '' }, read)?.name;
  const container = asText(found?.['containerName']) ?? asText(found?.['filesystem']);
  return account === undefined || container === undefined ? undefined : { account, container, path };
}
