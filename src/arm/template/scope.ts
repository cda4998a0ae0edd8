/**
 * What an expression can see: where it is deployed, the names of its template, the loops around it.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';
import type { ResourceId } from '../id.ts';
import type { Expression } from './expression.ts';

/** What a template may ask about where it is deployed. Everything impure is passed in. */
export interface DeploymentContext {
  readonly deploymentName: string;
  readonly subscription: {
    readonly subscriptionId: string;
    readonly tenantId: string;
    readonly displayName: string;
  };
  /** Absent for a subscription-level deployment. */
  readonly resourceGroup:
    | {
        readonly id: ResourceId;
        readonly name: string;
        readonly location: string;
        readonly tags?: JsonObject;
      }
    | undefined;
  /** Of a subscription deployment, else the group's. */
  readonly location: string;
  readonly deployer: { readonly objectId: string; readonly tenantId: string };
  /** ISO 8601. */
  readonly utcNow: string;
  readonly newGuid: () => string;
}

/** What only a running estate can answer. */
export interface Runtime {
  /**
   * Returns a resource's properties, or with `full` the whole of it (id, name, type, location, identity,
   * properties, apiVersion, ...). Throws ArmError.
   */
  reference(id: ResourceId, full: boolean): Json;
  /** Performs a `list*` action. Throws ArmError. */
  list(action: string, id: ResourceId, body: Json | undefined): Json;
}

/** One level of copying: the number that `copyIndex()` answers. */
interface Loop {
  readonly name: string;
  readonly index: number;
  /** Whether `copyIndex()` without a name means this loop: of a resource or an output, not of a property. */
  readonly unnamed: boolean;
}

/** The function that a template defines for itself. */
export interface UserFunction {
  readonly parameters: readonly {
    readonly name: string;
    readonly check: (value: Json) => string | undefined;
  }[];
  readonly output: Json;
  readonly path: Path;
}

/** Where in a template document something stands. */
export type Path = readonly (string | number)[];

/** The names that a template (or a user function) declares. Every method throws ExpressionProblem or ArmError. */
export interface Names {
  parameter(name: string, at: number): Json;
  variable(name: string, at: number): Json;
  userFunction(namespace: string, name: string, at: number): UserFunction;
}

/** Everything an expression can see. */
export interface Scope {
  readonly context: DeploymentContext;
  readonly names: Names;
  /** Outermost first. */
  readonly loops: readonly Loop[];
  /** What the expression belongs to, for refusals: `a variable`, `the name of a resource`. */
  readonly place: string;
  /** Undefined where Azure forbids `reference()` and `list*()`. */
  readonly runtime: Runtime | undefined;
  /** Turns what `reference('x')` names into a resource id. Throws ExpressionProblem. */
  readonly resolve: (text: string, at: number) => ResourceId;
  /** Whether `utcNow()` and `newGuid()` are allowed: in the default of a parameter. */
  readonly inDefault: boolean;
  /** What `deployment().properties` answers. */
  readonly deployment: JsonObject;
  /** Each text is parsed once in a document. */
  readonly memo: Map<string, Expression>;
  /** How many user functions call one another here. */
  readonly calls: number;
}

/** The scope in which a nested template of scope `outer` is evaluated: that of the template around it. */
export type OuterScope = Scope;
