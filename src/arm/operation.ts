/**
 * Long-running operations as clients poll them (Azure's REST specifications).
 *
 * @module
 */

import type { JsonObject } from '../lib/json.ts';
import type { ArmError } from './error.ts';
import type { ResourceId } from './id.ts';

/** One long-running operation. */
export interface Operation {
  readonly id: string;
  readonly resource: ResourceId;
  readonly status: 'InProgress' | 'Succeeded' | 'Failed';
  readonly startTime: string;
  readonly endTime?: string;
  readonly error?: JsonObject;
}

/** Begins an operation. */
export function begin(id: string, resource: ResourceId, now: string): Operation {
  return { id, resource, status: 'InProgress', startTime: now };
}

/** Ends an operation, well or with an error. */
export function end(operation: Operation, now: string, error?: ArmError): Operation {
  const status = error ? 'Failed' : 'Succeeded';
  return { ...operation, status, endTime: now, ...(error ? { error: error.body() } : {}) };
}

/** The path at which an operation is polled. */
export function operationPath(subscription: string, operation: Operation): string {
  return `/subscriptions/${subscription}/providers/Microsoft.Resources/operationStatuses/${operation.id}`;
}

/** The body that a client sees. */
export function operationBody(path: string, operation: Operation): JsonObject {
  const { id, status, startTime, endTime, error } = operation;
  return {
    id: path,
    name: id,
    status,
    startTime,
    ...(endTime === undefined ? {} : { endTime }),
    ...(status === 'InProgress' ? {} : { percentComplete: 100 }),
    ...(error ? { error } : {}),
  };
}
