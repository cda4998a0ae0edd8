/**
 * What a service says about its private link: groups, members, names and zones (docs/semantics/private-endpoints.md).
 *
 * @module
 */

import type { ResourceType } from '../../arm/id.ts';
import type { Resource } from '../../arm/resource.ts';
import { fqdn } from '../../lib/fqdn.ts';
import type { LinkGroupsDeclared } from '../../net/declared/endpoint.ts';

/** One address of a private endpoint, and the names that lead to it. */
export interface LinkMember {
  readonly name: string;
  /** Public name -> what it is an alias of while there is private link. Records are written for the alias. */
  readonly names: readonly { readonly fqdn: string; readonly alias: string }[];
}

/** A sub-resource that a private endpoint can be made for. */
export interface LinkGroup {
  readonly id: string;
  readonly zones: readonly string[];
  /** `requiredMembers` as the service lists them, where they are not the members' names. */
  readonly requiredMembers?: readonly string[];
  readonly members: (target: Resource) => readonly LinkMember[];
  /** Reports whether a target has this sub-resource, where not all do. */
  readonly isAt?: (target: Resource) => boolean;
}

/** The sub-resources that a target has. */
export function groupsOf(link: LinkTarget, target: Resource): readonly LinkGroup[] {
  return link.groups.filter((group) => group.isAt?.(target) ?? true);
}

/** What a service says of its sub-resources to the proof. */
export function linkGroupsFact(link: LinkTarget, target: Resource): LinkGroupsDeclared {
  const groups = groupsOf(link, target).map(({ id, zones, members }) => ({
    id,
    zones: zones.map(fqdn),
    names: members(target)
      .flatMap(({ names }) => names)
      .map((pair) => ({ fqdn: fqdn(pair.fqdn), alias: fqdn(pair.alias) })),
  }));
  return { kind: 'link-groups', id: target.id, groups };
}

/** A type that private endpoints can lead to. */
export interface LinkTarget {
  readonly type: ResourceType;
  /** Right that makes a connection Approved at once. */
  readonly approval: string;
  readonly groups: readonly LinkGroup[];
  /** Refuses (by throwing) a target that cannot have private endpoints. */
  readonly check?: (target: Resource) => void;
}

/** A member with one name, the usual case. */
export function single(name: string, fqdn: string, alias: string): readonly LinkMember[] {
  return [{ name, names: [{ fqdn, alias }] }];
}
