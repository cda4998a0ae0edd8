/**
 * `directory:` of a cloister.yaml: who there is to sign in and to give rights to (docs/sign-in.md).
 *
 * @module
 */

import {
  type Application,
  type Certificate,
  type Directory,
  type Group,
  membershipsOf,
  type User,
} from '../arm/directory.ts';
import * as shape from '../arm/shape.ts';
import { nearest } from '../lib/near.ts';
import { parseUuid, type Uuid } from '../lib/uuid.ts';
import type { PrincipalFact } from '../net/facts.ts';
import { inventedId } from '../providers/ml/link.ts';
import { defaultDeployer } from './defaults.ts';

const texts = shape.list(shape.text);

export const directoryShape = shape.object({
  users: shape.mapOf(shape.object({ name: shape.text, object: shape.text, password: shape.text })),
  groups: shape.mapOf(shape.object({ object: shape.text, members: texts })),
  applications: shape.mapOf(shape.object({ id: shape.text, object: shape.text, certificates: texts })),
});

/** Refuses with the place in the file; names on the path may have dots in them. */
export type Refuse = (target: string, message: string) => never;

/** Reads a certificate from a file that is named beside another; refuses what is none. */
export type ReadCertificate = (
  text: string,
  beside: string,
  refuse: (message: string) => never,
) => Certificate;

/** Reads a directory. Certificates are read from files beside the cloister.yaml. */
export function directoryFrom(
  asked: shape.Of<typeof directoryShape> | undefined,
  file: string,
  refuse: Refuse,
  readCertificate: ReadCertificate | undefined,
): Directory {
  const taken = new Map<string, string>([[defaultDeployer.objectId, 'the deployer']]);
  const idOf = (at: string, given: string | undefined, property: string): Uuid => {
    const id = given === undefined ? inventedId(at, property) : parseUuid(given);
    if (id === undefined) return refuse(`${at}.${property}`, `'${given}' is not a GUID.`);
    const other = taken.get(id);
    if (other !== undefined) return refuse(`${at}.${property}`, `${id} is the id of ${other} already.`);
    taken.set(id, at);
    return id;
  };
  const users = Object.entries(asked?.users ?? {}).map(([upn, user]): User => {
    const at = `directory.users.${upn}`;
    if (!/^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/.test(upn))
      refuse(at, `'${upn}' is not a user principal name: write name@domain.example.`);
    if (user.password === '')
      refuse(`${at}.password`, 'The password is empty: leave it out to have one made.');
    return {
      objectId: idOf(at, user.object, 'object'),
      upn,
      displayName: user.name ?? upn.slice(0, upn.indexOf('@')),
      password: user.password,
    };
  });
  const applications = Object.entries(asked?.applications ?? {}).map(([name, it]): Application => {
    const at = `directory.applications.${name}`;
    checkName(name, at, refuse);
    return {
      name,
      appId: idOf(at, it.id, 'id'),
      objectId: idOf(at, it.object, 'object'),
      applicationId: inventedId(at, 'application'),
      certificates: (it.certificates ?? []).map((text, index) =>
        certificateFrom(text, file, readCertificate, (message) =>
          refuse(`${at}.certificates.${index}`, message),
        ),
      ),
    };
  });
  const groups = Object.entries(asked?.groups ?? {}).map(([name, group]) => {
    const at = `directory.groups.${name}`;
    checkName(name, at, refuse);
    return { name, objectId: idOf(at, group.object, 'object'), written: group.members ?? [] };
  });
  const labels = new Map([
    ...users.map(({ upn, objectId }) => [`user/${upn}`.toLowerCase(), objectId] as const),
    ...groups.map(({ name, objectId }) => [`group/${name}`.toLowerCase(), objectId] as const),
    ...applications.map(({ name, objectId }) => [`app/${name}`.toLowerCase(), objectId] as const),
  ]);
  return {
    users,
    applications,
    groups: groups.map(
      ({ name, objectId, written }): Group => ({
        name,
        objectId,
        members: written.map(
          (text, index) =>
            labels.get(text.toLowerCase()) ??
            parseUuid(text) ??
            refuse(`directory.groups.${name}.members.${index}`, noMember(text, labels.keys())),
        ),
      }),
    ),
  };
}

function noMember(text: string, labels: Iterable<string>): string {
  const near = nearest(text, labels);
  const hint = near === undefined ? '' : ` Did you mean '${near}'?`;
  return `There is no '${text}': write user/<name>, group/<name>, app/<name> or an object id.${hint}`;
}

function checkName(name: string, at: string, refuse: Refuse): void {
  if (/^[^/\s][^/\n\r\t]*$/.test(name)) return;
  refuse(at, `'${name}' is not a name: leave out slashes and blanks at its start.`);
}

/** A thumbprint, or the path of a PEM file. */
function certificateFrom(
  text: string,
  file: string,
  readCertificate: ReadCertificate | undefined,
  refuse: (message: string) => never,
): Certificate {
  const hex = text.replaceAll(':', '').toLowerCase();
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hex)) return { kind: 'thumbprint', thumbprint: hex };
  if (!readCertificate)
    return refuse(`'${text}' is a file, which nothing here can read: write the thumbprint in hex.`);
  return readCertificate(text, file, refuse);
}

/** What a directory says about the callers of a network. */
export function principalFacts(directory: Directory): readonly PrincipalFact[] {
  const memberships = membershipsOf(directory);
  const labels = new Map<string, string>([
    ...directory.users.map(({ objectId, upn }) => [objectId, `user/${upn}`] as const),
    ...directory.groups.map(({ objectId, name }) => [objectId, `group/${name}`] as const),
    ...directory.applications.map(({ objectId, name }) => [objectId, `app/${name}`] as const),
  ]);
  // A managed identity may be in a group without being described here.
  return [...new Set([...labels.keys(), ...memberships.keys()])].map((id) => ({
    kind: 'principal',
    id,
    label: labels.get(id),
    groups: memberships.get(id) ?? [],
  }));
}
