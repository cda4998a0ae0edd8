/**
 * What providers say about resources beyond what packets meet: facts that the proof reads, by kind. The Network carries
 * them along; nothing in `net/` decides by them, but for what policies write (`policies.ts`).
 *
 * A new kind is an interface in the file of its area (`declared/<area>.ts`), and a provider that says it.
 *
 * @module
 */

import type { ComputeDeclared } from './declared/compute.ts';
import type { EndpointDeclared } from './declared/endpoint.ts';
import type { GateDeclared } from './declared/gate.ts';
import type { IdentityDeclared } from './declared/identity.ts';
import type { KubernetesDeclared } from './declared/kubernetes.ts';
import type { NameDeclared } from './declared/name.ts';
import type { OperationsDeclared } from './declared/operations.ts';
import type { TemplateDeclared } from './declared/template.ts';
import type { WorkspaceDeclared } from './declared/workspace.ts';

/** A fact that is only for the proof. */
export type Declared =
  | NameDeclared
  | GateDeclared
  | EndpointDeclared
  | WorkspaceDeclared
  | IdentityDeclared
  | ComputeDeclared
  | KubernetesDeclared
  | OperationsDeclared
  | TemplateDeclared;

/** Facts of one kind. */
export type DeclaredOf<K extends Declared['kind']> = Extract<Declared, { readonly kind: K }>;

/** Declared facts by kind, in the order of the estate. */
export class DeclaredFacts {
  readonly #byKind = new Map<string, Declared[]>();

  constructor(facts: Iterable<Declared>) {
    for (const fact of facts) {
      const known = this.#byKind.get(fact.kind);
      if (known) known.push(fact);
      else this.#byKind.set(fact.kind, [fact]);
    }
  }

  /** These, and more. */
  with(facts: readonly Declared[]): DeclaredFacts {
    return facts.length === 0 ? this : new DeclaredFacts([...[...this.#byKind.values()].flat(), ...facts]);
  }

  /** Every fact of a kind. */
  of<K extends Declared['kind']>(kind: K): readonly DeclaredOf<K>[] {
    return (this.#byKind.get(kind) ?? []) as readonly unknown[] as readonly DeclaredOf<K>[];
  }
}
