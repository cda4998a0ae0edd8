/**
 * Requests and answers of Azure Resource Manager, without a wire.
 *
 * @module
 */

import type { Json } from '../../lib/json.ts';
import type { Host } from '../apply.ts';
import type { Caller } from '../caller.ts';
import type { Operation } from '../operation.ts';
import type { Question, Surface } from '../provider.ts';

/** A request whose token has been checked. */
export interface ArmRequest {
  readonly method: string;
  /** Decoded path, starting with a slash. */
  readonly path: string;
  readonly query: URLSearchParamsLike;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  /** Reads the body. Throws ArmError where it is not JSON. */
  readonly body: () => Promise<Json>;
  readonly caller: Caller;
  /** Through which of Azure's surfaces it came, where it is not the control plane's own. */
  readonly surface?: Surface;
}

/** What is used of the platform's own class. */
export interface URLSearchParamsLike {
  get(name: string): string | null;
}

/** An answer. */
export interface ArmAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
}

/** What the API stands on: a host, and what only the running side can do. */
export interface ArmHost<F> extends Host<F> {
  /** Absolute address of a path, for polling. */
  url(path: string): string;
  newId(): string;
  /** Keeps an operation. */
  keep(operation: Operation): Promise<void>;
  operation(id: string): Promise<Operation | undefined>;
  answer(question: Question): Promise<Json>;
  /** Work that goes on after the answer. What it throws that is no ArmError is a defect to be logged. */
  background(work: () => Promise<void>): void;
}
