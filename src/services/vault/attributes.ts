/**
 * Attributes and tags that secrets and keys have alike.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import { given } from './call.ts';
import { invalidProperty } from './error.ts';
import type { Attributes } from './row.ts';

/** How what is deleted from a vault can be had back. */
export interface Recovery {
  readonly level: string;
  /** Days; 0 where it cannot. */
  readonly days: number;
  /** Nobody may remove for good what is deleted. */
  readonly isProtected: boolean;
}

const mostTags = 15;
const longestTag = 256;

/** Returns how what is deleted from a vault can be had back. */
export function recoveryOf({ properties }: Resource): Recovery {
  // Vaults have soft delete unless they were made without it, long ago.
  if (properties.enableSoftDelete === false) return { level: 'Purgeable', days: 0, isProtected: false };
  const { softDeleteRetentionInDays: stored } = properties;
  const days = typeof stored === 'number' ? stored : 90;
  const isProtected = properties.enablePurgeProtection === true;
  const level = `${days < 90 ? 'Customized' : ''}Recoverable${isProtected ? '' : '+Purgeable'}`;
  return { level, days, isProtected };
}

/** Reads the attributes of a body, over those from before. */
export function attributesFrom(body: JsonObject, before: Attributes | undefined, now: number): Attributes {
  const asked = given(body, 'attributes') ?? {};
  if (!isObject(asked)) throw invalidProperty('attributes');
  const enabled = given(asked, 'enabled') ?? before?.enabled ?? true;
  if (typeof enabled !== 'boolean') throw invalidProperty('attributes.enabled');
  return {
    enabled,
    nbf: timeFrom(asked, 'nbf') ?? before?.nbf,
    exp: timeFrom(asked, 'exp') ?? before?.exp,
    created: before?.created ?? now,
    updated: now,
  };
}

function timeFrom(asked: JsonObject, name: string): number | undefined {
  const value = given(asked, name);
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidProperty(`attributes.${name}`);
}

/** Reads the tags of a body. Answers those from before where there are none. */
export function tagsFrom(
  body: JsonObject,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  const asked = given(body, 'tags');
  if (asked === undefined) return before;
  if (!isObject(asked)) throw invalidProperty('tags');
  const tags = Object.entries(asked).map(([name, value]) => {
    if (typeof value !== 'string' || Math.max(name.length, value.length) > longestTag) {
      throw invalidProperty('tags');
    }
    return [name, value] as const;
  });
  if (tags.length > mostTags) throw invalidProperty('tags');
  return Object.fromEntries(tags);
}

/** Returns attributes as clients see them. */
export function shownAttributes(attributes: Attributes, vault: Resource): JsonObject {
  const { level, days } = recoveryOf(vault);
  return { ...attributes, recoveryLevel: level, recoverableDays: days };
}
