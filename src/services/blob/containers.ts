/**
 * Containers: create, properties, metadata, access policies, delete.
 *
 * @module
 */

import type { DataResponse } from '../data-plane.ts';
import { bodyText } from './body.ts';
import { checkRead, checkWrite } from './conditions.ts';
import { newEtag } from './container-rows.ts';
import { leaseHeaders, metadataHeaders, metadataOf, stateHeaders } from './details.ts';
import { answer, notImplemented, StorageError } from './error.ts';
import { checkLeaseToRead, checkLeaseToWrite } from './lease.ts';
import { type Call, leaseIdOf, templated } from './operation.ts';
import { type Element, parseXml } from './parse-xml.ts';
import type { Container, Policy } from './row.ts';
import { dateOf } from './time.ts';
import { xml, xmlHead } from './xml.ts';

const mostPolicies = 5;

/** Makes a container. */
export async function createContainer(call: Call): Promise<DataResponse> {
  const { request, at, blobs, exists } = call;
  refusePublic(call);
  const metadata = metadataOf(request.headers);
  const made = exists(undefined)
    ? undefined
    : await blobs.createContainer(at.account, at.container, metadata);
  if (!made) throw new StorageError('ContainerAlreadyExists');
  return answer(request, 201, stateHeaders(made));
}

/** Answers a container's properties and metadata. */
export async function getContainer(call: Call): Promise<DataResponse> {
  const { request } = call;
  const container = await readContainer(call);
  return answer(request, 200, {
    ...stateHeaders(container),
    ...leaseHeaders(container.lease, request.now),
    'x-ms-has-immutability-policy': 'false',
    'x-ms-has-legal-hold': 'false',
    ...metadataHeaders(container.metadata),
  });
}

/** Answers a container's metadata. */
export async function getContainerMetadata(call: Call): Promise<DataResponse> {
  const container = await readContainer(call);
  return answer(call.request, 200, { ...stateHeaders(container), ...metadataHeaders(container.metadata) });
}

/** Replaces a container's metadata. */
export async function setContainerMetadata(call: Call): Promise<DataResponse> {
  const metadata = metadataOf(call.request.headers);
  return answer(call.request, 200, stateHeaders(await changeContainer(call, { metadata })));
}

/** Answers a container's access policies. None is public. */
export async function getContainerAcl(call: Call): Promise<DataResponse> {
  const container = await readContainer(call);
  const policies = (container.policies ?? []).map(({ id, start, expiry, permission }) => {
    const said = [
      ['Start', start],
      ['Expiry', expiry],
      ['Permission', permission],
    ] as const;
    const given = said.filter(([, value]) => value !== '').map(([name, value]) => xml(name, value));
    return xml('SignedIdentifier', [
      xml('Id', id),
      ...(given.length === 0 ? [] : [xml('AccessPolicy', given)]),
    ]);
  });
  const headers = { ...stateHeaders(container), 'content-type': 'application/xml' };
  return answer(call.request, 200, headers, `${xmlHead}${xml('SignedIdentifiers', policies)}`);
}

/** Replaces a container's access policies. */
export async function setContainerAcl(call: Call): Promise<DataResponse> {
  refusePublic(call);
  const text = await bodyText(call);
  const policies = text === '' ? [] : policiesOf(parseXml(text));
  return answer(call.request, 200, stateHeaders(await changeContainer(call, { policies })));
}

/** Deletes a container and all in it. */
export async function deleteContainer(call: Call): Promise<DataResponse> {
  const { request, at, blobs, exists } = call;
  if (exists(undefined)) throw notImplemented('Delete Container (one that a template made)');
  await blobs.removeContainer(at.account, at.container, (_, container) => {
    if (!container) throw new StorageError('ContainerNotFound');
    checkWrite(request.headers, container);
    checkLeaseToWrite(container.lease, request.now, leaseIdOf(request.headers), 'container');
  });
  return answer(request, 202, {});
}

async function readContainer({ request, at, blobs, exists }: Call): Promise<Container> {
  const row = await blobs.container(at.account, at.container);
  if (!exists(row)) throw new StorageError('ContainerNotFound');
  const container = row ?? templated(at.container);
  checkRead(request.headers, container);
  checkLeaseToRead(container.lease, request.now, leaseIdOf(request.headers), 'container');
  return container;
}

async function changeContainer(call: Call, change: Partial<Container>): Promise<Container> {
  const { request, at, blobs, exists } = call;
  const { headers, now } = request;
  const changed = await blobs.editContainer(at.account, at.container, (row) => {
    if (!exists(row)) throw new StorageError('ContainerNotFound');
    const before = row ?? templated(at.container);
    checkWrite(headers, before);
    checkLeaseToRead(before.lease, now, leaseIdOf(headers), 'container');
    return { ...before, ...change, etag: newEtag(), modified: now };
  });
  if (!changed) throw new StorageError('ContainerNotFound');
  return changed;
}

function refusePublic({ request }: Call): void {
  if (request.headers['x-ms-blob-public-access'] === undefined) return;
  if (request.resource.properties['allowBlobPublicAccess'] !== true) {
    throw new StorageError('PublicAccessNotPermitted');
  }
  throw notImplemented('public access to containers');
}

function policiesOf(root: Element): readonly Policy[] {
  if (root.name !== 'SignedIdentifiers') throw new StorageError('InvalidXmlDocument');
  const policies = root.children.map((each): Policy => {
    const policy = each.child('AccessPolicy');
    const said = (name: string): string => policy?.text(name).trim() ?? '';
    return {
      id: each.text('Id'),
      start: said('Start'),
      expiry: said('Expiry'),
      permission: said('Permission'),
    };
  });
  for (const { id, start, expiry, permission } of policies) {
    const times = [start, expiry].filter((time) => time !== '');
    const wrong = times.find((time) => dateOf(time) === undefined);
    if (id === '' || id.length > 64 || wrong !== undefined || !/^[a-z]*$/.test(permission)) {
      throw new StorageError('InvalidXmlNodeValue');
    }
  }
  const ids = new Set(policies.map(({ id }) => id));
  if (ids.size !== policies.length || ids.size > mostPolicies) throw new StorageError('InvalidXmlDocument');
  return policies;
}
