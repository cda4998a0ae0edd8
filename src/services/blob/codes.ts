/**
 * The codes that storage answers with.
 *
 * @module
 */

interface Row {
  readonly status: number;
  readonly text: string;
}

const signature =
  'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.';
const challenge =
  'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.';

/** Code -> status and text, in Azure's words. */
export const codes = {
  AuthenticationFailed: { status: 403, text: signature },
  AuthorizationFailure: { status: 403, text: 'This request is not authorized to perform this operation.' },
  AuthorizationPermissionMismatch: {
    status: 403,
    text: 'This request is not authorized to perform this operation using this permission.',
  },
  BlobAlreadyExists: { status: 409, text: 'The specified blob already exists.' },
  BlobNotFound: { status: 404, text: 'The specified blob does not exist.' },
  ConditionNotMet: {
    status: 412,
    text: 'The condition specified using HTTP conditional header(s) is not met.',
  },
  ContainerAlreadyExists: { status: 409, text: 'The specified container already exists.' },
  ContainerNotFound: { status: 404, text: 'The specified container does not exist.' },
  InvalidAuthenticationInfo: { status: 401, text: challenge },
  InvalidHeaderValue: {
    status: 400,
    text: 'The value for one of the HTTP headers is not in the correct format.',
  },
  InvalidMd5: {
    status: 400,
    text: 'The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64 encoded.',
  },
  InvalidMetadata: {
    status: 400,
    text: 'The metadata specified is invalid. It has characters that are not permitted.',
  },
  InvalidQueryParameterValue: {
    status: 400,
    text: 'Value for one of the query parameters specified in the request URI is invalid.',
  },
  InvalidRange: {
    status: 416,
    text: 'The range specified is invalid for the current size of the resource.',
  },
  InvalidResourceName: { status: 400, text: 'The specified resource name contains invalid characters.' },
  InvalidUri: { status: 400, text: 'The requested URI does not represent any resource on the server.' },
  KeyBasedAuthenticationNotPermitted: {
    status: 403,
    text: 'Key based authentication is not permitted on this storage account.',
  },
  Md5Mismatch: {
    status: 400,
    text: 'The MD5 value specified in the request did not match with the MD5 value calculated by the server.',
  },
  MetadataTooLarge: {
    status: 400,
    text: 'The metadata specified exceeds the maximum permissible limit (8KB).',
  },
  MissingContentLengthHeader: { status: 411, text: 'Content-Length HTTP header was not specified.' },
  MissingRequiredHeader: {
    status: 400,
    text: "An HTTP header that's mandatory for this request is not specified.",
  },
  NoAuthenticationInformation: { status: 401, text: challenge },
  NotImplemented: {
    status: 501,
    text: 'The requested operation is not implemented on the specified resource.',
  },
  OutOfRangeInput: { status: 400, text: 'One of the request inputs is out of range.' },
  OutOfRangeQueryParameterValue: {
    status: 400,
    text: 'One of the query parameters specified in the request URI is outside the permissible range.',
  },
  PublicAccessNotPermitted: {
    status: 409,
    text: 'Public access is not permitted on this storage account.',
  },
  RequestBodyTooLarge: {
    status: 413,
    text: 'The request body is too large and exceeds the maximum permissible limit.',
  },
  ResourceNotFound: { status: 404, text: 'The specified resource does not exist.' },
  TagsTooLarge: { status: 400, text: 'The tags specified exceed the maximum permissible limit.' },
  UnsatisfiableCondition: {
    status: 400,
    text: 'The request includes an unsatisfiable condition for this operation.',
  },
  UnsupportedHttpVerb: { status: 405, text: "The resource doesn't support specified Http Verb." },
  AuthorizationProtocolMismatch: {
    status: 403,
    text: 'This request is not authorized to perform this operation using this protocol.',
  },
  AuthorizationResourceTypeMismatch: {
    status: 403,
    text: 'This request is not authorized to perform this operation using this resource type.',
  },
  AuthorizationServiceMismatch: {
    status: 403,
    text: 'This request is not authorized to perform this operation using this service.',
  },
  AuthorizationSourceIPMismatch: {
    status: 403,
    text: 'This request is not authorized to perform this operation using this source IP.',
  },
  BlockCountExceedsLimit: {
    status: 409,
    text: 'The uncommitted block count cannot exceed the maximum limit of 100,000 blocks.',
  },
  BlockListTooLong: { status: 400, text: 'The block list may not contain more than 50,000 blocks.' },
  CannotVerifyCopySource: { status: 401, text: 'Could not verify the copy source.' },
  EmptyMetadataKey: { status: 400, text: 'The key for one of the metadata key-value pairs is empty.' },
  InvalidBlobOrBlock: { status: 400, text: 'The specified blob or block content is invalid.' },
  InvalidBlockList: { status: 400, text: 'The specified block list is invalid.' },
  InvalidSourceBlobUrl: { status: 400, text: 'The source URL for blob copy is invalid.' },
  InvalidXmlDocument: { status: 400, text: 'XML specified is not syntactically valid.' },
  InvalidXmlNodeValue: {
    status: 400,
    text: 'The value for one of the XML nodes is not in the correct format.',
  },
  LeaseAlreadyPresent: { status: 409, text: 'There is already a lease present.' },
  LeaseIdMismatchWithBlobOperation: {
    status: 412,
    text: 'The lease ID specified did not match the lease ID for the blob.',
  },
  LeaseIdMismatchWithContainerOperation: {
    status: 412,
    text: 'The lease ID specified did not match the lease ID for the container.',
  },
  LeaseIdMismatchWithLeaseOperation: {
    status: 409,
    text: 'The lease ID specified did not match the lease ID for the resource with the specified lease operation.',
  },
  LeaseIdMissing: {
    status: 412,
    text: 'There is currently a lease on the resource and no lease ID was specified in the request.',
  },
  LeaseIsBreakingAndCannotBeAcquired: {
    status: 409,
    text: 'The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.',
  },
  LeaseIsBreakingAndCannotBeChanged: {
    status: 409,
    text: 'The lease ID matched, but the lease is currently in breaking state and cannot be changed.',
  },
  LeaseIsBrokenAndCannotBeRenewed: {
    status: 409,
    text: 'The lease ID matched, but the lease has been broken explicitly and cannot be renewed.',
  },
  LeaseLost: {
    status: 412,
    text: 'A lease ID was specified, but the lease for the resource has expired.',
  },
  LeaseNotPresentWithBlobOperation: { status: 412, text: 'There is currently no lease on the blob.' },
  LeaseNotPresentWithContainerOperation: {
    status: 412,
    text: 'There is currently no lease on the container.',
  },
  LeaseNotPresentWithLeaseOperation: { status: 409, text: 'There is currently no lease on the resource.' },
  MissingRequiredQueryParameter: {
    status: 400,
    text: "A query parameter that's mandatory for this request is not specified.",
  },
  UnauthorizedBlobOverwrite: {
    status: 403,
    text: 'This request is not authorized to perform blob overwrites.',
  },
  DirectoryNotEmpty: {
    status: 409,
    text: 'The specified directory is not empty.',
  },
  ParentNotFound: { status: 404, text: 'The specified parent path does not exist.' },
  ResourceAlreadyExists: { status: 409, text: 'The specified resource already exists.' },
  ResourceTypeMismatch: {
    status: 409,
    text: 'The specified resource type does not match the type of the existing resource.',
  },
  ShareAlreadyExists: { status: 409, text: 'The specified share already exists.' },
  ShareNotFound: { status: 404, text: 'The specified share does not exist.' },
  InvalidTag: {
    status: 400,
    text: 'The tags specified are invalid. They contain characters that are not permitted.',
  },
} as const satisfies Readonly<Record<string, Row>>;
