/**
 * Declared facts about how a resource was written, which only a template shows: `app/` says them.
 *
 * @module
 */

/** The last write of a resource in a template. */
export interface WrittenDeclared {
  readonly kind: 'written';
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string;
  /** Paths of the properties that the template gives, with dots (`networkAcls.bypass`). */
  readonly given: readonly string[];
}

/** A write that the control plane refuses, and that was taken in to see what else is wrong. */
export interface RefusedDeclared {
  readonly kind: 'refused';
  readonly id: string;
  readonly type: string;
  /** ARM's error code and message, and the property that it points at. */
  readonly code: string;
  readonly message: string;
  readonly target: string | undefined;
}

export type TemplateDeclared = WrittenDeclared | RefusedDeclared;
