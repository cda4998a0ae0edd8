/**
 * Rights as Azure writes them: action patterns, and scopes that contain one another.
 *
 * @module
 */

/** What one role allows. Patterns: `*` matches any characters, across `/`; case is ignored. */
export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

/** Which half of a permission an operation is checked against. */
export type Plane = 'control' | 'data';

const patterns = new Map<string, RegExp>();

/** Reports whether an action pattern matches an operation (docs/semantics/callers.md). */
export function matchesAction(pattern: string, operation: string): boolean {
  if (pattern === '*') return true;
  if (!pattern.includes('*')) return pattern.toLowerCase() === operation.toLowerCase();
  let compiled = patterns.get(pattern);
  if (!compiled) {
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
    compiled = new RegExp(`^${escaped}$`, 'i');
    patterns.set(pattern, compiled);
  }
  return compiled.test(operation);
}

/** Reports whether a permission grants an operation. `notActions` subtract within this permission only. */
export function grants(permission: Permission, operation: string, plane: Plane): boolean {
  const [yes, no] =
    plane === 'control'
      ? [permission.actions, permission.notActions]
      : [permission.dataActions, permission.notDataActions];
  return (
    yes.some((pattern) => matchesAction(pattern, operation)) &&
    !no.some((pattern) => matchesAction(pattern, operation))
  );
}

/** Reports whether an assignment at `outer` reaches `inner`: the same scope or an ancestor of it. */
export function isInScope(inner: string, outer: string): boolean {
  const a = inner.toLowerCase();
  const b = outer.toLowerCase().replace(/\/$/, '');
  return b === '' || a === b || a.startsWith(`${b}/`);
}
