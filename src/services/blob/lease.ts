/**
 * Leases: who may change a blob or delete a container, and how that is passed on. Time is passed in.
 *
 * @module
 */

import { StorageError } from './error.ts';

/** A lease, as kept. */
export interface Lease {
  /** A GUID in lower case. */
  readonly id: string;
  /** Seconds; -1 without end. */
  readonly duration: number;
  /** Milliseconds since 1970 at which it expires; 0 without end. */
  readonly until: number;
  /** It was broken, and is free from then on. */
  readonly broken?: number;
}

/** State of a lease, in Azure's words. */
export type LeaseState = 'available' | 'leased' | 'expired' | 'breaking' | 'broken';

/** Returns the state of a lease. */
export function leaseState(lease: Lease | undefined, now: number): LeaseState {
  if (!lease) return 'available';
  if (lease.broken !== undefined) return now < lease.broken ? 'breaking' : 'broken';
  return lease.duration === -1 || now < lease.until ? 'leased' : 'expired';
}

/** Reports whether a lease keeps others out. */
export function isLocked(lease: Lease | undefined, now: number): lease is Lease {
  const state = leaseState(lease, now);
  return state === 'leased' || state === 'breaking';
}

/** Returns a lease as a write leaves it: one that is over cannot be renewed any more. */
export function afterWrite(lease: Lease | undefined, now: number): { readonly lease?: Lease } {
  return isLocked(lease, now) ? { lease } : {};
}

/** Begins a lease. `proposed` is its id. */
export function acquire(lease: Lease | undefined, now: number, proposed: string, duration: number): Lease {
  const state = leaseState(lease, now);
  if (isLocked(lease, now)) {
    if (lease.id !== proposed) throw new StorageError('LeaseAlreadyPresent');
    if (state === 'breaking') throw new StorageError('LeaseIsBreakingAndCannotBeAcquired');
  }
  return { id: proposed, duration, until: duration === -1 ? 0 : now + duration * 1000 };
}

/** Begins a lease's time anew. */
export function renew(lease: Lease | undefined, now: number, id: string): Lease {
  if (lease?.id !== id) throw new StorageError('LeaseIdMismatchWithLeaseOperation');
  if (lease.broken !== undefined) throw new StorageError('LeaseIsBrokenAndCannotBeRenewed');
  return acquire(undefined, now, id, lease.duration);
}

/** Gives a lease another id. */
export function change(lease: Lease | undefined, now: number, id: string, proposed: string): Lease {
  if (!isLocked(lease, now)) throw new StorageError('LeaseNotPresentWithLeaseOperation');
  if (lease.id !== id && lease.id !== proposed) throw new StorageError('LeaseIdMismatchWithLeaseOperation');
  if (lease.broken !== undefined) throw new StorageError('LeaseIsBreakingAndCannotBeChanged');
  return { ...lease, id: proposed };
}

/** Ends a lease: whoever comes next may have one. */
export function release(lease: Lease | undefined, id: string): undefined {
  if (lease?.id !== id) throw new StorageError('LeaseIdMismatchWithLeaseOperation');
  return undefined;
}

/** Ends a lease of somebody else's, after `period` seconds at most. */
export function breakLease(lease: Lease | undefined, now: number, period: number | undefined): Lease {
  if (!lease) throw new StorageError('LeaseNotPresentWithLeaseOperation');
  const ends = lease.broken ?? (lease.duration === -1 ? undefined : lease.until);
  // Without a period one that has no end breaks at once, any other where it would have ended anyway.
  const asked = period === undefined ? (ends ?? now) : now + period * 1000;
  return { ...lease, broken: Math.min(asked, ends ?? asked) };
}

/** Throws where a lease forbids to change what it is on. */
export function checkLeaseToWrite(
  lease: Lease | undefined,
  now: number,
  given: string | undefined,
  on: 'blob' | 'container',
): void {
  if (isLocked(lease, now) && given === undefined) {
    throw new StorageError('LeaseIdMissing');
  }
  checkLeaseToRead(lease, now, given, on);
}

/** Throws where the lease that a request names is not the one that is there. */
export function checkLeaseToRead(
  lease: Lease | undefined,
  now: number,
  given: string | undefined,
  on: 'blob' | 'container',
): void {
  if (given === undefined) return;
  const mismatch =
    on === 'blob' ? 'LeaseIdMismatchWithBlobOperation' : 'LeaseIdMismatchWithContainerOperation';
  const absent = on === 'blob' ? 'LeaseNotPresentWithBlobOperation' : 'LeaseNotPresentWithContainerOperation';
  if (!lease) throw new StorageError(absent);
  if (isLocked(lease, now)) {
    if (lease.id !== given) throw new StorageError(mismatch);
    return;
  }
  throw new StorageError(leaseState(lease, now) === 'expired' ? 'LeaseLost' : absent);
}
