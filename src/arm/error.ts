/**
 * The errors of the control plane: one class, one table of codes, rendered once.
 *
 * Providers throw it and the engine catches it: a plan that throws changes nothing (docs/adr/0003).
 *
 * @module
 */

import type { JsonObject } from '../lib/json.ts';
import { StoreError, statusOf } from './store.ts';

/** Code -> HTTP status. What a client may see from the control plane is this list and nothing else. */
export const errorStatus = {
  AccountIsNotReady: 409,
  AnotherOperationInProgress: 409,
  AuthenticationFailed: 401,
  AuthorizationFailed: 403,
  BadArgument: 400,
  BadRequest: 400,
  CannotDeleteResource: 409,
  Conflict: 409,
  DeploymentActive: 409,
  DeploymentFailed: 400,
  DeploymentNotFound: 404,
  ExpiredAuthenticationToken: 401,
  InsufficientStorage: 507,
  InternalServerError: 500,
  InUsePrefixCannotBeDeleted: 400,
  InUseSubnetCannotBeDeleted: 400,
  InvalidAuthenticationToken: 401,
  InvalidAuthenticationTokenAudience: 401,
  InvalidAuthenticationTokenTenant: 401,
  InvalidParameter: 400,
  InvalidRequestContent: 400,
  InvalidRequestFormat: 400,
  InvalidResourceGroupLocation: 409,
  InvalidResourceLocation: 409,
  InvalidResourceReference: 400,
  InvalidResourceNamespace: 404,
  InvalidResourceType: 404,
  InvalidResourceName: 400,
  InvalidTemplate: 400,
  InvalidTemplateDeployment: 400,
  LinkedAuthorizationFailed: 403,
  LocationRequired: 400,
  MethodNotAllowed: 405,
  MissingApiVersionParameter: 400,
  NetcfgSubnetRangeOutsideVnet: 400,
  NetcfgSubnetRangesOverlap: 400,
  NetworkAclsValidationFailure: 400,
  NetworkWatcherCountLimitReached: 400,
  NotFound: 404,
  NotSupported: 400,
  ParentResourceNotFound: 404,
  PolicyDefinitionNotFound: 404,
  PreconditionFailed: 412,
  PrivateIPAddressInReservedRange: 400,
  PrivateIPAddressIsAllocated: 400,
  PrivateIPAddressNotInSubnet: 400,
  RequestDisallowedByGuard: 403,
  RequestTooLarge: 413,
  ResourceGroupNotFound: 404,
  ResourceInUse: 409,
  ResourceNotFound: 404,
  RoleAssignmentExists: 409,
  RoleAssignmentUpdateNotPermitted: 400,
  SecurityRuleConflict: 400,
  SecurityRuleInvalidAddressPrefix: 400,
  SecurityRuleInvalidPortRange: 400,
  SecurityRuleParameterContainsUnsupportedValue: 400,
  SecurityRuleParameterPriorityOutOfRange: 400,
  ServiceUnavailable: 503,
  SubnetIsFull: 400,
  SubscriptionNotFound: 404,
  UnsupportedResourceType: 400,
  UserError: 400,
  WorkspaceManagedNetworkNotReady: 400,
} as const;

/** A code that the control plane answers with. */
export type ErrorCode = keyof typeof errorStatus;

/** What may come along with an error. */
export interface ErrorContext {
  /** JSON path or property that is wrong. */
  readonly target?: string;
  readonly details?: readonly ArmError[];
  /** Where in a template the error is, as a path of member names and indices. Not sent to clients. */
  readonly path?: readonly (string | number)[];
  /** What nobody foresaw, for the log. Not sent to clients. */
  readonly cause?: unknown;
}

/** An error in Azure Resource Manager's shape. */
export class ArmError extends Error {
  readonly code: ErrorCode;
  readonly target: string | undefined;
  readonly details: readonly ArmError[];
  readonly path: readonly (string | number)[] | undefined;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = 'ArmError';
    this.code = code;
    this.target = context.target;
    this.details = context.details ?? [];
    this.path = context.path;
  }

  /** HTTP status of the answer. */
  get status(): number {
    return errorStatus[this.code];
  }

  /** The inner part of ARM's error envelope. */
  body(): JsonObject {
    return {
      code: this.code,
      message: this.message,
      ...(this.target === undefined ? {} : { target: this.target }),
      ...(this.details.length === 0 ? {} : { details: this.details.map((detail) => detail.body()) }),
    };
  }
}

/** Returns the error as it is, or wraps it: what nobody foresaw without showing its inside to the client. */
export function toArmError(error: unknown): ArmError {
  if (error instanceof ArmError) return error;
  if (error instanceof StoreError) {
    const codes = {
      500: 'InternalServerError',
      503: 'ServiceUnavailable',
      507: 'InsufficientStorage',
    } as const;
    return new ArmError(codes[statusOf(error)], error.message, { cause: error });
  }
  return new ArmError(
    'InternalServerError',
    'The request failed inside Cloister. The server log has the cause.',
    { cause: error },
  );
}
