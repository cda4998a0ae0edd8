/**
 * What the data planes keep, beside the estate.
 *
 * @module
 */

import type { Blobs } from '../services/blob/blobs.ts';
import type { Files } from '../services/file/files.ts';
import type { Images } from '../services/registry/images.ts';
import type { Vaults } from '../services/vault/vaults.ts';
import type { Records } from '../services/workspace/records.ts';

/** Contents of all data planes. */
export interface Contents {
  readonly blobs: Blobs;
  readonly files: Files;
  readonly vaults: Vaults;
  readonly images: Images;
  readonly records: Records;
}
