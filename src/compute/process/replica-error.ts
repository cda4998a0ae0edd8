/**
 * What can go wrong with a replica, as one error with a closed set of codes.
 *
 * @module
 */

/**
 * Why there is no answer.
 *
 * - `not-ready`: no replica could take the request, or it cannot be started at all (no Python, no model)
 * - `timeout`: a replica did not answer, or did not become ready, in the time that was given
 * - `crashed`: the process ended, or broke the connection, instead of answering
 */
export type ReplicaErrorCode = 'not-ready' | 'timeout' | 'crashed';

/** Thrown by everything that starts replicas or sends to them. The message says why and is fit for a user. */
export class ReplicaError extends Error {
  readonly code: ReplicaErrorCode;

  constructor(code: ReplicaErrorCode, message: string) {
    super(message);
    this.name = 'ReplicaError';
    this.code = code;
  }
}

/** Returns the error if it is a ReplicaError, or wraps it as one: what the system says about a failed start. */
export function toReplicaError(error: unknown): ReplicaError {
  if (error instanceof ReplicaError) return error;
  return new ReplicaError('not-ready', error instanceof Error ? error.message : String(error));
}
