/**
 * Lease Blob and Lease Container.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { DataRequest, DataResponse } from '../data-plane.ts';
import { checkWrite } from './conditions.ts';
import { stateHeaders } from './details.ts';
import { answer, invalidHeader, StorageError } from './error.ts';
import { acquire, breakLease, change, type Lease, leaseState, release, renew } from './lease.ts';
import { type Call, editBlob, leaseIdOf, noContainer, templated } from './operation.ts';
import type { Blob, Container } from './row.ts';

interface Asked {
  readonly status: number;
  /** Returns the lease as it is then, or throws. */
  readonly apply: (lease: Lease | undefined) => Lease | undefined;
  readonly headers: (lease: Lease | undefined) => Record<string, string>;
}

/** Begins, keeps, passes on or ends the lease of a blob. Its state does not change with it. */
export async function leaseBlob(call: Call): Promise<DataResponse> {
  const { request } = call;
  const asked = askedOf(request);
  const blob = await editBlob(call, (before) => {
    checkWrite(request.headers, before);
    return leased(before, asked.apply(before.lease));
  });
  return answer(request, asked.status, { ...stateHeaders(blob), ...asked.headers(blob.lease) });
}

/** The same for a container, which then cannot be deleted by others. */
export async function leaseContainer(call: Call): Promise<DataResponse> {
  const { request, at, blobs, exists } = call;
  const asked = askedOf(request);
  const container = await blobs.editContainer(at.account, at.container, (before) => {
    if (!exists(before)) throw noContainer(call);
    const now = before ?? templated(at.container);
    checkWrite(request.headers, now);
    return leased(now, asked.apply(now.lease));
  });
  if (!container) throw noContainer(call);
  return answer(request, asked.status, { ...stateHeaders(container), ...asked.headers(container.lease) });
}

function leased<T extends Blob | Container>(before: T, lease: Lease | undefined): T {
  const { lease: _, ...rest } = before;
  return (lease ? { ...rest, lease } : rest) as T;
}

/** Reads what is asked for. */
function askedOf({ headers, now }: DataRequest): Asked {
  const action = headers['x-ms-lease-action'];
  if (action === undefined) {
    throw new StorageError('MissingRequiredHeader', { details: { HeaderName: 'x-ms-lease-action' } });
  }
  const id = (lease: Lease | undefined): Record<string, string> =>
    lease ? { 'x-ms-lease-id': lease.id } : {};
  switch (action.toLowerCase()) {
    case 'acquire': {
      const duration = secondsOf(headers, 'x-ms-lease-duration', 15, 60, true);
      const proposed = leaseIdOf(headers, 'x-ms-proposed-lease-id') ?? randomUUID();
      if (duration === undefined) throw absent('x-ms-lease-duration');
      return { status: 201, apply: (lease) => acquire(lease, now, proposed, duration), headers: id };
    }
    case 'renew': {
      const own = demanded(headers, 'x-ms-lease-id');
      return { status: 200, apply: (lease) => renew(lease, now, own), headers: id };
    }
    case 'change': {
      const own = demanded(headers, 'x-ms-lease-id');
      const proposed = demanded(headers, 'x-ms-proposed-lease-id');
      return { status: 200, apply: (lease) => change(lease, now, own, proposed), headers: id };
    }
    case 'release': {
      const own = demanded(headers, 'x-ms-lease-id');
      return { status: 200, apply: (lease) => release(lease, own), headers: () => ({}) };
    }
    case 'break': {
      const period = secondsOf(headers, 'x-ms-lease-break-period', 0, 60, false);
      const left = (lease: Lease | undefined): Record<string, string> => {
        const breaking = leaseState(lease, now) === 'breaking';
        const time = breaking ? Math.ceil(((lease?.broken ?? now) - now) / 1000) : 0;
        return { 'x-ms-lease-time': String(time) };
      };
      return { status: 202, apply: (lease) => breakLease(lease, now, period), headers: left };
    }
    default:
      throw invalidHeader('x-ms-lease-action', action);
  }
}

function demanded(headers: DataRequest['headers'], name: string): string {
  const id = leaseIdOf(headers, name);
  if (id === undefined) throw absent(name);
  return id;
}

function secondsOf(
  headers: DataRequest['headers'],
  name: string,
  least: number,
  most: number,
  endless: boolean,
): number | undefined {
  const text = headers[name];
  if (text === undefined) return undefined;
  const seconds = /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if ((endless && seconds === -1) || (seconds >= least && seconds <= most)) return seconds;
  throw invalidHeader(name, text);
}

function absent(name: string): StorageError {
  return new StorageError('MissingRequiredHeader', { details: { HeaderName: name } });
}
