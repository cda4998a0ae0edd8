/**
 * The directory of a tenant: users, groups, and applications with their service principals.
 *
 * Azure keeps it beside the estate, in another service; here it comes from `cloister.yaml` (docs/sign-in.md).
 *
 * @module
 */

import type { Uuid } from '../lib/uuid.ts';

/** Somebody who signs in with a name and a password. */
export interface User {
  readonly objectId: Uuid;
  /** User principal name: what is typed to sign in. */
  readonly upn: string;
  readonly displayName: string;
  /** Undefined: the installation makes one. */
  readonly password: string | undefined;
}

/** A security group. Rights that are given to it hold for its members. */
export interface Group {
  readonly objectId: Uuid;
  readonly name: string;
  /** Object ids of users, service principals and other groups, as they were written. */
  readonly members: readonly Uuid[];
}

/** An application and its service principal. */
export interface Application {
  readonly name: string;
  /** Client id: what it signs in by. */
  readonly appId: Uuid;
  /** Object id of the service principal: what roles are assigned to. */
  readonly objectId: Uuid;
  /** Object id of the application itself. */
  readonly applicationId: Uuid;
  /** None: it signs in with a secret that the installation makes. */
  readonly certificates: readonly Certificate[];
}

/** How an application proves itself without a secret. */
export type Certificate =
  | { readonly kind: 'pem'; readonly pem: string }
  /** SHA-1 or SHA-256 of the certificate, in lower-case hex; the certificate comes with each assertion. */
  | { readonly kind: 'thumbprint'; readonly thumbprint: string };

/** Everybody. */
export interface Directory {
  readonly users: readonly User[];
  readonly groups: readonly Group[];
  readonly applications: readonly Application[];
}

/** Nobody. */
export const emptyDirectory: Directory = { users: [], groups: [], applications: [] };

/** Puts directories together. Who is in several of them is as the first says. */
export function joined(directories: readonly Directory[]): Directory {
  return {
    users: unique(directories.flatMap(({ users }) => users)),
    groups: unique(directories.flatMap(({ groups }) => groups)),
    applications: unique(directories.flatMap(({ applications }) => applications)),
  };
}

function unique<T extends { readonly objectId: Uuid }>(all: readonly T[]): readonly T[] {
  return [...new Map(all.toReversed().map((item) => [item.objectId, item])).values()].toReversed();
}

/** Groups by the object ids of those in them, directly or through other groups; circles do no harm. */
export type Memberships = ReadonlyMap<string, readonly Uuid[]>;

/** Works out who is in which groups. */
export function membershipsOf({ groups }: Directory): Memberships {
  const direct = new Map<string, Uuid[]>();
  for (const { objectId, members } of groups) {
    for (const member of members) {
      const list = direct.get(member);
      if (list) list.push(objectId);
      else direct.set(member, [objectId]);
    }
  }
  return new Map([...direct.keys()].map((member) => [member, above(member, direct)]));
}

function above(member: string, direct: ReadonlyMap<string, readonly Uuid[]>): readonly Uuid[] {
  const found = new Set<Uuid>();
  const open = [...(direct.get(member) ?? [])];
  for (let group = open.pop(); group !== undefined; group = open.pop()) {
    if (found.has(group)) continue;
    found.add(group);
    open.push(...(direct.get(group) ?? []));
  }
  return [...found];
}
