/**
 * Blocks that belong to no blob yet. Their rows are in the store; this is the index that answers without it.
 *
 * @module
 */

import { type BlobAddress, blobKey, type StagedBlock, stagedKey } from './row.ts';

/** How long a block waits for its list, in milliseconds. */
export const stagedLife = 7 * 24 * 3600 * 1000;

const none: ReadonlyMap<string, StagedBlock> = new Map();

/** Staged blocks by blob and id, in the order of their staging. */
export class Staged {
  readonly #blobs = new Map<string, Map<string, StagedBlock>>();

  /** Takes a block in. `blob` is the key of the blob it is for. */
  add(blob: string, block: StagedBlock): void {
    const blocks = this.#blobs.get(blob) ?? new Map<string, StagedBlock>();
    blocks.set(block.id, block);
    this.#blobs.set(blob, blocks);
  }

  of(at: BlobAddress): ReadonlyMap<string, StagedBlock> {
    return this.#blobs.get(blobKey(at)) ?? none;
  }

  /** Forgets a blob's blocks. */
  drop(at: BlobAddress): void {
    this.#blobs.delete(blobKey(at));
  }

  /** Returns blobs that have blocks and whose keys start with the prefix. */
  below(prefix: string): readonly BlobAddress[] {
    return [...this.#blobs.keys()].filter((key) => key.startsWith(prefix)).map(addressFrom);
  }

  /** Returns blobs whose last block was staged before a time. */
  idle(before: number): readonly BlobAddress[] {
    return [...this.#blobs]
      .filter(([, blocks]) => [...blocks.values()].every(({ staged }) => staged < before))
      .map(([key]) => addressFrom(key));
  }

  /** Returns the keys of the rows of a blob's blocks. */
  keys(at: BlobAddress): readonly string[] {
    return [...this.of(at).keys()].map((id) => stagedKey(at, id));
  }

  /** Returns the contents of a blob's blocks. */
  files(at: BlobAddress): readonly string[] {
    return [...this.of(at).values()].map(({ file }) => file);
  }
}

function addressFrom(key: string): BlobAddress {
  const [account = '', container = ''] = key.split('/', 2);
  return { account, container, name: key.slice(account.length + container.length + 2) };
}
