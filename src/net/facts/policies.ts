/**
 * Facts about policies that write the zone groups of private endpoints.
 *
 * @module
 */

/** A text in a policy, and where its resource says it; or the parameter that it is handed in by. */
export type PolicyWord =
  | { readonly kind: 'text'; readonly text: string; readonly at: readonly (string | number)[] }
  | { readonly kind: 'parameter'; readonly name: string };

/** Words of parameters by name, in lower case. */
export type PolicyWords = Readonly<Record<string, PolicyWord>>;

/** A definition with the effect DeployIfNotExists that writes zone groups. */
export interface ZonePolicyFact {
  readonly kind: 'zone-policy';
  readonly id: string;
  /** Sub-resources that it looks for, any of them. */
  readonly groups: readonly PolicyWord[];
  /** Texts that the target's id has to hold, all of them. */
  readonly targets: readonly PolicyWord[];
  /** Ids of the zones that it writes into the group. */
  readonly zones: readonly PolicyWord[];
  readonly effect: PolicyWord;
  readonly defaults: PolicyWords;
}

/** An initiative: definitions with what they are handed. */
export interface PolicySetFact {
  readonly kind: 'policy-set';
  readonly id: string;
  readonly members: readonly { readonly policy: string; readonly parameters: PolicyWords }[];
  readonly defaults: PolicyWords;
}

/** A definition, or an initiative, in force at a scope. */
export interface PolicyAssignmentFact {
  readonly kind: 'policy-assignment';
  readonly id: string;
  readonly scope: string;
  /** Scopes below that it spares. */
  readonly spares: readonly string[];
  readonly policy: string;
  readonly parameters: PolicyWords;
}

/** A text of a policy in force, and the resource and property that say it. */
export interface PolicyText {
  readonly text: string;
  readonly resource: string;
  readonly at: readonly (string | number)[];
}

/** A policy in force that writes zone groups. */
export interface ZonePolicy {
  readonly assignment: PolicyAssignmentFact;
  /** Object id of the identity that it acts as. */
  readonly principal: string | undefined;
  /** Sub-resources that it looks for, any of them. */
  readonly groups: readonly PolicyText[];
  /** What the target's id has to hold, all of it. */
  readonly targets: readonly PolicyText[];
  readonly zones: readonly PolicyText[];
}
