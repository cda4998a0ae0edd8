/**
 * Repairs: what would have to change for a finding to go away, as edits of resources. `app/` turns them into a patch of
 * the template and proves it.
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import type { Ip } from '../lib/ip.ts';
import type { Json } from '../lib/json.ts';

/** Members on the way from a resource's body to a property: `['properties', 'networkAcls', 'bypass']`. */
export type PropertyPath = readonly (string | number)[];

/** A resource that is missing. Each kind is written out by `app/repair/creations.ts`. */
export type Creation =
  | { readonly what: 'zone-link'; readonly zone: string; readonly vnet: string }
  | { readonly what: 'zone-group'; readonly endpoint: string; readonly zones: readonly string[] }
  | {
      readonly what: 'private-endpoint';
      readonly target: string;
      readonly group: string;
      readonly subnet: string;
      readonly location: string;
      /** For its zone group; none where the names are written otherwise. */
      readonly zones: readonly string[];
      /** A resource whose identity is to have Reader on it. */
      readonly reader?: string;
    }
  | {
      readonly what: 'record';
      readonly zone: string;
      readonly name: string;
      readonly addresses: readonly Ip[];
    }
  | {
      readonly what: 'zone';
      readonly name: Fqdn;
      /** A resource of the group that it is to be in. */
      readonly beside: string;
    }
  | {
      readonly what: 'relay-policy';
      readonly connection: string;
      readonly name: string;
      readonly rights: readonly string[];
    }
  | { readonly what: 'peering'; readonly vnet: string; readonly remote: string }
  | {
      readonly what: 'role-assignment';
      /** The resource whose identity it is for, or an object id. */
      readonly principal: { readonly resource: string } | { readonly objectId: string };
      /** GUID of the role definition. */
      readonly role: string;
      readonly scope: string;
    };

/** One change of the estate. */
export type Edit =
  /** Undefined: the property is taken away. */
  | {
      readonly kind: 'set';
      readonly resource: string;
      readonly property: PropertyPath;
      readonly value: Json | undefined;
    }
  /** Adds to a list, which may be absent. */
  | {
      readonly kind: 'insert';
      readonly resource: string;
      readonly property: PropertyPath;
      readonly value: Json;
    }
  /** Renames a property, keeping its value. */
  | {
      readonly kind: 'move';
      readonly resource: string;
      readonly property: PropertyPath;
      readonly to: PropertyPath;
    }
  | { readonly kind: 'create'; readonly creation: Creation }
  | { readonly kind: 'delete'; readonly resource: string };

/** One way to mend something. */
export interface Repair {
  readonly says: string;
  readonly edits: readonly Edit[];
}

/** Sets a property below `properties`, written with dots. */
export function setting(resource: string, property: string, value: Json | undefined): Edit {
  return { kind: 'set', resource, property: ['properties', ...property.split('.')], value };
}

/** How many properties a repair changes: what "smallest" means among repairs. */
export function sizeOf({ edits }: Repair): number {
  return edits.reduce((sum, edit) => sum + sizeOfEdit(edit), 0);
}

function sizeOfEdit(edit: Edit): number {
  switch (edit.kind) {
    case 'set':
    case 'insert':
      return leavesOf(edit.value ?? null);
    case 'create':
      return leavesOf(edit.creation);
    case 'move':
    case 'delete':
      return 1;
  }
}

function leavesOf(value: object | Json): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Math.max(
    1,
    Object.values(value).reduce<number>((sum, inner) => sum + leavesOf(inner as Json), 0),
  );
}
